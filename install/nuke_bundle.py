"""One archive for machines without a network: the package, the locked packages' wheels, and what deploys them.

    gvm-matte-0.2.0-py311-linux-x86_64/
        install.py           python3 install.py --nuke-path DIR; standard library alone
        bundle.json          the Python and the system that the wheels are for
        plugin/              the package
        requirements.lock    what is installed
        wheels/              from the index, chosen by pip as `environment` installs them: torch with what it asks for (its
                             CUDA), the rest as it is locked; and pip, for Pythons that come without one
        install/             the same code as in a checkout

The archive appears under its name when it is whole. Everything is gathered in a folder beside it, since the temp folder is
often too small for torch.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .environment import LOCK, locked_version
from .nuke_package import copy_package, package_version
from .nuke_words import sentence
from .steps import InstallError, run_step, say

# The parts of this folder that deploy; the demo's need packages.
INSTALLER = [
    f"{name}.py"
    for name in [
        "__init__",
        "advice",
        "commands",
        "environment",
        "folder_lock",
        "nuke",
        "nuke_deploy",
        "nuke_environment",
        "nuke_init_line",
        "nuke_package",
        "nuke_running",
        "nuke_words",
        "steps",
    ]
]
START = "nuke_offline.py"  # becomes the bundle's install.py
ENDINGS = (".zip", ".tar.gz", ".tgz")


@dataclass(frozen=True)
class Bundle:
    """An archive: its path, its size in bytes, and how many wheels of how many bytes are in it."""

    path: Path
    size: int
    wheels: int
    wheels_size: int


def make_bundle(root: Path, path: Path) -> Bundle:
    """Gathers everything and packs it.

    Args:
        root: the checkout.
        path: of the archive; an older one is replaced.

    Raises:
        InstallError: the name has no known ending, a wheel cannot be had, or the disk does not take it.
    """
    if not path.name.endswith(ENDINGS):
        raise InstallError(f"{path} should end in .zip or .tar.gz.")
    version = package_version(root / "plugin")
    top = f"gvm-matte-{version}-py{sys.version_info[0]}{sys.version_info[1]}-{sysconfig.get_platform()}"
    log = path.with_name(f"{path.name}.log")
    with _gathering(path) as gathering:
        folder, part = gathering / top, gathering / f"archive{path.suffix}"
        folder.mkdir()
        wheels = _download(root, folder / "wheels", log)
        _copy(root, folder, version)
        say(f"  packing {len(wheels)} wheels …")
        _pack(folder, part)
        part.replace(path)
        log.unlink()
    return Bundle(path, path.stat().st_size, len(wheels), sum(wheels))


@contextmanager
def _gathering(path: Path) -> Iterator[Path]:
    """A folder beside the archive, gone at the end."""
    folder = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir()
        yield folder
    except OSError as exc:
        raise InstallError(sentence(exc, path.parent)) from exc
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _download(root: Path, folder: Path, log: Path) -> list[int]:
    """Has pip put all wheels into the folder; gives their sizes."""
    lock = root / LOCK
    torch = locked_version(lock, "torch")
    pip = [sys.executable, "-m", "pip", "download", "--progress-bar", "off", "--only-binary=:all:", "--dest", str(folder)]
    for label, arguments in (
        (f"torch {torch}", ["--constraint", str(lock), f"torch=={torch}"]),
        ("packages", ["--no-deps", "--requirement", str(lock)]),
        ("pip", ["--no-deps", "pip"]),
    ):
        run_step(label, [*pip, *arguments], log=log)
    return [wheel.stat().st_size for wheel in folder.glob("*.whl")]


def _copy(root: Path, folder: Path, version: str) -> None:
    copy_package(root / "plugin", folder / "plugin")
    shutil.copyfile(root / LOCK, folder / LOCK)
    here = Path(__file__).resolve().parent
    (folder / "install").mkdir()
    for name in INSTALLER:
        shutil.copyfile(here / name, folder / "install" / name)
    shutil.copyfile(here / START, folder / "install.py")
    made_for = {"version": version, "python": f"{sys.version_info[0]}.{sys.version_info[1]}"}
    made_for.update(system=platform.system(), machine=platform.machine())
    (folder / "bundle.json").write_text(json.dumps(made_for, indent=1), encoding="utf-8")


def _pack(folder: Path, archive: Path) -> None:
    """Packs a folder under its name; wheels are zipped already, so no time goes into making them smaller."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive, "w") as packed:
            for path in files:
                how = zipfile.ZIP_STORED if path.suffix == ".whl" else zipfile.ZIP_DEFLATED
                packed.write(path, path.relative_to(folder.parent), compress_type=how)
    else:
        with tarfile.open(archive, "w:gz", compresslevel=1) as packed_tar:
            for path in files:
                packed_tar.add(path, path.relative_to(folder.parent))
