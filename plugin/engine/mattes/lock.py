"""The lock by which two runs do not write the same frames of the same mattes at once.

A hidden file beside the mattes, `.NAME.gvm-lock`, whose bytes stand for frames: a run locks the bytes of its frames and
no other, so that farm chunks, the GPUs of a machine and machines on a network share a folder without waiting. The system
frees the locks of a process that dies, however it dies.

    byte 0                 the gate: every run holds it shared; who gets it alone may remove the file
    byte 2^40 + frame      held alone by the run that writes the frame

The file's text only serves messages: a line for each run that begins or ends says who it is and what it writes. A run
removes the file when it is alone at the gate; after a kill it stays, and the next run that ends removes it.

Locks of POSIX belong to the process: two of the same process never conflict, and closing any descriptor of the file drops
all. So a process opens each file once, in `LockFile`, and keeps its own account of who holds what. (Linux has locks that
belong to a descriptor instead, but a child made by fork keeps those alive after its parent's death.)
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, FrozenSet, Iterable, List, Optional, Tuple

from ...core.errors import FrameRangeError, MatteWriteError
from ...core.frames import FrameRange
from ...core.paths import frame_field
from ...core.processes import process_alive
from .byte_locks import Busy, lock_alone, lock_shared, unlock

GATE, FIRST_FRAME = 0, 1 << 40
MAX_RUNS = 1024  # pieces of a lock; the system looks through them one by one, so beyond it all between is locked, too
GATE_SECONDS = 5.0
DROP_SECONDS = 0.5
TEXT_BYTES = 1 << 16

_files: Dict[str, LockFile] = {}
_files_lock = threading.Lock()


class FrameLock:
    """Holds frames of a matte sequence for one run, as a context manager.

    Where locks cannot be had (a read-only folder, a file system without them) it holds nothing and says so in `held`:
    what is wrong with the folder is told when the first matte is written.

    Args:
        pattern: of the mattes; its folder is made where it is missing. Without a frame field it is one file, whatever
            the frames.
        frames: that will be written.
    """

    def __init__(self, pattern: str, frames: Iterable[int]) -> None:
        self._pattern = pattern
        field = frame_field(pattern)
        self._frames = frozenset(frames) if field else frozenset((0,))
        self._hold: Optional[Hold] = None
        folder, name = os.path.split(pattern)
        folder = os.path.realpath(folder)
        # one name for `#`, `####` and `%04d`, which may all mean the same files
        self.path = os.path.join(folder, f".{name.replace(field, '#') if field else name}.gvm-lock")
        self._file: Optional[LockFile] = None

    @property
    def held(self) -> bool:
        """Whether the frames are locked."""
        return self._file is not None

    def __enter__(self) -> FrameLock:
        """Locks the frames.

        Raises:
            MatteWriteError: another run writes some of them; names it.
        """
        with _files_lock:
            file = (_files.get(self.path) or _open(self.path)) if self._frames else None
            if file is None:
                return self
            _files[self.path] = file
            try:
                self._hold = file.take(self._frames)
                self._file = file
            except Busy:
                run, frames = file.owner_of(self._frames)
                _leave(self.path, file)
                what = f"frames {frames} of {self._pattern}" if frame_field(self._pattern) else self._pattern
                raise MatteWriteError(
                    f"{run} is writing {what}. Wait for it, or choose another output.", path=self._pattern
                ) from None
            except OSError:  # a file system without locks
                _leave(self.path, file)
        return self

    def __exit__(self, *_: object) -> None:
        with _files_lock:
            if self._file is not None and self._hold is not None and self._hold in self._file.holders:
                self._file.give(self._hold)
                _leave(self.path, self._file)
            self._file = None


@dataclass(eq=False)
class Hold:
    """What one run holds: frames, and the pieces (first byte, length) that they are locked in, ascending."""

    frames: FrozenSet[int]
    pieces: List[Tuple[int, int]]


class LockFile:
    """One lock file, as this process has it open: descriptor, and what is held through it."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.holders: List[Hold] = []

    def take(self, frames: FrozenSet[int]) -> Hold:
        """Locks the frames, all or none.

        Raises:
            Busy: another run holds one of them, in this process or another.
            OSError: there are no locks here.
        """
        if any(frames & held.frames for held in self.holders):
            raise Busy
        pieces = _pieces(frames)
        if len(pieces) > MAX_RUNS:
            pieces = [(pieces[0][0], sum(pieces[-1]) - pieces[0][0])]
        taken: List[Tuple[int, int]] = []
        try:
            for start, length in pieces:
                lock_alone(self.descriptor, start, length)
                taken.append((start, length))
        except OSError:
            for start, length in taken:
                unlock(self.descriptor, start, length)
            self._again()
            raise
        hold = Hold(frames, pieces)
        self.holders.append(hold)
        self._note("begins", frames)
        return hold

    def give(self, hold: Hold) -> None:
        """Frees the frames."""
        self.holders.remove(hold)
        self._note("ends", hold.frames)
        for start, length in hold.pieces:
            with suppress(OSError):
                unlock(self.descriptor, start, length)
        self._again()

    def _note(self, what: str, frames: FrozenSet[int]) -> None:
        record = [what, socket.gethostname(), os.getpid(), str(FrameRange.of(frames))]
        with suppress(OSError):  # a full disk: the lock holds without the text
            os.write(self.descriptor, (json.dumps(record) + "\n").encode())

    def _again(self) -> None:
        """What was freed may have lain, where all between is locked, in what other runs of this process hold."""
        for held in self.holders:
            for start, length in held.pieces:
                with suppress(OSError):
                    lock_alone(self.descriptor, start, length)

    def owner_of(self, frames: FrozenSet[int]) -> Tuple[str, FrameRange]:
        """Who writes some of these frames, and all that it writes; as far as the file's text tells."""
        here = socket.gethostname()
        for host, pid, theirs in reversed(self._running()):
            if not frames.isdisjoint(theirs.frames) and (host != here or process_alive(pid)):
                return f"Another run (process {pid} on {host})", theirs
        return "Another run", FrameRange.of(frames)

    def _running(self) -> List[Tuple[str, int, FrameRange]]:
        """(host, process, frames) of the runs that the text says have begun and not ended."""
        size = os.fstat(self.descriptor).st_size
        os.lseek(self.descriptor, max(0, size - TEXT_BYTES), os.SEEK_SET)
        running: List[Tuple[str, int, FrameRange]] = []
        for line in os.read(self.descriptor, TEXT_BYTES).decode("utf-8", "replace").splitlines():
            with suppress(ValueError, TypeError, AttributeError, FrameRangeError):
                what, host, pid, frames = json.loads(line)
                run = str(host), int(pid), FrameRange.parse(frames)
                if what == "begins":
                    running.append(run)
                elif run in running:
                    running.remove(run)
        return running


def _pieces(frames: FrozenSet[int]) -> List[Tuple[int, int]]:
    """(first byte, length) of each contiguous run of frames."""
    pieces: List[Tuple[int, int]] = []
    for frame in sorted(frames):
        if pieces and sum(pieces[-1]) == FIRST_FRAME + frame:
            pieces[-1] = (pieces[-1][0], pieces[-1][1] + 1)
        else:
            pieces.append((FIRST_FRAME + frame, 1))
    return pieces


def _open(path: str) -> Optional[LockFile]:
    """The lock file, made where it is missing, with its gate held; None where there can be none."""
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    deadline = time.monotonic() + GATE_SECONDS
    while time.monotonic() < deadline:
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, flags, 0o666)
        except OSError:
            return None
        try:
            lock_shared(descriptor, GATE)
            if _is_at(path, descriptor):
                with suppress(OSError, AttributeError):
                    os.fchmod(descriptor, 0o666)  # other users of a shared folder lock in it too
                return LockFile(descriptor)
        except Busy:  # another run is removing the file
            time.sleep(0.01)
        except OSError:  # a file system without locks: nor is a file needed
            if os.fstat(descriptor).st_size == 0:  # no run before had better luck
                with suppress(OSError):
                    Path(path).unlink()
            os.close(descriptor)
            return None
        os.close(descriptor)
    return None


def _leave(path: str, file: LockFile) -> None:
    """Closes the file where this process does not need it any more, and removes it where no process does."""
    if file.holders:
        return
    _files.pop(path, None)
    try:
        lock_alone(file.descriptor, GATE)
        if os.name == "posix" and _is_at(path, file.descriptor):
            Path(path).unlink()
    except OSError:
        pass
    os.close(file.descriptor)
    if os.name != "posix":  # no process can remove an open file: that is the whole check
        with suppress(OSError):
            Path(path).unlink()


def _is_at(path: str, descriptor: int) -> bool:
    """Whether the open file is the one of that name: it may have been removed after it was opened."""
    try:
        return os.path.samestat(Path(path).stat(), os.fstat(descriptor))
    except OSError:
        return False


def drop_locks() -> None:
    """Frees all that this process holds and takes its lock files away: for one that must end now, from any thread."""
    if not _files_lock.acquire(timeout=DROP_SECONDS):
        return
    try:
        for path, file in list(_files.items()):
            file.holders.clear()
            _leave(path, file)
    finally:
        _files_lock.release()
