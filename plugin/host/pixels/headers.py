"""Header entries of a written file: what of a picture's metadata goes in, by Nuke's modes."""

from __future__ import annotations

from typing import Any, List, Mapping, Tuple

import OpenImageIO as oiio

METADATA_MODES = (
    "no metadata",
    "default metadata",
    "default metadata and exr/*",
    "all metadata except input/*",
    "all metadata",
)
"""The knob `metadata`; the default holds frame rate and time code."""
_OURS_TO_SAY = (
    "compression",
    "pixelaspectratio",
    "datawindow",
    "displaywindow",
    "channels",
    "type",
    "name",
    "view",
    "lineorder",
    "datetime",
)


def describe(spec: oiio.ImageSpec, metadata: Mapping[str, Any], mode: str, attributes: Mapping[str, Any]) -> None:
    """Puts into the header what the mode takes from the metadata, then the caller's attributes (texts and numbers)."""
    if mode != "no metadata":
        rate, timecode = metadata.get("input/frame_rate"), metadata.get("input/timecode")
        if isinstance(rate, (int, float)) and rate > 0:
            spec.attribute("FramesPerSecond", oiio.TypeDesc("rational"), _rational(float(rate)))
        if timecode:
            spec.attribute("smpte:TimeCode", oiio.TypeDesc("timecode"), _timecode(str(timecode)))
    taken = {key.partition("exr/")[2] or key: value for key, value in metadata.items() if _wanted(key, mode)}
    entries = {name: value for name, value in taken.items() if name.lower() not in _OURS_TO_SAY}
    for name, value in {**entries, **attributes}.items():
        if isinstance(value, (str, int, float)):
            spec.attribute(name, value)


def _wanted(key: str, mode: str) -> bool:
    if mode in METADATA_MODES[:2]:
        return False
    if key.startswith("exr/") or mode == "all metadata":
        return True
    return mode == "all metadata except input/*" and not key.startswith("input/")


def _rational(rate: float) -> Tuple[int, int]:
    """A frame rate as a fraction; 23.976 stands for 24000/1001."""
    if abs(rate - round(rate)) < 1e-6:
        return round(rate), 1
    return (
        (round(rate * 1.001) * 1000, 1001) if abs(round(rate * 1.001) / 1.001 - rate) < 1e-3 else (round(rate * 1000), 1000)
    )


def _timecode(text: str) -> Tuple[int, int]:
    """`hh:mm:ss:ff` as SMPTE's first word: each number in two decimal digits of four bits, frames lowest."""
    numbers: List[int] = [int(part) for part in text.replace(";", ":").split(":")]
    word = 0
    for place, number in enumerate(reversed(numbers[:4])):
        word |= (number // 10 << 4 | number % 10) << 8 * place
    return word, 0
