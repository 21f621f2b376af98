"""The decoder of a video: frames by index, cheap in ascending order."""

from __future__ import annotations

from typing import Iterator, Optional, Tuple

from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from .video_index import VideoIndex, decoded, open_video


class VideoDecoder:
    """Hands out frames by index, from 0; not safe for threads."""

    def __init__(self, path: str, index: VideoIndex) -> None:
        self._path = path
        self._index = index
        self._index_of = {time: place for place, time in enumerate(index.times)}
        self._container: Optional[InputContainer] = None
        self._stream: Optional[VideoStream] = None
        self._frames: Iterator[Tuple[int, VideoFrame]] = iter(())
        self._ahead: Optional[Tuple[int, VideoFrame]] = None  # decoded, and lying behind what was asked for
        self._next = 0  # the lowest index that decoding on can still give
        self.decoded_count = 0  # of frames, for tests and logs
        self._restart()

    @property
    def stream(self) -> VideoStream:
        """The picture stream."""
        assert self._stream is not None
        return self._stream

    def frame(self, index: int) -> Optional[VideoFrame]:
        """One frame, or None where the file does not yield it.

        Raises:
            av.error.FFmpegError: the file cannot be read any more.
        """
        start = self._index.start_for(index)
        if index < self._next or start > self._next:
            self._jump(start, index)
        while True:
            if self._ahead is None:
                self._ahead = next(self._frames, None)
            if self._ahead is None:  # the end
                self._next = self._index.count
                return None
            place, picture = self._ahead
            if place > index:  # it stays for a later call
                self._next = index + 1
                return None
            self._ahead = None
            self._next = place + 1
            if place == index:
                return picture

    def close(self) -> None:
        """Closes the file; closing twice is harmless."""
        self._frames, self._ahead = iter(()), None
        if self._container is not None:
            self._container.close()
            self._container = None

    def _jump(self, start: int, index: int) -> None:
        """Stands at `start` or before it. Some files seek past what was asked for: then from one keyframe earlier."""
        while start > 0:
            self.stream.codec_context.flush_buffers()
            assert self._container is not None
            self._container.seek(self._index.times[start], stream=self.stream, backward=True)
            self._frames = self._numbered()
            self._ahead = next(self._frames, None)
            self._next = start
            if self._ahead is not None and self._ahead[0] <= index:
                return
            start = self._index.start_for(start - 1)
        self._restart()

    def _restart(self) -> None:
        """From the first frame, in a file opened anew: that works for those that cannot seek, too."""
        self.close()
        self._container, self._stream = open_video(self._path)
        self._frames = self._numbered()
        self._next = 0

    def _numbered(self) -> Iterator[Tuple[int, VideoFrame]]:
        """Frames with their indices: by presentation time, or counted where the file has no usable times."""
        assert self._container is not None
        for count, picture in enumerate(decoded(self._container, self.stream)):
            self.decoded_count += 1
            if not self._index.times:
                if count < self._index.count:
                    yield count, picture
            elif picture.pts in self._index_of:
                yield self._index_of[picture.pts], picture
