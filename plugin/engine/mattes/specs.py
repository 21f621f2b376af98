"""What a matte's file says and holds, for EXR and for PNG: pixels in the file's own type, and OpenImageIO's spec of it.

No pixel is left to OpenImageIO to convert: values go in as they are to come out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Mapping, Optional, Tuple

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio

from ...core.image import Box
from ...images.placing import placed
from ...params.channels import Channels

Pixels = npt.NDArray[Any]
DATATYPES = {"half": np.float16, "float": np.float32}
HALF_MAX = 65504.0
ROUNDING = 1e-4  # so far past 0 or 1 is what a resize in float32 makes of an alpha; further is no alpha
_HALF_ONE, _HALF_MINUS_ZERO = 0x3C00, 0x8000
_INTEROP_ID = re.compile(r"[a-z0-9]+_[a-z0-9]+_(scene|display)")
_SRGB = "srgb_rec709_scene"
_NO_FILTER = 8  # of libpng: its filters make a matte's file a fifth smaller and take 2.5 times as long


@dataclass(frozen=True)
class MatteFile:
    """What a matte's file is and says, beside its pixels.

    Attributes:
        data: the data window: the processed area.
        display, pixel_aspect, view: the plate's.
        datatype: `half` or `float`, for EXR.
        compression: as the parameter, for EXR. In DWA colours lose a little, alphas nothing.
        channels: `alpha`, `rgba-premult`, `rgba-unpremult` or `layer:NAME`; see `params/channels.py`.
        metadata: header strings, by name: `gvm:version`, `gvm:weights`, `gvm:params`, `gvm:digest`.
        fps: the plate's frame rate (numerator, denominator).
        timecode: the plate's, two 32-bit words.
        colorspace: what RGB is in: `srgb`, `scene_linear` or any other name. Kept as `gvm:colorspace`, and as the file
            format's own statement where that has a word for it (`scene_linear` does not say which primaries).
    """

    data: Box
    display: Box
    pixel_aspect: float = 1.0
    datatype: str = "half"
    compression: str = "zips"
    channels: str = "alpha"
    metadata: Mapping[str, str] = field(default_factory=dict)
    fps: Optional[Tuple[int, int]] = None
    timecode: Optional[Tuple[int, int]] = None
    view: str = ""
    colorspace: str = ""

    @property
    def holds(self) -> Channels:
        """The channels, understood.

        Raises:
            ParamError: there are no such channels.
        """
        return Channels.parse(self.channels)


def checked(pixels: Pixels, file: MatteFile) -> Pixels:
    """[h, w, c] as given, with an alpha that is one.

    Raises:
        ValueError: the size is not the data window's, a value is NaN or infinite, or an alpha is not in [0, 1].
    """
    shape, count = (file.data.height, file.data.width), len(file.holds.names)
    if pixels.shape != (*shape, count) and not (count == 1 and pixels.shape == shape):
        raise ValueError(f"an alpha of shape {pixels.shape} does not fill {count} channels of the data window {file.data}")
    pixels = pixels.reshape(*shape, count)
    if not _is_alpha(pixels[..., -1]):
        raise ValueError("the alpha holds NaN, infinity or values outside 0 to 1")
    if count > 1 and not np.isfinite(pixels).all():
        raise ValueError("the colours beside the alpha hold NaN or infinity")
    return pixels


def _is_alpha(alpha: Pixels) -> bool:
    if (
        alpha.dtype == np.float16 and alpha.flags.c_contiguous
    ):  # numpy compares halves slowly, their bits forty times faster
        bits = alpha.view(np.uint16)
        if bits.max() <= _HALF_ONE:
            return True
        return bool(((bits <= _HALF_ONE) | (bits == _HALF_MINUS_ZERO)).all())
    return bool(alpha.min() >= -ROUNDING and alpha.max() <= 1 + ROUNDING)  # false for NaN


def exr_file(pixels: Pixels, file: MatteFile) -> Tuple[Pixels, oiio.ImageSpec]:
    """For EXR: half or float, rounded to nearest even. Colours beyond what a half holds are clamped to its largest."""
    stored: Pixels = np.empty(pixels.shape, DATATYPES[file.datatype])
    if pixels.dtype == np.float16 == stored.dtype:  # rounded to halves already, so nothing to take back
        stored = np.ascontiguousarray(pixels)
    else:
        limit = HALF_MAX if file.datatype == "half" else np.inf
        np.clip(pixels[..., :-1], -limit, limit, out=stored[..., :-1], casting="same_kind")
        np.clip(pixels[..., -1:], 0, 1, out=stored[..., -1:], casting="same_kind")
    spec = oiio.ImageSpec(file.data.width, file.data.height, len(file.holds.names), file.datatype)
    spec.channelnames = file.holds.names
    spec.alpha_channel = len(file.holds.names) - 1
    spec.x, spec.y = file.data.x0, file.data.y0
    display = file.display
    spec.full_x, spec.full_y, spec.full_width, spec.full_height = display.x0, display.y0, display.width, display.height
    spec.attribute("compression", file.compression)
    if file.fps is not None:
        spec.attribute("framesPerSecond", oiio.TypeDesc("rational"), file.fps)
    if file.timecode is not None:
        spec.attribute("smpte:TimeCode", oiio.TypeDesc("timecode"), file.timecode)
    if file.view:
        spec.attribute("view", file.view)
    _describe(spec, file)
    interop = _SRGB if file.colorspace == "srgb" else file.colorspace
    if len(file.holds.names) > 1 and _INTEROP_ID.fullmatch(interop):
        spec.attribute("colorInteropID", interop)
    return stored, spec


def png_file(pixels: Pixels, file: MatteFile) -> Tuple[Pixels, oiio.ImageSpec]:
    """For PNG: 16 bit over the display window (the format has no other), [0, 1] rounded to nearest, the rest clamped."""
    display = file.display
    values = np.rint(np.clip(pixels, 0, 1, dtype=np.float32) * np.float32(65535)).astype(np.uint16)
    values = placed(values, file.data, display)
    spec = oiio.ImageSpec(display.width, display.height, len(file.holds.names), "uint16")
    spec.channelnames = ("Y",) if len(file.holds.names) == 1 else file.holds.names
    spec.alpha_channel = len(file.holds.names) - 1 if len(file.holds.names) > 1 else -1
    spec.attribute("oiio:UnassociatedAlpha", 1)  # as they are: without it OpenImageIO divides RGB by the alpha
    spec.attribute("png:filter", _NO_FILTER)
    _describe(spec, file)
    if len(file.holds.names) > 1 and file.colorspace == "srgb":
        spec.attribute("oiio:ColorSpace", _SRGB)
    return np.ascontiguousarray(values), spec


def _describe(spec: oiio.ImageSpec, file: MatteFile) -> None:
    """What both formats hold."""
    spec.attribute("PixelAspectRatio", float(file.pixel_aspect))
    for name, text in file.metadata.items():
        spec.attribute(name, text)
    if len(file.holds.names) > 1:
        spec.attribute("gvm:premult", "yes" if file.holds.premult else "no")
        if file.colorspace:
            spec.attribute("gvm:colorspace", file.colorspace)
