"""Fixtures of several folders."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Iterator, List

import pytest
from gvm_matte.protocol.channel import Listener
from support import PARITY, PLAIN, RunCli, case, cli_command, leftovers, write_plates

# As the engine process has it; read when torch is loaded, which this process has not done yet.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# The user's config, presets, weights and warm engine would change what comes out. Runs side by side, as pytest-xdist's
# workers, have temporary folders of their own, where engines leave their addresses.
for name in ("OCIO", "XDG_RUNTIME_DIR", *(name for name in os.environ if name.startswith("GVM_"))):
    os.environ.pop(name, None)


def pytest_configure(config: pytest.Config) -> None:
    """Gives this process, and all that it starts, folders of its own; `tmp_path` stays where pytest keeps the last runs."""
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
    folder = tempfile.mkdtemp(prefix="gr", dir="/tmp" if os.name == "posix" else None)  # short: sockets lie in it
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    os.environ.update(dict.fromkeys(("TMPDIR", "TEMP", "TMP"), folder), XDG_DATA_HOME=str(Path(folder, "data")))
    tempfile.tempdir = folder


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary folder of the test's own, for us and every process that we start; at the end it must be empty of ours.

    Its path is short, since a Unix socket's may have 107 bytes.
    """
    folder = Path(tempfile.mkdtemp(prefix="gt", dir="/tmp" if os.name == "posix" else None))
    for name in ("TMPDIR", "TEMP", "TMP", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield folder
    left = leftovers(folder)
    shutil.rmtree(folder, ignore_errors=True)
    assert not left


@pytest.fixture
def cli(scratch: Path) -> RunCli:
    """Runs `gvm-matte` with these words, in a process of its own."""

    def run(*words: str, cwd: Path | None = None, timeout: float = 240.0) -> subprocess.CompletedProcess[str]:
        return subprocess.run(cli_command(*words), capture_output=True, text=True, timeout=timeout, cwd=cwd, check=False)

    return run


@pytest.fixture(scope="session")
def svd_plates(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The 17 plates of the windows case, 96x64, as a sequence from frame 1001."""
    _, tensors = case("svd_windows")
    return write_plates(tmp_path_factory.mktemp("plates"), tensors["rgb"].transpose(0, 2, 3, 1))


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> List[str]:
    """Options for the tiny svd model in windows of 8 with 2 shared, decoded 4 at a time, as the windows case has them."""
    return [
        "--model-base", str(PARITY / "svd"), "--num-frames-per-batch", "8", "--num-overlap-frames", "2",
        "--decode-chunk-size", "4", *PLAIN,
    ]  # fmt: skip


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A short temp folder for this test alone, which must be empty afterwards."""
    tmp_path_factory.getbasetemp()  # pytest's own lies in the real one
    folder = Path(tempfile.mkdtemp(prefix="gt"))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    left = [path.name for path in folder.iterdir()]
    shutil.rmtree(folder)
    assert left == []


@pytest.fixture
def listener(place: Path) -> Iterator[Listener]:
    with_close = Listener()
    yield with_close
    with_close.close()


@pytest.fixture(scope="module")
def one_thread_an_engine() -> Iterator[None]:
    """On the CPU frames are the same bit by bit where as many threads compute them."""
    patch = pytest.MonkeyPatch()
    patch.setenv("OMP_NUM_THREADS", "1")
    yield
    patch.undo()
