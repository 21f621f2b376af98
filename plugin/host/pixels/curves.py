"""Nuke's own curves between a file's values and linear light ("nuke-default" colour management).

Sources: sRGB IEC 61966-2-1; rec709 ITU-R BT.709; Cineon Kodak's conversion with black at 95, white at 685 and a film
gamma of 0.6; AlexaV3LogC ARRI's formula at EI 800; PLogLin 445 → 0.18 with 0.002 density a code value and a gamma of 0.6.
The power curves go on above 1; below 0 sRGB and rec709 go on with their straight part, and pure gammas are mirrored, so
that every curve can be undone.
"""

from __future__ import annotations

from typing import Callable, Dict, Mapping, Optional, Tuple

import numpy as np

from ...core.srgb import CURVE_SCALE, ENCODED_LIMIT, LINEAR_SLOPE
from .picture import Channel

Curve = Callable[[Channel], Channel]
_CODES_PER_DECADE = 0.6 / 0.002  # film gamma by density of a code value
_CINEON_BLACK = 10 ** ((95 - 685) / _CODES_PER_DECADE)
_LOGC = {"cut": 0.010591, "a": 5.555556, "b": 0.052272, "c": 0.247190, "d": 0.385537, "e": 5.367655, "f": 0.092809}


def _power(values: Channel, exponent: float) -> Channel:
    """values^exponent for values from 0; 0 below."""
    result: Channel = np.power(np.maximum(values, 0), np.float32(exponent))
    return result


def _exp10(values: Channel) -> Channel:
    result: Channel = np.power(np.float32(10), values)
    return result


def _log10(values: Channel) -> Channel:
    """Of what is above 0; the smallest float's below, which no file's code value reaches."""
    result: Channel = np.log10(np.maximum(values, np.float32(1e-10)))
    return result


def _segmented(cut: float, slope: float, scale: float, exponent: float) -> Tuple[Curve, Curve]:
    """Straight up to the encoded value `cut`, then ((v + scale − 1)/scale)^exponent; and back."""
    shift = scale - 1

    def to_linear(values: Channel) -> Channel:
        curved = _power((values + np.float32(shift)) / np.float32(scale), exponent)
        return np.where(values <= cut, values / np.float32(slope), curved)

    def from_linear(values: Channel) -> Channel:
        curved = _power(values, 1 / exponent) * np.float32(scale) - np.float32(shift)
        result: Channel = np.where(values <= cut / slope, values * np.float32(slope), curved)
        return result

    return to_linear, from_linear


def _pure_gamma(gamma: float) -> Tuple[Curve, Curve]:
    def mirrored(exponent: float) -> Curve:
        return lambda values: np.copysign(_power(np.abs(values), exponent), values)

    return mirrored(gamma), mirrored(1 / gamma)


def _cineon() -> Tuple[Curve, Curve]:
    black, codes = np.float32(_CINEON_BLACK), np.float32(_CODES_PER_DECADE)
    return (
        lambda values: (_exp10((values * np.float32(1023) - np.float32(685)) / codes) - black) / (np.float32(1) - black),
        lambda values: (_log10(values * (np.float32(1) - black) + black) * codes + np.float32(685)) / np.float32(1023),
    )


def _ploglin() -> Tuple[Curve, Curve]:
    grey, codes = np.float32(0.18), np.float32(_CODES_PER_DECADE)
    return (
        lambda values: _exp10((values * np.float32(1023) - np.float32(445)) / codes) * grey,
        lambda values: (_log10(values / grey) * codes + np.float32(445)) / np.float32(1023),
    )


def _logc() -> Tuple[Curve, Curve]:
    cut, a, b, c, d, e, f = (np.float32(value) for value in _LOGC.values())

    def to_linear(values: Channel) -> Channel:
        result: Channel = np.where(values > e * cut + f, (_exp10((values - d) / c) - b) / a, (values - f) / e)
        return result

    def from_linear(values: Channel) -> Channel:
        result: Channel = np.where(values > cut, c * _log10(a * values + b) + d, e * values + f)
        return result

    return to_linear, from_linear


_SAME: Tuple[Curve, Curve] = (lambda values: values, lambda values: values)
CURVES: Mapping[str, Tuple[Curve, Curve]] = {
    "linear": _SAME,
    "sRGB": _segmented(ENCODED_LIMIT, LINEAR_SLOPE, CURVE_SCALE, 2.4),
    "rec709": _segmented(0.081, 4.5, 1.099, 1 / 0.45),
    "Cineon": _cineon(),
    "Gamma1.8": _pure_gamma(1.8),
    "Gamma2.2": _pure_gamma(2.2),
    "Gamma2.4": _pure_gamma(2.4),
    "Gamma2.6": _pure_gamma(2.6),
    "AlexaV3LogC": _logc(),
    "PLogLin": _ploglin(),
}
"""By Nuke's name: (to linear light, from linear light)."""

_BY_SPELLING: Dict[str, str] = {name.lower(): name for name in CURVES}
_BY_SPELLING.update({"raw": "linear", "rec.709": "rec709", "none": "linear", "alexav3logc": "AlexaV3LogC"})


def curve_name(name: str) -> Optional[str]:
    """The curve of that name, in any case and with or without blanks; None where it is none of `CURVES`."""
    return _BY_SPELLING.get(name.lower().replace(" ", ""))
