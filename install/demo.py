"""`python3 install demo`: a compositor's session in small, without Nuke, on plates of its own.

examples/demo.nk ─▶ demo/demo.nk: Read ─▶ GVM Matte ─▶ Premult ─▶ Merge over a checkerboard ─▶ Write
                     demo/plates    │ Render Matte                                             │ executed
                     engine process ─▶ demo/mattes                                             └▶ demo/comp
mattes are compared with demo/truth; a block goes through shared memory, too, and must come out the same
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
from gvm_matte.core.errors import GvmMatteError
from gvm_matte.core.paths import frame_path
from gvm_matte.images.opening import opened, read_channels
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from .comparison import compare
from .contact_sheet import Column, write_contact_sheet
from .demo_options import DemoOptions, parse
from .demo_render import DemoRender, render_demo
from .folder_lock import folder_lock
from .sample_plate import HEIGHT, WIDTH, generate, plate_pattern, truth_pattern

FOLDER = Path(__file__).resolve().parent.parent / "demo"
SHEET = FOLDER / "contact_sheet.png"
COLUMNS = 6
Pixels = dict[int, npt.NDArray[np.float32]]
CANCELLED = 3


def main(arguments: Sequence[str]) -> int:
    """Runs the demo; returns the exit code."""
    options = parse(arguments)
    talk = Console(stderr=True, highlight=False)
    try:
        with folder_lock(FOLDER, waiting=lambda: talk.print("Another demo is at work; waiting for it …")):
            return _demo(options, talk)
    except KeyboardInterrupt:
        talk.print("\nCancelled. What is finished stays; the engine is gone.")
        return CANCELLED
    except (GvmMatteError, OSError) as exc:
        talk.print(f"\n{exc}\nThe engine's log: {FOLDER / 'engine.log'}", markup=False, soft_wrap=True)
        return 1


def _demo(options: DemoOptions, talk: Console) -> int:
    # 1. the plate and its truth
    with _progress(talk) as bar:
        task = bar.add_task("sample plate", total=options.frames, stage="")
        made = generate(FOLDER, options.frames, advance=lambda: bar.advance(task))
    made_words = f"{made} of {options.frames} frames generated now" if made else "there already"
    talk.print(f"Sample plate: {plate_pattern(FOLDER)} ({WIDTH}×{HEIGHT}, {made_words})", soft_wrap=True)

    # 2. the script: its node's mattes through the engine process, its Write's comps in the embedded host
    with _progress(talk) as bar:
        tasks: dict[str, TaskID] = {}

        def show(what: str, stage: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total, stage=stage)
            bar.update(tasks[what], completed=done, stage=stage)

        render = render_demo(FOLDER, options, show=show)
    for notice in render.notices:
        talk.print(notice, markup=False, soft_wrap=True)

    # 3. what came of it
    alphas = {frame: _read(frame_path(render.mattes, frame))[..., 0] for frame in render.frames}
    truths = {frame: _read(frame_path(truth_pattern(FOLDER), frame))[..., 0] for frame in render.frames}
    comparison = compare((alphas[frame], truths[frame]) for frame in render.frames)
    same = sum(np.array_equal(alphas[frame], found) for frame, found in render.alphas.items())
    rows = {
        "frames": len(render.frames),
        "frames_per_second": round(render.frames_per_second, 3),
        "mean_absolute_difference": round(comparison.difference, 5),
        "mean_absolute_difference_in_soft_edges": round(comparison.soft_difference, 5),
        "flicker": round(comparison.flicker, 5),
        "frames_through_shared_memory": len(render.alphas),
        "files_equal_to_shared_memory": same,
        "seconds_until_engine_ready": round(render.start_seconds, 2),
        "seconds_rendering": round(render.render_seconds, 2),
        "seconds_compositing": round(render.comp_seconds, 2),
        "node": render.state,
        "device": render.device,
        "model": render.model,
    }
    _draw_sheet(render, alphas, truths)
    if options.json:
        files = {
            "script": str(FOLDER / "demo.nk"),
            "mattes": render.mattes,
            "comp": render.comps,
            "contact_sheet": str(SHEET),
        }
        print(json.dumps({**rows, **files, "options": asdict(options)}, default=str))
    else:
        Console(highlight=False).print(_table(rows))
        print(f"Script         {FOLDER / 'demo.nk'}\nMattes         {render.mattes}\nComp           {render.comps}")
        print(f"Contact sheet  {SHEET}", flush=True)
    if same != len(render.alphas):
        talk.print(f"{len(render.alphas) - same} matte files differ from what came through shared memory: that is a bug.")
        return 1
    return 0


def _draw_sheet(render: DemoRender, alphas: Pixels, truths: Pixels) -> None:
    frames = render.frames
    chosen = sorted({frames[round(i * (len(frames) - 1) / max(COLUMNS - 1, 1))] for i in range(COLUMNS)})
    columns = [
        Column(
            f,
            _read(frame_path(plate_pattern(FOLDER), f)),
            alphas[f],
            truths[f],
            _read(frame_path(render.comps, f))[..., :3],
        )
        for f in chosen
    ]
    write_contact_sheet(SHEET, columns)


def _table(rows: dict[str, object]) -> Table:
    table = Table(title="GVM Matte demo", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, value in rows.items():
        words = name.replace("frames_per_second", "frames/s").replace("_", " ")
        table.add_row(words[0].upper() + words[1:], str(value))
    table.caption = f"Plate {WIDTH}×{HEIGHT}; alphas are 0 to 1."
    table.caption_justify = "left"
    return table


def _read(path: str) -> npt.NDArray[np.float32]:
    """An image as it is stored, [h,w,c] float32.

    Raises:
        PlateError: it cannot be read.
    """
    with opened(path) as image:
        return read_channels(image, 0, 0, image.spec().nchannels, "float", path=path)


class _Speed(ProgressColumn):
    """Frames/s of the last moments; empty before the first frame."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.2f} frames/s" if speed else "")


def _progress(talk: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:<13}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Speed(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[stage]}"),
        console=talk,
        transient=True,
        disable=not talk.is_terminal,  # in a log the lines around it say enough
    )
