"""How good a model's mattes are, on test families that training never saw, beside a classic key and its per-frame version.

    families (training/families.py) ─▶ clips, kept in --cache ─▶ workers: model | the same with windows of one frame | key
    ─▶ MAD, MSE, gradient, dtSSD (gvm_matte.metrics) ─▶ a table a family, a background and all; bounds; worst frames

    python -m benchmarks.quality [--quick] [--model DIR] [--subjects N] [--cache DIR] [--sheet FILE] [--json]
    python -m benchmarks.quality --windows 1,2,4,8,16,32 --sizes 256x144,512x288,1024x576

docs/benchmarks.md says what is measured and how. Workers compute with one thread each: clips are many, and threads that
wait for each other are what a busy machine is worst at.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from gvm_matte.engine.model.weights import BUILTIN

from training.families import FRAMES, HEIGHT, SUBJECTS, WIDTH, Family, families

from .machine import facts, one_line
from .quality_report import bounds, by_background, mean_of, series, tables, worst_first, write_sheet
from .quality_run import Outcome, Task, start, work
from .report import add_options, save

SUBJECTS_EACH = 4  # of eight, for each background: what fits in the promised time
SHEET_ROWS = 8
SERIES = ("green/hair", "concrete/robot")
BEYOND = 4  # frames more than the largest window: so that it, too, has a neighbour


def main(arguments: Sequence[str] | None = None) -> int:
    """Reads the command line, measures, prints; 1 where a bound fails and that was asked to count."""
    options = _options(arguments)
    started, tasks = time.monotonic(), _tasks(options)
    machine = facts()
    with _own_copy(options.model) as model:
        if options.windows and options.cache is None:
            options.cache = model / "clips"  # the same few for every window
        outcomes = list(_computed(tasks, str(model), options))
        described = _described(model, options.model)
    groups = {name: [each for each in outcomes if each.task.group == name] for name in ("families", "windows", "sizes")}
    judged = groups["families"]
    result: dict[str, Any] = {
        "benchmark": "quality", "machine": machine, "model": described, "settings": _settings(options),
        "families": [_entry(each) for each in worst_first(judged)],
        "backgrounds": {name: mean_of(group) for name, group in by_background(judged).items()},
        "overall": mean_of(judged) if judged else {},
        "bounds": [asdict(bound) for bound in bounds(judged)] if judged else [],
        "windows": [_entry(each) for each in groups["windows"]], "sizes": [_entry(each) for each in groups["sizes"]],
        "seconds": round(time.monotonic() - started, 1),
    }  # fmt: skip
    save(result, options)
    stream = sys.stderr if options.json else sys.stdout
    if judged:
        title = f"quality of {described['path']} ({described['sha256'][:12]}), {options.frames} frames of {options.size}"
        tables(judged, stream, title=title, caption=f"{one_line(machine)}; {result['seconds']:.0f} s")
    for name in ("windows", "sizes"):
        if groups[name]:
            series(name, groups[name], stream)
    if options.sheet and judged:
        write_sheet(options.sheet, judged, options.sheet_rows)
    if options.json:
        print(json.dumps(result, ensure_ascii=False, allow_nan=False), flush=True)
    return int(options.strict and any(bound["holds"] is False for bound in result["bounds"]))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--model", type=Path, default=BUILTIN, metavar="DIR", help="vae/ and unet/; else the built-in one")
    parser.add_argument("--quick", action="store_true", help="one subject a background")
    parser.add_argument("--subjects", type=int, metavar="N", help=f"a background, 1 to 8; {SUBJECTS_EACH} if not given")
    parser.add_argument("--takes", type=int, default=1, metavar="N", help="clips of a family")
    parser.add_argument("--only", metavar="TEXT", default="", help="families whose name contains it: hair, green/")
    parser.add_argument("--frames", type=int, default=FRAMES)
    parser.add_argument("--size", default=f"{WIDTH}x{HEIGHT}", metavar="WxH")
    parser.add_argument("--photographs", type=Path, metavar="DIR", help="pictures for a further kind of background")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="keeps rendered clips for the next run")
    parser.add_argument(
        "--edge", choices=("none", "clamp", "rescale"), default="rescale", help="treatment of the model's alpha"
    )
    parser.add_argument(
        "--windows", default="", metavar="N,N", help="a table over frames per batch instead of the families"
    )
    parser.add_argument("--sizes", default="", metavar="WxH,WxH", help="a table over sizes instead of the families")
    parser.add_argument("--series", default=",".join(SERIES), metavar="F,F", help="families of these two tables")
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="PNG of the worst frames: plate, truth, model, key")
    parser.add_argument("--sheet-rows", type=int, default=SHEET_ROWS)
    parser.add_argument("--jobs", type=int, default=_cores(), help="worker processes")
    parser.add_argument("--threads", type=int, default=1, help="of each worker")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--strict", action="store_true", help="end with 1 where a bound fails")
    add_options(parser)
    options = parser.parse_args(arguments)
    options.subjects = options.subjects or (1 if options.quick else SUBJECTS_EACH)
    if not 1 <= options.subjects <= len(SUBJECTS):
        parser.error(f"--subjects is 1 to {len(SUBJECTS)}, not {options.subjects}.")
    if options.photographs is not None and not options.photographs.is_dir():
        parser.error(f"--photographs names {options.photographs}, and there is no such folder.")
    if not options.model.is_dir():
        parser.error(f"--model names {options.model}, and there is no such folder.")
    known = {family.name for family in families(photographs=options.photographs is not None)}
    strange = [name for name in options.series.split(",") if name not in known]
    if strange:
        parser.error(f"--series names no family with {strange[0]!r}; they are called like {SERIES[0]}.")
    if not (options.windows or options.sizes or _chosen(options)):
        parser.error(f"--only {options.only}: no family of this run has that in its name; try --subjects 8.")
    return options


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _tasks(options: argparse.Namespace) -> list[Task]:
    """The families, or the series that were asked for in their place."""
    width, height = _pair(options.size)
    edge = {"edge": options.edge}
    chosen = [Family(*name.split("/", 1)) for name in options.series.split(",")]
    tasks = []
    windows = [int(each) for each in options.windows.split(",") if each]
    for window in windows:
        params = {**edge, "num_frames_per_batch": window}
        frames = max(windows) + BEYOND
        tasks += [Task(family, 0, width, height, frames, params, rivals=False, group="windows") for family in chosen]
    for size in (each for each in options.sizes.split(",") if each):
        tasks += [Task(family, 0, *_pair(size), options.frames, edge, rivals=False, group="sizes") for family in chosen]
    if tasks:
        return tasks
    takes = range(options.takes)
    return [Task(family, take, width, height, options.frames, edge) for take in takes for family in _chosen(options)]


def _chosen(options: argparse.Namespace) -> list[Family]:
    every = families(options.subjects, photographs=options.photographs is not None)
    return [family for family in every if options.only in family.name]


def _pair(size: str) -> tuple[int, int]:
    width, height = (int(part) for part in size.split("x"))
    return width, height


def _computed(tasks: Sequence[Task], model: str, options: argparse.Namespace) -> Iterator[Outcome]:
    """The outcomes in the tasks' order; a line on stderr for each that is done."""
    first = (model, options.device, options.cache, options.photographs, options.threads)
    found: dict[int, Outcome] = {}
    context = get_context("spawn")
    with ProcessPoolExecutor(options.jobs, mp_context=context, initializer=start, initargs=first) as pool:
        waiting = {pool.submit(work, task): index for index, task in enumerate(tasks)}
        for count, done in enumerate(as_completed(waiting), 1):
            outcome = found[waiting[done]] = done.result()
            task, mad = outcome.task, outcome.measures["ours"]["mad"]
            print(f"{count}/{len(tasks)} {task.family.name} MAD {mad:.4f}", file=sys.stderr, flush=True)
    return (found[index] for index in range(len(tasks)))


@contextmanager
def _own_copy(model: Path) -> Iterator[Path]:
    """The weights as they are now: a training run may write new ones while they are judged."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("vae", "unet", "scheduler"):
            if (model / name).is_dir():
                shutil.copytree(model / name, Path(folder) / name)
        yield Path(folder)


def _described(copy: Path, model: Path) -> dict[str, Any]:
    files = sorted(copy.rglob("*.safetensors"))
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    path = "the built-in model" if model.resolve() == BUILTIN.resolve() else str(model)
    return {"path": path, "sha256": digest, "bytes": sum(file.stat().st_size for file in files)}


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    names = ("frames", "size", "subjects", "takes", "only", "edge", "windows", "sizes", "series", "device")
    return {**{name: getattr(options, name) for name in names}, "photographs": options.photographs is not None}


def _entry(outcome: Outcome) -> dict[str, Any]:
    """For JSON."""
    task = outcome.task
    return {
        "family": task.family.name, "take": task.take, "seed": task.family.seed(task.take),
        "size": f"{task.width}x{task.height}", "frames": task.frames, "params": task.params, **outcome.measures,
        "seconds_per_frame": outcome.seconds, "worst_frame": outcome.frame,
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
