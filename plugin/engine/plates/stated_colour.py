"""What an image says of its own colours: the hint from which, without `input_colorspace`, its colour space is taken.

    ""                           nothing: EXR, TIFF, DPX … whose header names no space
    scene_linear, srgb           nothing either, but the format has a convention that OpenImageIO reports (HDR; PNG, JPEG …)
    ACEScg, lin_ap0_scene …      a name that the file itself states, as OpenImageIO 3.2 spells it; that of an ICC profile

OpenImageIO sets `oiio:ColorSpace` in both of the latter cases, so the convention of a format is told by the name that it
is given without a statement; a PNG that states sRGB is then no different from one that is silent, which means the same.
"""

from __future__ import annotations

import math
from typing import Optional

import OpenImageIO as oiio

# What OpenImageIO says of a file without a statement. EXR and TIFF have no such convention: what they say is stated.
_CONVENTIONS = {"srgb_rec709_scene": "srgb", "rec709": "srgb", "srgb": "srgb"}
_NO_CONVENTION = ("openexr", "tiff")
_LINEAR_FORMATS = ("hdr",)
# x, y of red, green, blue and white. Rec. 709 is missing on purpose: EXR writers state it unasked.
_PRIMARIES = {
    "lin_ap0_scene": (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767),
    "lin_ap1_scene": (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767),
    "lin_rec2020_scene": (0.708, 0.292, 0.17, 0.797, 0.131, 0.046, 0.3127, 0.329),
    "lin_p3d65_scene": (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.329),
}


def stated_colour(spec: oiio.ImageSpec, file_format: str) -> str:
    """The hint for an image: see the top of this file.

    Args:
        spec: as opened.
        file_format: OpenImageIO's name of the format: `openexr`, `png` …
    """
    name = str(spec.getattribute("colorInteropID") or spec.getattribute("oiio:ColorSpace") or "").strip()
    if file_format in _LINEAR_FORMATS and name.lower().startswith("lin"):
        return "scene_linear"
    convention = "" if file_format in _NO_CONVENTION else _CONVENTIONS.get(name.lower(), "")
    if convention or not name:
        profile = _profile(spec)
        if profile:
            return profile
    if convention:
        return convention
    if name.lower() in ("scene_linear", "linear"):  # a role rather than a space
        return "scene_linear"
    if not name and spec.getattribute("acesImageContainerFlag"):
        return "lin_ap0_scene"
    return name or _by_primaries(spec) or ""


def _profile(spec: oiio.ImageSpec) -> str:
    """What an ICC profile calls itself: OpenImageIO reads its name, but takes no colour space from it."""
    name = str(spec.getattribute("ICCProfile:profile_description") or "").strip()
    if spec.getattribute("CICP"):  # which OpenImageIO does understand
        return ""
    return "srgb" if name.lower().startswith("srgb") else name


def _by_primaries(spec: oiio.ImageSpec) -> Optional[str]:
    """OpenEXR: pixels are linear light of the header's `chromaticities`."""
    stated = spec.getattribute("chromaticities")
    if not isinstance(stated, (tuple, list)) or len(stated) != 8:
        return None
    for name, values in _PRIMARIES.items():
        if all(math.isclose(seen, value, abs_tol=5e-4) for seen, value in zip(stated, values)):
            return name
    return None
