"""Plates: what comes in. Image sequences, single images and videos behind one interface.

    open_plates(path) ─► PlateSource ─► read(frame) ─► Plate
                          │    ├ ImageSequence   image files, through OpenImageIO; any thread, any order
                          │    └ VideoFile       one decoder, through PyAV; made for ascending frames
                          └ check_frames(…)      what is missing or empty, before anything is computed

Frame numbers are those of the files' names; a video's frames count from 1. Nothing here changes a pixel's meaning:
colour is `engine.colour`, sizes are the pipeline's.
"""

from __future__ import annotations

from .describe import describe
from .opening import open_plates
from .plate import Plate, PlateInfo, PlateSource

__all__ = ["Plate", "PlateInfo", "PlateSource", "describe", "open_plates"]
