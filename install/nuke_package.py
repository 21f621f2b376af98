"""The parts of a deployment that Nuke reads: the package's copy, engine.json in it, and the two files that start it."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

from .steps import InstallError

PACKAGE, ENGINE_FILE = "gvm_matte", "engine.json"
STARTERS = ("init", "menu")
PARTS = (PACKAGE, *(f"{name}.py" for name in STARTERS))  # in this order: Nuke starts nothing that is not there yet
# Caches, what editors and file browsers leave.
LEFT_OUT = re.compile(r"__pycache__|\..*|.*\.py[cod]|.*~")
STARTER = '''\
"""GVM Matte's {name}.py, for Nuke to run. Made by `python3 install nuke`, and replaced by its next run."""

try:
    import gvm_matte.{name}  # noqa: F401
except (Exception, SystemExit):  # whatever it is, Nuke goes on
    import traceback

    print("GVM Matte is not available in this session; its {name}.py failed:")
    traceback.print_exc()
'''


def package_version(package: Path) -> str:
    """The version in a package's `__init__.py`.

    Raises:
        InstallError: there is no package.
    """
    try:
        found = re.search(r'^__version__ = "(.+)"', (package / "__init__.py").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError as exc:
        raise InstallError(f"{package} is not GVM Matte's package: {exc.strerror}. Get a whole copy of it.") from exc
    if found is None:
        raise InstallError(f"{package / '__init__.py'} names no version. Get a whole copy of GVM Matte.")
    return found.group(1)


def stage(package: Path, folder: Path, python: Path) -> None:
    """Makes all `PARTS` in a folder beside which the environment lies.

    Args:
        package: the folder to copy.
        folder: made here; the parts are renamed into its parent later.
        python: the engine's interpreter, below that parent.

    Raises:
        OSError: a file cannot be read or written.
    """
    copy_package(package, folder / PACKAGE)
    # Relative to the package, so that the whole may be moved, or be mounted under another path elsewhere.
    relative = os.path.join("..", os.path.relpath(python, folder.parent))
    engine = json.dumps({"python": relative.replace(os.sep, "/")})
    (folder / PACKAGE / ENGINE_FILE).write_text(engine + "\n", encoding="utf-8")
    for name in STARTERS:
        (folder / f"{name}.py").write_text(STARTER.format(name=name), encoding="utf-8")


def copy_package(source: Path, target: Path) -> None:
    """Copies what belongs to the package; with the permissions of new files, since others shall read them on a share.

    Raises:
        OSError: a file cannot be read or written.
    """
    target.mkdir(parents=True)
    for path in sorted(source.iterdir()):
        if LEFT_OUT.fullmatch(path.name):
            continue
        if path.is_dir():
            copy_package(path, target / path.name)
        else:
            shutil.copyfile(path, target / path.name)
