"""Values on their way from a file through shared memory into a file: not a bit of them changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio
import pytest
from gvm_matte.client import PlateData
from gvm_matte.client.plate_pusher import fill
from gvm_matte.core.image import Box
from gvm_matte.engine.mattes import MatteFile, write_matte
from gvm_matte.engine.pipeline.pushed import in_place
from gvm_matte.engine.plates import open_plates
from gvm_matte.protocol.frame_buffer import FrameRing, slot_bytes

DATA, DISPLAY = Box(-7, 11, 90, 64), Box(0, 0, 80, 60)


def write(path: Path, pixels: npt.NDArray[Any], datatype: str) -> None:
    spec = oiio.ImageSpec(DATA.width, DATA.height, 3, datatype)
    spec.x, spec.y = DATA.x0, DATA.y0
    spec.full_width, spec.full_height = DISPLAY.width, DISPLAY.height
    output = oiio.ImageOutput.create(str(path))
    assert output is not None and output.open(str(path), spec) and output.write_image(pixels) and output.close()


def stored(path: Path, datatype: str) -> npt.NDArray[Any]:
    image = oiio.ImageInput.open(str(path))
    assert image is not None, oiio.geterror()
    spec = image.spec()
    assert (spec.x, spec.y, spec.width, spec.height) == (DATA.x0, DATA.y0, DATA.width, DATA.height)
    assert (spec.full_x, spec.full_y, spec.full_width, spec.full_height) == (0, 0, DISPLAY.width, DISPLAY.height)
    pixels = image.read_image(datatype)
    image.close()
    return np.asarray(pixels)


@pytest.mark.parametrize(("datatype", "numpy", "bits"), [("float", np.float32, np.uint32), ("half", np.float16, np.uint16)])
def test_every_finite_value_goes_through_plates_buffers_and_mattes_bit_for_bit(
    datatype: str, numpy: Any, bits: Any, tmp_path: Path
) -> None:
    shape = (DATA.height, DATA.width, 3)
    drawn = np.random.default_rng(5).integers(0, np.iinfo(bits).max, shape, dtype=bits, endpoint=True)
    pixels = drawn.view(numpy)  # any pattern of bits: denormals, negative zero, huge values
    pixels[~np.isfinite(pixels)] = numpy(-0.0)
    write(tmp_path / "plate.1001.exr", pixels, datatype)

    with open_plates(str(tmp_path / "plate.####.exr")) as source:
        plate = source.read(1001)
    ring = FrameRing.create(slots=2, slot_bytes=slot_bytes(plate.data, 3, datatype))
    try:
        slot = ring.acquire(1.0)
        assert slot is not None
        sequence = fill(ring, slot, 1001, PlateData(plate.pixels, plate.data, 3, datatype))
        info, _ = ring.open(slot, sequence)
        carried = in_place(info, ring.payload(slot, info.nbytes)).copy()
    finally:
        ring.close()
    opaque = np.ones((*carried.shape[:2], 1), numpy)
    path, rgba = str(tmp_path / "matte.1001.exr"), np.concatenate([carried, opaque], axis=2)
    write_matte(path, rgba, MatteFile(plate.data, plate.display, datatype=datatype, channels="rgba-unpremult"))

    found = stored(tmp_path / "matte.1001.exr", datatype)
    np.testing.assert_array_equal(np.ascontiguousarray(found[..., :3]).view(bits), pixels.view(bits))
