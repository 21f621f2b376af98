"""Which blocks a free device gets next where several render one shot. Pure arithmetic on a clock that is handed in.

    blocks     ├─┼─┼─┼─┼─┼─┼─┼─┼─┼─┼─┼─┤
    device 1   ├─┤       ├─────┤                   short first runs show how fast each device is; then a run is a large
    device 2     ├─┤           ├───┤     ├─┤       part of what the device is to do in all, and the last ones are small
    device 3       ├─┤             ├───┤

A block is the unit, since its decode groups and blends are the shot's own (see `frames`): a frame comes out the same
whichever device renders it. A run that does not begin with the shot computes the window before it once more, because its
first block blends with that. So a border between two runs costs one window at most, and runs are few.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, Iterable, List, Optional, Set, Tuple

from ...core.frames import BlockPlan

CONTEXT = 0.5  # a window that is context alone, in blocks: it is encoded and goes through the UNet, and is not decoded
FIRST_SHARE, FIRST_BLOCKS = 1 / 4, 4  # a first run: of what an equal device would get, and at most
SHARE, SMALLEST = 3 / 4, 3  # a later run: of what the device is to do in all, but not cut to fewer blocks than these
Frames = Tuple[int, ...]


@dataclass
class Device:
    """What one device has at hand, and what it has shown.

    Attributes:
        blocks: of its run, with the frames that are not delivered.
        context: windows of the run that are context alone, in blocks.
        since: when the run began; None: its model is still loading.
        done: blocks of the run that were done, with its context, at the time `at`.
        earlier, seconds: blocks of the runs before, with contexts, and how long they took.
    """

    blocks: List[Set[int]] = field(default_factory=list)
    sizes: List[int] = field(default_factory=list)
    context: float = 0.0
    since: Optional[float] = None
    done: float = 0.0
    at: float = 0.0
    earlier: float = 0.0
    seconds: float = 0.0

    @property
    def speed(self) -> float:
        """Blocks a second, up to its last frame; 0 where it has delivered none."""
        spent = self.seconds + (self.at - self.since if self.done and self.since is not None else 0.0)
        return (self.earlier + self.done) / spent if spent > 0.0 else 0.0

    def rest(self, speed: float, now: float) -> float:
        """Blocks of its run that are still to be done at this speed."""
        spent = now - self.since if self.since is not None else 0.0
        return max(len(self.blocks) + self.context - speed * spent, 0.0) if self.blocks else 0.0


class Runs:
    """Hands out the blocks of a shot, from its beginning on, run by run.

    Args:
        plan: of the shot.
        frames: all that is to be rendered; may be scattered, or empty.
        count: devices, numbered from 0.
    """

    def __init__(self, plan: BlockPlan, frames: Iterable[int], count: int) -> None:
        self._plan = plan
        self._waiting = in_blocks(plan, frames)
        self._first = min(max(round(FIRST_SHARE * len(self._waiting) / count), 1), FIRST_BLOCKS)
        self._devices: Dict[int, Device] = {number: Device() for number in range(count)}

    @property
    def left(self) -> int:
        """How many frames are still to be delivered."""
        at_hand = (block for device in self._devices.values() for block in device.blocks)
        return sum(map(len, self._waiting)) + sum(map(len, at_hand))

    def take(self, number: int, now: float) -> Frames:
        """The next run for a device that has none, ascending; empty where others do the rest sooner."""
        size = self._size(number, now)
        run, self._waiting = self._waiting[:size], self._waiting[size:]
        frames = tuple(frame for block in run for frame in block)
        device = self._devices[number]
        device.blocks, device.sizes, device.since, device.done = [set(block) for block in run], [*map(len, run)], None, 0.0
        device.context = CONTEXT * (len(self._plan.steps(frames)) - len(run))
        return frames

    def ready(self, number: int, now: float) -> None:
        """The device's model is loaded, so its run begins; telling it twice is no error."""
        device = self._devices[number]
        if device.since is None:
            device.since = now

    def delivered(self, number: int, frame: int, now: float) -> None:
        """A frame is there; telling it twice is no error."""
        device = self._devices[number]
        for block in device.blocks:
            block.discard(frame)
        self.ready(number, now)
        device.done, device.at = device.context, now
        for block, size in zip(device.blocks, device.sizes):
            if len(block) < size:  # its window is done, and of the decoding as much as there are frames
                device.done += CONTEXT + (1.0 - CONTEXT) * (1.0 - len(block) / size)

    def end(self, number: int, now: float) -> Frames:
        """A device's run is over; frames of it that were not delivered, ascending, which others get next."""
        device = self._devices[number]
        if device.done and device.since is not None:
            device.earlier += device.done
            device.seconds += device.at - device.since
        back = [tuple(sorted(block)) for block in device.blocks if block]
        device.blocks, device.done = [], 0.0
        self._waiting = sorted([*back, *self._waiting])
        return tuple(frame for block in back for frame in block)

    def retire(self, number: int) -> None:
        """A device without a run gets none any more."""
        del self._devices[number]

    def _size(self, number: int, now: float) -> int:
        """Blocks of the next run."""
        devices = self._devices
        if len(devices) == 1:
            return len(self._waiting)
        known = [device.speed for device in devices.values() if device.speed]
        if not known:
            return self._first
        mean = sum(known) / len(known)
        speeds = {each: device.speed or _at_most(device, mean, now) for each, device in devices.items()}
        rests = {each: device.rest(speeds[each], now) + CONTEXT for each, device in devices.items()}
        waiting, speed = len(self._waiting), speeds[number]
        own = (waiting + sum(rests.values())) * speed / sum(speeds.values()) - CONTEXT  # such that all are done at once
        size = round(max(SHARE * own, min(own, SMALLEST)))
        if size > 0:
            return size
        busy = [each for each, device in devices.items() if device.blocks]
        rate = sum(speeds[each] for each in busy)
        sooner = rate * (1.0 + CONTEXT) / speed > waiting + sum(rests[each] for each in busy)
        return 0 if busy and sooner else 1


def _at_most(device: Device, mean: float, now: float) -> float:
    """Speed of a device that has delivered nothing yet: the others' mean, or less where its first block takes longer."""
    spent = now - device.since if device.since is not None else 0.0
    return min(mean, 1.0 / spent) if spent > 0.0 else mean


def in_blocks(plan: BlockPlan, frames: Iterable[int]) -> List[Frames]:
    """Frames by the block that delivers them, both ascending.

    Raises:
        FrameRangeError: a frame is outside the shot.
    """
    blocks: Dict[int, List[int]] = {}
    for frame in sorted(frames):
        blocks.setdefault(plan.block_of(frame).index, []).append(frame)
    return [tuple(block) for block in blocks.values()]
