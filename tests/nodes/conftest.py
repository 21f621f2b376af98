"""A host with a saved script, and one warm engine for all tests of this folder."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, Iterator

import pytest
from gvm_matte.client import stop_warm_engine
from gvm_matte.host import Host
from node_kit import gvm, matte_node, read_node, settle
from support import shared_leftovers


@pytest.fixture(scope="session")
def engine_place() -> Iterator[Path]:
    """Where the warm engine of these tests leaves its address; it is ended with them."""
    folder = Path(tempfile.mkdtemp(prefix="gn", dir="/tmp" if os.name == "posix" else None))
    yield folder
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GVM_ENGINE_FILE", str(folder / "engine.json"))
        stop_warm_engine()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def warm(engine_place: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The warm engine, which the first test that asks starts; and no preset but those built in.

    Its place is set for each test anew: a setting that outlived the test would be met by the tests of other folders, which
    a run in several processes puts between these.
    """
    monkeypatch.setenv("GVM_ENGINE_FILE", str(engine_place / "engine.json"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("GVM_PRESET_PATH", raising=False)
    monkeypatch.delenv("GVM_ENGINE_PYTHON", raising=False)
    monkeypatch.setattr("gvm_matte.nodes.matte_state.DELAY", 0.05)
    return engine_place


def _host(tmp_path: Path, **options: Any) -> Host:
    host = Host(**options)
    host.session.root["name"].setValue(str(tmp_path / "sh010.nk"))
    return host


def _end(host: Host) -> None:
    for node in gvm.every_node():
        gvm.cancel(node)
    settle(host)
    errors = host.callback_errors
    host.close()
    assert shared_leftovers() == []
    assert [str(error.error) for error in errors] == []


@pytest.fixture
def host(warm: Path, tmp_path: Path) -> Iterator[Host]:
    """A terminal session with a script that has a name."""
    made = _host(tmp_path)
    yield made
    _end(made)


@pytest.fixture
def gui(warm: Path, tmp_path: Path) -> Iterator[Host]:
    """A GUI session with a script that has a name."""
    made = _host(tmp_path, gui=True)
    yield made
    _end(made)


@pytest.fixture
def node(host: Host, svd_plates: str) -> Any:
    """A GVM Matte behind a Read, in a terminal session."""
    return matte_node(read_node(svd_plates))


@pytest.fixture
def shown(gui: Host, svd_plates: str) -> Any:
    """A GVM Matte behind a Read, in a GUI session."""
    made = matte_node(read_node(svd_plates))
    settle(gui)
    return made
