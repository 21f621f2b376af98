"""What monitors see of a job's frames: the plate as the model sees it, and its alpha before the edge treatment.

    Preparer.plate ──▶ plate()   8-bit copies of the plates between their encoding and their alpha, reduced
    Stages.deliver ──▶ alpha()   with its plate, to the hub

Nothing here waits for the device, and without a monitor each frame costs a look at the hub. A copy into pinned memory is
queued behind the computation, as the sink's is; the hub's thread waits for it.
"""

from __future__ import annotations

import math
from typing import Any, Callable, Iterable, Optional

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from ...core.image import Box
from ...images.placing import placed
from ..jobs.log import log
from ..watch.hub import Finished, WatchHub
from ..watch.images import picture_size
from .region import Region, over_area

KEEP_BYTES = 512 << 20  # for plates between their encoding and their alpha; more are kept smaller
FIGURES_EDGE = 512  # pixels of the alpha's longer edge that its figures are taken from
Later = Callable[[], npt.NDArray[Any]]


class FramePictures:
    """The pictures of one job.

    Args:
        number: of the job.
        frames: that will be computed.
        in_flight: how many plates can be between their encoding and their alpha.
        again: reads a plate that was encoded before a monitor watched: [h,w,3] over a box; None: it is black.
    """

    def __init__(
        self,
        *,
        hub: WatchHub,
        number: int,
        region: Region,
        frames: Iterable[int],
        in_flight: int,
        again: Callable[[int], Optional[tuple[npt.NDArray[np.uint8], Box]]],
    ) -> None:
        self._hub, self._number, self._region, self._again = hub, number, region, again
        self._wanted = set(frames)
        self._plates: dict[int, Later] = {}
        width, height = region.area.width, region.area.height
        fits = math.sqrt(KEEP_BYTES / (3 * width * height * max(1, in_flight)))
        self._longest_kept = max(1, int(max(width, height) * min(1.0, fits)))

    def plate(self, frame: int, shown: Tensor, box: Box) -> None:
        """Takes a plate on its way to the model.

        Args:
            shown: [1,c,h,w] of `box`, display-referred in [0,1]; it stays as it is.
        """
        longest = self._hub.longest
        if longest is None:
            self._plates.clear()  # of monitors that went away
        if longest is None or frame not in self._wanted:
            return
        area = self._region.area
        try:
            size = picture_size(area.width, area.height, min(longest or self._longest_kept, self._longest_kept))
            self._plates[frame] = _later(_bytes(over_area(shown, box, area), size)[0].permute(1, 2, 0))  # [h,w,c]
        except RuntimeError as exc:  # the device's memory is full: the job may still fit
            log(f"frame {frame} has no picture: {exc}")

    @torch.inference_mode()
    def alpha(self, frame: int, raw: Tensor) -> None:
        """Takes an alpha, and lets the hub have it with its plate.

        Args:
            raw: [h,w] of the frame's crop, float32 in [0,1] as the model gave it; it stays as it is.
        """
        hub, area = self._hub, self._region.area
        if not hub.watched:
            return
        plate = self._plates.pop(frame, None)
        try:
            whole = self._region.place(raw, frame)[None, None]  # [1,1,H,W]
            small = _later(_reduced(whole, picture_size(area.width, area.height, FIGURES_EDGE))[0, 0])
            shown: dict[str, Later] = {}
            size = picture_size(area.width, area.height, hub.longest or 0)
            if hub.longest is not None and hub.has_room(*size):
                shown = {"plate": self._plate(frame, plate, size), "alpha": _later(_reduced(whole, size)[0, 0])}
        except RuntimeError as exc:
            log(f"frame {frame} has no picture: {exc}")
            return
        hub.finished(Finished(self._number, frame, area, small, **shown))

    def _plate(self, frame: int, kept: Optional[Later], size: tuple[int, int]) -> Later:
        """The plate at this size (width, height), [h,w,3]; made when it is asked for, by the hub's thread."""
        width, height = size

        @torch.inference_mode()
        def make() -> npt.NDArray[Any]:
            if kept is not None:
                return np.broadcast_to(_resized(kept(), size), (height, width, 3))
            found = self._again(frame)
            if found is None:
                return np.zeros((height, width, 3), np.uint8)
            return _resized(placed(*found, self._region.area), size)

        return make


def _reduced(x: Tensor, size: tuple[int, int]) -> Tensor:
    """[1,c,h,w] at another (width, height), antialiased."""
    width, height = size
    if x.shape[-2:] == (height, width):
        return x
    return F.interpolate(x, size=(height, width), mode="bilinear", antialias=True, align_corners=False)


def _bytes(x: Tensor, size: tuple[int, int]) -> Tensor:
    """[1,c,h,w] float32 in [0,1] at another (width, height), as uint8.

    On the CPU bytes are resized ten times as fast as floats, and as well for a monitor; but to make bytes of all is only
    worth it where most pixels stay.
    """
    if x.device.type == "cpu" and 2 * size[0] > x.shape[-1]:
        return _reduced((x * 255.0).add_(0.5).to(torch.uint8).contiguous(memory_format=torch.channels_last), size)
    return (_reduced(x, size) * 255.0).add_(0.5).to(torch.uint8)


def _resized(pixels: npt.NDArray[np.uint8], size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """[h,w,c] at another (width, height)."""
    x = torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None]  # channels last, as it lies there
    found: npt.NDArray[np.uint8] = _reduced(x, size)[0].permute(1, 2, 0).numpy()
    return found


def _later(x: Tensor) -> Later:
    """What makes an array of a tensor; on a GPU its copy is queued now and waited for then."""
    if x.device.type != "cuda":
        return x.cpu().numpy
    host = torch.empty(x.shape, dtype=x.dtype, pin_memory=True)
    host.copy_(x, non_blocking=True)
    ready = torch.cuda.Event()
    ready.record(torch.cuda.current_stream(x.device))

    def wait() -> npt.NDArray[Any]:
        ready.synchronize()
        return host.numpy()

    return wait
