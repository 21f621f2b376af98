"""Environments beside .venv, for tests that run other people's programs: each with the packages of one lock of its own.

    .venv-deadline   requirements-deadline.lock   AWS Deadline Cloud's client
    .venv-opencue    requirements-opencue.lock    OpenCue's Python API, pyoutline and RQD, the program of its workers

They cannot be in .venv, nor in one: the two pin different versions of psutil. Nothing of GVM Matte is installed into them,
and no user needs them. `python3 install test` makes them as it makes .venv: with a stamp, a lock, and again where the lock
file has changed.
"""

from __future__ import annotations

import hashlib
import sys
import sysconfig
from pathlib import Path

from .environment import LOG, STAMP, Environment, InstallError
from .steps import say

NAMES = ("deadline", "opencue")


class SideEnvironment(Environment):
    """One of them.

    Args:
        root: the checkout.
        name: `deadline` or `opencue`.
    """

    def __init__(self, root: Path, name: str) -> None:
        super().__init__(root)
        self.name = name
        self.folder = self.root / f".venv-{name}"
        self.log = self.folder / LOG
        self.requirements = self.root / f"requirements-{name}.lock"
        self._stamp = self.folder / STAMP

    def is_ready(self, *, tests: bool = True) -> bool:
        """Whether everything is installed as it is locked now."""
        return super().is_ready(tests=tests)

    def prepare(self, *, tests: bool = True) -> None:
        """As the base class.

        Raises:
            InstallError: a step failed.
        """
        super().prepare(tests=tests)

    def command(self, name: str) -> str:
        """The path of a command that a package of it brings."""
        return str(self.python.with_name(name + self.python.suffix))

    def _parts(self, tests: bool) -> list[str]:
        return [self.name]

    def _install(self, tests: bool) -> None:
        self._pip("packages", "--no-deps", "--only-binary=:all:", "--requirement", str(self.requirements))

    def _fingerprint(self, part: str) -> str:
        python = f"{sys.version_info[0]}.{sys.version_info[1]} {sys.implementation.name} {sysconfig.get_platform()}"
        text = "\n".join([str(self.root), python, self.requirements.read_text(encoding="utf-8")])
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def prepare_side_environments(root: Path) -> None:
    """Makes all of them, where they are not there. One that cannot be made is told, and the tests that need it fail."""
    for name in NAMES:
        environment = SideEnvironment(root, name)
        if environment.is_ready():
            continue
        try:
            environment.prepare()
        except InstallError as exc:
            say(f"\n{exc}\nThe tests that need {environment.folder.name} will fail.\n")
