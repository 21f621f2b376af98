"""Renders that outlive engines: a session keeps one engine, and starts another where it dies or hangs in mid-job.

    render ─▶ engine ─▶ Attempt ─▶ done ──────────────────────────────────────────────▶ RenderResult
                 ▲         │ died, hangs: end it, reap it, sweep its half-written files
                 └─────────┴─ at most `restarts` times in a row without a new frame; then EngineDiedError

An engine that brought a new frame is *stable*, one that merely came up is *alive*: only the first starts the count anew.
The next engine is asked only for what is missing, in the same shot, so its frames are the ones that the dead one would
have made. What an engine says about the job itself (a missing plate, no memory) is not tried again.

Who cleans up: the session owns the engine that it started, and `close` ends it. A warm engine has other clients: it
is left alone, unless it hangs. No engine that was killed leaves part files beside the mattes: `files.sweep_parts` runs
after it.
"""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path
from typing import Callable, Mapping, Optional, Sequence

from ..core.devices import devices_of
from ..core.errors import CancelledError, EngineDiedError, EngineError, EngineTimeoutError, GvmMatteError, UsageError
from ..core.files import sweep_parts
from ..protocol.frame_buffer import SlotInfo
from ..protocol.messages import Message, Notice
from .attempt import Attempt
from .connection import ANSWER_SECONDS, QUIET_SECONDS, EngineConnection
from .job import Buffers, Callbacks, MatteJob, PlateData, RenderResult
from .ledger import Ledger
from .process import START_SECONDS, STOP_SECONDS, EngineProcess, exit_words
from .warm import end_process, start_warm_engine

ABANDON_SECONDS = 2.0  # what an engine that did not answer a cancel gets to end


class MatteSession:
    """Renders one job at a time on an engine that it keeps between them; a context manager that ends it.

    Args:
        command: an owned engine's whole command; None: `process.engine_command(python)`.
        python: the engine's Python.
        warm: use the warm engine, started where none runs; one that dies is replaced by an owned one.
        warm_name: which of several warm engines; empty: the only one.
        warm_command: the warm engine's command without options; None: as `command` has it.
        idle_timeout: seconds after which a warm engine started here ends; None: `warm.idle_seconds()`.
        restarts: how often in a row an engine is started again without a new frame from it.
        log: called with every line of an owned engine's log, in a thread of its own.
        environment: variables that an engine started here gets on top of this process's.
        start_seconds: until an engine must have said hello.
        quiet_seconds, answer_seconds: the rule for hung engines, see `connection`.
    """

    def __init__(
        self,
        *,
        command: Optional[Sequence[str]] = None,
        python: Optional[str] = None,
        warm: bool = False,
        warm_name: str = "",
        warm_command: Optional[Sequence[str]] = None,
        idle_timeout: Optional[float] = None,
        restarts: int = 3,
        log: Optional[Callable[[str], None]] = None,
        environment: Optional[Mapping[str, str]] = None,
        start_seconds: float = START_SECONDS,
        quiet_seconds: float = QUIET_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._command = command
        self._python = python
        self._warm = warm
        self._warm_name = warm_name
        self._warm_command = warm_command
        self._idle_timeout = idle_timeout
        self._restarts = restarts
        self._log = log
        self._environment = environment
        self._start_seconds = start_seconds
        self._quiet_seconds = quiet_seconds
        self._answer_seconds = answer_seconds
        self._process: Optional[EngineProcess] = None
        self._engine: Optional[EngineConnection] = None
        self._busy = threading.Lock()

    def engine(self) -> EngineConnection:
        """The session's engine, started where there is none: for status and ping, or to have it warm for the first job.

        Raises:
            EngineStartError, EngineTimeoutError, ProtocolError: it does not come up.
        """
        if self._engine is not None and self._engine.error is not None:
            self._end_engine(hangs=False)  # it died between two jobs
        if self._engine is None:
            if self._warm:
                self._engine = start_warm_engine(
                    name=self._warm_name,
                    idle_timeout=self._idle_timeout,
                    command=self._warm_command,
                    python=self._python,
                    environment=self._environment,
                    timeout=self._start_seconds,
                )
            else:
                process = EngineProcess(
                    command=self._command, python=self._python, log=self._log, environment=self._environment
                )
                self._engine = process.start(timeout=self._start_seconds)
                self._process = process
            self._engine.quiet_seconds = self._quiet_seconds
            self._engine.answer_seconds = self._answer_seconds
        return self._engine

    def render(
        self,
        job: MatteJob,
        *,
        plates: Optional[Callable[[int], PlateData]] = None,
        on_event: Optional[Callable[[Message], None]] = None,
        take_alpha: Optional[Callable[[int, SlotInfo, memoryview], None]] = None,
        cancel: Optional[threading.Event] = None,
        buffers: Optional[Buffers] = None,
    ) -> RenderResult:
        """Renders a job to its end.

        Args:
            plates: gives one plate, for a `buffers` source. The first call sizes the ring and comes from this thread, the
                others come from one of their own, in the order in which the engine wants plates, and again after a
                restart. A PlateError from it stands for a plate that is missing.
            on_event: called with Accepted (once), FrameWritten, FrameKept, Notice, Progress and Done.
            take_alpha: called with each alpha, for a sink with `buffers`; its pixels are valid during the call. Where
                mattes go to files too, a restart may bring an alpha a second time.
            cancel: set it from anywhere to cancel.
            buffers: the rings' sizes, where the defaults do not fit.

        Raises:
            UsageError: the job names several devices, which is `DeviceSessions`' business; or it is not complete.
            CancelledError: cancelled; finished frames stay, nothing else does.
            EngineDiedError: engines kept dying; carries the last one's exit code and the end of its log.
            EngineTimeoutError: engines kept hanging.
            GvmMatteError: the engine's own error, with frame and path; and whatever a callback raised.
        """
        check_callbacks(job, plates, take_alpha)
        if not job.dry_run and len(devices_of(str(job.params.get("device", "auto")))) > 1:
            raise UsageError(f"One engine has one device, not {job.params['device']}; `DeviceSessions` has several.")
        if not self._busy.acquire(blocking=False):
            raise UsageError("A session renders one job at a time.")
        callbacks = Callbacks(plates, take_alpha, on_event or (lambda message: None), cancel or threading.Event())
        try:
            return self._render(job, callbacks, buffers or Buffers())
        finally:
            self._busy.release()

    def close(self) -> None:
        """Ends the session's own engine; a warm one stays. May be called again."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None
        process, self._process = self._process, None
        if process is not None:
            process.stop(STOP_SECONDS)

    def __enter__(self) -> MatteSession:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # -- inside

    def _render(self, job: MatteJob, callbacks: Callbacks, buffers: Buffers) -> RenderResult:
        ledger, started = Ledger(job), time.monotonic()
        fruitless = restarts = 0
        engine = self.engine()
        while True:
            before, hangs = len(ledger.delivered), False
            attempt = Attempt(engine=engine, ledger=ledger, callbacks=callbacks, buffers=buffers)
            try:
                attempt.run()
                return ledger.result(time.monotonic() - started, restarts)
            except GvmMatteError as exc:
                if not attempt.may_retry:
                    raise
                hangs = isinstance(exc, EngineTimeoutError)
                error = self._post_mortem(exc)
            finally:
                if not attempt.engine_is_sound:
                    self._end_engine(hangs=hangs)
                    _sweep(job)
            self._warm = False  # what killed a warm engine shall not kill the next one, which others use
            if ledger.complete:  # it died on its last word
                return ledger.result(time.monotonic() - started, restarts)
            if callbacks.cancel.is_set():  # no other engine is wanted
                raise CancelledError("The render was cancelled; frames that were finished stay.") from error
            fruitless = 1 if len(ledger.delivered) > before else fruitless + 1
            while True:
                if fruitless > self._restarts:
                    raise _given_up(error, ledger, restarts)
                restarts += 1
                try:
                    engine = self.engine()
                    break
                except EngineError as exc:
                    error, fruitless = exc, fruitless + 1
            notice = Notice(attempt.job_id, "warning", f"{error.message} It was started again; finished frames stay.")
            ledger.notices.append(notice)
            callbacks.on_event(notice)

    def _post_mortem(self, exc: GvmMatteError) -> EngineError:
        """What became of the engine, in words, with what its process can tell."""
        process = self._process
        if isinstance(exc, EngineTimeoutError):
            error: EngineError = exc
        else:
            deadline = time.monotonic() + 1.0
            while process is not None and process.alive and time.monotonic() < deadline:
                time.sleep(0.005)
            code = None if process is None else process.exit_code
            error = EngineDiedError(f"The engine died in the midst of the work ({exit_words(code)}).", exit_code=code)
            error.__cause__ = exc
        if process is not None:
            error.log_tail = process.log_tail
        return error

    def _end_engine(self, *, hangs: bool) -> None:
        """Lets go of an engine that is no good any more: an owned one is ended and reaped, a warm one only if it hangs."""
        engine, self._engine = self._engine, None
        process, self._process = self._process, None
        if engine is not None:
            engine.close()  # a warm engine then cancels what it does for this host
        with contextlib.suppress(EngineTimeoutError):  # in a driver, beyond reach; another engine may work
            if process is not None:
                process.kill() if hangs else process.stop(ABANDON_SECONDS)
            elif engine is not None and hangs:
                end_process(engine.info.pid, budget=ABANDON_SECONDS)


def check_callbacks(
    job: MatteJob,
    plates: Optional[Callable[[int], PlateData]],
    take_alpha: Optional[Callable[[int, SlotInfo, memoryview], None]],
) -> None:
    """Raises UsageError unless a job's buffers and the host's callbacks belong together."""
    if job.source.type == "buffers" and plates is None:
        raise UsageError("Plates out of buffers need `plates`.")
    if job.sink.buffers != (take_alpha is not None):
        raise UsageError("`take_alpha` and a sink with buffers belong together.")


def _sweep(job: MatteJob) -> None:
    for path in (job.sink.path, *job.sink.movies.values()):
        if path:
            sweep_parts(str(Path(path).parent))


def _given_up(error: EngineError, ledger: Ledger, restarts: int) -> EngineError:
    done, asked = len(ledger.delivered), len(ledger.asked)
    frames = f"{done} of {asked} frames are done" if ledger.begun else "it had not begun with the frames"
    kind = type(error) if isinstance(error, EngineTimeoutError) else EngineDiedError
    found = kind(
        f"{error.message} It was started again {restarts} times to no avail; {frames}.",
        exit_code=error.exit_code,
        log_tail=error.log_tail,
    )
    found.__cause__ = error
    return found
