"""Measures of mattes: how far one is from another or from the truth, per frame and for a clip.

    MatteClip(path) ─► compare_clips({"A": …, "truth": …}) ─► ClipComparison ─► write_plot, write_sheet
                          └ measure_frame: the six measures of `measures`, on arrays

It imports leaves, numpy, scipy and OpenImageIO: no torch, no engine, and matplotlib where a plot is drawn.
"""

from __future__ import annotations

from .clips import MatteClip, common_frames
from .comparison import ClipComparison, FrameMeasures, PairMeasures, compare_clips
from .matte_file import Matte, read_matte
from .measures import MEASURES, Measure, connectivity, dtssd, gradient, mad, measure_frame, mse, sad
from .plot import write_plot
from .sheet import write_sheet

__all__ = [
    "MEASURES", "ClipComparison", "FrameMeasures", "Matte", "MatteClip", "Measure", "PairMeasures", "common_frames",
    "compare_clips", "connectivity", "dtssd", "gradient", "mad", "measure_frame", "mse", "read_matte", "sad", "write_plot",
    "write_sheet",
]  # fmt: skip
