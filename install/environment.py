"""The environment in .venv: made once, repaired where it is broken, recognised at once where it is whole.

    1  a virtual environment      by the Python that runs this
    2  torch                      first and by itself: its pin decides the build, no package's dependency does
    3  what is locked             requirements.lock, and requirements-test.lock for tests; no resolving, each pin as it is
    4  this project               linked, so that an edit is seen at once
    5  the stamp                  written last: without it, the next run goes through 1 to 4, which skip what is there

The stamp holds a hash of everything that the steps depend on, and the names of what they installed. It is all that a
second run looks at. A lock keeps two runs from working on the same environment at once.

Who cleans up: a package that was being installed when the power went has a metadata folder without pip's last
file in it. Those folders are removed before pip runs, which then installs the package anew over what lies there.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from contextlib import suppress
from pathlib import Path

from .folder_lock import NAME as LOCK_NAME
from .folder_lock import folder_lock
from .steps import InstallError, clean_environment, run_step, say, write_whole

__all__ = ["Environment", "InstallError"]

LOCK, TEST_LOCK, PROJECT = "requirements.lock", "requirements-test.lock", "pyproject.toml"
STAMP, LOG = "gvm-matte-stamp.json", "install.log"
LAST_FILE_OF_A_PACKAGE = "INSTALLER"  # pip writes it when all others are there


class Environment:
    """The virtual environment of one checkout.

    Args:
        root: the checkout.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.folder = self.root / ".venv"
        self.log = self.folder / LOG
        self._stamp = self.folder / STAMP
        self._lock = -1  # descriptor, while this process holds the folder

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def is_running(self) -> bool:
        """Whether this process is its interpreter."""
        return self.folder.is_dir() and Path(sys.prefix).resolve() == self.folder.resolve()

    def is_ready(self, *, tests: bool) -> bool:
        """Whether everything is installed as it is locked now: a look at a few file names, no process is started."""
        stamp = self._read_stamp()
        if not self.python.exists() or any(stamp.get(part) != self._fingerprint(part) for part in self._parts(tests)):
            return False
        packages = stamp.get("packages")
        return isinstance(packages, list) and set(packages) <= set(self._packages())

    def prepare(self, *, tests: bool) -> None:
        """Makes it, or completes or repairs what is there.

        Args:
            tests: whether the tools for tests are wanted, too.

        Raises:
            InstallError: a step failed; the message says which, why, and what to do.
        """
        try:
            with folder_lock(self.folder, waiting=self._tell_to_wait) as self._lock:
                if not self.is_ready(tests=tests):
                    self._prepare(tests)
        except OSError as exc:
            raise InstallError(f"{self.folder} cannot be used: {exc}.") from exc

    def _prepare(self, tests: bool) -> None:
        say(f"Setting up {self.folder} (Python {platform.python_version()}); details go to {self.log}")
        self._forget()
        # 1. the environment
        problem = self._problem()
        if problem:
            if self.is_running():
                raise InstallError(f"{self.folder} must be made anew, but this is its own Python: {problem} Use another.")
            if self.python.exists():
                say(f"  It is made anew: {problem}")
            self._create()
        self._drop_half_installed()
        # 2 to 4. the packages
        self._install(tests)
        # 5. the stamp
        self._write_stamp(self._parts(tests))

    def _parts(self, tests: bool) -> list[str]:
        """What is installed, as the stamp names it."""
        return ["engine", "test"] if tests else ["engine"]

    def _install(self, tests: bool) -> None:
        # 2. torch
        torch = locked_version(self.root / LOCK, "torch")
        self._pip(f"torch {torch}", "--constraint", str(self.root / LOCK), f"torch=={torch}")
        # 3. what is locked
        locks = [LOCK, TEST_LOCK] if tests else [LOCK]
        files = [part for name in locks for part in ("--requirement", str(self.root / name))]
        self._pip("packages", "--no-deps", "--only-binary=:all:", *files)
        # 4. this project
        self._pip("this project", "--no-deps", "--no-build-isolation", "--editable", str(self.root))

    def _pip(self, label: str, *arguments: str) -> None:
        command = [str(self.python), "-m", "pip", "install", "--progress-bar", "off", *arguments]
        run_step(label, command, log=self.log, lock=self._lock)

    # -- 1

    def _problem(self) -> str:
        """Why the environment cannot be built upon, as a sentence; empty if it can."""
        if not self.python.exists():
            return "there is none."
        ask = "import sys, pip; print(*sys.version_info[:2], sys.implementation.name, sys.prefix)"
        command = [str(self.python), "-c", ask]
        try:
            answer = subprocess.run(
                command, env=clean_environment(), capture_output=True, text=True, timeout=120, check=True
            ).stdout.strip()
        except (OSError, subprocess.SubprocessError):
            return "its Python does not run, or has no pip."
        running = f"{sys.version_info[0]} {sys.version_info[1]} {sys.implementation.name}"
        if not answer.startswith(running + " "):
            return f"it is of another Python ({answer}) than the one that runs this ({running})."
        return "" if self._is_at_home() else "it was made in another folder, and its scripts point there."

    def _is_at_home(self) -> bool:
        """Whether it was made where it lies now: the paths in its scripts are absolute."""
        activate = self.python.with_name("activate")
        try:
            return str(self.folder) in activate.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return True  # nothing speaks against it

    def _create(self) -> None:
        for child in self.folder.iterdir():
            if child.name in (LOCK_NAME, LOG):  # held open by this very process
                continue
            if child.is_dir() and not child.is_symlink():
                shutil.rmtree(child)
            else:
                child.unlink()
        make = [sys.executable, "-m", "venv", str(self.folder)]
        try:
            run_step("virtual environment", make, log=self.log, lock=self._lock)
        except InstallError:
            pip = importlib.util.find_spec("pip")
            if pip is None or pip.origin is None or importlib.util.find_spec("venv") is None:
                raise
            self._create_with_own_pip(make, Path(pip.origin).parent.parent)

    def _create_with_own_pip(self, make: list[str], site: Path) -> None:
        """For systems that ship pip and take ensurepip away: this Python's pip installs one into the environment.

        Args:
            site: the folder that this Python's pip lies in.
        """
        run_step("virtual environment", [*make, "--without-pip"], log=self.log, lock=self._lock)
        command = [str(self.python), "-m", "pip", "install", "--ignore-installed", "pip"]
        environment = clean_environment(PYTHONPATH=str(site))
        run_step("pip", command, log=self.log, lock=self._lock, environment=environment)

    # -- 3

    def _site_packages(self) -> Path:
        scheme = "nt" if os.name == "nt" else "posix_prefix"  # not the default one, which distributions change
        return Path(sysconfig.get_path("purelib", scheme, {"base": str(self.folder)}))

    def _packages(self) -> list[str]:
        """Names of the metadata folders of what is installed whole."""
        return sorted(found.parent.name for found in self._site_packages().glob(f"*.dist-info/{LAST_FILE_OF_A_PACKAGE}"))

    def _drop_half_installed(self) -> None:
        whole = set(self._packages())
        for folder in self._site_packages().glob("*.dist-info"):
            if folder.name not in whole:
                shutil.rmtree(folder)
        for folder in self._site_packages().glob("~*"):  # where pip put a package that it was about to replace
            shutil.rmtree(folder, ignore_errors=True)

    # -- 5

    def _fingerprint(self, part: str) -> str:
        """Of everything that the installation of a part depends on."""
        files = [LOCK, PROJECT] if part == "engine" else [TEST_LOCK]
        state = hashlib.sha256()
        for text in (
            str(self.root), f"{sys.version_info[0]}.{sys.version_info[1]}", sys.implementation.name,
            sysconfig.get_platform(), *((self.root / name).read_text(encoding="utf-8") for name in files),
        ):  # fmt: skip
            state.update(hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest())
        return state.hexdigest()

    def _read_stamp(self) -> dict[str, object]:
        try:
            stamp = json.loads(self._stamp.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return stamp if isinstance(stamp, dict) else {}

    def _write_stamp(self, parts: list[str]) -> None:
        stamp: dict[str, object] = {part: self._fingerprint(part) for part in parts}
        stamp["packages"] = self._packages()
        write_whole(self._stamp, json.dumps(stamp, indent=1))

    def _forget(self) -> None:
        with suppress(FileNotFoundError):
            self._stamp.unlink()

    def _tell_to_wait(self) -> None:
        say(f"Another installation is at work in {self.folder.name}; waiting for it …")


def locked_version(lock: Path, package: str) -> str:
    """The version that a lock file pins a package to.

    Raises:
        InstallError: it pins no such package.
    """
    for line in lock.read_text(encoding="utf-8").splitlines():
        name, equals, rest = line.partition("==")
        if equals and name.strip() == package:
            return rest.split()[0].rstrip(";")
    raise InstallError(f"{lock} does not pin {package}.")
