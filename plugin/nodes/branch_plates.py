"""Plates of branches: rendered by a Write that lives only meanwhile, to a folder in memory, and removed afterwards.

    Write ─▶ FOLDER/part/plate.1001.exr ─ there, and not empty ─▶ FOLDER/plate.1001.exr, which the engine waits for

Who cleans up: `close`; folders that a dead session left are removed by the next one that renders a branch.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import Dict, Iterator, Set

import nuke

from ..core.errors import CancelledError, MatteWriteError, PlateError, UsageError
from ..core.paths import frame_path
from ..core.processes import process_alive
from . import names
from .order import Order

MEMORY = Path("/dev/shm")
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
        self._order, self._held = order, held
        self._there: Dict[int, Set[int]] = {index: set() for index in order.branches}
        self._lock = threading.Lock()  # the main thread writes, the one that follows the engine removes
        need = sum(_plate_bytes(order, index) for index in order.branches) * held
        self.folder = _folder(need)
        self.patterns = {index: str(self.folder / _name(index)) for index in order.branches}
        self._parts = {index: str(self.folder / "part" / _name(index)) for index in order.branches}

    def has_room(self, index: int) -> bool:
        """Whether one more plate of an input may lie there."""
        with self._lock:
            return len(self._there[index]) < self._held

    def write(self, node: nuke.Node, index: int, frame: int) -> None:
        """Renders a frame of an input and puts it in its place; on the main thread.

        Raises:
            CancelledError: the person stopped it.
            PlateError: it cannot be rendered; the message names the frame and says what Nuke says.
        """
        try:
            with _write_node(node, index, self._parts[index]) as write, _no_proxy():
                nuke.execute(write, frame, frame, 1, [self._view()])
        except RuntimeError as exc:
            if str(exc).startswith("Cancelled"):
                raise CancelledError("The render was cancelled.") from exc
            what = f"The {names.INPUTS[index]} input of {self._order.name}"
            raise PlateError(f"{what} cannot be rendered for frame {frame}: {exc}", frame=frame) from exc
        part = Path(frame_path(self._parts[index], frame))
        if not part.is_file() or part.stat().st_size == 0:
            raise PlateError(f"Nuke did not write {part}; is the folder full?", frame=frame, path=str(part))
        with self._lock:
            part.replace(frame_path(self.patterns[index], frame))
            self._there[index].add(frame)

    def _view(self) -> str:
        """The view to look at: the one that the knob names, else the script's first."""
        views, wanted = nuke.views(), self._order.params.get("view", "")
        return wanted if wanted in views else views[0]

    def forget(self, index: int, before: int) -> None:
        """Removes an input's plates of earlier frames."""
        with self._lock:
            gone = {frame for frame in self._there[index] if frame < before}
            for frame in gone:
                with contextlib.suppress(OSError):  # Windows: still open; `close` removes it
                    Path(frame_path(self.patterns[index], frame)).unlink()
            self._there[index] -= gone

    def close(self) -> None:
        """Removes everything."""
        shutil.rmtree(self.folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # another render's folders are beside it
            self.folder.parent.rmdir()


def _plate_bytes(order: Order, index: int) -> int:
    width, height = order.window
    return width * height * 2 * len(CHANNELS[index].replace("alpha", "a")) + (1 << 16)


def _name(index: int) -> str:
    return f"{names.INPUTS[index]}.%04d.exr"


def _folder(need: int) -> Path:
    """A new folder where there is room: in memory, else on disk."""
    user = "" if os.name == "nt" else f"-{os.getuid()}"
    for root in (MEMORY, Path(tempfile.gettempdir())):
        with contextlib.suppress(OSError):
            if root.is_dir() and shutil.disk_usage(root).free > need + need // 4:
                return _made(root / f"gvm-plates{user}")
    raise MatteWriteError(
        f"The plates need {need / 1e9:.1f} GB while they are rendered; neither memory nor {tempfile.gettempdir()} has that "
        "much room. Render the branch to disk and connect a Read.",
        path=tempfile.gettempdir(),
    )


def _made(base: Path) -> Path:
    while True:
        base.mkdir(mode=0o700, exist_ok=True)
        if os.name == "posix" and base.lstat().st_uid != os.getuid():
            raise OSError(f"{base} is another user's.")
        try:
            _sweep(base)
            folder = Path(tempfile.mkdtemp(prefix="render-", dir=base))
        except FileNotFoundError:  # a render that ended took the folder away
            continue
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
