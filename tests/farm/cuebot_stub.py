"""Cuebot in small, on the loopback: takes job specifications, and gives a real RQD frames to run. OpenCue's Python runs it.

    stdout   one JSON object a line: {"port"}, then {"spec"}, {"boot"}, {"complete": {exit_status, exit_signal, …}}
    stdin    {"launch": {rqd, frame, command, environment, log_dir}}, {"kill": {rqd, frame}}; it ends with its stdin

Environment: GVM_STUB_REFUSES: what LaunchSpecAndWait answers in place of a job.
"""

import json
import os
import sys
import threading
from concurrent import futures
from typing import Any, Dict

import grpc
from opencue_proto import cue_pb2, cue_pb2_grpc, job_pb2, job_pb2_grpc, report_pb2, report_pb2_grpc, rqd_pb2, rqd_pb2_grpc

_speaking = threading.Lock()


def tell(**event: Any) -> None:
    """One line on stdout."""
    with _speaking:
        print(json.dumps(event), flush=True)


class Cue(cue_pb2_grpc.CueInterfaceServicer):  # type: ignore[misc]
    """Whether anybody is there."""

    def GetSystemStats(self, request: Any, context: Any) -> Any:
        return cue_pb2.CueGetSystemStatsResponse()


class Jobs(job_pb2_grpc.JobInterfaceServicer):  # type: ignore[misc]
    """Jobs that are launched."""

    def LaunchSpecAndWait(self, request: Any, context: Any) -> Any:
        tell(spec=request.spec)
        refused = os.environ.get("GVM_STUB_REFUSES")
        if refused:
            context.abort(grpc.StatusCode.INTERNAL, refused)
        job = job_pb2.Job(id="0123", name="big-sh010-td_tiny_shot")
        return job_pb2.JobLaunchSpecAndWaitResponse(jobs=job_pb2.JobSeq(jobs=[job]))


class Reports(report_pb2_grpc.RqdReportInterfaceServicer):  # type: ignore[misc]
    """What RQD tells."""

    def ReportRqdStartup(self, request: Any, context: Any) -> Any:
        tell(boot=request.boot_report.host.name)
        return report_pb2.RqdReportRqdStartupResponse()

    def ReportStatus(self, request: Any, context: Any) -> Any:
        return report_pb2.RqdReportStatusResponse()

    def ReportRunningFrameCompletion(self, request: Any, context: Any) -> Any:
        report = request.frame_complete_report
        tell(complete={"frame": report.frame.frame_id, "status": report.exit_status, "signal": report.exit_signal})
        return report_pb2.RqdReportRunningFrameCompletionResponse()


def obey(order: Dict[str, Any]) -> None:
    """Tells RQD what to do."""
    (what,) = order
    wish = order[what]
    with grpc.insecure_channel(wish["rqd"]) as channel:
        rqd = rqd_pb2_grpc.RqdInterfaceStub(channel)
        if what == "kill":
            rqd.KillRunningFrame(
                rqd_pb2.RqdStaticKillRunningFrameRequest(frame_id=wish["frame"], message="the user asked for it"),
                timeout=20,
            )
            return
        frame = rqd_pb2.RunFrame(
            resource_id="1",
            job_id="0123",
            job_name="tiny",
            frame_id=wish["frame"],
            frame_name="1001-mattes",
            layer_id="4",
            command=wish["command"],
            user_name="td",
            log_dir=wish["log_dir"],
            show="big",
            shot="sh010",
            num_cores=1,
            environment=wish["environment"],
        )
        rqd.LaunchFrame(rqd_pb2.RqdStaticLaunchFrameRequest(run_frame=frame), timeout=20)


def main() -> None:
    """Serves until stdin ends."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    cue_pb2_grpc.add_CueInterfaceServicer_to_server(Cue(), server)
    job_pb2_grpc.add_JobInterfaceServicer_to_server(Jobs(), server)
    report_pb2_grpc.add_RqdReportInterfaceServicer_to_server(Reports(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    tell(port=port)
    for line in sys.stdin:
        obey(json.loads(line))
    server.stop(0).wait()


if __name__ == "__main__":
    main()
