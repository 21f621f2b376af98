"""Locks on ranges of a file's bytes, that never wait and that the system frees when their process ends."""

from __future__ import annotations

import errno
import os
import sys

BUSY_ERRORS = (errno.EACCES, errno.EAGAIN)  # POSIX lets a system choose


class Busy(OSError):
    """Another process holds a lock there."""


if sys.platform == "win32":
    import ctypes
    import msvcrt
    from ctypes import wintypes

    # msvcrt.locking cannot reach beyond 2 GiB, so the system's own function is called
    _kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    _FAIL_IMMEDIATELY, _EXCLUSIVE = 1, 2
    _ERROR_LOCK_VIOLATION, _ERROR_IO_PENDING = 33, 997

    class _Overlapped(ctypes.Structure):
        """OVERLAPPED of the Windows API: where the range begins."""

        _fields_ = (
            ("Internal", ctypes.c_void_p),
            ("InternalHigh", ctypes.c_void_p),
            ("Offset", wintypes.DWORD),
            ("OffsetHigh", wintypes.DWORD),
            ("hEvent", wintypes.HANDLE),
        )

    def _call(lock: bool, descriptor: int, start: int, length: int, flags: int = 0) -> None:
        where = _Overlapped(Offset=start & 0xFFFFFFFF, OffsetHigh=start >> 32)
        handle = wintypes.HANDLE(msvcrt.get_osfhandle(descriptor))
        low, high = wintypes.DWORD(length & 0xFFFFFFFF), wintypes.DWORD(length >> 32)
        if lock:
            done = _kernel.LockFileEx(handle, wintypes.DWORD(flags), 0, low, high, ctypes.byref(where))
        else:
            done = _kernel.UnlockFileEx(handle, 0, low, high, ctypes.byref(where))
        if not done:
            code = ctypes.get_last_error()
            if code in (_ERROR_LOCK_VIOLATION, _ERROR_IO_PENDING):
                raise Busy(errno.EAGAIN, os.strerror(errno.EAGAIN))
            raise ctypes.WinError(code)

    def lock_alone(descriptor: int, start: int, length: int = 1) -> None:
        """Locks the bytes for this process alone.

        Raises:
            Busy: another process holds one of them.
            OSError: there are no locks here.
        """
        _call(True, descriptor, start, length, _EXCLUSIVE | _FAIL_IMMEDIATELY)

    def lock_shared(descriptor: int, start: int, length: int = 1) -> None:
        """Locks the bytes together with others who share them; raises as `lock_alone`."""
        _call(True, descriptor, start, length, _FAIL_IMMEDIATELY)

    def unlock(descriptor: int, start: int, length: int = 1) -> None:
        """Frees the bytes.

        Raises:
            OSError: they cannot be freed.
        """
        _call(False, descriptor, start, length)

else:
    import fcntl

    def lock_alone(descriptor: int, start: int, length: int = 1) -> None:
        """Locks the bytes for this process alone; what it held shared becomes its own.

        Raises:
            Busy: another process holds one of them.
            OSError: there are no locks here.
        """
        _lock(descriptor, fcntl.LOCK_EX, start, length)

    def lock_shared(descriptor: int, start: int, length: int = 1) -> None:
        """Locks the bytes together with others who share them; raises as `lock_alone`."""
        _lock(descriptor, fcntl.LOCK_SH, start, length)

    def unlock(descriptor: int, start: int, length: int = 1) -> None:
        """Frees the bytes.

        Raises:
            OSError: they cannot be freed.
        """
        fcntl.lockf(descriptor, fcntl.LOCK_UN, length, start)

    def _lock(descriptor: int, kind: int, start: int, length: int) -> None:
        try:
            fcntl.lockf(descriptor, kind | fcntl.LOCK_NB, length, start)
        except OSError as exc:
            if exc.errno in BUSY_ERRORS:
                raise Busy(exc.errno, str(exc)) from None
            raise
