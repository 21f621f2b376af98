"""Several engines against one, over the same files: `cpu,cpu` with one thread each, `cpu` with two threads and with one.

    real        engines of this machine, each with its model loaded, from Accepted to Done; they take turns
    simulated   engines of any speed on a clock of their own: what borders and the end cost, without a GPU

The first says what a second engine is worth where both share cores and memory, as on a machine without GPUs. GPUs share
neither; there the second says what is left to gain.

    python -m benchmarks.several [--frames N] [--rounds N] [--simulate-only] [--json]
"""

from __future__ import annotations

import argparse
import contextlib
import heapq
import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from gvm_matte.client import MatteJob, MatteSession
from gvm_matte.client.devices.runs import CONTEXT, Runs
from gvm_matte.client.devices.sessions import DeviceSessions
from gvm_matte.core.frames import BlockPlan
from gvm_matte.engine.model.weights import BUILTIN
from gvm_matte.protocol.messages import Accepted, Message
from gvm_matte.protocol.parts import Sink, Source

from . import exr
from .machine import facts
from .report import add_options, deliver
from .timing import ratio, spread, take_turns

SPEEDS = ((1.0, 1.0), (1.0, 2.0), (1.0, 4.0), (1.0, 8.0), (1.0, 1.0, 1.0, 1.0), (1.0, 2.0, 4.0, 8.0))


# -- simulated


@dataclass(frozen=True)
class Simulated:
    """What came of one: seconds where a block takes an engine of speed 1 one second; `frames` as they were delivered."""

    seconds: float
    windows: int
    runs: int
    frames: list[int]


def simulate(plan: BlockPlan, speeds: Sequence[float], frames: Iterable[int] | None = None) -> Simulated:
    """Engines of these speeds render a shot by the rule that hands out its blocks.

    A window takes `CONTEXT` of a block's time, its decode groups the rest; a group's frames are delivered at its end.
    """
    wanted = set(range(plan.first, plan.last + 1) if frames is None else frames)
    runs = Runs(plan, wanted, len(speeds))
    work: list[list[tuple[float, list[int]]]] = [[] for _ in speeds]  # by engine: (seconds, frames that come then)
    ends: list[tuple[float, int]] = []
    now, windows, count, delivered = 0.0, 0, 0, []

    def go_on(engine: int) -> None:
        if work[engine]:
            heapq.heappush(ends, (now + work[engine][0][0], engine))

    def hand_out() -> None:
        nonlocal windows, count
        for engine, speed in enumerate(speeds):
            run = set() if work[engine] else set(runs.take(engine, now))
            if run:
                runs.ready(engine, now)
                count += 1
            for step in plan.steps(run):
                windows += 1
                work[engine].append((CONTEXT / speed, []))
                for first, last in step.groups:
                    seconds = (1.0 - CONTEXT) / len(step.groups) / speed
                    work[engine].append((seconds, [frame for frame in range(first, last + 1) if frame in run]))
            if run:
                go_on(engine)

    hand_out()
    while ends:
        now, engine = heapq.heappop(ends)
        _, done = work[engine].pop(0)
        delivered += done
        for frame in done:
            runs.delivered(engine, frame, now)
        if work[engine]:
            go_on(engine)
        else:
            runs.end(engine, now)
            hand_out()
    return Simulated(now, windows, count, delivered)


def simulations(blocks: int) -> list[dict[str, Any]]:
    """One row a machine: how many times as fast as its first engine alone, and at best."""
    plan = BlockPlan(1, 26 * blocks + 6, 32, 6, 16)
    alone = simulate(plan, (1.0,)).seconds
    rows = []
    for speeds in SPEEDS:
        found = simulate(plan, speeds)
        row = {"speeds": list(speeds), "blocks": plan.count, "windows": found.windows, "runs": found.runs}
        rows.append({**row, "times_one": alone / found.seconds, "at_best": sum(speeds)})
    return rows


# -- real


@contextlib.contextmanager
def threads(count: int) -> Iterator[None]:
    """Engines that are started within have so many threads each."""
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = str(count)
    try:
        yield
    finally:
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Loads every engine's model, then takes turns."""
    windows = {"num_frames_per_batch": options.window, "num_overlap_frames": options.overlap}
    sizes = {"decode_chunk_size": options.window, "size": options.size, "max_resolution": options.size * 2}
    params = {"model_base": str(options.model_base or BUILTIN), **windows, **sizes, "existing": "overwrite"}
    width, height = (int(edge) for edge in options.plate.split("x"))
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as closing:
        folder = Path(name)
        pattern = exr.write_plates(folder / "plates", width=width, height=height, frames=options.frames)
        with threads(1):
            pair = closing.enter_context(DeviceSessions(["cpu", "cpu"]))
            single = closing.enter_context(MatteSession())
            pair.render(_job(pattern, folder / "cpu,cpu, a thread each", {**params, "device": "cpu,cpu"}))
            single.render(_job(pattern, folder / "cpu, a thread", {**params, "device": "cpu"}))
        with threads(2):
            double = closing.enter_context(MatteSession())
            double.render(_job(pattern, folder / "cpu, two threads", {**params, "device": "cpu"}))
        sessions: dict[str, tuple[Any, str]] = {
            "cpu,cpu, a thread each": (pair, "cpu,cpu"),
            "cpu, two threads": (double, "cpu"),
            "cpu, a thread": (single, "cpu"),
        }

        def run(what: str) -> float:
            session, device = sessions[what]
            return _seconds(session, _job(pattern, folder / what, {**params, "device": device}))

        seconds = take_turns({what: partial(run, what) for what in sessions}, options.rounds)
        different = _different(folder / "cpu,cpu, a thread each", folder / "cpu, a thread")
    several = seconds["cpu,cpu, a thread each"]
    return {
        "frames_per_second": {
            what: spread([options.frames / value for value in values]) for what, values in seconds.items()
        },
        "ratio_to_two_threads": ratio(several, seconds["cpu, two threads"]),
        "ratio_to_one_thread": ratio(several, seconds["cpu, a thread"]),
        "frames_that_differ": different,
    }


def _job(pattern: str, mattes: Path, params: dict[str, Any]) -> MatteJob:
    return MatteJob(source=Source("files", pattern), sink=Sink(str(mattes / "matte.####.exr")), params=params)


def _seconds(session: Any, job: MatteJob) -> float:
    """From the job's acceptance to its end."""
    accepted = [0.0]

    def on_event(message: Message) -> None:
        if isinstance(message, Accepted):
            accepted[0] = time.perf_counter()

    session.render(job, on_event=on_event)
    return time.perf_counter() - accepted[0]


def _different(one: Path, other: Path) -> int:
    """How many frames of two folders are not the same bits."""
    paths = sorted(one.glob("*.exr"))
    return sum(not (exr.read(path) == exr.read(other / path.name)).all() for path in paths)


# -- the command


def main() -> None:
    """Reads the command line, measures and prints."""
    options = _options()
    machine = facts()
    result: dict[str, Any] = {"benchmark": "several", "machine": machine, "simulated": simulations(options.blocks)}
    names = ["frames", "plate", "size", "window", "overlap", "rounds"]
    result["settings"] = {name: getattr(options, name) for name in names}
    if not options.simulate_only:
        result["real"] = measure(options)
    deliver(result, options, columns=("what", "frames/s", "times"), rows=_rows(result))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.several", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--frames", type=int, default=50)
    parser.add_argument("--plate", default="640x360", metavar="WxH", help="size of the plates on disk")
    parser.add_argument("--size", type=int, default=144, help="the model's shorter edge")
    parser.add_argument("--window", type=int, default=8, help="frames per batch")
    parser.add_argument("--overlap", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model-base", type=Path, metavar="DIR", help="default: the built-in model")
    parser.add_argument("--blocks", type=int, default=48, help="of the simulated shot")
    parser.add_argument("--simulate-only", action="store_true", help="render nothing")
    add_options(parser)
    return parser.parse_args()


def _rows(result: dict[str, Any]) -> list[list[str]]:
    rows: list[list[str]] = []
    if "real" in result:
        real = result["real"]
        speeds = {what: f"{value['median']:.2f}" for what, value in real["frames_per_second"].items()}
        rows = [
            ["cpu,cpu, a thread each", speeds["cpu,cpu, a thread each"], ""],
            ["… to cpu, two threads", speeds["cpu, two threads"], f"{real['ratio_to_two_threads']:.2f}"],
            ["… to cpu, a thread", speeds["cpu, a thread"], f"{real['ratio_to_one_thread']:.2f}"],
            ["frames that differ from those of one engine with a thread", "", str(real["frames_that_differ"])],
        ]
    for row in result["simulated"]:
        what = f"simulated, {row['blocks']} blocks, speeds {', '.join(f'{speed:g}' for speed in row['speeds'])}"
        rest = f"{row['runs']} runs, {row['windows'] - row['blocks']} windows more, at best {row['at_best']:g}"
        rows.append([f"{what}: {rest}", "", f"{row['times_one']:.2f}"])
    return rows


if __name__ == "__main__":
    main()
