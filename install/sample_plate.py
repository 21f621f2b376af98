"""The demo's plate and its true alpha: generated once, kept as long as the generator stays what it was.

demo/plates/plate.####.exr   R, G, B, half, scene-linear: a soft-edged subject with hair and motion blur, over texture
demo/truth/alpha.####.exr    A, float: what a perfect matte would be
demo/plates/plate.json       what they were made by; other plates are thrown away
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import shutil
import signal
from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio
from gvm_matte.core.files import sweep_parts, whole_file
from gvm_matte.core.paths import frame_path
from gvm_matte.images.whole_file import write_image

WIDTH, HEIGHT = 960, 540
FIRST = 1001
FRAMES_PER_SECOND = 24
FRAMES_PER_CLIP = 48
GENERATOR = Path(__file__).resolve().parent.parent / "training"


def plate_pattern(folder: Path) -> str:
    """The plates' pattern in the demo's folder."""
    return str(folder / "plates" / "plate.####.exr")


def truth_pattern(folder: Path) -> str:
    """The true alphas' pattern in the demo's folder."""
    return str(folder / "truth" / "alpha.####.exr")


def generate(folder: Path, frames: int, *, advance: Callable[[], None]) -> int:
    """Generates the frames that are not there yet, several at a time.

    Args:
        folder: of the demo.
        frames: how many, from `FIRST` on.
        advance: called once for each frame as soon as it is there.

    Returns:
        How many frames had to be generated.
    """
    _drop_others(folder)
    for name in ("plates", "truth"):
        sweep_parts(str(folder / name))
    missing = []
    for frame in range(FIRST, FIRST + frames):
        if Path(frame_path(plate_pattern(folder), frame)).exists():  # it is written after its truth
            advance()
        else:
            missing.append(frame)
    if not missing:
        return 0
    # spawn: the same on every system; forking a process that has threads (OpenImageIO) may hang
    workers = min(os.cpu_count() or 1, len(missing), 8)
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _leave_signals_to_the_parent)
    waiting, running = deque(missing), set[Future[None]]()
    try:
        while waiting or running:
            while waiting and len(running) < workers:  # no more: what is handed in cannot be called off
                running.add(pool.submit(generate_frame, folder, waiting.popleft()))
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()
                advance()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return len(missing)


def generate_frame(folder: Path, frame: int) -> None:
    """Renders and writes one frame and its truth."""
    from training.clips import DEMO_SEED, Scene, render

    rgb, alpha = render(
        Scene(DEMO_SEED), frame - FIRST, WIDTH, HEIGHT, frames_per_clip=FRAMES_PER_CLIP, samples=8, grain=True
    )
    write_exr(frame_path(truth_pattern(folder), frame), alpha[..., None], ("A",), "float")
    write_exr(frame_path(plate_pattern(folder), frame), rgb, ("R", "G", "B"), "half")


def write_exr(path: str, pixels: npt.NDArray[np.float32], channels: tuple[str, ...], datatype: str) -> None:
    """Writes a scene-linear EXR, whole or not at all.

    Args:
        pixels: [h,w,c].
        channels: c names.
        datatype: `half` or `float`.

    Raises:
        MatteWriteError: it cannot be written.
    """
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], len(channels), datatype)
    spec.channelnames = channels
    spec.attribute("compression", "zip")
    spec.attribute("oiio:ColorSpace", "lin_rec709_scene")
    spec.attribute("FramesPerSecond", oiio.TypeDesc("rational"), (FRAMES_PER_SECOND, 1))
    with whole_file(path, "plate") as part:
        write_image(part, pixels, spec, "openexr")


def _drop_others(folder: Path) -> None:
    """Throws away what another generator made, its mattes included."""
    stamp = folder / "plates" / "plate.json"
    state = hashlib.sha256()
    for source in sorted([*GENERATOR.glob("*.py"), Path(__file__)]):
        state.update(hashlib.sha256(source.read_bytes()).digest())
    current = {"generator": state.hexdigest(), "width": WIDTH, "height": HEIGHT}
    try:
        if json.loads(stamp.read_text(encoding="utf-8")) == current:
            return
    except (OSError, ValueError):
        pass
    for name in ("plates", "truth", "mattes"):
        shutil.rmtree(folder / name, ignore_errors=True)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(json.dumps(current), encoding="utf-8")


def _leave_signals_to_the_parent() -> None:
    """A terminal's Ctrl-C reaches every process; the parent alone decides, and lets frames in writing be finished."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
