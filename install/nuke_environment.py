"""The environment of a deployed engine: made as .venv is, with three differences.

where      DIR/gvm-engine-ID; the ID stands for the lock, the Python and the system, so another lock gets another
           folder, and the old one stays whole until the new one is
project    not linked but found through a .pth file with a relative path: the folder DIR may be moved or mounted elsewhere
name       with a hyphen: Nuke has DIR on its sys.path, where a folder named `engine` could be imported as a module
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from .environment import LOCK, LOG, STAMP, Environment, InstallError
from .steps import clean_environment

PREFIX = "gvm-engine-"
PYTHONS = ((3, 10), (3, 13))  # the oldest and the newest that the lock is for
LINK = "gvm_matte_deployed.pth"
# The engine's first modules; they need the standard library alone, so they also come up where the lock is a small one.
CHECK = "import sys; sys.path.insert(0, sys.argv[1]); import gvm_matte.engine.__main__"


class EngineEnvironment(Environment):
    """The virtual environment beside one deployed package.

    Args:
        root: the folder with the lock: a checkout, or an unpacked bundle.
        home: the folder that the package is deployed in.
    """

    def __init__(self, root: Path, home: Path) -> None:
        super().__init__(root)
        self.home = home
        self.folder = home / (PREFIX + self._fingerprint("engine")[:8])
        self._stamp = self.folder / STAMP

    def is_ready(self, *, tests: bool = False) -> bool:
        """Whether everything is there as it is locked now."""
        return super().is_ready(tests=tests) and self._link.exists()

    def prepare(self, *, tests: bool = False) -> None:
        """As the base class; where it fails, the log stays in the temp folder, since this folder does not stay.

        Raises:
            InstallError: a step failed.
        """
        handle, name = tempfile.mkstemp(prefix="gvm-matte-install-", suffix=".log")
        os.close(handle)
        self.log = Path(name)
        try:
            super().prepare(tests=tests)
        except KeyboardInterrupt:
            self.log.unlink()
            raise
        shutil.move(self.log, self.folder / LOG)

    def check(self, package_parent: Path) -> None:
        """Starts its Python on the package once.

        Args:
            package_parent: the folder that `gvm_matte` lies in.

        Raises:
            InstallError: it does not come up.
        """
        command = [str(self.python), "-B", "-I", "-c", CHECK, str(package_parent)]
        try:
            done = subprocess.run(
                command, env=clean_environment(), capture_output=True, text=True, errors="replace", timeout=120, check=False
            )
        except (OSError, subprocess.SubprocessError) as exc:
            raise InstallError(f"The engine's Python {self.python} cannot be run: {exc}.") from exc
        if done.returncode:
            last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            raise InstallError(f"The engine does not start from this package: {last}. Get a whole copy of GVM Matte.")

    def remove(self) -> None:
        """Removes it; nothing is said where it cannot be."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _link(self) -> Path:
        return self._site_packages() / LINK

    def _pip(self, label: str, *arguments: str) -> None:
        if "--editable" not in arguments:
            super()._pip(label, *arguments)
            return
        relative = os.path.relpath(self.home, self._link.parent)  # relative to the folder that the .pth file is in
        self._link.write_text(relative + "\n", encoding="utf-8")

    def _fingerprint(self, part: str) -> str:
        """Of what is installed and what runs it; not of where it is installed from, since bundles are unpacked anywhere."""
        lock = (self.root / LOCK).read_bytes()
        python = f"{sys.version_info[0]}.{sys.version_info[1]} {sys.implementation.name} {sysconfig.get_platform()} {part}"
        return hashlib.sha256(hashlib.sha256(lock).digest() + python.encode("ascii")).hexdigest()


def check_python() -> None:
    """Whether the Python that runs this can be the engine's.

    Raises:
        InstallError: the lock has no packages for it.
    """
    oldest, newest = PYTHONS
    if not oldest <= sys.version_info[:2] <= newest:
        raise InstallError(
            f"The engine's packages are locked for Python {oldest[0]}.{oldest[1]} to {newest[0]}.{newest[1]}; this is "
            f"Python {sys.version_info[0]}.{sys.version_info[1]} ({sys.executable}). Run it with another, for instance: "
            "python3.11 install nuke"
        )
