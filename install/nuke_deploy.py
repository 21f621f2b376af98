"""A deployment: a folder for NUKE_PATH with the package and the engine's environment. Whole or not at all.

    DIR/gvm-matte.json      says that the folder is ours, and what is in it
    DIR/init.py, menu.py    what Nuke runs; they import gvm_matte.init and gvm_matte.menu, and report what fails
    DIR/gvm_matte/          the package; its engine.json names the engine's Python, relative to itself
    DIR/gvm-engine-ID/      the engine's environment, see `nuke_environment`

Order: the package is copied into DIR/.gvm-staging, the environment is made in its own new folder, the one is tried on the
other, and only then the parts are renamed into place; the mark is written last, and then what is old goes. What fails on
the way leaves an earlier deployment as it was, and nothing where there was none. What a killed run leaves is put back or
cleared away by the next one. The environment that a running engine came from stays until then, too.

Files of other people stay wherever they are, and a folder that has some and no mark of ours is not touched.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from .folder_lock import NAME as LOCK_NAME
from .folder_lock import folder_lock
from .nuke_environment import PREFIX, EngineEnvironment
from .nuke_package import PARTS, STARTERS, package_version, stage
from .nuke_running import running_from
from .nuke_words import sentence
from .steps import InstallError, say, write_whole

MARK = "gvm-matte.json"
STAGING, OLD = ".gvm-staging", ".gvm-old"


@dataclass(frozen=True)
class Mark:
    """What `MARK` holds.

    Attributes:
        version: of the package; empty while the first deployment is being made.
        engine: name of the environment's folder.
        made_folder: whether DIR itself is ours to remove.
    """

    version: str = ""
    engine: str = ""
    made_folder: bool = False


@dataclass(frozen=True)
class Deployed:
    """What a deployment came to.

    Attributes:
        folder: what NUKE_PATH shall name.
        python: the engine's interpreter.
        version: of the package.
        replaced: version of the one before; empty if there was none.
        running: ids of engines that were started from the one before and go on.
    """

    folder: Path
    python: Path
    version: str
    replaced: str
    running: list[int]


@dataclass(frozen=True)
class Removed:
    """What an uninstallation came to: names in the folder that are not ours and stay, ids of engines that go on."""

    left: list[str]
    running: list[int]


def deploy(root: Path, folder: Path) -> Deployed:
    """Deploys, or replaces the deployment that is there.

    Args:
        root: a checkout or an unpacked bundle: plugin/ and requirements.lock.
        folder: absolute; made where it is missing.

    Raises:
        InstallError: it cannot be done; what was there is there.
    """
    version = package_version(root / "plugin")
    with _sentences(folder):
        _refuse_foreign(folder)
        made = not folder.exists()
        try:
            with folder_lock(folder, waiting=lambda: _tell_to_wait(folder)):
                _refuse_foreign(folder)  # another process may have been at work there
                before = _read_mark(folder)
                if not before.version:
                    before = Mark(made_folder=made or before.made_folder)
                    _write_mark(folder, before)  # what is killed from here on leaves a folder that is known as ours
                running = running_from(folder)
                environment = EngineEnvironment(root, folder)
                _put_back(folder)
                _deploy(root, folder, environment, before)
                _write_mark(folder, Mark(version, environment.folder.name, before.made_folder))
                _remove_old(folder, keep=environment.folder)
        finally:
            if not _read_mark(folder).version:
                _clear(folder, made=made)
    return Deployed(folder, environment.python, version, before.version, running)


def uninstall(folder: Path) -> Removed:
    """Removes what was deployed and nothing else.

    Raises:
        InstallError: there is nothing of ours, or it cannot be removed.
    """
    with _sentences(folder):
        if not (folder / MARK).exists():
            raise InstallError(f"There is no deployment of GVM Matte in {folder}. Name its folder with --nuke-path DIR.")
        with folder_lock(folder, waiting=lambda: _tell_to_wait(folder)):
            running = running_from(folder)
            made = _read_mark(folder).made_folder
            _write_mark(folder, Mark(made_folder=made))  # half of it is none
        _clear(folder, made=made)
        return Removed(sorted(path.name for path in folder.iterdir()) if folder.exists() else [], running)


def _deploy(root: Path, folder: Path, environment: EngineEnvironment, before: Mark) -> None:
    """Makes all that is new and renames it into place, or leaves nothing of it."""
    try:
        stage(root / "plugin", folder / STAGING, environment.python)
        if not environment.is_ready():
            environment.prepare()
        environment.check(folder / STAGING)
        (folder / OLD).mkdir()
        for part in PARTS:
            if (folder / part).exists():
                (folder / part).rename(folder / OLD / part)
            (folder / STAGING / part).rename(folder / part)
    except BaseException:
        _put_back(folder)
        if environment.folder.name != before.engine:
            environment.remove()
        raise


def _put_back(folder: Path) -> None:
    """Undoes a renaming that was not finished, and clears the staging away."""
    old = folder / OLD
    for part in PARTS:
        if (old / part).exists():
            _remove(folder / part)
            (old / part).rename(folder / part)
    for name in (OLD, STAGING):
        _remove(folder / name)


def _remove_old(folder: Path, *, keep: Path) -> None:
    """What the renaming put aside, and environments that are no longer in use."""
    (folder / OLD).rename(folder / STAGING / OLD)  # at one stroke: half of it must not be put back
    _remove(folder / STAGING)
    for path in folder.glob(f"{PREFIX}*"):
        if path != keep and not running_from(path):
            shutil.rmtree(path, ignore_errors=True)
        if path != keep and path.exists():
            say(f"{path} is in use; the next installation removes it.")


def _clear(folder: Path, *, made: bool) -> None:
    """Removes everything that is ours; the mark, by which the rest is known, at the end, and the folder if we made it."""
    if (folder / MARK).exists():
        for name in (*reversed(PARTS), OLD, STAGING):
            _remove(folder / name)
        for path in folder.glob(f"{PREFIX}*"):
            _remove(path)
        for name in STARTERS:
            for path in (folder / "__pycache__").glob(f"{name}.*.pyc"):
                path.unlink()
        with suppress(OSError):  # there is none, or it has files of others
            (folder / "__pycache__").rmdir()
        made = made or _read_mark(folder).made_folder
        (folder / LOCK_NAME).unlink(missing_ok=True)
        (folder / MARK).unlink()
    if made:
        with suppress(OSError):  # the same
            (folder / LOCK_NAME).unlink(missing_ok=True)
            folder.rmdir()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _refuse_foreign(folder: Path) -> None:
    """Whether the folder may be ours.

    Raises:
        InstallError: it is no folder, or has files in it and no mark of ours.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise InstallError(f"{folder} is a file; name a folder with --nuke-path DIR.")
    if not (folder / MARK).exists() and any(path.name != LOCK_NAME for path in folder.iterdir()):
        raise InstallError(
            f"{folder} has files in it that GVM Matte did not put there, so it is left alone. Name a folder that is empty "
            f"or does not exist yet, for instance --nuke-path {folder / 'gvm'}"
        )


def _read_mark(folder: Path) -> Mark:
    """What the mark says; where it makes no sense, that something unknown is deployed."""
    try:
        text = (folder / MARK).read_text(encoding="utf-8")
    except OSError:
        return Mark()
    try:
        raw = json.loads(text)
        return Mark(str(raw["version"]), str(raw["engine"]), bool(raw["made_folder"]))
    except (ValueError, KeyError, TypeError):
        return Mark(version="unknown")


def _write_mark(folder: Path, mark: Mark) -> None:
    write_whole(folder / MARK, json.dumps({"what": "a deployment of GVM Matte", **asdict(mark)}, indent=1))


@contextmanager
def _sentences(folder: Path) -> Iterator[None]:
    """What the system says becomes one sentence."""
    try:
        yield
    except OSError as exc:
        raise InstallError(sentence(exc, folder)) from exc


def _tell_to_wait(folder: Path) -> None:
    say(f"Another installation is at work in {folder}; waiting for it …")
