"""OpenCue for tests: its Python, Cuebot in small, and a real RQD on the loopback."""

from __future__ import annotations

import json
import os
import queue
import shutil
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any, Dict, List

import pytest
from farm_kit import side_environment

from install.side_environments import SideEnvironment

STUB = Path(__file__).with_name("cuebot_stub.py")
ANSWER_SECONDS = 120.0  # for a frame that takes four on a computer with nothing else to do
TIME = Path("/usr/bin/time")


def opencue_environment(package: str = "opencue-pyoutline") -> SideEnvironment:
    """OpenCue's environment; `package`: what the test needs of it."""
    return side_environment("opencue", package)


def own_settings() -> Dict[str, str]:
    """This environment without anybody's settings of OpenCue."""
    ours = ("CUE", "OL_", "OUTLINE", "OPENCUE", "RQD_", "GVM_", "PYTHONPATH")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


class Cuebot:
    """The stub's process; a context manager.

    Args:
        refuses: what it answers instead of a job.
    """

    def __init__(self, *, refuses: str = "") -> None:
        environment = {**own_settings(), "GVM_STUB_REFUSES": refuses}
        self._process = subprocess.Popen(
            [str(opencue_environment().python), "-B", str(STUB)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=environment,
        )  # fmt: skip
        self._events: queue.SimpleQueue[Dict[str, Any]] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.port: int = self.wait_for("port")

    @property
    def address(self) -> str:
        """As clients name it."""
        return f"127.0.0.1:{self.port}"

    def wait_for(self, kind: str) -> Any:
        """What the next event of a kind says; those of others before it are dropped."""
        while True:
            event = self._events.get(timeout=ANSWER_SECONDS)
            if kind in event:
                return event[kind]

    def order(self, **order: Any) -> None:
        """Lets it tell RQD something."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def __enter__(self) -> Cuebot:
        return self

    def __exit__(self, *exc: object) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        assert self._process.wait(timeout=30) == 0
        self._reader.join()
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._events.put(json.loads(line))


class Rqd:
    """A real RQD that knows this Cuebot; a context manager.

    Args:
        folder: for its settings, its log, its frames' logs and temporary files.
    """

    def __init__(self, cuebot: Cuebot, folder: Path) -> None:
        environment = opencue_environment("opencue-rqd")
        if not TIME.exists():
            pytest.skip(f"RQD starts every frame through {TIME}, which is not here (package `time`)")
        self.cuebot, self.folder = cuebot, folder
        folder.mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"127.0.0.1:{port}"
        settings = {
            "RQD_GRPC_PORT": port, "CUEBOT_GRPC_PORT": cuebot.port, "OVERRIDE_CUEBOT": "127.0.0.1",
            "RQD_NETWORK_INTERFACE": "lo", "OVERRIDE_NIMBY": False, "RQD_BECOME_JOB_USER": False, "OVERRIDE_CORES": 2,
        }  # fmt: skip
        lines = [f"{name} = {value}" for name, value in settings.items()]
        (folder / "rqd.conf").write_text("\n".join(["[Override]", *lines, ""]))
        self._log = (folder / "rqd.log").open("w")
        self._process = subprocess.Popen(
            [str(environment.python), "-B", "-m", "rqd", "-c", str(folder / "rqd.conf")], stdin=subprocess.DEVNULL,
            stdout=self._log, stderr=self._log, cwd=folder, env={**own_settings(), "TMPDIR": str(folder)},
        )  # fmt: skip
        cuebot.wait_for("boot")

    def launch(self, frame: str, command: str, environment: Dict[str, str]) -> None:
        """Starts a frame's command."""
        wish = {"frame": frame, "command": command, "environment": environment, "log_dir": str(self.folder / "logs")}
        self.cuebot.order(launch={"rqd": self.address, **wish})

    def kill(self, frame: str) -> None:
        """Kills a frame, as CueGUI does: without notice."""
        self.cuebot.order(kill={"rqd": self.address, "frame": frame})

    @property
    def log(self) -> str:
        """The log of the frames."""
        return "".join(path.read_text() for path in sorted((self.folder / "logs").glob("*.rqlog")))

    def listens_on(self) -> List[str]:
        """The addresses that its process listens on, in hexadecimal as the kernel writes them."""
        descriptors = Path(f"/proc/{self._process.pid}/fd").iterdir()
        sockets = {str(path.readlink()) for path in descriptors if path.is_symlink()}  # socket:[inode]
        found = []
        for table in ("tcp", "tcp6"):
            for line in Path("/proc/net", table).read_text().splitlines()[1:]:
                words = line.split()
                if words[3] == "0A" and f"socket:[{words[9]}]" in sockets:
                    found.append(words[1].partition(":")[0])
        return found

    def __enter__(self) -> Rqd:
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.terminate()
        assert self._process.wait(timeout=30) == 0
        self._log.close()
        shutil.rmtree(self.folder)
