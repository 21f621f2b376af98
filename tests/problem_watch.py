"""What `problem_engine` does to those who watch it."""

from __future__ import annotations

import os
import signal
from typing import List, Optional

from gvm_matte.core.image import Box
from gvm_matte.protocol import watching
from gvm_matte.protocol.channel import Channel
from gvm_matte.protocol.frame_buffer import FrameRing


def job_state(number: int) -> watching.JobState:
    """A job that runs."""
    return watching.JobState(
        number, 1, watching.RUNNING, 0, "/a", "/m", (1, 9), "1-9", "", "1-2", 2, 9, "writing", 1.0, 2.0, {}
    )


def tell(mode: str, channel: Channel) -> None:
    """What a watch hears first."""
    channel.send(job_state(1))
    if mode == "dies-in-watch":
        os.kill(os.getpid(), signal.SIGKILL)
    while mode == "floods-watch":
        channel.send(job_state(1))


def show(
    mode: str, channel: Channel, message: watching.Show, plates: Optional[FrameRing], alphas: Optional[FrameRing]
) -> None:
    """A picture of 4 by 2 pixels, whose every byte is 7."""
    assert plates is not None and alphas is not None
    found: List[int] = []
    for ring, channels, dtype in ((plates, 4, "uint8"), (alphas, 1, "uint16")):
        box = Box(0, 0, 2, 1) if mode == "picture-halved" and ring is alphas else Box(0, 0, 4, 2)
        slot = ring.acquire(5.0)
        assert slot is not None
        ring.payload(slot)[:32] = b"\7" * 32
        info = ring.publish(slot, frame=message.frame, box=box, channels=channels, dtype=dtype)
        found += [1000 if mode == "picture-nowhere" else slot, info.sequence + (mode == "picture-stale")]
    channel.send(watching.Picture(message.id, 0, message.frame, *found, False, 0.5, -1.0, (-1, 0, 3, 2)))  # type: ignore[arg-type, call-arg]
