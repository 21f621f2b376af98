"""An engine process that misbehaves on request: `python tests/problem_engine.py MODE [--marker FILE] …`.

It is started, talked to and ended as the real engine is, over the real protocol and rings, and renders a fake alpha: every
value of it is the first value of the plate, or the frame number where plates are files. MODE says what goes wrong:

    normal            nothing
    die-at-start      exit code 7, with a last word in the log
    never-listens     runs, and that is all
    silent            accepts and authenticates; never answers hello
    other-version     speaks a protocol of another time
    wrong-key         has another key than its owner
    rubbish           answers a render with bytes that are no JSON
    oversized         answers a render with an announcement of 2 GiB
    half-message      answers a render with half a message, and no more of anything
    host-message      answers a render with a message that only hosts send
    unknown-id        answers a render with a job that nobody asked for
    hangs-in-job      accepts a render, then nothing: no pongs either
    deaf-to-cancel    accepts a render, then answers pings alone
    slow              0.15 s a frame
    dies-once         dies by SIGKILL after two frames, in its first life
    dies-always       dies by SIGKILL before the first frame, in every life
    dies-after-two    dies by SIGKILL after two frames, in every life
    hangs-once        hangs after two frames, in its first life
    slot-beyond-ring  AlphaReady for a slot that is not there
    free-beyond-ring  SlotFree for a slot that is not there
    sequence-wrong    AlphaReady with another number than the slot has
    wrong-frame       AlphaReady for another frame than the slot has
    done-too-early    Done before anything came
    hangs-in-write    hangs with a frame half written
    unasked-frame     FrameWritten for a frame outside the job
    job-fails         Failed, with a frame and a path
    stubborn          does not end when told to, nor by SIGTERM
    floods-watch      answers a watch with states of a job without end
    hangs-in-watch    answers a watch, then nothing: no pongs either
    dies-in-watch     answers a watch, then dies by SIGKILL
    picture-nowhere   shows a picture in a slot that is not there
    picture-stale     shows a picture under another number than its slots have
    picture-halved    shows a picture whose plate and alpha differ in size
    answers-twice     answers each of a watch's requests twice
    states-unasked    tells states to a host that does not watch

`--marker FILE` counts lives: one line of process id each.
"""

from __future__ import annotations

import argparse
import array
import json
import os
import queue
import signal
import socket
import struct
import sys
import threading
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence

from gvm_matte.core.errors import GvmMatteError
from gvm_matte.core.files import part_path
from gvm_matte.core.frames import FrameRange
from gvm_matte.core.image import Box
from gvm_matte.core.paths import frame_path
from gvm_matte.protocol import messages as p
from gvm_matte.protocol import watching
from gvm_matte.protocol.channel import Channel, Listener, authenticate_client, new_key
from gvm_matte.protocol.frame_buffer import FrameRing, slot_bytes
from gvm_matte.protocol.wire import SocketWire

sys.path.insert(0, str(Path(__file__).parent))  # an engine's environment keeps its script's folder out
import problem_watch

PACKAGE = "0.1.0-problem"
CAUGHT_IN_A_HANG = threading.Event()


class Cancelled(Exception):
    """The job's client asked for its end."""


class Engine:
    """State of the process: its mode, its lives, its end."""

    def __init__(self, mode: str, marker: Optional[Path]) -> None:
        self.mode = mode
        self.life = 1
        self.ending = threading.Event()
        self.jobs_done = 0
        self.clients = 0
        if marker is not None:
            with marker.open("a") as file:
                file.write(f"{os.getpid()}\n")
            # its own line, not the number of lines: two engines that start at once are two lives
            self.life = marker.read_text().splitlines().index(str(os.getpid())) + 1

    @property
    def misbehaves_now(self) -> bool:
        """For modes that misbehave in the first life only."""
        return not self.mode.endswith("-once") or self.life == 1

    def after_frame(self, delivered: int) -> None:
        """What happens between two frames."""
        if self.mode == "slow":
            time.sleep(0.15)
        if self.mode in ("dies-once", "dies-after-two") and delivered == 2 and self.misbehaves_now:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.mode == "hangs-once" and delivered == 2 and self.misbehaves_now:
            hang()


def hang() -> None:
    """Stops every thread that would answer, and this one."""
    CAUGHT_IN_A_HANG.set()
    threading.Event().wait()


class Client:
    """One connection."""

    def __init__(self, engine: Engine, channel: Channel) -> None:
        self.engine = engine
        self.channel = channel
        self.attached = Rings(None, None)
        self.jobs: Dict[int, Job] = {}
        self.watched = Rings(None, None)

    def serve(self) -> None:
        hello = self.channel.receive(5.0)
        assert isinstance(hello, p.Hello)
        if self.engine.mode == "silent":
            threading.Event().wait()
        number = 99 if self.engine.mode == "other-version" else p.PROTOCOL_VERSION
        self.channel.send(p.HelloReply(number, PACKAGE, os.getpid(), "cpu"))
        if self.engine.mode == "states-unasked":
            self.channel.send(problem_watch.job_state(1))
        while True:
            message = self.channel.receive()
            if CAUGHT_IN_A_HANG.is_set():
                threading.Event().wait()
            self.answer(message)

    def answer(self, message: p.Message) -> None:
        engine = self.engine
        if isinstance(message, p.Ping):
            self.channel.send(p.Pong(message.id))
        elif isinstance(message, p.StatusRequest):
            status = p.Status(message.id, p.IDLE, os.getpid(), PACKAGE, "cpu", "", 0, engine.jobs_done, 0, 1.0, 0, 0.0)
            self.channel.send(status)
        elif isinstance(message, p.Attach):
            specs = [spec for spec in (message.plates, message.alphas) if spec is not None]
            rings = [FrameRing.attach(s, h) for s, h in zip(specs, self.channel.receive_handles(len(specs)))]
            plates = rings.pop(0) if message.plates is not None else None
            self.attached = Rings(plates, rings.pop() if rings else None)
            self.channel.send(p.Attached(message.id))
        elif isinstance(message, p.Render):
            job = self.jobs[message.id] = Job(self.engine, self.channel, message, self.attached)
            self.attached = Rings(None, None)
            threading.Thread(target=self.run, args=(job,), daemon=True).start()
        elif isinstance(message, (p.PlateReady, p.PlateFailed, p.AlphaTaken, p.Cancel)):
            if message.job in self.jobs:  # else: of a job that has ended
                self.jobs[message.job].take(message)
        elif isinstance(message, watching.Watch):
            self.watched, self.attached = self.attached, Rings(None, None)
            self.channel.send(watching.Watching(message.id))
            if engine.mode == "hangs-in-watch":
                self.channel.send(problem_watch.job_state(1))
                hang()
            problem_watch.tell(engine.mode, self.channel)
        elif isinstance(message, (watching.CancelJob, watching.MoveJob, watching.Release)):
            for _ in range(2 if engine.mode == "answers-twice" else 1):
                self.channel.send(watching.Ordered(message.id))
        elif isinstance(message, watching.Show):
            problem_watch.show(engine.mode, self.channel, message, *self.watched)
        elif isinstance(message, watching.PictureTaken):
            assert self.watched.plates is not None and self.watched.alphas is not None
            self.watched.plates.release(message.plate_slot)
            self.watched.alphas.release(message.alpha_slot)
        elif isinstance(message, p.Shutdown) and engine.mode != "stubborn":
            engine.ending.set()

    def run(self, job: Job) -> None:
        last = job.run()
        del self.jobs[job.request.id]
        self.engine.jobs_done += 1
        if not self.channel.closed:
            self.channel.send(last)
        job.rings.close()


class Rings(NamedTuple):
    """The rings of one job."""

    plates: Optional[FrameRing]
    alphas: Optional[FrameRing]

    def close(self) -> None:
        for ring in self:
            if ring is not None:
                ring.close()


class Job:
    """One render."""

    def __init__(self, engine: Engine, channel: Channel, request: p.Render, rings: Rings) -> None:
        self.engine = engine
        self.channel = channel
        self.request = request
        self.rings = rings
        self.pushed: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.cancelled = False
        self.windows = 0

    def take(self, message: p.Message) -> None:
        if isinstance(message, p.Cancel):
            self.cancelled = True
        elif isinstance(message, p.AlphaTaken) and self.rings.alphas is not None:
            self.rings.alphas.release(message.slot)
        else:
            self.pushed.put(message)

    def run(self) -> p.Message:
        request = self.request
        try:
            self.rubbish(request)
            frames = self.work(request)
            return p.Done(request.id, frames, frames, {"computing": 0.5}, self.windows)
        except Cancelled:
            return p.Failed(request.id, "cancelled", "The render was cancelled.")
        except GvmMatteError as exc:
            return p.Failed(request.id, exc.code, exc.message)

    def rubbish(self, request: p.Render) -> None:
        """Modes that need no work."""
        mode, wire = self.engine.mode, self.channel._wire  # the only way to say what a Channel would not say
        if mode == "rubbish":
            wire.send(b"\xff\xfe{]", None)
        elif mode in ("oversized", "half-message"):
            assert isinstance(wire, SocketWire)
            length = 2**31 - 1 if mode == "oversized" else 100
            sock = socket.socket(fileno=os.dup(wire._socket.fileno()))
            sock.send(struct.pack("!i", length) + b"{")
            if mode == "half-message":
                hang()
        elif mode == "host-message":
            self.channel.send(p.Ping(1))
        elif mode == "unknown-id":
            self.channel.send(p.Progress(4711, "loading", 0, 1, 0.0))
        elif mode == "job-fails":
            self.channel.send(p.Failed(request.id, "plate.missing", "No plate for frame 3.", 3, "/plates/a.0003.exr"))
        elif mode == "done-too-early":
            self.channel.send(p.Done(request.id, 0, 0, {}))
        else:
            return
        threading.Event().wait()

    def work(self, request: p.Render) -> int:
        mode = self.engine.mode
        frames = FrameRange.parse(request.frames or f"{request.shot[0]}-{request.shot[1]}")
        kept = [frame for frame in frames if self.is_kept(request, frame)]
        todo = [frame for frame in frames if frame not in kept]
        shot = request.shot or (frames.first, frames.last)
        plates = str(FrameRange.of(todo)) if todo else ""
        self.channel.send(p.Accepted(request.id, shot, str(frames), str(FrameRange.of(kept)) if kept else "", plates))
        for frame in kept:
            self.channel.send(p.FrameKept(request.id, frame, frame_path(request.sink.path, frame)))
        if mode == "hangs-in-job":
            hang()
        while mode == "deaf-to-cancel":
            time.sleep(60.0)
        if mode == "dies-always":
            os.kill(os.getpid(), signal.SIGKILL)
        if mode == "unasked-frame":
            self.channel.send(p.FrameWritten(request.id, frames.last + 1000, "/nowhere"))
        values: Dict[int, float] = {}
        count = 0
        for count, frame in enumerate(self.in_order(shot, todo), 1):
            if self.cancelled:
                raise Cancelled
            value = self.read(request, frame, values) if request.source.type == "buffers" else float(frame)
            if request.sink.buffers:
                self.hand_over(request, frame, value)
            if request.sink.path:
                self.write(request, frame, value)
            self.channel.send(p.Progress(request.id, "writing", count, len(todo), 0.1))
            self.engine.after_frame(count)
        return count

    def in_order(self, shot: Sequence[int], frames: List[int]) -> Iterator[int]:
        """The frames, each asked for when its turn comes."""
        yield from frames

    @staticmethod
    def is_kept(request: p.Render, frame: int) -> bool:
        if not request.sink.path or request.sink.buffers or request.params.get("existing") == "overwrite":
            return False
        return Path(frame_path(request.sink.path, frame)).exists()

    def read(self, request: p.Render, frame: int, values: Dict[int, float]) -> float:
        """The first value of the frame's plate; -1 where the host has none."""
        while frame not in values:
            try:
                message = self.pushed.get(timeout=0.05)
            except queue.Empty:
                if self.cancelled:
                    raise Cancelled from None
                continue
            if isinstance(message, p.PlateFailed):
                values[message.frame] = -1.0
                continue
            assert self.rings.plates is not None
            info, pixels = self.rings.plates.open(message.slot, message.sequence)
            assert info.frame == message.frame and info.dtype == "float"
            values[info.frame] = struct.unpack_from("<f", pixels)[0]
            slot = 1000 if self.engine.mode == "free-beyond-ring" else message.slot
            self.channel.send(p.SlotFree(request.id, slot))
        return values.pop(frame)

    def hand_over(self, request: p.Render, frame: int, value: float) -> None:
        assert self.rings.alphas is not None
        box = Box(*(request.source.display or (0, 0, 4, 2)))
        slot = None
        while slot is None:
            if self.cancelled:
                raise Cancelled
            slot = self.rings.alphas.acquire(0.05)
        nbytes = slot_bytes(box, 1, "float")
        self.rings.alphas.payload(slot, nbytes)[:] = array.array("f", [value]).tobytes() * (nbytes // 4)
        info = self.rings.alphas.publish(slot, frame=frame, box=box, channels=1, dtype="float")
        mode = self.engine.mode
        self.channel.send(
            p.AlphaReady(
                request.id,
                1000 if mode == "slot-beyond-ring" else slot,
                frame + 1 if mode == "wrong-frame" else frame,
                info.sequence + 5 if mode == "sequence-wrong" else info.sequence,
            )
        )

    def write(self, request: p.Render, frame: int, value: float) -> None:
        path = frame_path(request.sink.path, frame)
        part = Path(part_path(path))
        part.write_text(f"{value:g}")
        if self.engine.mode == "hangs-in-write":
            hang()
        part.replace(path)
        self.channel.send(p.FrameWritten(request.id, frame, path))


def accept_all(engine: Engine, listener: Listener, key: bytes) -> None:
    """Serves clients until the listener is closed."""

    def serve(connection: Any) -> None:
        try:
            with authenticate_client(connection, key) as channel:
                engine.clients += 1
                try:
                    Client(engine, channel).serve()
                finally:
                    engine.clients -= 1
        except GvmMatteError as exc:
            print(f"a client went: {exc}", flush=True)

    while True:
        try:
            connection = listener.accept()
        except GvmMatteError:
            return
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


def main(argv: Optional[List[str]] = None) -> int:
    """Runs until stdin ends (owned), Shutdown, SIGTERM, or the idle time."""
    parser = argparse.ArgumentParser()
    parser.add_argument("mode")
    parser.add_argument("--marker", type=Path)
    parser.add_argument("--connection-file", type=Path)
    parser.add_argument("--idle-timeout", type=float, default=0.0)
    args = parser.parse_args(argv)
    print(f"problem engine {args.mode}, pid {os.getpid()}", flush=True)
    engine = Engine(args.mode, args.marker)
    if args.mode == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGTERM, lambda *_: engine.ending.set())
    if args.mode == "die-at-start":
        print("the last word: no weights, no luck", flush=True)
        return 7

    if args.connection_file:
        listener: Optional[Listener] = Listener()
        key = new_key()
    else:
        hand_over = json.loads(sys.stdin.readline())
        key = new_key() if args.mode == "wrong-key" else bytes.fromhex(hand_over["key"])

        def watch() -> None:
            while os.read(0, 4096):  # not through sys.stdin, whose lock a daemon thread would hold at the end: that aborts
                pass
            if listener is not None:
                listener.close()
            os._exit(0)

        listener = None
        if args.mode != "never-listens":
            listener = Listener(address=hand_over["address"])
        threading.Thread(target=watch, daemon=True).start()
        if listener is None:
            threading.Event().wait()
    threading.Thread(target=accept_all, args=(engine, listener, key), daemon=True).start()
    assert listener is not None
    if args.connection_file:
        content = {"address": listener.address, "key": key.hex(), "pid": os.getpid(), "protocol": 1, "package": PACKAGE}
        part = args.connection_file.with_suffix(".part")
        part.touch(mode=0o600)
        part.write_text(json.dumps(content))
        part.replace(args.connection_file)
    quiet_since = time.monotonic()
    while not engine.ending.wait(0.05):
        if engine.clients:
            quiet_since = time.monotonic()
        if args.idle_timeout and time.monotonic() - quiet_since > args.idle_timeout:
            break
    if args.connection_file:
        args.connection_file.unlink()
    listener.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
