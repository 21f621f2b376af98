"""How far mattes are from the truth, in numbers that stand for what an eye sees."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Alpha = npt.NDArray[np.floating]
SOFT = (0.02, 0.98)  # truth between these is an edge: hair, motion blur, defocus


@dataclass(frozen=True)
class Comparison:
    """Means over all frames and pixels, alphas in [0,1].

    Attributes:
        difference: |matte − truth|: how wrong it is.
        soft_difference: the same where the truth is neither 0 nor 1: how wrong the edges are.
        flicker: |(matte − truth) − (matte − truth of the frame before)|: how much the error changes from frame to frame,
            which is what is seen as flicker; 0 for one frame.
    """

    difference: float
    soft_difference: float
    flicker: float


def compare(pairs: Iterable[tuple[Alpha, Alpha]]) -> Comparison:
    """Compares (matte, truth) of frames in their order, each [h,w]; holds two frames at a time."""
    differences, soft_sum, soft_count, changes = [], 0.0, 0, []
    before: npt.NDArray[np.float32] | None = None
    for matte, truth in pairs:
        error = matte.astype(np.float32) - truth.astype(np.float32)
        size = np.abs(error)
        differences.append(float(size.mean()))
        soft = (truth > SOFT[0]) & (truth < SOFT[1])
        soft_sum += float(size[soft].sum())
        soft_count += int(soft.sum())
        if before is not None:
            changes.append(float(np.abs(error - before).mean()))
        before = error
    if not differences:
        raise ValueError("There is nothing to compare.")
    return Comparison(
        difference=float(np.mean(differences)),
        soft_difference=soft_sum / max(soft_count, 1),
        flicker=float(np.mean(changes)) if changes else 0.0,
    )
