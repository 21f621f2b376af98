"""What is done to pixels on their way into the model and out of it, on the model's device.

    plate   [h,w,c] → the region's crop → float in [0,1], display-referred → the model's size, padded
    alpha   the model's → cropped → the crop's size → edge treatment → the region in the processed area → garbage, core
            → with the foreground's colours, where they are asked for → the matte's data type

Each frame goes through alone, so what it becomes does not depend on its neighbours.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Callable, Optional

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...core.image import Box
from ...images.placing import inside, placed
from ...params.edges import edged
from ...params.keys import ShotParams
from ..colour import InputTransform
from ..detail import estimate_foreground, guided_upsample
from ..model.geometry import geometry, to_model_size, to_plate_size, without_padding
from .curves import displayed
from .extras import Extras
from .region import Region, over_area, plane

DTYPES = {"half": torch.float16, "float": torch.float32}
LARGEST_HALF = 65504.0
MAX_TABLES = 16


class Preparer:
    """The two ways for one job; safe to call from several threads.

    Args:
        region: what of the plates goes to the model.
        pixel_aspect: of the plates; the model sees square pixels.
    """

    def __init__(self, *, params: ShotParams, region: Region, pixel_aspect: float, device: torch.device) -> None:
        self._params = params
        self._region = region
        self._device = device
        self._pixel_aspect = pixel_aspect
        self.seen: Optional[Callable[[int, Tensor, Box], None]] = None  # takes [1,c,h,w] of each crop, display-referred
        self._tables: OrderedDict[tuple[str, str, float], npt.NDArray[np.float32]] = OrderedDict()
        base, (width, height) = params.base, region.crop_size
        self._geometry = geometry(
            width, height, size=base.size, max_resolution=base.max_resolution, pixel_aspect=pixel_aspect
        )

    @property
    def model_size(self) -> tuple[int, int]:
        """(width, height) that the model sees, padding included."""
        return self._geometry.padded

    @torch.inference_mode()
    def plate(self, frame: int, pixels: npt.NDArray[Any], box: Box, transform: InputTransform) -> Tensor:
        """A plate as the model wants it.

        Args:
            pixels: [h,w,c] over `box`; c is 1 (grey), 3, or 4 (its alpha is not looked at). Integers span [0,1].

        Returns:
            [1,3,H',W'] float32 in [0,1] on the device; never a view of `pixels`.
        """
        # 1. what the region shows of it; where the plate has no pixels the crop is black
        crop = self._region.crop(frame)
        if not box.overlaps(crop):
            return self.black()
        both = box.intersection(crop)
        pixels = pixels[..., : 1 if pixels.shape[2] < 3 else 3]
        pixels = pixels[inside(both, box)]

        # 2. to the device, display-referred
        x = self.displayed(frame, pixels, transform).permute(2, 0, 1)[None]  # [1,c,h,w]
        x = over_area(x, both, crop)
        if self.seen is not None:
            self.seen(frame, x, crop)

        # 3. the model's size
        base = self._params.base
        rgb, _ = to_model_size(x, size=base.size, max_resolution=base.max_resolution, pixel_aspect=self._pixel_aspect)
        return rgb.expand(-1, 3, -1, -1).contiguous()  # [1,3,H',W']

    def displayed(self, frame: int, pixels: npt.NDArray[Any], transform: InputTransform) -> Tensor:
        """[h,w,c] of a plate's own type to float32 on the device, display-referred in [0,1]."""
        exposure = self._params.at(frame).exposure
        if not transform.curve:  # OpenColorIO works where the plate is; its result travels
            return torch.from_numpy(transform.apply(pixels, exposure)).to(self._device)
        if self._device.type == "cpu" and pixels.dtype.itemsize <= 2:
            table = self._table(pixels.dtype, transform, exposure)
            return torch.from_numpy(table[np.ascontiguousarray(pixels).view(f"u{pixels.dtype.itemsize}")])
        host = torch.from_numpy(np.ascontiguousarray(pixels))
        if self._device.type == "cuda":
            host = host.pin_memory()  # copied here, in a reading thread; from there the device fetches it by itself
        return displayed(host.to(self._device, non_blocking=True), transform.curve, exposure)  # at the plate's precision

    def _table(self, dtype: np.dtype[Any], transform: InputTransform, exposure: float) -> npt.NDArray[np.float32]:
        """What each of the at most 65,536 values of a type becomes: on the CPU a look-up costs a fifth of the formula."""
        key = (dtype.str, transform.curve, exposure)
        table = self._tables.get(key)
        if table is None:
            count = 1 << 8 * dtype.itemsize
            values = np.arange(count, dtype=f"u{dtype.itemsize}").view(dtype)
            table = self._tables[key] = displayed(torch.from_numpy(values), transform.curve, exposure).numpy()
            while len(self._tables) > MAX_TABLES:  # an exposure with keys has one for each frame
                self._tables.popitem(last=False)
        return table

    @torch.inference_mode()
    def black(self) -> Tensor:
        """What stands in for a plate under the policy `black`: [1,3,H',W'] of zeros."""
        width, height = self.model_size
        return torch.zeros(1, 3, height, width, device=self._device)

    @torch.inference_mode()
    def extras(
        self, frame: int, pixels: Optional[npt.NDArray[Any]], box: Box, transform: Optional[InputTransform], **masks: Any
    ) -> Extras:
        """What the frame's matte needs beside the alpha.

        Args:
            pixels: as for `plate`; None: the plate is black, or nothing of it is needed.
            masks: `garbage` and `core`: [H,W] over the area, or None.
        """
        values = guide = None
        base = self._params.base
        if pixels is not None and transform is not None:
            crop = self._region.crop(frame)
            pixels = placed(pixels[..., : 1 if pixels.shape[2] < 3 else 3], box, crop)
            if self.wants_guide:
                shown = self.displayed(frame, pixels, transform)
                guide = shown.to(torch.float16).permute(2, 0, 1)[None]  # [1,c,h,w]; half is fine enough for a guide
            if base.file_channels.colours:
                host = torch.from_numpy(np.ascontiguousarray(pixels)).to(self._device)
                scale = 1.0 if host.dtype.is_floating_point else float(np.iinfo(pixels.dtype).max)
                values = (host.to(torch.float32) / scale).permute(2, 0, 1).expand(3, -1, -1)  # [3,h,w]
        on_device = {
            name: None if mask is None else torch.from_numpy(mask).to(self._device) for name, mask in masks.items()
        }
        return Extras(guide=guide, values=values, **on_device)

    @property
    def wants_guide(self) -> bool:
        """Whether the alpha is brought to the plate's size by the plate's own edges."""
        fitted, crop = self._geometry.fitted, self._region.crop_size
        return self._params.base.upsample == "guided" and (fitted[0] < crop[0] or fitted[1] < crop[1])

    @property
    def wants_plate(self) -> bool:
        """Whether a matte is made of its plate, too: by its edges, or of its colours."""
        return self.wants_guide or self._params.base.file_channels.colours

    @torch.inference_mode()
    def raw(self, alpha: Tensor, extras: Extras = Extras()) -> Tensor:  # noqa: B008 - it is frozen
        """An alpha at the plate's size, before the edge treatment.

        Args:
            alpha: [1,1,H',W'] float32 in [0,1] from the model.

        Returns:
            [h,w] of the region's crop, on the device.
        """
        if extras.guide is not None:
            return guided_upsample(without_padding(alpha, self._geometry), extras.guide)[0, 0]
        return to_plate_size(alpha, self._geometry)[0, 0]

    def matte(self, frame: int, alpha: Tensor, extras: Extras = Extras()) -> Tensor:  # noqa: B008 - it is frozen
        """An alpha as it is delivered: `finished` of `raw`."""
        return self.finished(frame, self.raw(alpha, extras), extras)

    @torch.inference_mode()
    def finished(self, frame: int, raw: Tensor, extras: Extras) -> Tensor:
        """An alpha at the plate's size as it is delivered.

        Args:
            raw: as `raw` gives it; it stays as it is.
            extras: what else the matte is made of.

        Returns:
            [H,W] over the area, or [H,W,4] with the foreground's colours, in the matte's data type, on the device.
        """
        params = self._params.at(frame)
        x = edged(raw, params.edge, black=params.black_point, white=params.white_point, gamma=params.gamma)
        x = self._region.place(x, frame)
        if extras.core is not None:
            x = torch.maximum(x, extras.core)
        if extras.garbage is not None:
            x = x * (1.0 - extras.garbage)
        box = self._region.box(frame)
        if extras.core is not None and not self._region.is_whole:
            x = _only(x, box, self._region.area)
        if not params.file_channels.colours:
            return x.to(DTYPES[params.datatype]).contiguous()
        return self._with_foreground(frame, x, extras).to(DTYPES[params.datatype]).contiguous()

    def _with_foreground(self, frame: int, alpha: Tensor, extras: Extras) -> Tensor:
        """[H,W] to [H,W,4]."""
        area, crop = self._region.area, self._region.crop(frame)
        colours = alpha.new_zeros(3, area.height, area.width)
        if extras.values is not None and crop.overlaps(area):
            both = crop.intersection(area)
            there, seen = inside(both, area), extras.values[plane(both, crop)]
            colours[plane(both, area)] = estimate_foreground(seen.contiguous(), alpha[there].contiguous())
        if self._params.base.file_channels.premult:
            colours = colours * alpha
        if self._params.base.datatype == "half":
            colours = colours.clamp(-LARGEST_HALF, LARGEST_HALF)
        return torch.cat([colours, alpha[None]]).permute(1, 2, 0)


def _only(x: Tensor, box: Optional[Box], area: Box) -> Tensor:
    """0 outside the box: a core matte does not reach beyond the region."""
    return torch.zeros_like(x) if box is None else over_area(x[inside(box, area)], box, area)
