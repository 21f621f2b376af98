"""A conversation with one engine: hello, requests and their answers, the messages of jobs.

    any thread ── send ──▶ Channel ──▶ engine
    receiving thread ◀──── Channel ◀──       answers go to who asked (by id), messages of a job to its queue (by job), what
                                             a watch hears to whom it asked for; the first thing that is wrong ends the
                                             conversation for everybody

The receiving thread alone reads, so a caller that gives up after its time-out loses nothing, and a late answer to it is
known and dropped. Alive and hung are told apart by a rule: where a job has been quiet for `quiet_seconds`, a Ping is sent;
if nothing at all has come `answer_seconds` later, the engine hangs.

The connection owns its channel. It does not own the engine: `process` and `warm` start and end engines.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from typing import Callable, Dict, Optional, Tuple, Type, TypeVar, Union, cast

from .. import __version__
from ..core.errors import ConnectionLostError, EngineTimeoutError, GvmMatteError, ProtocolError, VersionMismatchError, again
from ..protocol.channel import Channel
from ..protocol.frame_buffer import FrameRing
from ..protocol.message import HOST, JOB, WATCHER
from ..protocol.messages import (
    PROTOCOL_VERSION,
    Attach,
    Attached,
    Cancel,
    Done,
    Failed,
    Hello,
    HelloReply,
    Message,
    Ping,
    Pong,
    Render,
    Shutdown,
    Status,
    StatusRequest,
)
from ..protocol.watching import Ordered, Picture, Watch, Watching

HELLO_SECONDS = 10.0
ATTACH_SECONDS = 10.0
QUIET_SECONDS = 30.0
ANSWER_SECONDS = 10.0

T = TypeVar("T")
Inbox = queue.SimpleQueue[Union[Message, GvmMatteError]]
Told = Callable[[int, Union[Message, GvmMatteError]], None]


class EngineConnection:
    """A connection that has said hello. Any thread may use it.

    Args:
        channel: authenticated; taken over, also on failure.
        timeout: seconds for the hello exchange.
        quiet_seconds, answer_seconds: the rule for hung engines, see the top of this file.

    Raises:
        VersionMismatchError: the engine speaks another protocol; the message names both sides' versions.
        EngineTimeoutError: it does not answer hello.
        ProtocolError: what it says is no hello.
    """

    def __init__(
        self,
        channel: Channel,
        *,
        timeout: float = HELLO_SECONDS,
        quiet_seconds: float = QUIET_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self.quiet_seconds = quiet_seconds
        self.answer_seconds = answer_seconds
        self._channel = channel
        self._lock = threading.Lock()
        self._next_id = 1
        self._answers: Dict[int, Tuple[type, Inbox]] = {}
        self._jobs: Dict[int, Inbox] = {}
        self._watched: Optional[Told] = None
        self._orders: Dict[int, Type[Message]] = {}
        self._error: Optional[GvmMatteError] = None
        self._heard = self._asked = time.monotonic()
        try:
            self.info = self._hello(timeout)
        except BaseException:
            channel.close()
            raise
        threading.Thread(target=self._listen, name="gvm-matte-receiver", daemon=True).start()

    @property
    def error(self) -> Optional[GvmMatteError]:
        """What ended the conversation; None while it goes on."""
        return self._error

    def send(self, message: Message) -> None:
        """Sends a message that needs no answer.

        Raises:
            ConnectionLostError: the engine is gone.
        """
        self._channel.send(message)

    def ping(self, timeout: float = ANSWER_SECONDS) -> float:
        """Seconds that the engine took to answer.

        Raises:
            EngineTimeoutError: it did not answer in time.
            ProtocolError: the conversation is over; the error says why.
        """
        start = time.monotonic()
        self._request(Ping, Pong, timeout)
        return time.monotonic() - start

    def status(self, timeout: float = ANSWER_SECONDS) -> Status:
        """What the engine is doing.

        Raises:
            EngineTimeoutError, ProtocolError: as `ping`.
        """
        return self._request(StatusRequest, Status, timeout)

    def attach(self, *, plates: Optional[FrameRing], alphas: Optional[FrameRing], timeout: float = ATTACH_SECONDS) -> None:
        """Hands the engine the rings of the next job, and lets go of their descriptors once it has them.

        Raises:
            FrameBufferError: the engine could not map them.
            EngineTimeoutError, ProtocolError: as `ping`.
        """
        rings = [ring for ring in (plates, alphas) if ring is not None]
        handles = [ring.handle for ring in rings if ring.handle is not None]

        def send(number: int) -> None:
            message = Attach(number, None if plates is None else plates.spec, None if alphas is None else alphas.spec)
            self._channel.send_attach(message, handles)

        self._ask(send, Attached, timeout)
        for ring in rings:
            ring.drop_handle()

    def render(self, make: Callable[[int], Render]) -> EngineJob:
        """Sends a `Render`, made with the id it gets; its messages come from the returned job.

        Raises:
            ProtocolError: the conversation is over; the error says why.
        """
        number = self.new_id()
        inbox: Inbox = queue.SimpleQueue()
        with self._lock:
            self._check()
            self._jobs[number] = inbox
        self._heard = time.monotonic()
        self._channel.send(make(number))
        return EngineJob(connection=self, number=number, inbox=inbox)

    def watch(self, told: Told, *, pictures: bool, longest: int, timeout: float = ANSWER_SECONDS) -> None:
        """Asks to be told of all jobs of the engine; with `pictures`, into the rings that were attached last.

        Args:
            told: called on the receiving thread with (0, what the engine says), with (id, the answer to an `order`: a
                message or an error), and last of all with (0, what ended the conversation). It must not block.
            longest: edge of the pictures in pixels; 0: the plates' size.

        Raises:
            FrameBufferError: there are no rings for pictures.
            EngineTimeoutError, ProtocolError: as `ping`.
        """
        with self._lock:
            self._check()
            self._watched = told
        self._request(lambda number: Watch(number, pictures, longest), Watching, timeout)

    def order(self, make: Callable[[int], Message], answer: Type[Message] = Ordered) -> int:
        """Sends a request of a watch, made with the id it gets; its answer is told.

        Args:
            answer: what answers it, if not `Failed`.

        Raises:
            ConnectionLostError: the engine is gone.
        """
        number = self.new_id()
        with self._lock:
            self._check()
            self._orders[number] = answer
        self._channel.send(make(number))
        return number

    def shutdown(self) -> None:
        """Asks the engine to end; it cancels its jobs and finishes files in writing.

        Raises:
            ConnectionLostError: it is gone already.
        """
        self._channel.send(Shutdown(self.new_id()))

    def close(self) -> None:
        """Ends the conversation; the engine cancels what it does for it. May be called again."""
        self._fail(ConnectionLostError("The connection to the engine was closed here."))
        self._channel.close()

    def __enter__(self) -> EngineConnection:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def check_alive(self) -> None:
        """Applies the rule for hung engines; never blocks. A job calls it while it waits.

        Raises:
            EngineTimeoutError: the engine hangs.
        """
        now = time.monotonic()
        if now - self._heard < self.quiet_seconds:
            return
        if self._asked <= self._heard:
            self._asked = now
            self._channel.send(Ping(self.new_id()))
        elif now - self._asked > self.answer_seconds:
            raise EngineTimeoutError(
                f"The engine (process {self.info.pid}) hangs: for {now - self._heard:.0f} s nothing has come from it, and "
                "it does not answer."
            )

    # -- inside

    def _hello(self, timeout: float) -> HelloReply:
        self._channel.send(Hello(PROTOCOL_VERSION, __version__, os.getpid()))
        reply = self._channel.receive(timeout)
        if not isinstance(reply, HelloReply):
            raise ProtocolError(f"The engine answered hello with {type(reply).__name__}.")
        if reply.protocol != PROTOCOL_VERSION:
            raise VersionMismatchError(
                f"The engine speaks protocol {reply.protocol} (GVM Matte {reply.package}), this host protocol "
                f"{PROTOCOL_VERSION} (GVM Matte {__version__}). Install the same version on both sides."
            )
        return reply

    def new_id(self) -> int:
        """An id that this connection has not used."""
        with self._lock:
            self._next_id += 1
            return self._next_id - 1

    def _check(self) -> None:
        if self._error is not None:
            raise again(self._error)

    def _request(self, request: Callable[[int], Message], answer: Type[T], timeout: float) -> T:
        return self._ask(lambda number: self._channel.send(request(number)), answer, timeout)

    def _ask(self, send: Callable[[int], None], answer: Type[T], timeout: float) -> T:
        number = self.new_id()
        inbox: Inbox = queue.SimpleQueue()
        with self._lock:
            self._check()
            self._answers[number] = (answer, inbox)
        try:
            send(number)
            found = inbox.get(timeout=timeout)
        except ConnectionLostError:
            # the receiving thread hangs up once it knows why, and who sends at that moment feels a broken pipe alone
            with self._lock:
                self._check()
            raise
        except queue.Empty:
            raise EngineTimeoutError(
                f"The engine (process {self.info.pid}) does not answer within {timeout:g} s."
            ) from None
        finally:
            with self._lock:
                self._answers.pop(number, None)
        if isinstance(found, GvmMatteError):
            raise again(found)
        return cast(T, found)

    def _listen(self) -> None:
        try:
            while True:
                message = self._channel.receive()
                self._heard = time.monotonic()
                self._dispatch(message)
        except GvmMatteError as exc:
            self._fail(exc)
        self._channel.close()

    def _dispatch(self, message: Message) -> None:
        """To who waits for it: one who watches, a job, or who asked."""
        if message.sender == HOST or isinstance(message, HelloReply):
            raise ProtocolError(f"The engine sent {type(message).__name__}, which is no message for a host here.")
        number: int = getattr(message, {JOB: "job"}.get(message.scope, "id"), 0)
        if message.scope == WATCHER and not number:
            self._tell_watch(0, message)
            return
        if isinstance(message, Failed) and number == 0:  # not about a request: the engine ends the conversation
            raise message.error
        with self._lock:
            known = 0 < number < self._next_id
            expected, inbox = self._answers.get(number, (None, None))
            ordered = self._orders.pop(number, None)
            job = self._jobs.get(number)
            if isinstance(message, (Done, Failed)):
                self._jobs.pop(number, None)
        if not known:
            raise ProtocolError(f"The engine sent {type(message).__name__} for {number}, which was not asked for.")
        if ordered is not None:
            self._tell_watch(number, _checked(message, ordered))
        elif isinstance(message, Failed) and inbox is not None:
            inbox.put(message.error)
        elif message.scope == JOB:
            if job is not None:  # else: of a job that has ended here
                job.put(message)
        elif isinstance(message, (Ordered, Picture)):
            raise ProtocolError(f"The engine sent {type(message).__name__} for {number}, which asked for none.")
        elif expected is not None and inbox is not None:  # else: an answer that came too late
            inbox.put(_checked(message, expected))

    def _tell_watch(self, number: int, message: Union[Message, GvmMatteError]) -> None:
        if self._watched is None:
            raise ProtocolError(f"The engine sent {type(message).__name__} to a host that does not watch.")
        self._watched(number, message)

    def _fail(self, error: GvmMatteError) -> None:
        with self._lock:
            if self._error is not None:
                return
            self._error = error
            answers = [inbox for _, inbox in self._answers.values()]
            jobs = list(self._jobs.values())
        for inbox in answers:
            inbox.put(error)
        for job in jobs:
            job.put(error)
        if self._watched is not None:
            self._watched(0, error)

    def forget(self, number: int) -> None:
        """Drops what still comes of a job."""
        with self._lock:
            self._jobs.pop(number, None)


def _checked(message: Message, expected: Type[T]) -> Union[Message, GvmMatteError]:
    """An answer, as it may be: of the kind that was asked for, or an error."""
    if isinstance(message, Failed):
        return message.error
    if not isinstance(message, expected):
        raise ProtocolError(f"The engine answered with {type(message).__name__}, not {expected.__name__}.")
    return message


class EngineJob:
    """One render as the host sees it; made by `EngineConnection.render`. Used by one thread."""

    def __init__(self, *, connection: EngineConnection, number: int, inbox: Inbox) -> None:
        self.id = number
        self._connection = connection
        self._inbox = inbox

    def next(self, timeout: float) -> Optional[Message]:
        """The job's next message, or None if none came within `timeout` seconds.

        Raises:
            EngineTimeoutError: the engine hangs.
            ConnectionLostError: it is gone.
            ProtocolError: it broke the protocol.
        """
        try:
            found = self._inbox.get(timeout=timeout)
        except queue.Empty:
            self._connection.check_alive()
            return None
        if isinstance(found, GvmMatteError):
            raise again(found)
        return found

    def cancel(self) -> None:
        """Asks for the job's end; its last message tells of it. An engine that is gone is no error here."""
        with contextlib.suppress(ConnectionLostError):
            self._connection.send(Cancel(self._connection.new_id(), self.id))

    def forget(self) -> None:
        """Drops what still comes of this job."""
        self._connection.forget(self.id)
