"""Frames a second from an engine's process to the monitor's screen, against a plain copy of the same bytes.

    monitor_engine.py ── rings, messages ──▶ EngineWatch ─▶ MonitorModel ─▶ PicturePage, 1280x720, painted offscreen

A frame counts when it has been painted, and is another one than the one before. Between laps the window takes nothing, the
slots are full, and the engine waits. Beside frames a second there is the processor time that the window's process spends on
one: on a machine that has other work, that is what stays the same.

python -m benchmarks.monitor [--frames N] [--size WxH] [--json]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, Optional

from gvm_matte.client import EngineConnection
from gvm_matte.client.watch.watch import PictureView
from gvm_matte.core.errors import GvmMatteError
from gvm_matte.protocol.addresses import private_address, remove_address
from gvm_matte.protocol.channel import connect, new_key
from gvm_matte.protocol.watching import RUNNING, JobState

from .machine import facts
from .monitor_engine import JOB, SHOT, colour_of
from .report import add_options, deliver
from .ring import ROOT
from .timing import clock, ratio, spread, take_turns

WINDOW = (1280, 720)
UP_SECONDS = 120.0
TURN_MS = 500
WAIT_SECONDS = 120.0  # for one frame; the first waits for the others to be made


class Screen:
    """A monitor's picture page that watches one engine.

    Args:
        way: of `monitor_engine`.
    """

    def __init__(self, way: str, size: str, stack: contextlib.ExitStack) -> None:
        from gvm_matte.ui.monitor.model import MonitorModel
        from gvm_matte.ui.picture import PicturePage

        address, key = stack.enter_context(_engine(way, size))
        self.page = PicturePage()
        self.page.resize(*WINDOW)
        self.page.show()
        self.model = MonitorModel(find=lambda: _find(address, key))
        stack.callback(self.page.close)
        stack.callback(self.model.close)
        self.model.picture.connect(self._take)
        self._painted: list[int] = []
        self._held: Optional[list[PictureView]] = []  # None while frames are taken
        self.page.canvas.painted.connect(self._note)
        self.page.show_job(_job())
        self.model.takes_pictures = True
        self.model.start()

    def _take(self, view: PictureView) -> None:
        if self._held is None:
            self.page.add(view)
        else:
            self._held.append(view)

    def _note(self, frame: int) -> None:
        if not self._painted or self._painted[-1] != frame:
            self._painted.append(frame)
        kept = self.page.cache.get(JOB, frame)
        assert kept is not None and kept.plate_at(0, 0)[:2] == colour_of(frame), "what is shown is not what was sent"

    def until_up(self) -> None:
        """Waits until the engine tells how it is."""
        deadline = time.monotonic() + UP_SECONDS
        while self.model.engine is None:
            assert time.monotonic() < deadline, "the engine does not come up"
            self._turn()

    def show(self, frames: int) -> None:
        """Until so many frames have been painted."""
        self._painted.clear()
        held, self._held = self._held or [], None
        for view in held:
            self.page.add(view)
        heard = time.monotonic()
        count = 0
        while len(self._painted) < frames:
            self._turn()
            if len(self._painted) != count:
                count, heard = len(self._painted), time.monotonic()
            assert time.monotonic() - heard < WAIT_SECONDS, "no frame comes"
        self._held = []

    def _turn(self) -> None:
        from gvm_matte.ui.kit.qt import QtCore

        flags = QtCore.QEventLoop.ProcessEventsFlag
        timer = QtCore.QTimer()
        timer.start(TURN_MS)  # so that it returns where nothing happens
        QtCore.QCoreApplication.processEvents(flags.AllEvents | flags.WaitForMoreEvents)


@contextlib.contextmanager
def _engine(way: str, size: str) -> Iterator[tuple[str, bytes]]:
    """An engine process; it is reaped at the end."""
    address, key = private_address(), new_key()
    command = [sys.executable, "-m", "benchmarks.monitor_engine", "--way", way, "--size", size]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=ROOT)
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps({"address": address, "key": key.hex()}).encode() + b"\n")
        process.stdin.flush()
        yield address, key
    finally:
        process.kill()
        process.communicate()
        remove_address(address)


def _find(address: str, key: bytes) -> Optional[EngineConnection]:
    try:
        return EngineConnection(connect(address, key, timeout=5.0))
    except GvmMatteError:  # it is not there yet
        return None


def _job() -> JobState:
    return JobState(
        number=JOB, client=os.getpid(), state=RUNNING, position=0, plates="plates.####.exr", mattes="mattes.####.exr",
        shot=SHOT, frames=f"{SHOT[0]}-{SHOT[1]}", kept="", finished="", done=0, total=SHOT[1] - SHOT[0] + 1,
        stage="decoding", seconds=0.0, rate=0.0, params={},
    )  # fmt: skip


def frames_on_screen(*, size: str, frames: int, rounds: int) -> dict[str, Any]:
    """Seconds a lap of each way, in turns."""
    from gvm_matte.ui.kit.edges import Edges
    from gvm_matte.ui.picture.display import View

    width, height = (int(edge) for edge in size.split("x"))
    plate, alpha = (bytearray(os.urandom(width)) * (height * size) for size in (4, 2))

    def copy() -> None:
        for _ in range(frames):
            bytes(plate), bytes(alpha)

    with contextlib.ExitStack() as stack:
        ready, whole = Screen("buffers", size, stack), Screen("engine", size, stack)
        for screen in (ready, whole):
            screen.page.set_edges(Edges())
            screen.until_up()

        spent: dict[str, list[float]] = {}

        def timed(name: str, work: Callable[[], object]) -> Callable[[], float]:
            def run() -> float:
                started = time.process_time()
                seconds = clock(work)
                spent.setdefault(name, []).append((time.process_time() - started) / frames)
                return seconds

            return run

        def lap(screen: Screen, view: View) -> Callable[[], None]:
            def shown() -> None:
                screen.page.set_view(view)
                screen.show(frames)

            return shown

        laps: dict[str, Callable[[], object]] = {
            "overlay": lap(ready, View.OVERLAY),
            "checker": lap(ready, View.CHECKER),
            "engine": lap(whole, View.OVERLAY),
            "copy": copy,
        }
        works = {name: timed(name, work) for name, work in laps.items()}
        for work in works.values():  # the first lap pays for page faults on both sides
            work()
        spent.clear()
        seconds = take_turns(works, rounds)
    return {
        "frames_per_second": {name: spread([frames / value for value in values]) for name, values in seconds.items()},
        "processor_seconds_per_frame": {name: spread(values) for name, values in spent.items()},
        "ratio_to_copy": {name: ratio(values, seconds["copy"]) for name, values in seconds.items()},
        "bytes_per_frame": width * height * 6,
    }


def main() -> None:
    """Reads the command line, measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.monitor", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--frames", type=int, default=48, help="painted in one lap")
    parser.add_argument("--size", default="3840x2160", metavar="WxH", help="of a frame")
    parser.add_argument("--rounds", type=int, default=5)
    add_options(parser)
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from gvm_matte.ui.kit.qt import QtWidgets

    machine = facts()
    application = QtWidgets.QApplication([])
    found = frames_on_screen(size=options.size, frames=options.frames, rounds=options.rounds)
    application.quit()
    settings = {name: getattr(options, name) for name in ("frames", "size", "rounds")}
    result = {"benchmark": "monitor", "machine": machine, "settings": settings, **found}
    words = {
        "overlay": f"{options.size} frames from the buffers to the screen, overlay",
        "checker": "the same, over checkerboard",
        "engine": "through the engine's own hub, overlay",
        "copy": "a plain copy of the same bytes",
    }
    rows = []
    for name, text in words.items():
        speed = found["frames_per_second"][name]
        between = f"{speed['min']:.1f} to {speed['max']:.1f}"
        cost = f"{found['processor_seconds_per_frame'][name]['median'] * 1e3:.1f} ms"
        rows.append([text, f"{speed['median']:.1f} frames/s", between, f"{found['ratio_to_copy'][name]:.2f}", cost])
    deliver(result, options, columns=("what", "median", "from, to", "ratio", "processor, a frame"), rows=rows)


if __name__ == "__main__":
    main()
