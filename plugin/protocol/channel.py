"""One connection between host and engine: where the engine listens, who may talk to it, and how messages travel.

    host                                            engine
    ────                                            ──────
    private_address() ─── address, key ───────────▶ Listener(address=…)       over the child's stdin, or a 0600 file
    connect(address, key) ────────────────────────▶ accept()                  raw: a silent client blocks no other
          ◀─────── "GVM-MATTE 1 " + nonce_e ─────── authenticate_client()     in a thread of its own, bounded
          ──────── nonce_h + mac("host") ─────────▶
          ◀─────── mac("engine"), or "refused" ────
    Channel ◀═════════ protocol messages ═════════▶ Channel

    mac(side) = HMAC-SHA256(key, side + nonce_e + nonce_h)

Why an exchange of our own: that of `multiprocessing` is HMAC-MD5 before Python 3.12, which a host in FIPS mode does not
have, and another one since. This one is the same in every Python, and the engine proves that it has the key too.

Frames and time-outs are `wire`'s; addresses, and who removes them, are `addresses`'s. What others need of both is here.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import hmac
import secrets
import select
import socket
import sys
import threading
import time
from multiprocessing import connection as mp_connection
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Iterator, List, Optional, Sequence, Tuple, Type

from ..core.errors import AuthenticationError, ConnectionLostError, EngineTimeoutError, ProtocolError
from .addresses import private_address, remove_address
from .codec import decode, encode
from .messages import AUTHENTICATION_SECONDS, MAX_MESSAGE_BYTES, Attach, Message
from .wire import PipeWire, SocketWire, Wire, until, wire_of

KEY_BYTES = 32
SEND_SECONDS = 30.0  # a peer that takes in nothing for so long counts as gone
HANDLES_SECONDS = 5.0  # descriptors follow their Attach at once

_GREETING = b"GVM-MATTE 1 "
_REFUSED = b"refused"
_NONCE = 32
_SMALL = 256  # no message of the authentication is longer
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


def new_key() -> bytes:
    """A key for one engine."""
    return secrets.token_bytes(KEY_BYTES)


class Listener:
    """Where an engine listens. Owns its socket; `close` removes the socket and its private folder.

    Args:
        address: as `private_address` made it; None makes one.

    Raises:
        ProtocolError: the address cannot be listened at.
    """

    def __init__(self, *, address: Optional[str] = None) -> None:
        self.address = private_address() if address is None else address
        self._closed = threading.Event()
        self._accepting = threading.Lock()
        try:
            if sys.platform == "win32":
                self._pipe = mp_connection.Listener(self.address, family="AF_PIPE")
            else:
                self._socket = _bound(self.address)
                self._wake_read, self._wake_write = socket.socketpair()  # closing one end wakes `accept`
        except OSError as exc:
            if address is None:
                remove_address(self.address)
            raise ProtocolError(f"The engine cannot listen at {self.address}: {exc}.", path=self.address) from exc

    def accept(self) -> Connection:
        """The next connection, not yet authenticated; hand it to `authenticate_client` in another thread.

        Raises:
            ConnectionLostError: the listener is closed; a waiting `accept` gets this, too.
        """
        with self._accepting:
            while not self._closed.is_set():
                accepted = self._accept()
                if accepted is not None and not self._closed.is_set():
                    return accepted
        raise ConnectionLostError("The listener is closed.")

    def _accept(self) -> Optional[Connection]:
        """A connection, or None after something that is worth another look."""
        try:
            if sys.platform == "win32":
                return self._pipe.accept()
            poll = select.poll()
            poll.register(self._socket, select.POLLIN)
            poll.register(self._wake_read, select.POLLIN)
            poll.poll()
            return Connection(self._socket.accept()[0].detach())
        except (OSError, EOFError) as exc:
            if getattr(exc, "errno", None) in _EXHAUSTED:
                self._closed.wait(0.1)  # descriptors or memory may come back
            return None

    def close(self) -> None:
        """Stops listening, wakes `accept`, and removes socket and folder. May be called again."""
        if self._closed.is_set():
            return
        self._closed.set()
        if sys.platform == "win32":
            with contextlib.suppress(OSError):
                mp_connection.Client(self.address, family="AF_PIPE").close()  # wakes accept
            with self._accepting:
                self._pipe.close()
        else:
            self._wake_write.close()
            with self._accepting:
                self._wake_read.close()
                self._socket.close()
            remove_address(self.address)


def _bound(address: str) -> socket.socket:
    """A socket that listens there, open to this user alone."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.bind(address)
        Path(address).chmod(0o600)
        sock.listen(16)
    except BaseException:
        sock.close()
        raise
    return sock


# -- channels ----------------------------------------------------------------------------------------------------------


class Channel:
    """One authenticated connection. Any thread may send; one thread at a time receives; any thread may close."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._send_lock = threading.Lock()
        self._receive_lock = threading.Lock()
        self._closed = False
        self._deaf = False  # what came was no message: nothing more is read, but a last word may still be sent

    @property
    def closed(self) -> bool:
        """Whether nothing more will come: closed here, or broken by the peer."""
        return self._closed or self._deaf

    def send(self, message: Message) -> None:
        """Sends one message.

        Raises:
            ConnectionLostError: the peer is gone, or has taken in nothing for `SEND_SECONDS`.
            MessageTooLargeError: longer than the protocol allows; the connection stays.
        """
        self._send(message, ())

    def send_attach(self, attach: Attach, handles: Sequence[int]) -> None:
        """Sends an `Attach` and, right behind it, the descriptors of its rings; on Windows there are none.

        Raises:
            ConnectionLostError: the peer is gone.
        """
        self._send(attach, handles)

    def _send(self, message: Message, handles: Sequence[int]) -> None:
        data = encode(message)
        with self._send_lock, self._broken_by(OSError, TimeoutError):
            self._wire.send(data, until(SEND_SECONDS), handles)

    def receive(self, timeout: Optional[float] = None) -> Message:
        """The next message; a time-out loses nothing of one that has come in part.

        Args:
            timeout: seconds, or None to wait for ever.

        Raises:
            EngineTimeoutError: nothing whole came in time.
            ConnectionLostError: the peer closed, or this side did.
            MessageTooLargeError: more was announced than the protocol allows; nothing more can be received then.
            ProtocolError: rubbish; nothing more can be received then.
        """
        with self._receive_lock, self._broken_by(OSError, EOFError):
            if self._deaf:
                raise EOFError
            try:
                return decode(self._wire.receive(MAX_MESSAGE_BYTES, until(timeout)))
            except TimeoutError:
                pass
            except ProtocolError:
                self._deaf = True
                raise
        raise EngineTimeoutError(f"No message came within {timeout:g} s.")

    def receive_handles(self, count: int) -> List[int]:
        """The descriptors that follow an `Attach`, as many as it has rings; the caller owns them. Windows has none.

        Raises:
            ConnectionLostError: the peer closed, or sent none in time.
            ProtocolError: another number came.
        """
        if count == 0:
            return []
        with self._receive_lock, self._broken_by(OSError, EOFError, TimeoutError, ProtocolError):
            return self._wire.receive_handles(count, until(HANDLES_SECONDS))

    @contextlib.contextmanager
    def _broken_by(self, *kinds: Type[BaseException]) -> Iterator[None]:
        """After one of these errors the stream's frames are out of step, or there is none: nothing more may pass."""
        if self._closed:
            raise ConnectionLostError("The connection is closed.")
        try:
            yield
        except kinds as exc:
            self._closed = True
            self._wire.wake()
            if isinstance(exc, ProtocolError):
                raise
            reason = str(exc) or ("it was closed" if isinstance(exc, EOFError) else "it does not answer")
            raise ConnectionLostError(f"The connection to the other side is lost: {reason}.") from exc

    def close(self) -> None:
        """Ends the connection and wakes the threads that send or receive. May be called again."""
        self._closed = True
        self._wire.wake()
        with self._receive_lock, self._send_lock:
            self._wire.close()

    def __enter__(self) -> Channel:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


# -- authentication ----------------------------------------------------------------------------------------------------


def _macs(key: bytes, nonce_e: bytes, nonce_h: bytes) -> Tuple[bytes, bytes]:
    """(host's, engine's) proof that they have the key."""
    host, engine = (hmac.new(key, side + nonce_e + nonce_h, hashlib.sha256).digest() for side in (b"host", b"engine"))
    return host, engine


def authenticate_client(connection: Connection, key: bytes) -> Channel:
    """The engine's side: checks that the client has the key, and proves that the engine has it.

    Takes the connection over; it is closed if the client fails, or needs more than `AUTHENTICATION_SECONDS` in all.

    Raises:
        AuthenticationError: the client has not the key, talks rubbish, went away, or is silent.
    """
    deadline = until(AUTHENTICATION_SECONDS)
    try:
        wire = wire_of(connection)
    except OSError as exc:
        raise AuthenticationError("A client went away before it showed the key.") from exc
    try:
        nonce_e = secrets.token_bytes(_NONCE)
        wire.send(_GREETING + nonce_e, deadline)
        answer = wire.receive(_SMALL, deadline)
        host, engine = _macs(key, nonce_e, answer[:_NONCE])
        if not hmac.compare_digest(answer[_NONCE:], host):
            wire.send(_REFUSED, deadline)
            raise AuthenticationError("A client showed a wrong key.")
        wire.send(engine, deadline)
    except (OSError, EOFError, ProtocolError) as exc:
        wire.close()
        if isinstance(exc, AuthenticationError):
            raise
        raise AuthenticationError(f"A client did not show the key: {exc or type(exc).__name__}.") from exc
    return Channel(wire)


def connect(address: str, key: bytes, *, timeout: float) -> Channel:
    """The host's side: connects to an engine and authenticates both ways; the hello exchange is the caller's.

    Args:
        timeout: seconds for all of it.

    Raises:
        ConnectionLostError: no engine listens there, or the engine went away.
        EngineTimeoutError: it listens and does not answer in time.
        AuthenticationError: the key is not the engine's.
        ProtocolError: what listens there is no engine of this kind.
    """
    deadline = time.monotonic() + timeout
    try:
        wire = _dial(address, deadline)
    except TimeoutError as exc:
        raise EngineTimeoutError(f"The engine at {address} does not accept connections.", path=address) from exc
    except OSError as exc:
        raise ConnectionLostError(f"No engine listens at {address}: {exc}.", path=address) from exc
    try:
        greeting = wire.receive(_SMALL, deadline)
        if not greeting.startswith(_GREETING) or len(greeting) != len(_GREETING) + _NONCE:
            raise ProtocolError(f"What listens at {address} is no GVM Matte engine, or one of another time.", path=address)
        nonce_e, nonce_h = greeting[len(_GREETING) :], secrets.token_bytes(_NONCE)
        host, engine = _macs(key, nonce_e, nonce_h)
        wire.send(nonce_h + host, deadline)
        if not hmac.compare_digest(wire.receive(_SMALL, deadline), engine):
            raise AuthenticationError(f"The engine at {address} has another key; start a new one.", path=address)
    except (OSError, EOFError, ProtocolError) as exc:
        wire.close()
        if isinstance(exc, ProtocolError):
            raise
        if isinstance(exc, TimeoutError):
            raise EngineTimeoutError(f"The engine at {address} does not answer.", path=address) from exc
        raise ConnectionLostError(f"The engine at {address} went away while connecting.", path=address) from exc
    return Channel(wire)


def _dial(address: str, deadline: float) -> Wire:
    if sys.platform == "win32":
        return PipeWire(mp_connection.Client(address, family="AF_PIPE"))
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.setblocking(False)
    try:
        while True:
            try:
                sock.connect(address)
                return SocketWire(sock)
            except BlockingIOError as exc:  # the queue of the listener is full
                if time.monotonic() >= deadline:
                    raise TimeoutError from exc
                time.sleep(0.01)
    except BaseException:
        sock.close()
        raise
