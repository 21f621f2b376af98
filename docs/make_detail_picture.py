"""Draws images/guided.png and images/foreground.png and prints their figures: `python -m docs.make_detail_picture`.

The demo's scene at 2048×1152, four times the 512×288 that the built-in model sees of it: generated anew, so that the true
alpha and the true colours are those of that size. Takes about a minute on one core.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import gvm_matte
import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio
import torch
import torch.nn.functional as F
from gvm_matte.engine.detail import estimate_foreground, guided_upsample
from gvm_matte.engine.model.geometry import to_model_size, to_plate_size
from gvm_matte.engine.model.matting import load_model
from gvm_matte.engine.model.weights import find_weights
from gvm_matte.images.curves import linear_to_srgb
from gvm_matte.images.drawing import FONT
from torch import Tensor

from install.contact_sheet import INK, PAPER
from training.clips import DEMO_SEED, Scene, SubjectAlone, render

IMAGES = Path(__file__).resolve().parent / "images"
BUILTIN = Path(gvm_matte.__file__).resolve().parent / "engine" / "builtin"
WIDTH, HEIGHT = 2048, 1152
SHORT, LONG = 288, 512  # the model's edges
FRAMES = range(8, 12)  # one window of the model; the last is shown
CROP = (1010, 350)  # left and top of what is shown, where hair is
EDGE = 300  # of a crop, shown pixel for pixel
GAP, MARGIN, CAPTION = 6, 150, 46
GREY = 0.05  # scene-linear: what colours are laid over
SCREEN = (0.05, 0.5, 0.1)  # scene-linear
Image = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Cell:
    """A picture [H,W,3], encoded for the display, and what stands above it."""

    picture: Image
    caption: str


@dataclass(frozen=True)
class Sample:
    """One frame: `plate` [3,H,W] scene-linear, true `alpha` [1,1,H,W] and colours `front` [3,H,W], the model's alpha."""

    plate: Tensor
    alpha: Tensor
    front: Tensor
    matte: Tensor  # [1,1,h,w], at the model's size

    @property
    def displayed(self) -> Tensor:
        """[3,H,W], what the model is shown."""
        return torch.from_numpy(linear_to_srgb(self.plate.numpy()))


def sample() -> Sample:
    """Renders the frames and mattes them."""
    rendered = [render(Scene(DEMO_SEED), frame, WIDTH, HEIGHT, samples=8, grain=True) for frame in FRAMES]
    front, alpha = render(SubjectAlone(DEMO_SEED), FRAMES[-1], WIDTH, HEIGHT, samples=8)
    plates = torch.stack([torch.from_numpy(rgb).permute(2, 0, 1) for rgb, _ in rendered])  # [F,3,H,W]
    files = find_weights(model_base=str(BUILTIN))
    model = load_model(files, device=torch.device("cpu"), dtype=torch.float32)
    seen, how = to_model_size(torch.from_numpy(linear_to_srgb(plates.numpy())), size=SHORT, max_resolution=LONG)
    assert how.padded == (LONG, SHORT)
    matte = model.decode(model.denoise(model.encode(seen), steps=1))[-1:]
    truth = torch.from_numpy(alpha)[None, None]
    colours = torch.from_numpy(front).permute(2, 0, 1) / truth[0].clamp(min=1e-4)
    return Sample(plates[-1].contiguous(), truth, colours, matte)


def guided_rows(found: Sample) -> dict[str, list[Cell]]:
    """The model's alpha, and the true one at the model's size: how much guiding can do for a perfect model."""
    ideal = F.interpolate(found.alpha, (SHORT, LONG), mode="bilinear", antialias=True)
    _, how = to_model_size(found.displayed[None], size=SHORT, max_resolution=LONG)
    rows = {}
    for name, matte in (("built-in model", found.matte), ("perfect model", ideal)):
        results = {
            "bilinear": to_plate_size(matte, how),
            "guided, luminance": guided_upsample(matte, _luminance(found.displayed)),
            "guided": guided_upsample(matte, found.displayed[None]),
        }
        cells = [Cell(_shown(found.displayed), "plate")]
        for title, alpha in results.items():
            figures = _figures(alpha, found.alpha)
            print(f"{name}: {title}: {figures}")
            if title != "guided, luminance":
                cells.append(Cell(_grey(alpha), f"{title}\n{figures}"))
        rows[name] = [*cells, Cell(_grey(found.alpha), "truth")]
    return rows


def foreground_rows(found: Sample) -> dict[str, list[Cell]]:
    """The subject over grey, by the true alpha: with the plate's own colours, with estimated ones, with the true ones."""
    alpha = found.alpha[0]
    screen = found.front * alpha + torch.tensor(SCREEN)[:, None, None] * (1 - alpha)
    soft = alpha * ((alpha > 0.01) & (alpha < 0.99))
    rows = {}
    for name, plate in (("sample plate", found.plate), ("green behind", screen)):
        estimated = estimate_foreground(plate, alpha[0])
        cells = [Cell(_encoded(plate), "plate")]
        for title, colours in (("plate's colours", plate), ("estimated", estimated), ("truth", found.front)):
            caption = title
            if title != "truth":
                error = float(((colours - found.front).abs() * soft).sum() / (3 * soft.sum()))
                caption = f"{title}\nerror in soft edges {error:.3f}"
                print(f"{name}: {caption}".replace("\n", ": "))
            cells.append(Cell(_encoded(colours * alpha + GREY * (1 - alpha)), caption))
        rows[name] = cells
    return rows


def draw(path: Path, rows: dict[str, list[Cell]]) -> None:
    """The crop of every cell, captions above; PNG, 8 bits.

    Raises:
        OSError: the file cannot be written.
    """
    columns = max(len(cells) for cells in rows.values())
    left, top = CROP
    paper = float(linear_to_srgb(np.float32(PAPER)))
    sheet = np.full((len(rows) * (EDGE + CAPTION + GAP), MARGIN + columns * (EDGE + GAP), 3), paper, np.float32)
    for y, cells in enumerate(rows.values()):
        for x, cell in enumerate(cells):
            down, across = y * (EDGE + CAPTION + GAP) + CAPTION, MARGIN + x * (EDGE + GAP)
            sheet[down : down + EDGE, across : across + EDGE] = cell.picture[top : top + EDGE, left : left + EDGE]
    canvas = oiio.ImageBuf(sheet)
    for y, (name, cells) in enumerate(rows.items()):
        down = y * (EDGE + CAPTION + GAP)
        _write(canvas, MARGIN // 2, down + CAPTION + EDGE // 2, name)
        for x, cell in enumerate(cells):
            for line, text in enumerate(cell.caption.split("\n")):
                _write(canvas, MARGIN + x * (EDGE + GAP) + EDGE // 2, down + 18 + 20 * line, text)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not canvas.write(str(path), "uint8"):
        raise OSError(f"{path} cannot be written: {canvas.geterror()}")
    print(path)


def _figures(alpha: Tensor, truth: Tensor) -> str:
    """Over the whole frame: mean absolute difference, and that of the differences between neighbours."""
    error = alpha - truth
    gradient = error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()
    return f"MAD {float(error.abs().mean()):.4f}, MSE {float(error.square().mean()):.4f}, grad. {float(gradient):.4f}"


def _luminance(displayed: Tensor) -> Tensor:
    """[3,H,W] to [1,1,H,W], weights of ITU-R BT.709."""
    return (displayed * torch.tensor([0.2126, 0.7152, 0.0722])[:, None, None]).sum(0)[None, None]


def _encoded(linear: Tensor) -> Image:
    """Scene-linear [3,H,W] to [H,W,3] for the display."""
    return linear_to_srgb(_shown(linear))


def _grey(alpha: Tensor) -> Image:
    return _shown(alpha[0].expand(3, -1, -1))


def _shown(picture: Tensor) -> Image:
    """[3,H,W] to [H,W,3]."""
    pixels: Image = picture.permute(1, 2, 0).contiguous().numpy()
    return pixels


def _write(canvas: oiio.ImageBuf, x: int, y: int, text: str) -> None:
    ink = float(linear_to_srgb(np.float32(INK)))
    if not oiio.ImageBufAlgo.render_text(canvas, x, y, text, 15, FONT, (ink, ink, ink), "center", "baseline"):
        canvas.geterror()  # a build without fonts: the picture has no captions


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    frame = sample()
    draw(IMAGES / "guided.png", guided_rows(frame))
    draw(IMAGES / "foreground.png", foreground_rows(frame))
