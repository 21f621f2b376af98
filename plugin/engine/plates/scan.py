"""Which files of a folder are frames of a sequence. Standard library only; no file is opened.

The folder is listed once and each name is checked against the pattern as `paths.frame_path` writes it, so that what is
found is exactly what is then opened: `shot.7.exr` is no frame of `shot.####.exr`, `shot.12345.exr` is one, and
`shot.1001.exr.md5` and `._shot.1001.exr` are not.

Why not fileseq: it finds nothing where the name holds brackets, and it takes 12345 out of `####` as soon as another
file of the folder, `-0012` say, is five characters wide too.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterable, List, Optional, Sequence, Tuple

from ...core.paths import frame_field, frame_path

_NUMBERED = re.compile(r"^(?P<stem>.*?)(?P<number>(?:(?<=[._])-)?[0-9]+)(?P<ending>\.[^.]+)$")


@dataclass(frozen=True)
class FoundSequence:
    """A sequence, or a single file, in a folder. `frames` is empty for a file without a number in its name."""

    path: str
    frames: Tuple[int, ...]


def scan_frames(pattern: str) -> Tuple[int, ...]:
    """The frame numbers of a pattern that are on disk, ascending; none where the folder is not there.

    Raises:
        UsageError: the pattern has more than one frame field.
        OSError: the folder is there and cannot be listed.
    """
    folder, name = os.path.split(pattern)
    field = frame_field(pattern)
    if field is None:
        raise ValueError(f"{pattern} has no frame field")
    stem, ending = name.split(field)
    number = re.compile(re.escape(stem) + r"(-?[0-9]+)" + re.escape(ending))
    found = []
    try:
        names = os.listdir(folder or ".")
    except FileNotFoundError:
        return ()
    for candidate in names:
        match = number.fullmatch(candidate)
        if match is not None and frame_path(name, int(match.group(1))) == candidate:
            found.append(int(match.group(1)))
    return tuple(sorted(found))


def frame_of(path: str) -> Optional[int]:
    """The frame number in the name of one file, `name.1001.exr` or `name_1001.exr`; None where it has none.

    A number that follows a letter, as in `take2.exr`, is part of the name.
    """
    match = re.search(r"(?:^|[._])(-?[0-9]+)\.[^.]+$", os.path.basename(path))
    return int(match.group(1)) if match else None


def sequences_in(folder: str, *, endings: Iterable[str]) -> List[FoundSequence]:
    """The sequences and single files of a folder, by name; hidden files and folders are left out.

    Args:
        folder: to list, without what is below it.
        endings: of names to take, with the dot, lower case: `.exr`.

    Raises:
        OSError: the folder cannot be listed.
    """
    wanted = frozenset(endings)
    numbered: Dict[Tuple[str, str], List[str]] = {}
    singles = []
    with os.scandir(folder or ".") as entries:
        names = sorted(entry.name for entry in entries if entry.is_file() and not entry.name.startswith("."))
    for name in names:
        if Path(name).suffix.lower() not in wanted:
            continue
        match = _NUMBERED.match(name)
        if match is None:
            singles.append(name)
        else:
            numbered.setdefault((match.group("stem"), match.group("ending")), []).append(match.group("number"))
    found = [FoundSequence(os.path.join(folder, name), ()) for name in singles]
    for (stem, ending), numbers in numbered.items():
        if len(numbers) == 1 and stem and stem[-1] not in "._":  # v01.exr by itself is a version, not a frame
            found.append(FoundSequence(os.path.join(folder, f"{stem}{numbers[0]}{ending}"), ()))
            continue
        for width, members in _by_width(numbers).items():
            found.append(FoundSequence(os.path.join(folder, f"{stem}{'#' * width}{ending}"), tuple(sorted(members))))
    return sorted(found, key=lambda sequence: sequence.path)


def _by_width(numbers: Sequence[str]) -> Dict[int, List[int]]:
    """Groups numbers as written by the width they are padded to; numbers that need no padding join the widest that fits."""
    padded = {len(text) for text in numbers if text.lstrip("-").startswith("0") and len(text) > 1}
    groups: Dict[int, List[int]] = {}
    loose = []
    for text in numbers:
        if len(text) in padded:
            groups.setdefault(len(text), []).append(int(text))
        else:
            loose.append(text)
    free = min((len(text) for text in loose), default=1)
    for text in loose:
        width = max((width for width in padded if width < len(text)), default=free)
        groups.setdefault(width, []).append(int(text))
    return groups


def nearest(frame: int, among: Sequence[int]) -> int:
    """The number of an ascending, non-empty sequence that is nearest to `frame`; of two, the lower."""
    place = bisect_left(among, frame)
    candidates = among[max(place - 1, 0) : place + 1]
    return min(candidates, key=lambda number: (abs(number - frame), number))
