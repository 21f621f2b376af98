"""Frames a second of the real engine process, over files, against `baseline`: same weights, same frames, same minutes.

    engine     a job over an engine that has the model loaded, from Accepted to Done
    baseline   baseline.py in a process like the engine's, its model loaded too, over the same files
    model      the engine's model alone, in that process: plates prepared in memory before, alphas thrown away

From the last comes what the way of a frame around the model costs. The engine's own account of its stages gives the same
as it saw it: there the model is slower where reading and writing take cores from it.

    python -m benchmarks.engine [--frames N] [--size N] [--model-base DIR] [--json]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from gvm_matte.client import MatteJob, MatteSession
from gvm_matte.engine.model.weights import BUILTIN
from gvm_matte.protocol.messages import Accepted, Message
from gvm_matte.protocol.parts import Sink, Source

from . import exr
from .machine import facts
from .report import add_options, deliver
from .side import Side, Work
from .timing import ratio, spread, take_turns

FIRST = 1001
IN_MODEL = ("encoding", "denoising", "decoding")


class EngineRun:
    """The engine over files; the first job loads the model and is not counted."""

    def __init__(self, session: MatteSession, *, plates: str, mattes: Path, params: dict[str, Any]) -> None:
        self._session = session
        self._job = MatteJob(source=Source("files", plates), sink=Sink(str(mattes / "matte.####.exr")), params=params)
        self.stages: list[dict[str, float]] = []

    def __call__(self) -> float:
        """Seconds from the job's acceptance to its end."""
        accepted = [0.0]

        def on_event(message: Message) -> None:
            if isinstance(message, Accepted):
                accepted[0] = time.perf_counter()

        result = self._session.render(self._job, on_event=on_event)
        seconds = time.perf_counter() - accepted[0]
        self.stages.append({**result.stages, "accepted_to_done": seconds})
        return seconds

    def shares(self) -> dict[str, float]:
        """Median share of each stage in the time from acceptance to the end, and what the model's three leave."""
        names = [name for name in self.stages[-1] if name not in ("total", "accepted_to_done")]
        shares = {name: statistics.median(s[name] / s["accepted_to_done"] for s in self.stages) for name in names}
        return {**shares, "outside_model": 1.0 - sum(shares[name] for name in IN_MODEL)}


def main() -> None:
    """Reads the command line, measures and prints."""
    options = _options()
    width, height = (int(edge) for edge in options.plate.split("x"))
    machine = facts()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        weights, make = _weights(options)
        base = options.model_base or (folder / "model" if make else BUILTIN)
        params = {
            "model_base": str(base.absolute()),
            "num_frames_per_batch": options.window, "num_overlap_frames": options.overlap,
            "decode_chunk_size": options.group, "size": options.size, "max_resolution": options.max_resolution,
            "device": options.device, "existing": "overwrite",
        }  # fmt: skip
        pattern = exr.write_plates(folder / "plates", width=width, height=height, frames=options.frames)
        (folder / "baseline").mkdir()
        work = Work(params, str(folder / "plates"), str(folder / "baseline"), FIRST, FIRST + options.frames - 1, make)
        found = measure(work, pattern=pattern, mattes=folder / "engine", rounds=options.rounds)
    names = ("frames", "plate", "size", "max_resolution", "window", "overlap", "group", "rounds")
    settings = {**{name: getattr(options, name) for name in names}, "weights": weights}
    result = {"benchmark": "engine", "machine": machine, "settings": settings, **found}
    deliver(result, options, columns=("what", "frames/s", "ratio"), rows=_rows(result))


def _weights(options: argparse.Namespace) -> tuple[str, str]:
    """Which weights, in words, and what is to be made where there are none."""
    if options.model_base:
        return str(options.model_base), ""
    if options.tiny:
        return "random, tiny", "tiny"
    if (BUILTIN / "unet" / "config.json").is_file():
        return "built-in", ""
    return "random, of the built-in model's size", "small"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--frames", type=int, default=20)
    parser.add_argument("--plate", default="1920x1080", metavar="WxH", help="size of the plates on disk")
    parser.add_argument("--size", type=int, default=288, help="the model's shorter edge")
    parser.add_argument("--max-resolution", type=int, default=1024)
    parser.add_argument("--window", type=int, default=8, help="frames per batch")
    parser.add_argument("--overlap", type=int, default=2)
    parser.add_argument("--group", type=int, default=8, help="frames per decode")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model-base", type=Path, metavar="DIR", help="empty: the built-in model, else random weights")
    parser.add_argument("--tiny", action="store_true", help="the smallest model there can be, to try the benchmark itself")
    parser.add_argument("--device", default="auto")
    add_options(parser)
    return parser.parse_args()


def measure(work: Work, *, pattern: str, mattes: Path, rounds: int) -> dict[str, Any]:
    """Loads everything, warms everything up, takes turns, compares the results."""
    frames = work.last - work.first + 1
    with MatteSession() as session, Side(work) as side:
        engine = EngineRun(session, plates=pattern, mattes=mattes, params=work.params)
        works: dict[str, Callable[[], float]] = {
            "engine": engine, "baseline": lambda: side.seconds("baseline"), "model": lambda: side.seconds("model"),
        }  # fmt: skip
        for each in works.values():
            each()
        engine.stages.clear()
        seconds = take_turns(works, rounds)
        return {
            "model": side.facts,
            "frames_per_second": {name: spread([frames / value for value in values]) for name, values in seconds.items()},
            "ratio_to_baseline": ratio(seconds["engine"], seconds["baseline"]),
            "ratio_of_model_to_baseline": ratio(seconds["model"], seconds["baseline"]),
            # what the engine takes longer than its model alone, as a share of what it takes
            "share_outside_model": 1.0 - 1.0 / ratio(seconds["model"], seconds["engine"]),
            "shares_as_the_engine_tells": engine.shares(),
            "agreement": _agreement(mattes, Path(work.mattes), range(work.first, work.last + 1)),
        }


def _agreement(ours: Path, theirs: Path, frames: range) -> dict[str, float]:
    """How far the two programs' mattes differ; and that they are no single value, which would agree by accident."""
    largest, deviation = 0.0, 0.0
    for frame in frames:
        own, other = (exr.read(folder / f"matte.{frame}.exr").astype(np.float32) for folder in (ours, theirs))
        largest = max(largest, float(np.abs(own - other).max()))
        deviation = max(deviation, float(own.std()))
    return {"max_difference": largest, "standard_deviation": deviation}


def _rows(result: dict[str, Any]) -> list[list[str]]:
    speeds = {name: f"{value['median']:.2f}" for name, value in result["frames_per_second"].items()}
    told = result["shares_as_the_engine_tells"]
    stages = ", ".join(f"{name} {share:.1%}" for name, share in told.items() if name != "outside_model")
    difference = f"{result['agreement']['max_difference']:.1e}"
    settings = result["settings"]
    what = f"{settings['frames']} plates {settings['plate']}, model at {'x'.join(map(str, result['model']['model_size']))}"
    return [
        [f"engine, over files ({what})", speeds["engine"], f"{result['ratio_to_baseline']:.2f}"],
        ["baseline", speeds["baseline"], "1"],
        ["the engine's model alone", speeds["model"], f"{result['ratio_of_model_to_baseline']:.2f}"],
        ["share of the engine's time beyond the model alone", "", f"{result['share_outside_model']:.1%}"],
        [f"the same as the engine tells ({stages})", "", f"{told['outside_model']:.1%}"],
        [f"largest difference of the two programs' mattes ({settings['weights']})", "", difference],
    ]


if __name__ == "__main__":
    main()
