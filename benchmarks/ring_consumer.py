"""The other side of the ring, as a process of its own: maps it, looks at every plate in place, gives the slot back.

It does what an engine does with a slot before anything is computed: check the header, make a view of the pixels. One
value of every page is added up, so that no page can be left out, and the sum goes to stdout at the end, so that the
host knows that its own bytes arrived. Address and key come on stdin in one line of JSON.
"""

from __future__ import annotations

import json
import sys

import numpy as np
import numpy.typing as npt
from gvm_matte.core.errors import ConnectionLostError
from gvm_matte.protocol.channel import Channel, Listener, authenticate_client
from gvm_matte.protocol.frame_buffer import PAGE, FrameRing, SlotInfo
from gvm_matte.protocol.messages import Attach, Attached, PlateReady, Shutdown, SlotFree


def page_sum(pixels: npt.NDArray[np.float16]) -> float:
    """The sum of the first value of every page."""
    return float(pixels.reshape(-1)[:: PAGE // pixels.itemsize].sum(dtype=np.float64))


def view(info: SlotInfo, pixels: memoryview) -> npt.NDArray[np.float16]:
    """The slot's pixels [h,w,c] without a copy."""
    shape = (info.box.height, info.box.width, info.channels)
    strides = (info.row_stride, info.channels * 2, 2)
    found: npt.NDArray[np.float16] = np.ndarray(shape, np.float16, buffer=pixels, strides=strides)
    return found


def serve(channel: Channel) -> float:
    """Takes plates until the host says Shutdown; returns the sum over all of them."""
    ring, total = None, 0.0
    while True:
        message = channel.receive()
        if isinstance(message, PlateReady):
            assert ring is not None, "a plate came before its ring"
            info, pixels = ring.open(message.slot, message.sequence)
            assert info.frame == message.frame, "a slot holds another frame than was announced"
            total += page_sum(view(info, pixels))
            channel.send(SlotFree(message.job, message.slot))
        elif isinstance(message, Attach) and message.plates is not None:
            ring = FrameRing.attach(message.plates, channel.receive_handles(1)[0])
            channel.send(Attached(message.id))
        elif isinstance(message, Shutdown):
            return total


def main() -> None:
    """Serves one host."""
    hand_over = json.loads(sys.stdin.readline())
    listener = Listener(address=hand_over["address"])
    try:
        channel = authenticate_client(listener.accept(), bytes.fromhex(hand_over["key"]))
    finally:
        listener.close()
    try:
        print(json.dumps({"sum": serve(channel)}), flush=True)
    except ConnectionLostError:  # the host is gone: so is the reason to live
        sys.exit(1)


if __name__ == "__main__":
    main()
