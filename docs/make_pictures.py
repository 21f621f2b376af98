"""Draws the pictures of plates_and_mattes.md: `python docs/make_pictures.py`.

Every matte in them is rendered by `gvm-matte render`, with the built-in model, from the plates that `python3 install demo`
makes. Takes about three minutes on two cores.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio
from gvm_matte.core.image import Box
from gvm_matte.engine.colour import InputColour
from gvm_matte.engine.pipeline.region import Region
from gvm_matte.params.keys import ShotParams
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image as Pillow

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
PLATES = ROOT / "demo" / "plates" / "plate.####.exr"
SHOT, FRAME = "1009-1012", 1010  # one window of four frames, of which one is shown
SPEED = ("--size", "288", "--num-frames-per-batch", "4", "--frames", "1010", "--shot-range", SHOT, "--quiet")
ACES = "ACES 2.0 - SDR 100 nits (Rec.709)"
ROI = "270,0,690,440"
MOVING = {"1009": "250,0,650,440", "1012": "320,20,720,460"}
CROP = (slice(60, 480), slice(300, 800))  # rows and columns: hair and lights
HAIR = (slice(130, 250), slice(480, 640))
PAPER, INK, LINE, OTHER = "#1e1e1e", "#c3c3c3", "#f0a030", "#40b0e0"
DPI = 100
COLOURS = 256  # of a PNG's palette: less than half of the bytes

Image = npt.NDArray[Any]


@dataclass(frozen=True)
class Matte:
    """One matte over its display window [H,W] in [0,1], and its data window."""

    alpha: Image
    data: Box


class Shot:
    """The demo's plates, and what the command makes of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plate: Image = np.asarray(oiio.ImageBuf(str(PLATES).replace("####", str(FRAME))).get_pixels())
        self.display = Box(0, 0, self.plate.shape[1], self.plate.shape[0])

    def matte(self, name: str, *options: str) -> Matte:
        """Renders a matte under a name of its own.

        Raises:
            subprocess.CalledProcessError: the command failed.
        """
        output = self.folder / name / "m.####.exr"
        command = [sys.executable, "-m", "gvm_matte.cli", "render", "--input", str(PLATES), "--output", str(output)]
        subprocess.run([*command, *SPEED, "--own-engine", *options], check=True)
        image = oiio.ImageBuf(str(output).replace("####", str(FRAME)))
        spec = image.spec()
        data = Box(spec.x, spec.y, spec.x + spec.width, spec.y + spec.height)
        alpha = np.zeros((self.display.height, self.display.width), np.float32)
        alpha[data.y0 : data.y1, data.x0 : data.x1] = np.asarray(image.get_pixels())[..., 0]
        return Matte(alpha, data)

    def seen(self, view: str = "srgb", exposure: float = 0.0) -> Image:
        """What the model sees of the plate [H,W,3] in [0,1], before its resize: by the code that the engine runs."""
        colour = InputColour(view=view)
        transform = colour.resolve(hint="lin_rec709_scene", dtype=self.plate.dtype, path=str(PLATES))
        return transform.apply(self.plate, exposure)

    def drawn(self, name: str, shape: Image) -> str:
        """A mask [H,W] as a file, as somebody draws it."""
        path = str(self.folder / f"{name}.exr")
        spec = oiio.ImageSpec(self.display.width, self.display.height, 1, "half")
        spec.channelnames = ("A",)
        image = oiio.ImageBuf(spec)
        image.set_pixels(oiio.ROI(), np.ascontiguousarray(shape[..., None], np.float32))
        if not image.write(path):
            raise OSError(image.geterror())
        return path


def edges(shot: Shot, path: Path) -> None:
    """Hair under the three treatments, and the three curves."""
    figure, panels = _figure(1300, 250, 1, 5)
    _show(panels[0], shot.seen()[HAIR], "plate")
    treatments = {name: shot.matte(name, "--edge", name).alpha for name in ("none", "clamp", "rescale")}
    for panel, (name, alpha) in zip(panels[1:], treatments.items()):
        _show(panel, alpha[HAIR], f"--edge {name}")
    plot, x = panels[4], np.linspace(0, 1, 511)
    black, white = 25 / 255, 240 / 255
    curves = {
        "none": x,
        "clamp": np.where(x >= white, 1, np.where(x <= black, 0, x)),
        "rescale": np.clip((x - black) / (white - black), 0, 1),
        "rescale, gamma 2": np.clip((x - black) / (white - black), 0, 1) ** 0.5,
    }
    for (name, y), style in zip(curves.items(), (":", "-", "-", "--")):
        plot.plot(x, y, style, label=name, linewidth=1.4)
    plot.set_title("model's alpha to matte's", color=INK, fontsize=9)
    plot.legend(fontsize=7, labelcolor=INK, facecolor=PAPER, edgecolor=PAPER)
    plot.tick_params(colors=INK, labelsize=7)
    plot.set_facecolor(PAPER)
    _save(figure, path)


def colour(shot: Shot, path: Path) -> None:
    """The plate as the model sees it through two views and with an exposure, and the mattes."""
    figure, panels = _figure(1100, 640, 2, 3)
    cases: Sequence[tuple[str, str, float]] = (
        ("srgb (default)", "srgb", 0.0),
        ("the config's ACES 2.0 SDR view", ACES, 0.0),
        ("srgb, --exposure -2", "srgb", -2.0),
    )
    for column, (title, view, exposure) in enumerate(cases):
        seen = shot.seen(view, exposure)
        clipped = float((seen.max(-1) >= 1.0).mean())
        _show(panels[column], seen[CROP], f"{title}\na channel at 1 in {clipped:.1%} of the pixels")
        matte = shot.matte(f"colour{column}", "--input-view", view, "--exposure", str(exposure))
        _show(panels[3 + column], matte.alpha[CROP], "matte")
    _save(figure, path)


def region(shot: Shot, path: Path) -> None:
    """A region of interest: what is asked for, what the model sees, what comes."""
    figure, panels = _figure(1200, 500, 2, 3)
    params = shot_file(shot, {"roi": MOVING})
    plain, still, moving = shot.matte("whole"), shot.matte("roi", "--roi", ROI), shot.matte("moving", "--params", params)
    asked = Region(ShotParams.of({"roi": ROI}), display=shot.display, processed=shot.display)
    _show(panels[0], shot.seen(), f"--roi {ROI}, dashed: what the model sees")
    _box(panels[0], asked.area, LINE)
    _box(panels[0], asked.crop(FRAME), LINE, "--")
    _show(panels[1], plain.alpha, "matte without a region")
    _show(panels[2], still.alpha, "matte with it; the box is its data window")
    _box(panels[2], still.data, LINE)
    keyed = Region(ShotParams.of({"roi": MOVING}), display=shot.display, processed=shot.display)
    _show(panels[3], shot.seen(), f"keys at 1009 and 1012; orange: {FRAME}")
    for frame in (1009, 1012):
        box = keyed.box(frame)
        assert box is not None
        _box(panels[3], box, OTHER)
    inside = keyed.box(FRAME)
    assert inside is not None
    _box(panels[3], inside, LINE)
    _show(panels[4], moving.alpha, "matte with keys; blue: data window")
    _box(panels[4], moving.data, OTHER)
    _box(panels[4], inside, LINE)
    _show(panels[5], np.abs(plain.alpha - still.alpha), "difference of the first two mattes")
    _save(figure, path)


def shot_file(shot: Shot, values: dict[str, Any]) -> str:
    """Parameters as a file for `--params`."""
    path = shot.folder / "shot.json"
    path.write_text(json.dumps(values), encoding="utf-8")
    return str(path)


def holdouts(shot: Shot, path: Path) -> None:
    """A garbage and a core matte, soft at their edges, and what they do."""
    y, x = np.indices(shot.plate.shape[:2]).astype(np.float32)
    garbage = np.clip((np.hypot((x - 640) / 70, (y - 330) / 110) - 1) * -6, 0, 1)
    garbage = np.maximum(garbage, np.clip((np.hypot(x - 840, y - 545) - 90) / -12, 0, 1))
    core = np.clip((np.hypot((x - 450) / 95, (y - 270) / 130) - 1) * -8, 0, 1)
    figure, panels = _figure(1300, 210, 1, 4)
    plain = shot.matte("plain")
    held = shot.matte("held", "--garbage", shot.drawn("garbage", garbage), "--core", shot.drawn("core", core))
    tinted = shot.seen() * 0.6 + 0.4 * (garbage[..., None] * (1, 0.1, 0.1) + core[..., None] * (0.1, 1, 0.1))
    _show(panels[0], tinted, "garbage red, core green")
    _show(panels[1], plain.alpha, "matte without them")
    _show(panels[2], held.alpha, "matte with them")
    _show(panels[3], np.abs(held.alpha - plain.alpha), "difference")
    _save(figure, path)


def _figure(width: int, height: int, rows: int, columns: int) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor=PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    axes: list[Axes] = list(np.ravel(figure.subplots(rows, columns)))
    return figure, axes


def _show(panel: Axes, picture: Image, title: str) -> None:
    panel.imshow(np.clip(picture, 0, 1), cmap="gray", vmin=0, vmax=1, interpolation="antialiased")
    panel.set_title(title, color=INK, fontsize=9)
    panel.set_axis_off()


def _box(panel: Axes, box: Box, colour: str, style: str = "-") -> None:
    panel.add_patch(
        Rectangle(
            (box.x0, box.y0), box.width - 1, box.height - 1, fill=False, edgecolor=colour, linestyle=style, linewidth=1.5
        )
    )


def _save(figure: Figure, path: Path) -> None:
    with io.BytesIO() as whole:
        figure.savefig(whole, format="png")
        picture = Pillow.open(whole).convert("RGB")
    # by coverage: else the few pixels of a coloured light get the colour of something larger
    palette = picture.quantize(COLOURS, method=Pillow.Quantize.MAXCOVERAGE, kmeans=2)
    picture.quantize(palette=palette, dither=Pillow.Dither.FLOYDSTEINBERG).save(path, optimize=True)
    print(path, path.stat().st_size)


def main(names: Sequence[str]) -> None:
    """Draws the named pictures, or all."""
    pictures = {"edges": edges, "colour": colour, "region": region, "holdouts": holdouts}
    with tempfile.TemporaryDirectory() as scratch:
        shot = Shot(Path(scratch))
        for name in names or pictures:
            pictures[name](shot, IMAGES / f"{name}.png")


if __name__ == "__main__":
    main(sys.argv[1:])
