"""Plates: what comes in. Image sequences, single images and videos behind one interface.

    open_plates(path) ─► PlateSource ─► read(frame) ─► Plate
                          │    ├ ImageSequence   image files, through OpenImageIO; any thread, any order
                          │    └ VideoFile       one decoder, through PyAV; made for ascending frames
                          └ check_frames(…)      what is missing or empty, before anything is computed
    open_masks(path) ──► the same, of one channel: garbage and core mattes
    check_sizes(source, …)                       whether all have one size, by their headers

Frame numbers are those of the files' names; a video's frames count from 1. Nothing here changes a pixel's meaning:
colour is `engine.colour`, sizes are the pipeline's.
"""

from __future__ import annotations

from .describe import describe
from .growing import GrowingSequence
from .opening import open_masks, open_plates
from .plate import Plate, PlateInfo, PlateSource
from .sizes import check_sizes

__all__ = ["GrowingSequence", "Plate", "PlateInfo", "PlateSource", "check_sizes", "describe", "open_masks", "open_plates"]
