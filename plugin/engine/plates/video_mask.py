"""A video as masks: its luma."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from .plate import PlateInfo
from .video import VideoFile
from .video_pixels import to_rgb

_WEIGHTS = np.array((0.2126, 0.7152, 0.0722), np.float32)
"""Of R, G, B in luma; source: ITU-R BT.709. A mask is grey, where any weights that add up to 1 give the same."""


class VideoMask(VideoFile):
    """As `VideoFile`, with one channel: 0 is black and the highest integer white, whatever the range of the stream."""

    def _pixels(self, picture: VideoFrame) -> npt.NDArray[Any]:
        rgb = to_rgb(picture)  # [h,w,3]
        luma = np.rint(rgb @ _WEIGHTS).astype(rgb.dtype)
        return luma[..., None]

    def _describe(self, picture: VideoFrame) -> PlateInfo:
        return replace(super()._describe(picture), picked=("Y",))
