"""An engine of one's own: started, watched, ended and reaped by this process.

    EngineProcess ── stdin: {"address", "key"} in one line, then held open ──▶ engine   its end tells: the owner is gone
                  ◀─ stdout and stderr: the log, line by line ────────────────
                  ◀═ connections to `address` ═══════════════════════════════▶

Who cleans up: the private folder of the address is made here, so that it can be removed here when the engine was killed;
the engine removes it when its stdin ends, so it goes, too, when this process is killed. The engine is a session of its own:
a terminal's Ctrl-C reaches the client alone, which then cancels in good order. Whatever `start` raises, no process is
left; after `stop` it is reaped.
"""

from __future__ import annotations

import collections
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Callable, Deque, Dict, List, Mapping, Optional, Sequence

from ..core.errors import ConnectionLostError, EngineStartError, EngineTimeoutError, GvmMatteError
from ..protocol.addresses import private_address, remove_address, sweep_stale_addresses
from ..protocol.channel import Channel, connect, new_key
from ..protocol.messages import Shutdown
from .connection import EngineConnection

TAIL_LINES = 60
START_SECONDS = 60.0
STOP_SECONDS = 10.0
_MAX_LINE = 8192
_PYTHON = {"PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__"}
_REMOVED = frozenset({*_PYTHON, "LD_LIBRARY_PATH", "LD_PRELOAD", "NUKE_PATH"})
_REMOVED_PREFIXES = ("DYLD_", "QT_")
_OURS = {
    "PYTHONUNBUFFERED": "1",
    "PYTHONIOENCODING": "utf-8",
    "PYTHONSAFEPATH": "1",  # the folder of the person's script must not offer modules to the engine
}
# For glibc, elsewhere without effect. A network on the CPU asks for the same large tensors again and again; by default
# each is mapped anew, zeroed page by page and unmapped, which took more of a decode's time than its arithmetic. So memory
# is kept between layers; the engine gives it back after each job. One arena, since the others, which threads get, cannot
# grow beyond 64 MiB.
_KEEP_MEMORY = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(16 << 30),
    "MALLOC_TOP_PAD_": str(64 << 20),
}


def engine_environment(base: Optional[Mapping[str, str]] = None) -> Dict[str, str]:
    """The environment for an engine: this one (or `base`), without what a host sets for its own Python and libraries."""
    source = os.environ if base is None else base
    kept = {k: v for k, v in source.items() if k not in _REMOVED and not k.startswith(_REMOVED_PREFIXES)}
    return {**_KEEP_MEMORY, **kept, **_OURS}


def engine_command(python: Optional[str] = None) -> List[str]:
    """The engine's command without options; its Python: the argument, `$GVM_ENGINE_PYTHON`, a deployment's, or this one."""
    named = python or os.environ.get("GVM_ENGINE_PYTHON") or deployed_python()
    return [named or sys.executable, "-m", "gvm_matte.engine"]


def deployed_python() -> Optional[str]:
    """The engine's Python that a deployment names in `engine.json` beside the package; None in a checkout.

    Raises:
        EngineStartError: the file is damaged.
    """
    package = Path(__file__).resolve().parent.parent
    try:
        named = json.loads((package / "engine.json").read_text(encoding="utf-8"))["python"]
        return os.path.normpath(os.path.join(str(package), named))  # not resolved: it is a link out of its environment
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise EngineStartError(f"{package / 'engine.json'} cannot be read ({exc}). Deploy GVM Matte again.") from exc


def exit_words(code: Optional[int]) -> str:
    """An exit code as people know it."""
    if code is None:
        return "its exit code is not known"
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return f"signal {-code}, {signal.Signals(-code).name}"
    return f"signal {-code}"


class EngineProcess:
    """One engine process. `start` once, `stop` as often as you like.

    Args:
        command: the whole command; None: `engine_command(python)` with `--owned`.
        python: the engine's Python, see `engine_command`.
        log: called with every line of the engine's log, in a thread of its own.
        environment: variables that it gets on top of `engine_environment`.
    """

    def __init__(
        self,
        *,
        command: Optional[Sequence[str]] = None,
        python: Optional[str] = None,
        log: Optional[Callable[[str], None]] = None,
        environment: Optional[Mapping[str, str]] = None,
    ) -> None:
        self.command = [*engine_command(python), "--owned"] if command is None else list(command)
        self._log = log
        self._environment = dict(environment or {})
        self._tail: Deque[str] = collections.deque(maxlen=TAIL_LINES)
        self._process: Optional[subprocess.Popen[bytes]] = None
        self._reader: Optional[threading.Thread] = None
        self._address = ""
        self._key = b""

    @property
    def pid(self) -> Optional[int]:
        """The process id, once started."""
        return None if self._process is None else self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs; asking reaps one that has ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> Optional[int]:
        """As `subprocess` tells it: negative for a signal, None while it runs or before it was started."""
        return None if self._process is None else self._process.poll()

    @property
    def log_tail(self) -> str:
        """The last lines of its log."""
        return "\n".join(self._tail)

    def start(self, *, timeout: float = START_SECONDS) -> EngineConnection:
        """Starts the engine and waits until it has said hello.

        Raises:
            EngineStartError: it could not be started, or ended instead; with exit code and the end of its log.
            EngineTimeoutError: it runs and does not listen, or does not answer, within `timeout` seconds.
            VersionMismatchError: it speaks another protocol.
            ProtocolError: it is no engine.
        """
        if self._process is not None:
            raise EngineStartError("This engine was started before; make a new one.")
        sweep_stale_addresses()
        deadline = time.monotonic() + timeout
        self._address, self._key = private_address(), new_key()
        try:
            self._spawn()
            return EngineConnection(self._connect(deadline), timeout=max(deadline - time.monotonic(), 0.1))
        except BaseException as exc:
            died = self._wait(1.0 if isinstance(exc, ConnectionLostError) else 0.0)
            self.kill()
            if isinstance(exc, EngineTimeoutError) and not exc.log_tail:
                exc.log_tail = self.log_tail
            if died and isinstance(exc, GvmMatteError) and not isinstance(exc, EngineStartError):
                raise self._died() from exc
            raise

    def connect(self, *, timeout: float) -> Channel:
        """One more connection to the engine, authenticated, before hello.

        Raises:
            ProtocolError, EngineTimeoutError: as `channel.connect`.
        """
        return connect(self._address, self._key, timeout=timeout)

    def stop(self, budget: float = STOP_SECONDS) -> None:
        """Ends the engine: the shutdown message, then SIGTERM, then SIGKILL, each after its share of the budget.

        Raises:
            EngineTimeoutError: not even SIGKILL ended it: it hangs in a driver.
        """
        deadline = time.monotonic() + budget
        if self.alive:
            with contextlib.suppress(GvmMatteError), self.connect(timeout=budget * 0.2) as channel:
                EngineConnection(channel, timeout=budget * 0.2).send(Shutdown(1))
                self._wait(budget * 0.4)
        if self.alive and self._process is not None:
            self._process.terminate()
            self._wait(max((deadline - time.monotonic()) * 0.8, 0.0))
        self.kill()

    def kill(self) -> None:
        """SIGKILL to the engine and all that it started; reaps it, and removes what it may have left.

        Raises:
            EngineTimeoutError: it did not go: it hangs in a driver.
        """
        process = self._process
        if process is None:
            remove_address(self._address)
            return
        if process.poll() is None:
            if sys.platform == "win32":
                process.kill()
            else:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
        gone = self._wait(5.0)
        if process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
        if self._reader is not None:
            self._reader.join(1.0)
        remove_address(self._address)
        if not gone:
            raise EngineTimeoutError(f"The engine (process {process.pid}) cannot be ended; its device driver may hang.")

    def __enter__(self) -> EngineProcess:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _spawn(self) -> None:
        try:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**engine_environment(), **self._environment},
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        except OSError as exc:
            raise EngineStartError(
                f"The engine could not be started with {self.command[0]}: {exc.strerror or exc}. Set GVM_ENGINE_PYTHON to "
                "the Python of the engine's environment."
            ) from exc
        self._reader = threading.Thread(target=self._read_log, name="gvm-matte-log", daemon=True)
        self._reader.start()
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # gone already: `_connect` sees why
            line = json.dumps({"address": self._address, "key": self._key.hex()})
            self._process.stdin.write(line.encode("ascii") + b"\n")
            self._process.stdin.flush()

    def _connect(self, deadline: float) -> Channel:
        """Tries until the engine listens, has ended, or time is up."""
        pause = 0.005
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise EngineTimeoutError("The engine was started and does not listen within its time.")
            if not self.alive:
                raise self._died()
            if sys.platform == "win32" or Path(self._address).exists():
                with contextlib.suppress(ConnectionLostError):
                    return self.connect(timeout=left)
            time.sleep(min(pause, max(left, 0.0)))
            pause = min(pause * 1.5, 0.1)

    def _died(self) -> EngineStartError:
        if self._reader is not None:
            self._reader.join(1.0)  # the last lines
        code = self.exit_code
        message = f"The engine ended at its start ({exit_words(code)})."
        return EngineStartError(message, exit_code=code, log_tail=self.log_tail)

    def _wait(self, seconds: float) -> bool:
        """Whether it has ended, and is reaped, within so many seconds."""
        if self._process is None:
            return False
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _read_log(self) -> None:
        """The log's thread: must go on whatever happens, since an engine whose log is full stands still."""
        assert self._process is not None and self._process.stdout is not None
        with self._process.stdout as stream:
            for raw in iter(lambda: stream.readline(_MAX_LINE), b""):
                line = raw.decode("utf-8", "replace").rstrip()
                self._tail.append(line)
                if self._log is not None:
                    with contextlib.suppress(Exception):
                        self._log(line)
