"""Frames of bytes between host and engine: over a Unix socket, or over a named pipe on Windows.

The frame is that of `multiprocessing.connection`: four bytes of length, big-endian, then the message. Where there are
sockets they never block: a time-out must leave a half-read message in place, and a peer that stopped reading must not
hold its writer for ever. A named pipe keeps messages whole by itself.

A wire owns its socket or pipe. `Channel` sees to it that there is one reader and one writer at a time.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
import sys
import time
from multiprocessing.connection import Connection
from typing import List, Optional, Sequence, Union

from ..core.errors import MessageTooLargeError, ProtocolError

_LENGTH = struct.Struct("!i")
_NO_SIGNAL = getattr(socket, "MSG_NOSIGNAL", 0)  # an application that embeds Python may die of SIGPIPE


def until(timeout: Optional[float]) -> Optional[float]:
    return None if timeout is None else time.monotonic() + timeout


class SocketWire:
    """Frames over a Unix socket that never blocks. One reader and one writer at a time, which `Channel` sees to."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._socket.setblocking(False)
        self._partial = bytearray()  # a frame that has not come whole yet, its length included

    def _wait(self, events: int, deadline: Optional[float]) -> None:
        poll = select.poll()
        poll.register(self._socket, events)
        left = None if deadline is None else max(deadline - time.monotonic(), 0.0) * 1000
        if not poll.poll(left):
            raise TimeoutError

    def send(self, data: bytes, deadline: Optional[float], handles: Sequence[int] = ()) -> None:
        left = memoryview(_LENGTH.pack(len(data)) + data)
        while left:
            try:
                left = left[self._socket.send(left, _NO_SIGNAL) :]
            except BlockingIOError:
                self._wait(select.POLLOUT, deadline)
        while handles:
            try:
                socket.send_fds(self._socket, [b"H"], list(handles), _NO_SIGNAL)
                return
            except BlockingIOError:
                self._wait(select.POLLOUT, deadline)

    def receive(self, limit: int, deadline: Optional[float]) -> bytes:
        """One frame; EOFError at the end, TimeoutError with everything kept for the next call."""
        self._fill(_LENGTH.size, deadline)
        (length,) = _LENGTH.unpack_from(self._partial)
        if length < 0:
            raise ProtocolError("A message has a negative length.")
        if length > limit:
            raise MessageTooLargeError(f"A message of {length:,} bytes was announced; {limit:,} are allowed.")
        self._fill(_LENGTH.size + length, deadline)
        data = bytes(self._partial[_LENGTH.size :])
        self._partial.clear()
        return data

    def _fill(self, size: int, deadline: Optional[float]) -> None:
        while len(self._partial) < size:  # never past the frame: what follows may carry descriptors
            try:
                chunk = self._socket.recv(size - len(self._partial))
            except BlockingIOError:
                self._wait(select.POLLIN, deadline)
                continue
            if not chunk:
                raise EOFError
            self._partial += chunk

    def receive_handles(self, count: int, deadline: Optional[float]) -> List[int]:
        self._wait(select.POLLIN, deadline)
        data, handles, flags, _ = socket.recv_fds(self._socket, 1, count)
        if data == b"H" and len(handles) == count and not flags & socket.MSG_CTRUNC:
            for handle in handles:
                os.set_inheritable(handle, False)
            return handles
        for handle in handles:
            os.close(handle)
        if not data:
            raise EOFError
        raise ProtocolError(f"{count} descriptors were announced, {len(handles)} came.")

    def wake(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._socket.close()


class PipeWire:
    """Frames over a named pipe (Windows), which keeps messages whole; waits in slices, so that `wake` is seen."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._woken = False

    def send(self, data: bytes, deadline: Optional[float], handles: Sequence[int] = ()) -> None:
        self._connection.send_bytes(data)  # names travel in the message; there are no descriptors

    def receive(self, limit: int, deadline: Optional[float]) -> bytes:
        while not self._woken:
            left = 0.1 if deadline is None else min(0.1, deadline - time.monotonic())
            if self._connection.poll(max(left, 0.0)):
                try:
                    return self._connection.recv_bytes(limit)
                except OSError as exc:
                    if "bad message length" in str(exc):
                        raise MessageTooLargeError(f"A message of more than {limit:,} bytes came.") from exc
                    raise
            if left <= 0:
                raise TimeoutError
        raise EOFError

    def receive_handles(self, count: int, deadline: Optional[float]) -> List[int]:
        return []

    def wake(self) -> None:
        self._woken = True

    def close(self) -> None:
        self._connection.close()


Wire = Union[SocketWire, PipeWire]


def wire_of(connection: Connection) -> Wire:
    """Takes the connection over."""
    if sys.platform == "win32":
        return PipeWire(connection)
    with connection:
        return SocketWire(socket.fromfd(connection.fileno(), socket.AF_UNIX, socket.SOCK_STREAM))
