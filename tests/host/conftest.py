"""Fixtures of the host's tests: a session that is gone afterwards, and plates whose pixels name their frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Iterator

import numpy as np
import OpenImageIO as oiio
import pytest
from gvm_matte.host import Host


@pytest.fixture
def host() -> Iterator[Host]:
    """A terminal session."""
    with Host() as made:
        yield made
        assert made.callback_errors == []


@pytest.fixture
def gui() -> Iterator[Host]:
    """A GUI session."""
    with Host(gui=True) as made:
        yield made
        assert made.callback_errors == []


@pytest.fixture
def plates(tmp_path: Path) -> Callable[..., str]:
    """Writes plate.####.exr of 16x8 into a folder; red is the frame / 10000, green grows to the right, alpha is 1."""

    def write(first: int, last: int, step: int = 1) -> str:
        for frame in range(first, last + 1, step):
            pixels = np.ones((8, 16, 4), np.float32)
            pixels[..., 0] = frame / 10000
            pixels[..., 1] = np.arange(16) / 16
            pixels[..., 2] = 0
            spec = oiio.ImageSpec(16, 8, 4, oiio.FLOAT)
            output: Any = oiio.ImageOutput.create("openexr")
            assert output.open(str(tmp_path / f"plate.{frame:04d}.exr"), spec) and output.write_image(pixels)
            assert output.close()
        return str(tmp_path / "plate.####.exr")

    return write
