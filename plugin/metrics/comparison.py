"""Two clips of mattes compared, with each other or each with the truth: per frame and for the clip.

The clip's figure of a measure is the mean over its frames, as the literature has it. A frame's dtSSD needs the frame
before it: where the numbers are not neighbours, or the picture's box has changed, it has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict, List, Mapping, Optional, Tuple

from ..core.errors import PlateError
from ..core.frames import FrameRange
from ..core.image import Box
from .clips import MatteClip, common_frames, left_out, read_ahead, shared_box
from .matte_file import Matte
from .measures import NAMES, Alpha, Region, measure_frame

MASK_FROM = 0.5  # a region's pixels count from here on


@dataclass(frozen=True)
class FrameMeasures:
    """One frame's values by measure; None where one has no value."""

    frame: int
    values: Mapping[str, Optional[float]]


@dataclass(frozen=True)
class PairMeasures:
    """One matte against another one or the truth.

    Attributes:
        matte, against: what they are called: A, B, truth.
        frames: ascending, at least one.
    """

    matte: str
    against: str
    frames: Tuple[FrameMeasures, ...]

    def mean(self, name: str) -> Optional[float]:
        """Of a measure over the frames that have a value; None where none has."""
        values = [value for value in (frame.values[name] for frame in self.frames) if value is not None]
        return sum(values) / len(values) if values else None

    def worst(self, name: str) -> Optional[Tuple[int, float]]:
        """(frame, value) where a measure is highest; of equals the first. None where no frame has a value."""
        ranked = self.ranked(name, 1)
        return ranked[0] if ranked else None

    def ranked(self, name: str, count: int) -> Tuple[Tuple[int, float], ...]:
        """(frame, value) of the `count` frames where a measure is highest, the worst first."""
        values = [(frame.frame, frame.values[name]) for frame in self.frames]
        known = [(frame, value) for frame, value in values if value is not None]
        return tuple(sorted(known, key=lambda item: (-item[1], item[0]))[:count])


@dataclass(frozen=True)
class ClipComparison:
    """What `compare_clips` found.

    Attributes:
        paths: by name: A, B, truth; region or trimap where there is one.
        frames: what was compared.
        left_out: by name, frames that were not since another clip lacks them; empty where frames were asked for.
        size: (width, height) of the first frame's box in pixels.
        pairs: one, or A and B each against the truth.
    """

    paths: Mapping[str, str]
    frames: FrameRange
    left_out: Mapping[str, FrameRange]
    size: Tuple[int, int]
    pairs: Tuple[PairMeasures, ...]

    def better(self, name: str) -> Optional[str]:
        """The matte that is nearer to the truth by a measure, "equal", or None where there are no two to choose from."""
        if len(self.pairs) != 2:
            return None
        first, second = (pair.mean(name) for pair in self.pairs)
        if first is None or second is None:
            return None
        if first == second:
            return "equal"
        return self.pairs[0 if first < second else 1].matte


def compare_clips(
    clips: Mapping[str, MatteClip],
    *,
    frames: Optional[FrameRange] = None,
    region: Optional[MatteClip] = None,
    trimap: bool = False,
    started: Callable[[FrameRange], None] = lambda frames: None,
    advanced: Callable[[int], None] = lambda frame: None,
) -> ClipComparison:
    """Compares clips frame by frame; two frames of each are in memory at a time, and the one that is read ahead.

    Args:
        clips: `A`, then `B` or `truth` or both. With `truth` each other one is compared with it, else A with B.
        frames: to compare; None: all that every clip has.
        region: where pixels count; a still one stands for every frame. None: everywhere.
        trimap: what counts of `region`: False: from 0.5 on; True: what is neither 0 nor 1, a trimap's unknown part.
        started: called with the frames, before the first is read.
        advanced: called with each frame that is done; what it raises ends the comparison.

    Raises:
        FrameRangeError: no frame in common.
        PlateMissingError: a frame that was asked for, or of the region, is not there.
        PlateUnreadableError: a file is damaged, has no alpha, or holds what is no number.
        PlateError: the sizes of a frame differ, or the region is empty in every frame.
    """
    chosen = common_frames(clips, frames)
    readers: Dict[str, MatteClip] = dict(clips)
    if region is not None:
        readers["trimap" if trimap else "region"] = region
    names = _pairs(list(clips))
    done: Dict[Tuple[str, str], List[FrameMeasures]] = {pair: [] for pair in names}
    before: Optional[_Frame] = None
    size: Optional[Tuple[int, int]] = None
    started(chosen)
    for current in read_ahead(lambda frame: _read(readers, frame), chosen):
        size = size or (current.box.width, current.box.height)
        known = before if before is not None and current.follows(before) else None
        for pair in names:
            done[pair].append(FrameMeasures(current.frame, current.measures(pair, known)))
        before = current
        advanced(current.frame)
    assert size is not None
    pairs = tuple(PairMeasures(matte, against, tuple(done[matte, against])) for matte, against in names)
    if region is not None and all(pair.mean("mad") is None for pair in pairs):
        what = "is neither 0 nor 1" if trimap else f"reaches {MASK_FROM}"
        raise PlateError(f"{region.path} leaves nothing to compare: no pixel of it {what}.", path=region.path)
    return ClipComparison(
        paths={name: clip.path for name, clip in readers.items()},
        frames=chosen,
        left_out={} if frames is not None else left_out(clips),
        size=size,
        pairs=pairs,
    )


@dataclass(frozen=True)
class _Frame:
    """What was read of one frame: alphas [H,W] over one box, by clip."""

    frame: int
    box: Box
    alphas: Mapping[str, Alpha]
    region: Optional[Region]

    def follows(self, other: _Frame) -> bool:
        return self.frame == other.frame + 1 and self.box == other.box

    def measures(self, pair: Tuple[str, str], before: Optional[_Frame]) -> Dict[str, Optional[float]]:
        matte, against = pair
        known = None if before is None else (before.alphas[matte], before.alphas[against])
        found = measure_frame(self.alphas[matte], self.alphas[against], before=known, region=self.region)
        return {name: found[name] for name in NAMES}


def _read(clips: Mapping[str, MatteClip], frame: int) -> _Frame:
    """All clips' pictures of a frame. A still has its own number in its name, and is this frame's all the same."""
    mattes: Dict[str, Matte] = {name: clip.read(frame) for name, clip in clips.items()}
    box = shared_box(mattes)
    alphas: Dict[str, Alpha] = {name: matte.over(box) for name, matte in mattes.items()}
    region: Optional[Region] = None
    if "trimap" in alphas:
        unknown = alphas.pop("trimap")
        region = (unknown > 0) & (unknown < 1)
    elif "region" in alphas:
        region = alphas.pop("region") >= MASK_FROM
    return _Frame(frame, box, alphas, region)


def _pairs(names: List[str]) -> Tuple[Tuple[str, str], ...]:
    if "truth" in names:
        return tuple((name, "truth") for name in names if name != "truth")
    return ((names[0], names[1]),)
