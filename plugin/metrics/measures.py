"""How far an alpha is from the truth, as the matting literature measures it. Pure functions on arrays.

    MAD, MSE       mean of |α−g| and of (α−g)²
    SAD            sum of |α−g|, in thousands
    gradient       Rhemann et al., "A Perceptually Motivated Online Benchmark for Image Matting", CVPR 2009:
    connectivity   the two that follow what people see
    dtSSD          Erofeev et al., "Perceptually Motivated Benchmark for Video Matting", BMVC 2015

What the papers leave open (size and norm of the filter, borders, which pixels touch, dtSSD per pixel) is as in the
evaluation program of Lin et al., "Robust High-Resolution Video Matting with Temporal Guidance", WACV 2022, whose figures
later papers on video report; docs/metrics.md says where the two differ.

Every measure is 0 for equal alphas, and none changes when alpha and truth trade places: two mattes can be compared
without one being the truth. Alphas are meant to lie in [0,1]; what lies beyond is measured as it is, nothing is clamped
and nothing stretched to [0,1]. All is computed in float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Alpha = npt.NDArray[np.floating[Any]]
Region = npt.NDArray[np.bool_]
_Doubles = npt.NDArray[np.float64]

GRADIENT_SIGMA = 1.4  # pixels; Rhemann et al.
_GRADIENT_TAIL = 1e-2  # the filter ends where the Gaussian falls below this
CONNECTIVITY_STEPS = 10  # thresholds 0.1, 0.2 … 1.0
CONNECTIVITY_THETA = 0.15  # Rhemann et al.: a pixel that is connected nearly up to its alpha counts as connected
_THOUSAND = 1000.0


@dataclass(frozen=True)
class Measure:
    """One measure: its name in options and JSON, its heading in tables, its unit."""

    name: str
    title: str
    unit: str


MEASURES: Tuple[Measure, ...] = (
    Measure("mad", "MAD", "alpha"),
    Measure("mse", "MSE", "alpha²"),
    Measure("sad", "SAD", "thousand pixels"),
    Measure("gradient", "gradient", "thousands"),
    Measure("connectivity", "connectivity", "thousands"),
    Measure("dtssd", "dtSSD", "alpha per frame"),
)
"""All of them, in the order of tables. The lower the better."""

NAMES: Tuple[str, ...] = tuple(measure.name for measure in MEASURES)


def mad(alpha: Alpha, truth: Alpha, region: Optional[Region] = None) -> float:
    """Mean absolute difference, in alpha: 0 to 1. Papers on video report it times 1000.

    Args:
        alpha, truth: [H,W].
        region: [H,W], the pixels that count; None: all. Where none counts, means are nan.
    """
    return _mean(np.abs(_difference(alpha, truth)), region)


def mse(alpha: Alpha, truth: Alpha, region: Optional[Region] = None) -> float:
    """Mean squared error, in alpha²: 0 to 1; arguments as for `mad`. Papers report it times 1000 or as it is."""
    return _mean(_difference(alpha, truth) ** 2, region)


def sad(alpha: Alpha, truth: Alpha, region: Optional[Region] = None) -> float:
    """Sum of absolute differences over 1000, as papers report it: it grows with the image. Arguments as for `mad`."""
    return _sum(np.abs(_difference(alpha, truth)), region) / _THOUSAND


def gradient(alpha: Alpha, truth: Alpha, region: Optional[Region] = None) -> float:
    """Sum of (|∇α|−|∇g|)² over 1000: what edges have lost or gained in sharpness. Arguments as for `mad`.

    ∇ is the convolution with first derivatives of a Gaussian of σ = 1.4 pixels; each filter is 9×9 with its squares adding
    up to 1, and pixels beyond the border repeat those at it.
    """
    return _sum((_gradient_magnitude(alpha) - _gradient_magnitude(truth)) ** 2, region) / _THOUSAND


def connectivity(alpha: Alpha, truth: Alpha, region: Optional[Region] = None) -> float:
    """Sum of |φ(α)−φ(g)| over 1000: islands and holes that do not belong to the subject. Arguments as for `mad`.

        Ω_k   the largest 4-connected set of pixels in which both alphas reach k/10; of equals the first in reading order
        l     the last level of 0, 0.1 … 1 up to which a pixel lies in every Ω_k
        d     α − l: by how much the alpha exceeds what is connected
        φ(α)  1 − d where d ≥ 0.15, else 1

    The weight λ that the paper has before d, by distance from Ω, is left out as evaluation programs do: λ = 1.
    """
    level = _connected_level(np.minimum(_doubles(alpha), _doubles(truth)))
    return _sum(np.abs(_excess(_doubles(alpha) - level) - _excess(_doubles(truth) - level)), region) / _THOUSAND


def dtssd(alpha: Alpha, alpha_before: Alpha, truth: Alpha, truth_before: Alpha, region: Optional[Region] = None) -> float:
    """Root of the mean of ((α_t−α_{t−1}) − (g_t−g_{t−1}))², in alpha: flicker, against the truth's own motion.

    Papers report it times 100.

    Args:
        alpha, truth: [H,W], of frame t.
        alpha_before, truth_before: [H,W], of frame t−1.
        region: [H,W], the pixels of frame t that count; None: all. Where none counts it is nan.
    """
    change = _difference(alpha, alpha_before) - _difference(truth, truth_before)
    return float(np.sqrt(_mean(change**2, region)))


def measure_frame(
    alpha: Alpha, truth: Alpha, *, before: Optional[Tuple[Alpha, Alpha]] = None, region: Optional[Region] = None
) -> Dict[str, Optional[float]]:
    """All measures of one frame, by name; None where one has no value.

    Args:
        alpha, truth: [H,W].
        before: alpha and truth of the frame before; without them dtSSD has no value.
        region: [H,W], the pixels that count; where none counts no measure has a value.
    """
    if region is not None and not region.any():
        return dict.fromkeys(NAMES)
    alpha, truth = _doubles(alpha), _doubles(truth)
    return {
        "mad": mad(alpha, truth, region),
        "mse": mse(alpha, truth, region),
        "sad": sad(alpha, truth, region),
        "gradient": gradient(alpha, truth, region),
        "connectivity": connectivity(alpha, truth, region),
        "dtssd": None if before is None else dtssd(alpha, before[0], truth, before[1], region),
    }


def _doubles(values: Alpha) -> _Doubles:
    return np.asarray(values, np.float64)


def _difference(alpha: Alpha, truth: Alpha) -> _Doubles:
    if alpha.shape != truth.shape:
        raise ValueError(f"The alphas differ in shape: {alpha.shape} and {truth.shape}.")
    return _doubles(alpha) - _doubles(truth)


def _sum(values: _Doubles, region: Optional[Region]) -> float:
    return float((values if region is None else values[region]).sum())


def _mean(values: _Doubles, region: Optional[Region]) -> float:
    counted = values if region is None else values[region]
    return float(counted.mean()) if counted.size else float("nan")


def _gradient_magnitude(alpha: Alpha) -> _Doubles:
    """|∇α|, [H,W]. The filters separate into a Gaussian along one axis and its derivative along the other."""
    sigma = GRADIENT_SIGMA
    half = int(np.ceil(sigma * np.sqrt(-2 * np.log(np.sqrt(2 * np.pi) * sigma * _GRADIENT_TAIL))))
    x = np.arange(-half, half + 1)
    smooth = np.exp(-(x**2) / (2 * sigma**2))
    slope = -x * smooth
    smooth, slope = (taps / np.sqrt((taps**2).sum()) for taps in (smooth, slope))
    values = _doubles(alpha)
    along_x = ndimage.convolve1d(ndimage.convolve1d(values, slope, 1, mode="nearest"), smooth, 0, mode="nearest")
    along_y = ndimage.convolve1d(ndimage.convolve1d(values, slope, 0, mode="nearest"), smooth, 1, mode="nearest")
    magnitude: _Doubles = np.hypot(along_x, along_y)
    return magnitude


def _connected_level(both: _Doubles) -> _Doubles:
    """l of `connectivity`, [H,W], from the lower of the two alphas."""
    connected = np.ones(both.shape, np.bool_)
    steps = np.zeros(both.shape, np.uint8)
    for step in range(1, CONNECTIVITY_STEPS + 1):
        connected &= _largest_component(both >= step / CONNECTIVITY_STEPS)
        if not connected.any():
            break
        steps += connected
    return steps / CONNECTIVITY_STEPS


def _largest_component(mask: Region) -> Region:
    """The largest 4-connected set of the mask, [H,W]; empty where the mask is."""
    labels, count = ndimage.label(mask)
    if count == 0:
        return np.zeros(mask.shape, np.bool_)
    sizes = np.bincount(labels.ravel())
    largest: Region = labels == 1 + int(sizes[1:].argmax())
    return largest


def _excess(distance: _Doubles) -> _Doubles:
    """1 − φ: the distance where it reaches θ, else 0."""
    return np.where(distance >= CONNECTIVITY_THETA, distance, 0.0)
