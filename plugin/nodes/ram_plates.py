"""Plates of branches: rendered by a Write that lives only meanwhile, to a folder in memory, and removed afterwards.

The same branch comes to lie under the same path with the same time stamp, since that is what the engine knows a plate by:
rendered again unchanged, its mattes are kept. Who cleans up: `close`; folders that a dead session left are removed by the
next one that needs their name.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, Tuple

import nuke

from ..addresses import process_alive
from ..errors import CancelledError, MatteWriteError, PlateError, UsageError
from ..paths import frame_path
from . import names
from .order import Order

MEMORY = Path("/dev/shm")
STAMP = 946684800  # 2000-01-01: a plate's time must not say when it was rendered
CHANNELS = {names.PLATE: "rgb", names.GARBAGE: "alpha", names.CORE: "alpha"}
NEW_SECONDS = 60.0
_OWNER = "owner"


class RamPlates:
    """The folder of one render.

    Args:
        held: how many frames lie there at the same time, at most.

    Raises:
        MatteWriteError: neither memory nor disk have room.
    """

    def __init__(self, order: Order, held: int) -> None:
        self._order = order
        self._written: Dict[int, List[int]] = {index: [] for index in order.branches}
        need = sum(_plate_bytes(order, index) for index in order.branches) * held
        self.folder = _folder(need, _name(order))
        self.patterns = {index: str(self.folder / f"{names.INPUTS[index]}.%04d.exr") for index in order.branches}

    def missing(self, index: int, frames: Iterable[int]) -> List[int]:
        """The frames of an input that were not rendered yet."""
        there = set(self._written[index])
        return [frame for frame in frames if frame not in there]

    def write(self, node: nuke.Node, index: int, frames: List[int]) -> None:
        """Renders frames of an input; on the main thread.

        Raises:
            CancelledError: the person stopped it.
            PlateError: it cannot be rendered; the message names the frames and says what Nuke says.
        """
        for first, last in _runs(frames):
            try:
                with _write_node(node, index, self.patterns[index]) as write, _no_proxy():
                    nuke.execute(write, first, last, 1, [self._view()])
            except RuntimeError as exc:
                if str(exc).startswith("Cancelled"):
                    raise CancelledError("The render was cancelled.") from exc
                what = f"The {names.INPUTS[index]} input of {self._order.name}"
                raise PlateError(f"{what} cannot be rendered for frames {first}-{last}: {exc}", frame=first) from exc
            for frame in range(first, last + 1):
                self._check(index, frame)

    def _view(self) -> str:
        """The view to look at: the one that the knob names, else the script's first."""
        views, wanted = nuke.views(), self._order.params.get("view", "")
        return wanted if wanted in views else views[0]

    def _check(self, index: int, frame: int) -> None:
        path = Path(frame_path(self.patterns[index], frame))
        if not path.is_file() or path.stat().st_size == 0:
            raise PlateError(f"Nuke did not write {path}; is the folder full?", frame=frame, path=str(path))
        os.utime(path, (STAMP, STAMP))
        self._written[index].append(frame)

    def forget(self, before: int) -> None:
        """Removes the plates of frames that no later block needs; their names stay known as rendered."""
        for index, frames in self._written.items():
            for frame in frames:
                if frame < before:
                    with contextlib.suppress(FileNotFoundError):
                        Path(frame_path(self.patterns[index], frame)).unlink()

    def close(self) -> None:
        """Removes everything."""
        shutil.rmtree(self.folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # another render's folders are beside it
            self.folder.parent.rmdir()


def _plate_bytes(order: Order, index: int) -> int:
    width, height = order.window
    return width * height * 2 * len(CHANNELS[index].replace("alpha", "a")) + (1 << 16)


def _name(order: Order) -> str:
    return "-".join([order.node_id[:12], *(plate.key for _, plate in sorted(order.branches.items()))])


def _folder(need: int, name: str) -> Path:
    """A new folder where there is room: in memory, else on disk."""
    user = "" if os.name == "nt" else f"-{os.getuid()}"
    for root in (MEMORY, Path(tempfile.gettempdir())):
        with contextlib.suppress(OSError):
            if root.is_dir() and shutil.disk_usage(root).free > need + need // 4:
                return _made(root / f"gvm-plates{user}", name)
    raise MatteWriteError(
        f"The plates need {need / 1e9:.1f} GB while they are rendered; neither memory nor {tempfile.gettempdir()} has that "
        "much room. Render the branch to disk and connect a Read.",
        path=tempfile.gettempdir(),
    )


def _made(base: Path, name: str) -> Path:
    base.mkdir(mode=0o700, exist_ok=True)
    if os.name == "posix" and base.lstat().st_uid != os.getuid():
        raise OSError(f"{base} is another user's.")
    _sweep(base)
    folder = base / name
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if _owner_lives(folder):  # another session renders the same node
            folder = base / f"{name}-{os.getpid()}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
    (folder / _OWNER).write_text(str(os.getpid()), encoding="ascii")
    return folder


def _sweep(base: Path) -> None:
    """Removes what sessions left that are dead; a folder that is new may not have its owner's name yet."""
    for folder in base.iterdir():
        if time.time() - folder.stat().st_mtime > NEW_SECONDS and not _owner_lives(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _owner_lives(folder: Path) -> bool:
    try:
        return process_alive(int((folder / _OWNER).read_text(encoding="ascii")))
    except (OSError, ValueError):
        return False


@contextlib.contextmanager
def _write_node(node: nuke.Node, index: int, pattern: str) -> Iterator[nuke.Node]:
    """A Write inside the node, for a moment: one that stayed would be rendered by `nuke -x`."""
    assert isinstance(node, nuke.Group)
    source = names.inner(node, names.INPUTS[index])
    if source is None:
        raise UsageError(f"{node.name()} has no Input node {names.INPUTS[index]!r} inside any more; make a new GVM Matte.")
    with names.untracked():
        with node:
            write = nuke.nodes.Write(name="GvmPlates1")
        try:
            write.setInput(0, source)
            values = {
                "file": pattern.replace("\\", "/"), "file_type": "exr", "datatype": "16 bit half", "compression": "none",
                "channels": CHANNELS[index], "raw": True, "autocrop": False, "create_directories": True,
            }  # fmt: skip
            for knob, value in values.items():
                write[knob].setValue(value)
            yield write
        finally:
            nuke.delete(write)


@contextlib.contextmanager
def _no_proxy() -> Iterator[None]:
    """Full size: proxy mode holds for the whole script, so it must come back whatever happens."""
    knob = nuke.root()["proxy"]
    before = bool(knob.value())
    with names.untracked():
        if before:
            knob.setValue(False)
        try:
            yield
        finally:
            if before:
                knob.setValue(True)


def _runs(frames: List[int]) -> List[Tuple[int, int]]:
    runs: List[Tuple[int, int]] = []
    for frame in sorted(frames):
        if runs and frame == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], frame)
        else:
            runs.append((frame, frame))
    return runs
