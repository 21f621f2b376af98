"""What a farm job costs, against what `gvm_matte.farm.cost` says it would: real jobs of a small shot, run by `openjd run`.

Three jobs tell what a session, a task and the work cost: the shot as one task, its first block as one task, and that task
three times. (How the stages share the work, the shot's own render tells.) From these, jobs with other numbers of
blocks per task are predicted; then each is run. Both are told twice,

    processor   seconds of processor time of all processes together, the engine's too: the worker-seconds of a worker with
                one core. Other work on the machine hardly changes them.
    clock       until the last task ended, by the runner's log; only worth reading on a machine that does nothing else

and medians over rounds count.

    python -m benchmarks.farm [--blocks-per-task 1,2,3,6] [--rounds 3] [--json]
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gvm_matte.farm import FarmJob, FarmSettings, chunks, parameter_values, range_expression, write_bundle
from gvm_matte.farm.cost import Rates, job_cost, rates_of_render, task_work
from gvm_matte.farm.openjd.submit import openjd_command

from .exr import write_plates
from .machine import facts
from .report import add_options, deliver

COMMAND = (sys.executable, "-m", "gvm_matte.cli")
PR_SET_CHILD_SUBREAPER = 36  # of prctl(2): engines that outlive the command that started them become our children
_EXITED = re.compile(r"^(\S+)\tProcess pid \d+ exited with code: (-?\d+)")
Cost = dict[str, float]  # processor and clock


class Shot:
    """A shot of small plates as a job, in a folder.

    Args:
        options: of the command line.
    """

    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        width, height = (int(edge) for edge in options.plate.split("x"))
        self.plates = write_plates(folder / "plates", width=width, height=height, frames=options.frames)
        self.params = {
            "num_frames_per_batch": options.window, "num_overlap_frames": options.overlap, "decode_chunk_size": 8,
            "size": options.size, "device": "cpu",
        }  # fmt: skip
        self.job = FarmJob(
            name="cost", input=self.plates, output=str(folder / "mattes" / "m.####.exr"),
            shot=(1001, 1000 + options.frames), params={**self.params, "existing": "overwrite"},
            settings=FarmSettings(gpus=0, command=COMMAND),
        )  # fmt: skip
        self.bundle = folder / "bundle"
        write_bundle(self.job, str(self.bundle))

    def run(self, tasks: Sequence[Sequence[int]]) -> Cost:
        """Runs tasks, each some blocks, in one session.

        Raises:
            RuntimeError: an action failed.
        """
        values = json.dumps([{"Block": range_expression(task)} for task in tasks])
        words = ["run", str(self.bundle / "template.json"), "--step", "Mattes", "--tasks", values]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [*openjd_command(), *words, "--job-param", json.dumps(parameter_values(self.job))],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        with contextlib.suppress(ChildProcessError):  # none is left
            while True:
                os.waitpid(-1, 0)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        ended = [match.groups() for line in done.stdout.splitlines() for match in [_EXITED.match(line)] if match]
        if done.returncode or any(code != "0" for _, code in ended) or len(ended) != len(tasks) + 2:
            raise RuntimeError(done.stdout[-3000:] + done.stderr)
        processor = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        return {"processor": processor, "clock": _seconds(ended[-2][0])}  # the last action ends the engine

    def stages(self) -> Rates:
        """How the stages share the work: a render of the whole shot."""
        words = [*COMMAND, "render", "--input", self.plates, "--output", self.job.output, "--json", "--overwrite"]
        words += [f"--{name.replace('_', '-')}={value}" for name, value in self.params.items()]
        done = subprocess.run([*words, "--own-engine"], capture_output=True, text=True, check=True)
        return rates_of_render([json.loads(line) for line in done.stdout.splitlines()], self.job.plan)


def _seconds(clock: str) -> float:
    hours, minutes, seconds = clock.split(":")
    return 3600 * int(hours) + 60 * int(minutes) + float(seconds)


def one_round(shot: Shot, sizes: Sequence[int]) -> dict[str, Cost]:
    """What each job cost: the three that calibrate, then those with other blocks per task."""
    blocks, found = shot.job.blocks, {}
    jobs = {"whole": [blocks], "first": [blocks[:1]], "three": [blocks[:1]] * 3}
    jobs.update({str(size): chunks(blocks, size) for size in sizes})
    for name, tasks in jobs.items():
        found[name] = shot.run(tasks)
        print(f"{name}: {found[name]}", file=sys.stderr, flush=True)  # a run that is stopped leaves its numbers
    return found


def calibrated(costs: dict[str, float], stages: Rates, job: FarmJob) -> Rates:
    """Rates out of the three jobs: whole = a + b + k·W, first = a + b + k·w, three = a + 3·b + 3·k·w."""
    free = Rates(0, 0, 0, encode=stages.encode, denoise=stages.denoise, decode=stages.decode)
    whole, first = (task_work(job.plan, blocks).seconds(free) for blocks in (job.blocks, job.blocks[:1]))
    scale = (costs["whole"] - costs["first"]) / (whole - first)
    task = (costs["three"] - costs["first"]) / 2 - scale * first
    session = costs["first"] - task - scale * first
    return Rates(
        start=max(session, 0.0), load=0.0, task=max(task, 0.0),
        encode=scale * stages.encode, denoise=scale * stages.denoise, decode=scale * stages.decode,
    )  # fmt: skip


def compared(rounds: Sequence[dict[str, Cost]], stages: Rates, job: FarmJob) -> dict[str, Any]:
    """Rates, and of each job what was predicted and measured, by kind of time."""
    found: dict[str, Any] = {}
    for kind in ("processor", "clock"):
        costs = {name: statistics.median(one[name][kind] for one in rounds) for name in rounds[0]}
        rates = calibrated(costs, stages, job)
        jobs = {
            name: {
                "predicted": job_cost(job.plan, job.blocks, int(name), rates=rates, workers=1).finish,
                "measured": costs[name],
            }
            for name in rounds[0]
            if name.isdecimal()
        }
        found[kind] = {"rates": vars(rates), "calibration": costs, "jobs": jobs}
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Reads the command line, measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=74)
    parser.add_argument("--plate", default="192x108", metavar="WxH")
    parser.add_argument("--size", type=int, default=96, help="the model's shorter edge")
    parser.add_argument("--window", type=int, default=8)
    parser.add_argument("--overlap", type=int, default=2)
    parser.add_argument("--blocks-per-task", type=_numbers, default=[1, 2, 3, 6], metavar="N,N,…")
    parser.add_argument("--rounds", type=int, default=3)
    add_options(parser)
    options = parser.parse_args(arguments)
    machine = facts()
    with contextlib.suppress(OSError, AttributeError):  # elsewhere than on Linux the engine's own time is missing
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory() as scratch:
        shot = Shot(Path(scratch), options)
        stages = shot.stages()
        rounds = [one_round(shot, options.blocks_per_task) for _ in range(options.rounds)]
    found = compared(rounds, stages, shot.job)
    settings = ("frames", "plate", "size", "window", "overlap", "blocks_per_task", "rounds")
    result = {
        "benchmark": "farm", "machine": machine, "settings": {name: getattr(options, name) for name in settings},
        **found, "rounds": rounds, "load_after": os.getloadavg()[0],
    }  # fmt: skip
    columns = ("blocks per task", "tasks", *(f"{kind}: {what}" for kind in ("processor", "clock") for what in _WHAT))
    rows = [
        (
            str(size),
            str(len(chunks(shot.job.blocks, size))),
            *_cells(found["processor"], size),
            *_cells(found["clock"], size),
        )
        for size in options.blocks_per_task
    ]
    deliver(result, options, columns=columns, rows=rows)


_WHAT = ("predicted", "measured", "ratio")


def _cells(found: dict[str, Any], size: int) -> tuple[str, ...]:
    job = found["jobs"][str(size)]
    predicted, measured = job["predicted"], job["measured"]
    return f"{predicted:.1f} s", f"{measured:.1f} s", f"{measured / predicted:.2f}"


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


if __name__ == "__main__":
    main()
