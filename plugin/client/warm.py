"""A warm engine: one that outlives its client, keeps the model loaded, and is found again through a connection file.

    start_warm_engine ── starts, detached ──▶ engine ── writes ──▶ connection file {address, key, pid, protocol, package}
    find_warm_engine ◀────────────────────── reads ───────────────────────┘

Who cleans up: the engine removes its connection file and its socket when it ends: told so, or idle for its time. Of one
that was killed, the next `find_warm_engine` removes both. The file's name holds the protocol's version, so engines of two
versions live side by side. A folder or file that another user could write is not trusted.

There is one warm engine, and it has no name. A farm session whose job has several devices has one for each beside it, named
by their numbers: `engine.json` is then `engine-1.json`, `engine-2.json`, and so are lock and log.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, List, Mapping, Optional, Sequence

from ..core.errors import ConnectionLostError, EngineStartError, EngineTimeoutError, ProtocolError
from ..core.processes import process_alive
from ..protocol.addresses import remove_address, sweep_stale_addresses
from ..protocol.channel import connect
from ..protocol.messages import PROTOCOL_VERSION
from .connection import HELLO_SECONDS, EngineConnection
from .process import START_SECONDS, STOP_SECONDS, TAIL_LINES, engine_command, engine_environment, exit_words

IDLE_SECONDS = 600.0
_LOCK_SECONDS = 120.0


@dataclass(frozen=True)
class ConnectionFile:
    """What a connection file says."""

    address: str
    key: bytes
    pid: int


def connection_file_path(name: str = "") -> Path:
    """Where a warm engine of this user and protocol leaves its address: `$GVM_ENGINE_FILE`, or in the runtime folder.

    Args:
        name: of one of several, which has a file beside that one; empty: the only one.
    """
    named = os.environ.get("GVM_ENGINE_FILE")
    path = Path(named) if named else runtime_folder() / f"engine-{PROTOCOL_VERSION}.json"
    return path.with_name(f"{path.stem}-{name}{path.suffix}") if name else path


def idle_seconds() -> float:
    """After how many idle seconds a warm engine ends where nothing else is said: `$GVM_ENGINE_IDLE`, as farm sessions have
    it, or 600.
    """
    try:
        return float(os.environ.get("GVM_ENGINE_IDLE", IDLE_SECONDS))
    except ValueError:
        return IDLE_SECONDS


def runtime_folder() -> Path:
    """This user's folder for what lives as long as the session: $XDG_RUNTIME_DIR/gvm-matte, or one in the temp folder."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    if base and Path(base).is_dir():
        return Path(base, "gvm-matte")
    user = "" if sys.platform == "win32" else f"-{os.getuid()}"  # the temp folder is the user's own on Windows
    return Path(tempfile.gettempdir(), f"gvm-matte{user}")


def find_warm_engine(*, name: str = "", timeout: float = HELLO_SECONDS) -> Optional[EngineConnection]:
    """A connection to the running warm engine, or None where there is none; what a dead one left is removed.

    Args:
        name: of one of several.

    Raises:
        EngineTimeoutError: there is one and it does not answer.
        ProtocolError: the file is not one that may be trusted, or what listens there is no engine.
    """
    path = connection_file_path(name)
    found = _read(path)
    if found is None:
        return None
    if process_alive(found.pid):
        with contextlib.suppress(ConnectionLostError):
            return EngineConnection(connect(found.address, found.key, timeout=timeout), timeout=timeout)
    _remove(path, found)
    return None


def start_warm_engine(
    *,
    name: str = "",
    idle_timeout: Optional[float] = None,
    command: Optional[Sequence[str]] = None,
    python: Optional[str] = None,
    environment: Optional[Mapping[str, str]] = None,
    timeout: float = START_SECONDS,
) -> EngineConnection:
    """A connection to the warm engine, which is started where none runs; two clients that start at once get the same.

    Args:
        name: of one of several.
        idle_timeout: seconds without a client or a job after which it ends; None: `idle_seconds()`.
        command: the whole command without options; None: `engine_command(python)`.
        environment: variables that it gets on top of `engine_environment`, if it is started here.
        timeout: seconds until it must answer.

    Raises:
        EngineStartError: it could not be started, or ended instead; with the end of its log.
        EngineTimeoutError: it did not answer in time; it is ended.
        ProtocolError: it is no engine, or speaks another protocol.
    """
    deadline = time.monotonic() + timeout
    path = connection_file_path(name)
    _make_folder(path.parent)
    with _only_one(path.with_suffix(".lock")):
        found = find_warm_engine(name=name)
        if found is not None:
            return found
        sweep_stale_addresses()
        log = path.with_suffix(".log")
        idle = idle_seconds() if idle_timeout is None else idle_timeout
        words = engine_command(python) if command is None else command
        words = [*words, "--connection-file", str(path), "--idle-timeout", f"{idle:g}"]
        started: List[subprocess.Popen[bytes]] = []
        try:
            with _signals_later():
                started.append(_spawn(words, log, environment or {}))
            return _wait_for(started[0], path, log, deadline)
        except BaseException:
            for process in started:
                process.kill()
                process.wait()
            left = _read(path)
            if left is not None:
                _remove(path, left)
            raise
        finally:
            for process in started:
                threading.Thread(target=process.wait, name="gvm-matte-reaper", daemon=True).start()


def stop_warm_engine(*, name: str = "", budget: float = STOP_SECONDS) -> bool:
    """Ends the warm engine: the shutdown message, then SIGTERM, then SIGKILL, each after its share of the budget.

    Args:
        name: of one of several.

    Returns:
        Whether there was one.

    Raises:
        EngineTimeoutError: not even SIGKILL ended it.
        ProtocolError: the file is not one that may be trusted.
    """
    found = _read(connection_file_path(name))
    if found is None or not process_alive(found.pid):
        find_warm_engine(name=name)  # removes what is left
        return False
    try:
        with EngineConnection(connect(found.address, found.key, timeout=budget * 0.2), timeout=budget * 0.2) as engine:
            engine.shutdown()
    except ConnectionLostError:
        if process_alive(found.pid):  # the process id is another program's by now
            find_warm_engine(name=name)
            return False
    except EngineTimeoutError:
        pass
    end_process(found.pid, budget=budget * 0.6)
    find_warm_engine(name=name)
    return True


def stop_warm_engines(*, budget: float = STOP_SECONDS) -> int:
    """Ends the warm engine and all that have a number, side by side, as `stop_warm_engine` does.

    Returns:
        How many there were.

    Raises:
        EngineTimeoutError, ProtocolError: as `stop_warm_engine`, about the first of them; the others are ended, too.
    """
    names = ["", *_numbers()]
    with ThreadPoolExecutor(len(names)) as pool:
        return sum(list(pool.map(lambda name: stop_warm_engine(name=name, budget=budget), names)))


def end_process(pid: int, *, budget: float) -> None:
    """Waits for a process that was told to end, then SIGTERM, then SIGKILL. For one that this client knows to be an engine.

    Raises:
        EngineTimeoutError: it is still there.
    """
    if sys.platform == "win32":
        return  # its owner or its idle time ends it
    for number in (0, signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + budget / 3
        while time.monotonic() < deadline:
            if not process_alive(pid):
                return
            time.sleep(0.01)
    raise EngineTimeoutError(f"The engine (process {pid}) cannot be ended; its device driver may hang.")


# -- inside


def _numbers() -> List[str]:
    """Names of the engines beside the only one: the numbers for which there is a connection file."""
    path = connection_file_path()
    head = f"{path.stem}-"
    try:
        stems = [entry.stem for entry in path.parent.iterdir() if entry.suffix == path.suffix]
    except OSError:  # no folder
        return []
    return sorted(stem[len(head) :] for stem in stems if stem.startswith(head) and stem[len(head) :].isdigit())


def _read(path: Path) -> Optional[ConnectionFile]:
    """The file's content; None where there is none, or one that makes no sense."""
    try:
        with path.open("rb") as file:
            info = os.fstat(file.fileno())
            if os.name == "posix" and (info.st_uid != os.getuid() or stat.S_IMODE(info.st_mode) & 0o077):
                raise ProtocolError(f"{path} could have been written by another user; remove it.", path=str(path))
            raw = json.loads(file.read(1 << 16))
        return ConnectionFile(str(raw["address"]), bytes.fromhex(raw["key"]), int(raw["pid"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return ConnectionFile("", b"", -1)  # no connection file of an engine: to be removed


def _remove(path: Path, left: ConnectionFile) -> None:
    """Removes what a dead engine left, unless the file is that of a new one by now."""
    if _read(path) == left:
        with contextlib.suppress(OSError):
            path.unlink()
    if left.address:
        remove_address(left.address)


def _make_folder(folder: Path) -> None:
    """Makes the folder of the connection file; the default one must be this user's alone.

    Raises:
        ProtocolError: it cannot be made, or others can write there.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        info = folder.lstat()
    except OSError as exc:
        raise ProtocolError(f"The folder {folder} for the engine cannot be made: {exc}.", path=str(folder)) from exc
    if os.name != "posix" or folder != runtime_folder():
        return
    if info.st_uid != os.getuid() or not stat.S_ISDIR(info.st_mode) or info.st_mode & 0o022:
        raise ProtocolError(f"Others can write to {folder}; set GVM_ENGINE_FILE to a path of yours.", path=str(folder))


@contextlib.contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """One starter at a time; the lock goes with its process. Without effect on Windows."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise EngineTimeoutError("Another program has been starting the engine for too long.") from None
                time.sleep(0.02)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def _signals_later() -> Iterator[None]:
    """Python's own handlers of SIGINT and SIGTERM are called at the end: an error that one raises in the midst of the start
    of a process would lose the process, which could not be ended then.
    """
    if threading.current_thread() is not threading.main_thread():  # handlers run in the main one alone
        yield
        return
    came: List[int] = []
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    own = {number: handler for number, handler in handlers.items() if callable(handler)}
    for number in own:
        signal.signal(number, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        for number, handler in own.items():
            signal.signal(number, handler)
    for arrived in came:
        own[signal.Signals(arrived)](arrived, None)


def _spawn(command: List[str], log: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    try:
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as exc:
        raise EngineStartError(f"The engine's log {log} cannot be written: {exc.strerror}.", path=str(log)) from exc
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=subprocess.STDOUT,
            env={**engine_environment(), **environment},
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "DETACHED_PROCESS", 0),
        )
    except OSError as exc:
        raise EngineStartError(f"The engine could not be started with {command[0]}: {exc.strerror or exc}.") from exc
    finally:
        os.close(handle)


def _wait_for(process: subprocess.Popen[bytes], path: Path, log: Path, deadline: float) -> EngineConnection:
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise EngineTimeoutError("The engine was started and does not answer within its time.", log_tail=_tail(log))
        code = process.poll()
        if code is not None:
            message = f"The engine ended at its start ({exit_words(code)})."
            raise EngineStartError(message, exit_code=code, log_tail=_tail(log))
        found = _read(path)
        if found is not None:
            try:
                return EngineConnection(connect(found.address, found.key, timeout=left), timeout=max(left, 0.1))
            except EngineTimeoutError as exc:
                exc.log_tail = _tail(log)
                raise
            except ConnectionLostError:  # about to die
                pass
        time.sleep(0.02)


def _tail(log: Path) -> str:
    with contextlib.suppress(OSError):
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:])
    return ""
