"""Plates and mattes on disk as a monitor shows them. Numpy and OpenImageIO alone: this works while torch comes up."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, Optional, Tuple

import numpy as np
import numpy.typing as npt

from ...core.errors import PlateMissingError, PlateUnreadableError
from ...core.image import Box
from ...core.paths import frame_field, frame_path
from ...images.placing import placed
from ...params.fields import MatteParams
from ..colour import InputColour, InputTransform, normalised
from ..plates import Plate, PlateSource, open_masks, open_plates
from .images import Alpha, Bytes

MAX_TABLES = 8


class DiskFrames:
    """Reads frames; one thread. What was opened last stays open, so that a video need not be searched again."""

    def __init__(self) -> None:
        self._source: Optional[PlateSource] = None
        self._source_key: Tuple[str, ...] = ()
        self._colour: Optional[InputColour] = None
        self._colour_key: Tuple[str, ...] = ()
        self._tables: Dict[Tuple[str, float], Bytes] = {}

    def plate(self, path: str, frame: int, params: MatteParams) -> Tuple[Bytes, Box]:
        """([h,w,3] over the display window, display-referred as the model sees it; that window).

        Raises:
            PlateError: it is missing or cannot be read.
            ParamError: its colours cannot be understood as the parameters say.
        """
        plate = self._read(path, frame, params)
        key = (params.ocio, params.input_colorspace, params.input_view)
        if self._colour is None or self._colour_key != key:
            self._colour = InputColour(ocio=params.ocio, colorspace=params.input_colorspace, view=params.input_view)
            self._colour_key = key
        transform = self._colour.resolve(hint=plate.colorspace, dtype=plate.pixels.dtype, path=plate.path)
        pixels = plate.pixels[..., : 1 if plate.pixels.shape[2] < 3 else 3]
        shown = self._displayed(pixels, transform, params.exposure)
        return placed(np.broadcast_to(shown, (*shown.shape[:2], 3)), plate.data, plate.display), plate.display

    def matte(self, path: str, frame: int, params: MatteParams, display: Box) -> Optional[Alpha]:
        """[h,w] in [0,1] over the display window; None where there is no such file.

        Raises:
            PlateUnreadableError: it cannot be read.
        """
        file = frame_path(path, frame)
        if not path or not Path(file).is_file():
            return None
        for channel in (params.file_channels.alpha, ""):  # one that was written with other parameters, too
            try:
                with open_masks(file, channel=channel) as source:
                    matte = source.read(source.first)
                break
            except PlateMissingError:
                return None
            except PlateUnreadableError:
                if not channel:
                    raise
        values = np.clip(normalised(matte.pixels[..., 0]), 0.0, 1.0)
        alpha: Alpha = placed(values, matte.data, display)
        return alpha

    def close(self) -> None:
        """Gives back its file."""
        if self._source is not None:
            self._source.close()
            self._source = None

    def _read(self, path: str, frame: int, params: MatteParams) -> Plate:
        file = frame_path(path, frame)
        if frame_field(path) is not None and Path(file).is_file():  # a folder of many thousands need not be listed for one
            with open_plates(file, view=params.view, layer=params.layer) as single:
                return single.read(single.first)
        key = (path, params.view, params.layer)
        if self._source is None or self._source_key != key:
            self.close()
            self._source, self._source_key = open_plates(path, view=params.view, layer=params.layer), key
        return self._source.read(frame)

    def _displayed(self, pixels: npt.NDArray[np.generic], transform: InputTransform, exposure: float) -> Bytes:
        """Values to eight bits; by a table where values of 16 bits are fine enough, which is ten times as fast."""
        if not transform.curve or pixels.dtype == np.uint8:
            return _bytes(transform.apply(pixels, exposure))
        with np.errstate(over="ignore"):
            pixels = pixels.astype(np.float16) if pixels.dtype == np.float32 else pixels
        key = (f"{pixels.dtype.str}{transform.curve}", exposure)
        if key not in self._tables:
            while len(self._tables) >= MAX_TABLES:
                self._tables.pop(next(iter(self._tables)))
            values = np.arange(1 << 16, dtype=np.uint16).view(pixels.dtype)
            self._tables[key] = _bytes(transform.apply(values, exposure))
        return self._tables[key][np.ascontiguousarray(pixels).view(np.uint16)]


def _bytes(values: npt.NDArray[np.float32]) -> Bytes:
    return (values * np.float32(255.0) + np.float32(0.5)).astype(np.uint8)
