"""Of which branch mattes were made, where the plates are gone: a small file beside the mattes, by frame.

A matte's digest knows its plates by path, time and size. The plates of a branch lie in memory only while they are needed,
so a script that is opened again could not tell whether the branch has changed; this file can: it holds the key of the
branch (`plates.BranchPlate`) for each frame. It is written by whoever renders, here or on a farm.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import Dict, Iterable, List

from .. import __version__
from ..errors import FrameRangeError
from ..frames import FrameRange
from ..keys import ShotParams
from ..params import BY_NAME
from ..paths import frame_path, part_path
from ..protocol import Surveyed
from .matte_header import read_strings
from .order import Order
from .plates import BranchPlate, stamp

NAME = ".gvm-plates.json"


def key_of(order: Order) -> str:
    """What the plates of an order are known by."""
    every = {"plate": order.plate, **order.masks}
    known = {what: one.key if isinstance(one, BranchPlate) else stamp(one.path) for what, one in every.items()}
    parts = [f"{what}:{text}" for what, text in sorted(known.items())]
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=12).hexdigest()


def note(order: Order, frames: Iterable[int]) -> None:
    """Notes that mattes of these frames were made of the branch as it is. A folder that cannot be written is no error."""
    path, name = _file(order)
    done = set(frames)
    every = _read(path)
    keys = {key: [frame for frame in _frames(text) if frame not in done] for key, text in every.get(name, {}).items()}
    keys[key_of(order)] = sorted({*keys.get(key_of(order), []), *done})
    every[name] = {key: str(FrameRange.of(frames)) for key, frames in keys.items() if frames}
    part = part_path(str(path))
    with contextlib.suppress(OSError):
        Path(part).write_text(json.dumps(every, indent=1, sort_keys=True), encoding="utf-8")
        Path(part).replace(path)


def survey(order: Order) -> Surveyed:
    """What is on disk, by headers and this file, without the plates. That the weights are others only an engine sees."""
    path, name = _file(order)
    made_of = {frame: key for key, text in _read(path).get(name, {}).items() for frame in _frames(text)}
    shot, key = ShotParams.of(order.params), key_of(order)
    fresh: List[int] = []
    missing: List[int] = []
    reasons: Dict[str, List[int]] = {}
    for frame in order.frames:
        file = frame_path(order.path, frame - order.offset)
        if not Path(file).is_file():
            missing.append(frame)
            continue
        header = read_strings(file)
        why = _changed(header, shot, frame) + (["plates"] if made_of.get(frame) != key else [])
        if not why:
            fresh.append(frame)
        for reason in why:
            reasons.setdefault(reason, []).append(frame)
    stale = sorted({frame for frames in reasons.values() for frame in frames})
    return Surveyed(
        0, fresh=_text(fresh), stale=_text(stale), missing=_text(missing),
        reasons={reason: _text(frames) for reason, frames in reasons.items()},
    )  # fmt: skip


def _changed(header: Dict[str, str], shot: ShotParams, frame: int) -> List[str]:
    if not header.get("gvm:digest"):
        return ["not ours"]
    try:
        then = json.loads(header.get("gvm:params", "{}"))
    except ValueError:
        return ["not ours"]
    now = shot.at(frame).as_dict()
    found = ["version"] if header.get("gvm:version") != __version__ else []
    return found + [name for name in sorted(then) if name in BY_NAME and now.get(name) != then[name]]


def _file(order: Order) -> tuple[Path, str]:
    folder, name = os.path.split(order.path)
    return Path(folder, NAME), name


def _read(path: Path) -> Dict[str, Dict[str, str]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _frames(text: str) -> List[int]:
    try:
        return list(FrameRange.parse(text))
    except FrameRangeError:
        return []


def _text(frames: List[int]) -> str:
    return str(FrameRange.of(frames)) if frames else ""
