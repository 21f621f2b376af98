"""Which frames a video has: their number, when each is shown, and where decoding can start.

What a container's header says (`nb_frames`, duration × rate) is often missing (Matroska, WebM) or wrong (variable rate,
an interrupted recording), so the packets are counted instead: all are read, none is decoded. Where a packet is not
always a frame, everything is decoded once without colour conversion; that is exact for any file.

Frames are numbered in the order in which they are shown, which for codecs with B-frames is not the packets' order.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Iterator, List, Optional, Tuple

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

# VP8 has packets that are never shown; AVI stores no presentation times, only the order of packets.
_PACKETS_ARE_NOT_FRAMES = ("vp8",)
_NO_PRESENTATION_TIMES = ("avi",)


@dataclass(frozen=True)
class VideoIndex:
    """The frames of a video, in the order in which they are shown, counted from 0.

    Attributes:
        count: how many there are.
        times: presentation time of each in the stream's time base, strictly ascending; empty where the file has no
            usable ones, so that frames can only be counted from the start.
        keyframes: ascending indices at which decoding can start; those of `times`, so empty where that is.
    """

    count: int
    times: Tuple[int, ...]
    keyframes: Tuple[int, ...]

    def start_for(self, index: int) -> int:
        """The last keyframe at or before a frame; 0, the start of the file, where there is none."""
        place = bisect_right(self.keyframes, index)
        return self.keyframes[place - 1] if place else 0


def open_video(path: str) -> Tuple[InputContainer, VideoStream]:
    """Opens a video of this machine and its main picture stream (not the cover of an audio file).

    The name is marked as a file, since FFmpeg takes `sh:010.mov` for a protocol, and no other protocol is allowed, since
    some formats are lists of further addresses.

    Raises:
        av.error.FFmpegError: no video, or not readable.
        LookupError: there is no picture stream.
    """
    container = av.open(f"file:{path}", options={"protocol_whitelist": "file"})
    stream = container.streams.best("video")
    if not isinstance(stream, VideoStream):
        container.close()
        raise LookupError("no picture stream")
    stream.thread_type = "AUTO"
    return container, stream


def decoded(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """The frames from where the container stands, in the order in which they are shown; damaged packets yield none."""
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            continue
        for frame in frames:
            if isinstance(frame, VideoFrame) and not frame.is_corrupt:
                yield frame


def index_video(path: str) -> VideoIndex:
    """Counts the frames of a video and notes when each is shown.

    Raises:
        av.error.FFmpegError: no video, or not readable.
        LookupError: there is no picture stream.
    """
    container, stream = open_video(path)
    with container:
        trusted = stream.codec_context.name not in _PACKETS_ARE_NOT_FRAMES
        trusted = trusted and container.format.name not in _NO_PRESENTATION_TIMES
        shown = _by_packets(container, stream) if trusted else None
    if shown is None:
        container, stream = open_video(path)
        with container:
            frames = [(frame.pts, bool(frame.key_frame)) for frame in decoded(container, stream)]
        times = [time for time, _ in frames if time is not None]
        if len(times) != len(frames) or any(b <= a for a, b in zip(times, times[1:])):
            return VideoIndex(len(frames), (), ())
        shown = [(time, key) for time, key in frames if time is not None]
    keyframes = tuple(index for index, (_, key) in enumerate(shown) if key)
    return VideoIndex(len(shown), tuple(time for time, _ in shown), keyframes)


def _by_packets(container: InputContainer, stream: VideoStream) -> Optional[List[Tuple[int, bool]]]:
    """(presentation time, whether decoding can start here) of each frame, by time; None where times are unusable."""
    shown: List[Tuple[int, bool]] = []
    for packet in container.demux(stream):
        if packet.size == 0 or packet.is_discard:  # the flush at the end; what an edit list cuts away
            continue
        if packet.pts is None:
            return None
        shown.append((packet.pts, packet.is_keyframe))
    shown.sort()
    if any(b[0] == a[0] for a, b in zip(shown, shown[1:])):
        return None
    return shown
