"""Formats (display windows), boxes and frame ranges, as Nuke's Python has them."""

from __future__ import annotations

from typing import Any, Iterator, List, Optional, Tuple

from ...core.errors import FrameRangeError
from ...core.frames import FrameRange as Frames

# A few of those that Nuke always has: "width height pixel_aspect name".
KNOWN = (
    "640 480 1 PC_Video", "720 486 0.91 NTSC", "720 576 1.09 PAL", "1280 720 1 HD_720", "1920 1080 1 HD_1080",
    "1828 1556 1 2K_Super_35(full-ap)", "2048 1556 1 2K_Super_35(full-ap)_2048", "2048 1080 1 2K_DCP",
    "3840 2160 1 UHD_4K", "4096 2160 1 4K_DCP", "256 256 1 square_256", "512 512 1 square_512", "1024 1024 1 square_1K",
    "2048 2048 1 square_2K",
)  # fmt: skip


class _Corners:
    """The four numbers of a window, y upwards."""

    _box: Tuple[int, int, int, int]

    def x(self) -> int:
        """Left."""
        return self._box[0]

    def y(self) -> int:
        """Bottom."""
        return self._box[1]

    def r(self) -> int:
        """Right."""
        return self._box[2]

    def t(self) -> int:
        """Top."""
        return self._box[3]


class Format(_Corners):
    """A display window: its size, the part x, y, r, t that is seen, pixel aspect and name."""

    def __init__(
        self,
        width: int,
        height: int,
        x: int = 0,
        y: int = 0,
        r: int = 0,
        t: int = 0,
        pixelAspect: float = 1.0,
        name: str = "",
    ) -> None:
        self._width, self._height, self._aspect, self._name = int(width), int(height), float(pixelAspect), name
        self._box = (int(x), int(y), int(r) or int(width), int(t) or int(height))

    @classmethod
    def parse(cls, text: str) -> Format:
        """From `W H x y r t pa name`, `W H pa name` or `W H`.

        Raises:
            ValueError: no width and height to begin with.
        """
        words = text.split()
        numbers: List[float] = []
        for word in words[:7]:
            try:
                numbers.append(float(word))
            except ValueError:
                break
        name = " ".join(words[len(numbers) :])
        if len(numbers) == 7:
            x, y, r, t = (int(number) for number in numbers[2:6])
            return cls(int(numbers[0]), int(numbers[1]), x, y, r, t, numbers[6], name)
        if len(numbers) in (2, 3):
            return cls(int(numbers[0]), int(numbers[1]), pixelAspect=numbers[2] if len(numbers) == 3 else 1.0, name=name)
        raise ValueError(f'"{text}" is no format; write for instance "1920 1080 0 0 1920 1080 1 HD_1080".')

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Format) and self.text() == other.text()

    def __hash__(self) -> int:
        return hash(self.text())

    def __repr__(self) -> str:
        return f"<Format {self.text()}>"

    def text(self) -> str:
        """As a script has it."""
        box = " ".join(str(value) for value in self._box)
        return f"{self._width} {self._height} {box} {self._aspect:.10g} {self._name}".rstrip()

    def width(self) -> int:
        """Pixels."""
        return self._width

    def height(self) -> int:
        """Pixels."""
        return self._height

    def pixelAspect(self) -> float:
        """Width of a pixel over its height."""
        return self._aspect

    def name(self) -> str:
        """Its name, or ""."""
        return self._name


class Box(_Corners):
    """A box of pixels, y upwards, right and top not included."""

    def __init__(self, x: int, y: int, r: int, t: int) -> None:
        self._box = (x, y, r, t)

    def w(self) -> int:
        """Width."""
        return self._box[2] - self._box[0]

    def h(self) -> int:
        """Height."""
        return self._box[3] - self._box[1]


class FrameRange:
    """first-last x increment."""

    def __init__(self, first: Any, last: Optional[int] = None, increment: int = 1) -> None:
        if isinstance(first, str):
            first, last, increment = _one_range(first)
        self._first, self._last, self._increment = int(first), int(first if last is None else last), int(increment) or 1
        self._at = 0

    def first(self) -> int:
        """The first frame."""
        return self._first

    def last(self) -> int:
        """The last frame."""
        return self._last

    def _range(self) -> range:
        return range(self._first, self._last + (1 if self._increment > 0 else -1), self._increment)

    def __iter__(self) -> Iterator[int]:
        return iter(self._range())

    def __str__(self) -> str:
        step = f"x{self._increment}" if self._increment != 1 else ""
        return f"{self._first}-{self._last}{step}"


class FrameRanges:
    """Several ranges: from text such as `1-10 20-30x2`, or from FrameRange objects."""

    def __init__(self, ranges: Any = ()) -> None:
        self._ranges: List[FrameRange] = []
        for item in ranges.split() if isinstance(ranges, str) else ranges:
            self.add(item if isinstance(item, FrameRange) else FrameRange(str(item)))

    def add(self, item: FrameRange) -> None:
        """Adds a range."""
        self._ranges.append(item)

    def toFrameList(self) -> List[int]:
        """All frames, ascending, without repeats."""
        return sorted({frame for item in self._ranges for frame in item})


def _one_range(text: str) -> Tuple[int, int, int]:
    try:
        frames = Frames.parse(text)
    except FrameRangeError as error:
        raise ValueError(str(error)) from error
    step = frames.frames[1] - frames.frames[0] if len(frames) > 1 else 1
    return frames.first, frames.last, step
