"""What is done to pixels on their way into the model and out of it, on the model's device.

    plate   [h,w,c] → float in [0,1], display-referred → the processed area → the model's size, padded
    alpha   the model's → cropped → the area's size → edge treatment → the matte's data type

Each frame goes through alone, so what it becomes does not depend on its neighbours.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...image import Box
from ...params import MatteParams
from ..colour import CURVE_EXPONENT, CURVE_OFFSET, CURVE_SCALE, LINEAR_LIMIT, LINEAR_SLOPE, InputTransform
from ..model.geometry import geometry, to_model_size, to_plate_size

DTYPES = {"half": torch.float16, "float": torch.float32}


@torch.inference_mode()
def displayed(x: Tensor, transform: InputTransform) -> Tensor:
    """A plate's values, of any shape and type, to float32, display-referred, in [0,1]. Integers span [0,1]."""
    if x.dtype.is_floating_point:
        x = torch.nan_to_num(x.to(torch.float32), nan=0.0, posinf=1.0, neginf=0.0)
    else:
        x = x.to(torch.float32) / float(torch.iinfo(x.dtype).max)
    x = x.clamp(0.0, 1.0)
    if not transform.is_linear:
        return x
    curve = CURVE_SCALE * x.pow(CURVE_EXPONENT) - CURVE_OFFSET
    return torch.where(x <= LINEAR_LIMIT, LINEAR_SLOPE * x, curve)


class Preparer:
    """The two ways for one job; safe to call from several threads.

    Args:
        area: what is processed, in the plate's coordinates.
        pixel_aspect: of the plates; the model sees square pixels.
    """

    def __init__(self, *, params: MatteParams, area: Box, pixel_aspect: float, device: torch.device) -> None:
        self._params = params
        self._area = area
        self._device = device
        self._pixel_aspect = pixel_aspect
        self._tables: dict[tuple[str, bool], npt.NDArray[np.float32]] = {}
        self._geometry = geometry(
            area.width, area.height, size=params.size, max_resolution=params.max_resolution, pixel_aspect=pixel_aspect
        )

    @property
    def model_size(self) -> tuple[int, int]:
        """(width, height) that the model sees, padding included."""
        return self._geometry.padded

    @torch.inference_mode()
    def plate(self, pixels: npt.NDArray[Any], box: Box, transform: InputTransform) -> Tensor:
        """A plate as the model wants it.

        Args:
            pixels: [h,w,c] over `box`; c is 1 (grey), 3, or 4 (its alpha is not looked at). Integers span [0,1].

        Returns:
            [1,3,H',W'] float32 in [0,1] on the device; never a view of `pixels`.
        """
        # 1. to the device, display-referred
        pixels = pixels[..., : 1 if pixels.shape[2] < 3 else 3]
        if self._device.type == "cpu" and pixels.dtype.itemsize <= 2:
            x = torch.from_numpy(self._table(pixels.dtype, transform)[pixels.view(f"u{pixels.dtype.itemsize}")])
        else:
            host = torch.from_numpy(pixels)
            if self._device.type == "cuda":
                host = host.pin_memory()  # copied here, in a reading thread; from there the device fetches it by itself
            x = displayed(host.to(self._device, non_blocking=True), transform)  # at the plate's precision: fewer bytes
        x = x.permute(2, 0, 1)[None]  # [1,c,h,w]

        # 2. the processed area, black where the plate has no pixels
        x = self._place(x, box)

        # 3. the model's size
        rgb, _ = to_model_size(
            x, size=self._params.size, max_resolution=self._params.max_resolution, pixel_aspect=self._pixel_aspect
        )
        return rgb.expand(-1, 3, -1, -1).contiguous()  # [1,3,H',W']

    def _table(self, dtype: np.dtype[Any], transform: InputTransform) -> npt.NDArray[np.float32]:
        """What each of the at most 65,536 values of a type becomes: on the CPU a look-up costs a fifth of the formula."""
        key = (dtype.str, transform.is_linear)
        if key not in self._tables:
            count = 1 << 8 * dtype.itemsize
            values = np.arange(count, dtype=f"u{dtype.itemsize}").view(dtype)
            self._tables[key] = displayed(torch.from_numpy(values), transform).numpy()
        return self._tables[key]

    @torch.inference_mode()
    def black(self) -> Tensor:
        """What stands in for a plate under the policy `black`: [1,3,H',W'] of zeros."""
        width, height = self.model_size
        return torch.zeros(1, 3, height, width, device=self._device)

    def _place(self, x: Tensor, box: Box) -> Tensor:
        area = self._area
        if box == area:
            return x
        whole = x.new_zeros(1, x.shape[1], area.height, area.width)
        if box.overlaps(area):
            both = box.intersection(area)
            inside = x[..., both.y0 - box.y0 : both.y1 - box.y0, both.x0 - box.x0 : both.x1 - box.x0]
            whole[..., both.y0 - area.y0 : both.y1 - area.y0, both.x0 - area.x0 : both.x1 - area.x0] = inside
        return whole

    @torch.inference_mode()
    def matte(self, alpha: Tensor) -> Tensor:
        """An alpha as it is delivered.

        Args:
            alpha: [1,1,H',W'] float32 in [0,1] from the model.

        Returns:
            [H,W] over the area, in the matte's data type, on the device.
        """
        x = to_plate_size(alpha, self._geometry)[0, 0]
        black, white = self._params.black_point, self._params.white_point
        if self._params.edge == "clamp":  # GVM's own: hard at both ends, untouched between
            x = torch.where(x >= white, torch.ones_like(x), torch.where(x <= black, torch.zeros_like(x), x))
        elif self._params.edge == "rescale":
            x = ((x - black) / (white - black)).clamp(0.0, 1.0)
        return x.to(DTYPES[self._params.datatype]).contiguous()
