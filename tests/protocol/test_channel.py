"""The connection between host and engine: addresses, the key, frames, descriptors, and peers that misbehave."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Callable, Iterator, List, Tuple

import pytest
from gvm_matte.core.errors import (
    AuthenticationError,
    ConnectionLostError,
    EngineTimeoutError,
    MessageTooLargeError,
    ProtocolError,
)
from gvm_matte.protocol import channel as channel_module
from gvm_matte.protocol.channel import Channel, Listener, authenticate_client, connect, new_key
from gvm_matte.protocol.messages import MAX_MESSAGE_BYTES, Attach, Notice, Ping, Pong
from gvm_matte.protocol.parts import RingSpec
from gvm_matte.protocol.wire import SocketWire

KEY = b"k" * 32
PYTHONS = [Path(sys.executable)] + [
    path for path in Path.home().glob(".pyenv/versions/3.*/bin/python") if int(path.parts[-3].split(".")[1]) >= 9
]


@pytest.fixture
def pair() -> Iterator[Tuple[Channel, Channel]]:
    """Two ends of one connection, as they are after authentication."""
    ends = [Channel(SocketWire(sock)) for sock in socket.socketpair()]
    yield ends[0], ends[1]
    for end in ends:
        end.close()


@pytest.fixture
def raw() -> Iterator[Tuple[socket.socket, Channel]]:
    """A bare socket, and the channel that listens to it."""
    ours, theirs = socket.socketpair()
    with ours, Channel(SocketWire(theirs)) as channel:
        yield ours, channel


def in_thread(work: Callable[[], object]) -> Callable[[], object]:
    """Runs it beside; the returned function waits for what it returned or raised."""
    found: List[object] = []

    def run() -> None:
        try:
            found.append(work())
        except BaseException as exc:
            found.append(exc)

    thread = threading.Thread(target=run)
    thread.start()

    def wait() -> object:
        thread.join(20)
        assert not thread.is_alive()
        return found[0]

    return wait


# -- the key


def test_closing_wakes_accept(listener: Listener) -> None:
    wait = in_thread(listener.accept)
    time.sleep(0.05)
    listener.close()
    assert isinstance(wait(), ConnectionLostError)


def test_both_sides_prove_the_key(listener: Listener) -> None:
    wait = in_thread(lambda: authenticate_client(listener.accept(), KEY))
    with connect(listener.address, KEY, timeout=5) as host:
        engine = wait()
        assert isinstance(engine, Channel)
        with engine:
            host.send(Ping(1))
            assert engine.receive(5) == Ping(1)


def test_a_wrong_key_is_refused_on_both_sides(listener: Listener) -> None:
    wait = in_thread(lambda: authenticate_client(listener.accept(), KEY))
    with pytest.raises(AuthenticationError):
        connect(listener.address, new_key(), timeout=5)
    assert isinstance(wait(), AuthenticationError)


def test_an_engine_without_the_key_is_refused(listener: Listener) -> None:
    """Who squats at the address and says welcome to everybody learns nothing and is not believed."""

    def impostor() -> None:
        with listener.accept() as connection:
            connection.send_bytes(b"GVM-MATTE 1 " + bytes(32))
            connection.recv_bytes()
            connection.send_bytes(bytes(32))

    wait = in_thread(impostor)
    with pytest.raises(AuthenticationError):
        connect(listener.address, KEY, timeout=5)
    wait()


def test_a_proof_cannot_be_sent_back(listener: Listener) -> None:
    """The engine's proof of a session does not pass for a host's in another: they are over different words and numbers."""

    def host() -> None:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(listener.address)
            wire = SocketWire(sock.dup())
            greeting = wire.receive(256, None)
            wire.send(greeting[12:] + channel_module._macs(KEY, greeting[12:], greeting[12:])[1], None)
            assert wire.receive(256, None) == b"refused"
            wire.close()

    wait = in_thread(host)
    with pytest.raises(AuthenticationError, match="wrong key"):
        authenticate_client(listener.accept(), KEY)
    assert wait() is None


@pytest.mark.parametrize(
    "rubbish", [b"", b"x", b"GET / HTTP/1.1\r\n\r\n", struct.pack("!i", -1), struct.pack("!i", 1 << 30)]
)
def test_clients_that_talk_rubbish_are_refused(listener: Listener, rubbish: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(listener.address)
        sock.send(rubbish)
        sock.shutdown(socket.SHUT_WR)
        with pytest.raises(AuthenticationError):
            authenticate_client(listener.accept(), KEY)


def test_a_silent_client_is_dropped_and_blocks_nobody(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_module, "AUTHENTICATION_SECONDS", 0.3)
    with socket.socket(socket.AF_UNIX) as silent, socket.socket(socket.AF_UNIX) as dripping:
        silent.connect(listener.address)
        dripping.connect(listener.address)
        dripping.send(b"\0\0")  # half a length, and no more
        waits = [in_thread(lambda: authenticate_client(listener.accept(), KEY)) for _ in range(3)]
        started = time.monotonic()
        connect(listener.address, KEY, timeout=5).close()
        assert time.monotonic() - started < 0.2
        found = [wait() for wait in waits]
        assert sorted(type(item).__name__ for item in found) == ["AuthenticationError", "AuthenticationError", "Channel"]
        assert time.monotonic() - started < 2
        for item in found:
            if isinstance(item, Channel):
                item.close()


def test_connect_tells_apart_who_is_not_there_and_who_does_not_answer(listener: Listener, place: Path) -> None:
    with pytest.raises(ConnectionLostError, match="No engine listens"):
        connect(str(place / "nobody"), KEY, timeout=1)
    with pytest.raises(EngineTimeoutError, match="does not answer"):
        connect(listener.address, KEY, timeout=0.1)  # nobody accepts
    wait = in_thread(lambda: listener.accept().close())  # takes the one above
    wait()
    wait = in_thread(lambda: listener.accept().close())
    with pytest.raises(ConnectionLostError, match="went away"):
        connect(listener.address, KEY, timeout=5)
    wait()


def test_connect_refuses_what_is_no_engine(listener: Listener) -> None:
    def other() -> Connection:
        connection = listener.accept()
        connection.send_bytes(b"SSH-2.0-hello")
        return connection

    wait = in_thread(other)
    with pytest.raises(ProtocolError, match="no GVM Matte engine"):
        connect(listener.address, KEY, timeout=5)
    found = wait()
    assert isinstance(found, Connection)
    found.close()


@pytest.mark.parametrize("python", PYTHONS, ids=[path.parts[-3] for path in PYTHONS])
def test_hosts_of_every_python_talk_to_this_one(listener: Listener, python: Path, tmp_path: Path) -> None:
    """Also with descriptors: the ring that the other Python makes is mapped here."""
    (tmp_path / "gvm_matte").symlink_to(Path(channel_module.__file__).parents[1])
    script = f"""if True:
        import sys
        sys.path.insert(0, {str(tmp_path)!r})
        from gvm_matte.protocol.channel import connect
        from gvm_matte.protocol.frame_buffer import FrameRing
        from gvm_matte.protocol.messages import Attach, Attached
        ring = FrameRing.create(slots=1, slot_bytes=10)
        ring.payload(ring.acquire(1))[:5] = b"hello"
        with connect({listener.address!r}, {KEY!r}, timeout=5) as channel:
            channel.send_attach(Attach(1, ring.spec, None), [ring.handle])
            assert channel.receive(5) == Attached(1)
        """
    from gvm_matte.protocol.frame_buffer import FrameRing
    from gvm_matte.protocol.messages import Attached

    process = subprocess.Popen([str(python), "-B", "-W", "error", "-c", script], stderr=subprocess.PIPE, text=True)
    with process, authenticate_client(listener.accept(), KEY) as engine:
        attach = engine.receive(10)
        assert isinstance(attach, Attach) and attach.plates is not None
        with FrameRing.attach(attach.plates, engine.receive_handles(1)[0]) as ring:
            assert bytes(ring.payload(0, 5)) == b"hello"
        engine.send(Attached(1))
        assert process.communicate(timeout=10)[1] == ""
    assert process.returncode == 0


# -- messages


def test_messages_pass_in_order_from_many_threads(pair: Tuple[Channel, Channel]) -> None:
    ours, theirs = pair
    text = "x" * 5000  # more than one packet, so that mixing would show

    def send(level: str) -> None:
        for number in range(200):
            ours.send(Notice(number, level, text))

    waits = [in_thread(lambda level=level: send(level)) for level in "abcd"]  # type: ignore[misc]
    found = [theirs.receive(5) for _ in range(800)]
    for wait in waits:
        wait()
    for level in "abcd":
        mine = [message for message in found if isinstance(message, Notice) and message.level == level]
        assert [message.job for message in mine] == list(range(200))
        assert all(message.text == text for message in mine)


def test_a_time_out_loses_nothing_of_a_message_that_came_in_part(raw: Tuple[socket.socket, Channel]) -> None:
    sock, channel = raw
    data = b'{"kind": "Ping", "id": 7}'
    whole = struct.pack("!i", len(data)) + data
    for piece in (whole[:2], whole[2:9], whole[9:]):
        with pytest.raises(EngineTimeoutError):
            channel.receive(0.02)
        sock.send(piece)
    assert channel.receive(1) == Ping(7)
    assert not channel.closed


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (struct.pack("!i", MAX_MESSAGE_BYTES + 1), MessageTooLargeError),
        (struct.pack("!i", 2**31 - 1), MessageTooLargeError),
        (struct.pack("!i", -1) + struct.pack("!Q", 5), ProtocolError),
        (struct.pack("!i", 3) + b"{{{", ProtocolError),
        (struct.pack("!i", 0), ProtocolError),
        (b"HTTP", ProtocolError),
    ],
)
def test_rubbish_breaks_the_connection_at_once(
    raw: Tuple[socket.socket, Channel], data: bytes, error: type[ProtocolError]
) -> None:
    sock, channel = raw
    sock.send(data)
    with pytest.raises(error):
        channel.receive(1)
    assert channel.closed
    with pytest.raises(ConnectionLostError):
        channel.receive(1)
    assert sock.recv(1) == b""  # the other side sees it, too


def test_a_message_that_is_too_long_is_not_sent_and_the_connection_stays(pair: Tuple[Channel, Channel]) -> None:
    ours, theirs = pair
    with pytest.raises(MessageTooLargeError):
        ours.send(Notice(1, "info", "x" * MAX_MESSAGE_BYTES))
    with pytest.raises(ProtocolError, match="cannot be sent"):
        ours.send(Notice(1, "info", float("nan")))  # type: ignore[arg-type]
    ours.send(Ping(1))
    assert theirs.receive(1) == Ping(1)


def test_the_longest_message_passes(pair: Tuple[Channel, Channel]) -> None:
    ours, theirs = pair
    message = Notice(1, "info", "x" * (MAX_MESSAGE_BYTES - 60))
    wait = in_thread(lambda: ours.send(message))
    assert theirs.receive(5) == message
    assert wait() is None


def test_a_peer_that_is_gone_is_noticed(pair: Tuple[Channel, Channel]) -> None:
    ours, theirs = pair
    theirs.close()
    with pytest.raises(ConnectionLostError):
        ours.receive(1)
    assert ours.closed
    with pytest.raises(ConnectionLostError):
        ours.send(Ping(1))


def test_closing_wakes_who_receives(pair: Tuple[Channel, Channel]) -> None:
    ours, _ = pair
    wait = in_thread(lambda: ours.receive())
    time.sleep(0.05)
    ours.close()
    assert isinstance(wait(), ConnectionLostError)
    ours.close()


def test_a_peer_that_takes_in_nothing_counts_as_gone(
    pair: Tuple[Channel, Channel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel_module, "SEND_SECONDS", 0.2)
    started = time.monotonic()
    with pytest.raises(ConnectionLostError):
        for number in range(100_000):
            pair[0].send(Notice(number, "info", "x" * 1000))
    assert time.monotonic() - started < 5
    assert pair[0].closed


# -- descriptors


def test_descriptors_pass_behind_their_attach(pair: Tuple[Channel, Channel]) -> None:
    ours, theirs = pair
    pipes = [os.pipe() for _ in range(2)]
    attach = Attach(3, RingSpec(1, 1, ""), RingSpec(1, 1, ""))
    ours.send(Ping(1))
    ours.send_attach(attach, [pipe[1] for pipe in pipes])
    ours.send(Pong(2))
    assert theirs.receive(1) == Ping(1) and theirs.receive(1) == attach
    handles = theirs.receive_handles(2)
    assert theirs.receive(1) == Pong(2)
    for handle, (reading, writing), text in zip(handles, pipes, (b"a", b"b")):
        assert not os.get_inheritable(handle)
        os.write(handle, text)
        assert os.read(reading, 1) == text
        for item in (handle, reading, writing):
            os.close(item)


def test_descriptors_that_do_not_come_are_an_error(pair: Tuple[Channel, Channel], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_module, "HANDLES_SECONDS", 0.1)
    ours, theirs = pair
    assert theirs.receive_handles(0) == []
    ours.send(Attach(3, RingSpec(1, 1, ""), None))
    theirs.receive(1)
    with pytest.raises(ConnectionLostError):
        theirs.receive_handles(1)


@pytest.mark.parametrize(("sent", "wanted"), [(1, 2), (2, 1)])
def test_another_number_of_descriptors_is_an_error_and_leaks_none(
    pair: Tuple[Channel, Channel], sent: int, wanted: int
) -> None:
    ours, theirs = pair
    ours.send_attach(Attach(3, None, None), [0] * sent)
    theirs.receive(1)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(ProtocolError, match="descriptors"):
        theirs.receive_handles(wanted)
    assert len(os.listdir("/proc/self/fd")) == before
