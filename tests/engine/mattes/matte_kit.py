"""What the tests of mattes share: windows, an alpha, and what another reader sees in a file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, Dict

import numpy as np
import OpenImageIO as oiio
from gvm_matte.core.image import Box
from gvm_matte.engine.mattes import MatteFile, write_matte

DATA, DISPLAY = Box(-4, 3, 28, 27), Box(0, 0, 40, 30)
COMPRESSIONS = ("none", "rle", "zips", "zip", "piz", "dwaa", "dwab")
OIIOTOOL = Path(sys.executable).parent / ("oiiotool.exe" if sys.platform == "win32" else "oiiotool")


def soft_edge(box: Box = DATA) -> np.ndarray[Any, Any]:
    """[h, w] float32 in [0, 1] with every kind of value: 0, 1, and what no half can hold."""
    y, x = np.mgrid[0 : box.height, 0 : box.width]
    return np.clip((x + y / 3) / box.width * 1.3 - 0.15, 0, 1).astype(np.float32)


def colours(box: Box = DATA) -> np.ndarray[Any, Any]:
    """[h, w, 4] float32: scene-linear colours below 0 and above 1 beside the alpha, where it is 0 too."""
    rgb = np.random.default_rng(3).random((box.height, box.width, 3), dtype=np.float32) * 5 - 1
    return np.concatenate([rgb, soft_edge(box)[..., None]], axis=-1)


def write(path: Path, alpha: Any = None, **options: Any) -> Path:
    """With the windows above."""
    frame = options.pop("frame", None)
    file = MatteFile(**{"data": DATA, "display": DISPLAY, **options})
    write_matte(str(path), soft_edge() if alpha is None else alpha, file, frame=frame)
    return path


def header(path: Path) -> Dict[str, Any]:
    """Attributes by name, as another reader sees them."""
    image = oiio.ImageInput.open(str(path))
    attributes = {attribute.name: attribute.value for attribute in image.spec().extra_attribs}
    image.close()
    return attributes


def pixels(path: Path) -> np.ndarray[Any, Any]:
    """[h, w, c] of the file's own type, as they are stored."""
    straight = oiio.ImageSpec()
    straight.attribute("oiio:UnassociatedAlpha", 1)
    image = oiio.ImageInput.open(str(path), straight)
    found = image.read_image(str(image.spec().format))
    image.close()
    return np.asarray(found)


def oiiotool(*words: str) -> str:
    """What the tool prints."""
    done = subprocess.run([str(OIIOTOOL), *words], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
