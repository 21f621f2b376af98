"""Input colour: from a plate's values to what the model wants, display-referred R, G, B in [0, 1].

    scene_linear   the curve of IEC 61966-2-1 (sRGB): 12.92·x up to 0.0031308, then 1.055·x^(1/2.4) − 0.055
    srgb, raw      as they are: display-referred already

then clipped to [0, 1]. Values above 1 are highlights that a display would clip too; the model has never seen others.
This is the reference in numpy; the pipeline applies the same formula on the device, so that a plate travels at its own
precision and is converted once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Union

import numpy as np
import numpy.typing as npt

from ..errors import ParamError

ACCEPTED = ("scene_linear", "srgb", "raw")
"""What `input_colorspace` can be, besides empty."""

LINEAR_LIMIT = 0.0031308
LINEAR_SLOPE = 12.92
CURVE_SCALE = 1.055
CURVE_OFFSET = 0.055
CURVE_EXPONENT = 1 / 2.4


@dataclass(frozen=True)
class InputTransform:
    """What is done to a plate's values.

    Attributes:
        name: of the colour space that the plate is taken to be in.
        is_linear: whether the sRGB curve is applied; then, and otherwise, values are clipped to [0, 1].
    """

    name: str
    is_linear: bool

    def apply(self, pixels: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """[..., c] as read to float32 of the same shape, display-referred in [0, 1]."""
        values = normalised(pixels)
        if self.is_linear:
            return linear_to_srgb(values)
        return np.clip(values, 0.0, 1.0)


def resolve_input(colorspace: str, *, hint: str, dtype: Union[str, npt.DTypeLike]) -> InputTransform:
    """Decides how a plate is read.

    Args:
        colorspace: the parameter `input_colorspace`; empty decides by the hint, else by the type.
        hint: what the file says of itself (`Plate.colorspace`): `scene_linear`, `srgb` or "".
        dtype: of the plate's pixels: floats are taken for scene-linear, integers for sRGB.

    Raises:
        ParamError: a name that is not known.
    """
    name = colorspace.strip()
    if not name:
        name = hint or ("scene_linear" if np.dtype(dtype).kind == "f" else "srgb")
    if name not in ACCEPTED:
        raise ParamError(
            f'The input colour space "{name}" is not known; choose {", ".join(ACCEPTED)}, or leave it empty.',
            name="input_colorspace",
        )
    return InputTransform(name, name == "scene_linear")


def linear_to_srgb(values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """The sRGB curve on linear light, clipped to [0, 1]; any shape. Source: IEC 61966-2-1."""
    clipped = np.clip(values, 0.0, 1.0).astype(np.float32)
    curve = CURVE_SCALE * np.power(clipped, np.float32(CURVE_EXPONENT)) - CURVE_OFFSET
    result: npt.NDArray[np.float32] = np.where(clipped <= LINEAR_LIMIT, LINEAR_SLOPE * clipped, curve).astype(np.float32)
    return result


def normalised(pixels: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Integers span [0, 1] over their range; floats stay as they are. Any shape, to float32."""
    if pixels.dtype.kind == "f":
        return pixels.astype(np.float32, copy=False)
    values: npt.NDArray[np.float32] = pixels.astype(np.float32)
    values /= np.float32(np.iinfo(pixels.dtype).max)
    return values
