"""One conversion of OpenColorIO, over pixels: all of it (to linear light, exposure, view, clip) in one pass.

OpenColorIO works in place on float32; a frame goes through it in strips that fit a core's cache, since at plate sizes the
memory costs more than the arithmetic. It releases the interpreter's lock, so the strips go to all cores: some views take
most of a microsecond for a pixel (ACES 2.0), which is seconds for a plate on one. Each strip is computed by itself, so how
many there are, and where, changes no value.

Its paths for half and integer pixels are not used: the binding copies the image both ways for them, which costs more than
they save.
"""

from __future__ import annotations

import functools
import os
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Optional

import numpy as np
import numpy.typing as npt
import PyOpenColorIO as ocio  # type: ignore[import-untyped]

from ...core.errors import ParamError
from ...core.srgb import CURVE_EXPONENT, CURVE_OFFSET
from .curves import finite, normalised

STRIP_PIXELS = 1 << 16
"""Pixels that go through at a time: 768 KiB of float32."""

MAX_EXPOSURES = 8
"""Processors that are kept; an animated exposure needs a new one for each frame (some ms each)."""


@functools.lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    """One thread for each core that this process may use, shared by all conversions."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return ThreadPoolExecutor(cores, thread_name_prefix="colour")


def clip_transform() -> ocio.Transform:
    """To [0, 1]; NaN, which only an overflow can leave here, to 0."""
    return ocio.RangeTransform(0.0, 1.0, 0.0, 1.0)


def curve_transform(direction: ocio.TransformDirection) -> ocio.Transform:
    """The sRGB curve: forward from code values to linear light, inverse the other way."""
    gamma, offset = 1 / CURVE_EXPONENT, CURVE_OFFSET
    transform = ocio.ExponentWithLinearTransform([gamma] * 3 + [1.0], [offset] * 3 + [0.0])
    transform.setDirection(direction)
    return transform


class Conversion:
    """From a colour space to a display. Safe to use from several threads.

    Args:
        config: that makes the processors.
        to_light: from the plate's values to linear light, where exposure is applied; None: they are that already.
        to_display: from there to code values; what it gives is clipped to [0, 1].
        no_exposure: why there can be no exposure, as a sentence; "" where there can.
    """

    def __init__(
        self, config: ocio.Config, *, to_light: Optional[ocio.Transform], to_display: ocio.Transform, no_exposure: str = ""
    ) -> None:
        self._config = config
        self._to_light = to_light
        self._to_display = to_display
        self._no_exposure = no_exposure
        self._processors: OrderedDict[float, ocio.CPUProcessor] = OrderedDict()
        self._lock = threading.Lock()
        self.key = f"ocio-{ocio.__version__}:{self._cache_id(to_light)}/{self._cache_id(to_display)}"

    def apply(self, pixels: npt.NDArray[Any], exposure: float = 0.0) -> npt.NDArray[np.float32]:
        """As `InputTransform.apply`: [..., c] to [..., 3] in [0, 1]."""
        processor = self._processor(exposure)
        source = pixels[..., : 1 if pixels.shape[-1] < 3 else 3]
        result: npt.NDArray[np.float32] = np.empty((*pixels.shape[:-1], 3), np.float32)
        if result.ndim < 3:  # rows are what is cut into strips
            source, rows = source.reshape(1, -1, source.shape[-1]), result.reshape(1, -1, 3)
        else:
            source, rows = source.reshape(-1, *source.shape[-2:]), result.reshape(-1, *result.shape[-2:])
        height = max(1, STRIP_PIXELS // max(rows.shape[1], 1))

        def convert(top: int) -> None:
            strip = rows[top : top + height]
            strip[...] = finite(normalised(source[top : top + height]))
            processor.applyRGB(strip)

        tops = range(0, rows.shape[0] if result.size else 0, height)
        for _ in _pool().map(convert, tops) if len(tops) > 1 else map(convert, tops):
            pass
        return result

    def _processor(self, exposure: float) -> ocio.CPUProcessor:
        with self._lock:
            if exposure in self._processors:
                self._processors.move_to_end(exposure)
                return self._processors[exposure]
        if exposure and self._no_exposure:
            raise ParamError(self._no_exposure, name="exposure")
        made = self._made(exposure)
        with self._lock:
            self._processors[exposure] = made
            while len(self._processors) > MAX_EXPOSURES:
                self._processors.popitem(last=False)
        return made

    def _made(self, exposure: float) -> ocio.CPUProcessor:
        steps = [] if self._to_light is None else [self._to_light]
        if exposure:
            steps.append(ocio.MatrixTransform.Scale([2.0**exposure] * 3 + [1.0]))
        group = ocio.GroupTransform([*steps, self._to_display, clip_transform()])
        return self._config.getProcessor(group).getDefaultCPUProcessor()

    def _cache_id(self, transform: Optional[ocio.Transform]) -> str:
        return "" if transform is None else str(self._config.getProcessor(transform).getCacheID())
