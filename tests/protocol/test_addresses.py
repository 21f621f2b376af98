"""Private addresses: who can see them, and that nothing of them is left, however their owners end."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from gvm_matte.core.errors import ProtocolError
from gvm_matte.core.processes import process_alive
from gvm_matte.protocol.addresses import private_address, remove_address, sweep_stale_addresses
from gvm_matte.protocol.channel import Listener


def test_a_listeners_folder_and_socket_are_this_users_alone(listener: Listener, place: Path) -> None:
    path = Path(listener.address)
    assert path.parent.parent == place and path.parent.name.startswith(f"gvm-matte-{os.getpid()}-")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    listener.close()
    assert not path.parent.exists()
    listener.close()


def test_the_runtime_folder_is_preferred_and_long_names_are_passed_over(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = place / "run"
    runtime.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    address = private_address()
    assert Path(address).parent.parent == runtime
    remove_address(address)
    runtime.rmdir()
    long = place / ("x" * 90)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    address = private_address()
    assert Path(address).parent.parent == place
    remove_address(address)
    long.rmdir()


def test_a_listener_takes_an_address_of_its_owner_and_no_second_one_does(place: Path) -> None:
    address = private_address()
    listener = Listener(address=address)
    with pytest.raises(ProtocolError, match="cannot listen"):
        Listener(address=address)
    listener.close()
    assert not Path(address).parent.exists()


def test_remove_address_touches_no_other_folder(place: Path) -> None:
    (place / "mine").mkdir()
    (place / "mine" / "s").touch()
    (place / "mine" / "work.nk").touch()
    remove_address(str(place / "mine" / "s"))
    assert [path.name for path in (place / "mine").iterdir()] == ["work.nk"]
    shutil.rmtree(place / "mine")
    remove_address(str(place / "never" / "s"))


def test_folders_of_dead_owners_are_swept_and_those_of_living_ones_stay(listener: Listener, place: Path) -> None:
    script = (
        "import os, signal; from gvm_matte.protocol.channel import Listener; "
        "Listener(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    environment = {**os.environ, "TMPDIR": str(place)}
    subprocess.run([sys.executable, "-c", script], env=environment, check=False)
    dead = [path for path in place.iterdir() if path != Path(listener.address).parent]
    assert len(dead) == 1
    other = place / "gvm-matte-1000"
    other.mkdir()
    sweep_stale_addresses()
    assert sorted(place.iterdir()) == sorted([Path(listener.address).parent, other])
    other.rmdir()


def test_a_folder_whose_socket_answers_is_not_swept(place: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    folder = place / f"gvm-matte-{ended.pid}-abcdefgh"  # its owner lives in another container, say
    folder.mkdir(mode=0o700)
    young = place / f"gvm-matte-{ended.pid}-hgfedcba"  # and has not bound here yet
    young.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(folder / "s"))
        sock.listen()
        sweep_stale_addresses()
        assert folder.exists() and young.exists()
    sweep_stale_addresses()
    assert not folder.exists()
    young.rmdir()


def test_process_alive() -> None:
    assert process_alive(os.getpid()) and not process_alive(0) and not process_alive(-5) and process_alive(1)
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        assert not process_alive(ended.pid)  # ended, not yet reaped
    assert not process_alive(ended.pid)
