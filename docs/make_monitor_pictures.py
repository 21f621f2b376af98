"""Makes the pictures of docs/monitor.md: `python docs/make_monitor_pictures.py`.

The monitor itself is driven, without a screen, as a compositor would: a shot is rendered with the built-in model, a bad
frame looked for, an edge changed, a block tried with other settings and compared. The plates are those of
`python3 install demo`, under names as a shot has them. Takes about a minute on two cores.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
from gvm_matte.client import MatteJob, stop_warm_engine
from gvm_matte.protocol.parts import Sink, Source
from gvm_matte.protocol.watching import DONE
from gvm_matte.ui.kit.qt import QtCore, QtWidgets
from gvm_matte.ui.kit.theme import grey_palette
from gvm_matte.ui.monitor.window import MonitorWindow
from gvm_matte.ui.picture.display import View
from PIL import Image as Pillow

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
PLATES = ROOT / "demo" / "plates"
SHOT, FRAME = (1001, 1016), 1010
QUICK = {"size": 224, "num_frames_per_batch": 8, "num_overlap_frames": 2}
MOST_BYTES, COLOURS = 250_000, 256
# What the first-run page runs, with a neutral name for where the package lies here.
LOOKING = (
    "import subprocess, sys; found = subprocess.run([sys.executable, '-m', 'gvm_matte.cli.doctor', '--json'], "
    "capture_output=True, text=True).stdout; print(found.replace(sys.argv[1], '/opt/gvm-matte'))"
)


def main() -> None:
    """Makes all of them."""
    with tempfile.TemporaryDirectory(prefix="show") as scratch:
        os.environ["GVM_ENGINE_FILE"] = str(Path(scratch) / "engine.json")  # an engine of its own
        os.environ["XDG_DATA_HOME"] = scratch  # without the presets of whoever runs this
        os.environ.pop("GVM_PRESET_PATH", None)
        formats = QtCore.QSettings.Format
        QtCore.QSettings.setDefaultFormat(formats.IniFormat)
        QtCore.QSettings.setPath(formats.IniFormat, QtCore.QSettings.Scope.UserScope, scratch)
        app = QtWidgets.QApplication([])
        app.setStyle("Fusion")
        app.setPalette(grey_palette())
        window = MonitorWindow(looking=[sys.executable, "-c", LOOKING, str(ROOT)])
        try:
            window.resize(1280, 860)
            _draw(window, _shot(Path(scratch, "sh010")))
        finally:
            window.renders.cancel_all()
            window.renders.wait(10.0)
            window.shut_down()
            stop_warm_engine()


def _shot(folder: Path) -> Path:
    """The demo's plates under a shot's names."""
    (folder / "plates").mkdir(parents=True)
    for frame in range(SHOT[0], SHOT[1] + 1):
        (folder / "plates" / f"sh010_plate.{frame}.exr").symlink_to(PLATES / f"plate.{frame}.exr")
    return folder


def _draw(window: MonitorWindow, shot: Path) -> None:
    """A compositor's way through the window."""
    window.show_and_watch()
    _until(lambda: bool(window.first_run.findings), "the findings of the first run")
    _keep(window, "setup")
    window.control.do("start")
    _until(lambda: window.model.link is not None, "the engine")
    window.show_page("picture")

    window.renders.start(_job(shot), "sh010_plate")
    _until(lambda: any(job.done >= 9 for job in window.model.jobs.values()), "the first frames")
    window.picture.set_view(View.OVERLAY)
    _keep(window, "queue")
    _until(lambda: _all_done(window, 1), "the shot")

    frame = min(window.picture._playable(), key=lambda one: abs(one - FRAME))  # one whose raw alpha came
    window.picture.go_to(frame)
    window.picture.set_view(View.CHECKER)
    _set(window, "black_point", 0.3)
    _keep(window, "edge")

    _set(window, "denoise_steps", 3)
    window.tweak.block_button.click()
    _until(lambda: _all_done(window, 2), "the block")
    window.picture.go_to(frame)
    _rest(3.0)  # a side that did not come while it was rendered is read from disk
    _keep(window, "compare")
    window.show_page("engine")
    _rest(3.0)  # the plot needs a few seconds behind it
    _keep(window, "engine")


def _job(shot: Path) -> MatteJob:
    plates, mattes = shot / "plates" / "sh010_plate.####.exr", shot / "mattes" / "sh010_matte.####.exr"
    return MatteJob(Source("files", str(plates)), Sink(str(mattes)), f"{SHOT[0]}-{SHOT[1]}", SHOT, QUICK)


def _all_done(window: MonitorWindow, jobs: int) -> bool:
    states = [job.state for job in window.model.jobs.values()]
    return states == [DONE] * jobs and not len(window.renders)


def _set(window: MonitorWindow, name: str, value: float) -> None:
    """Changes a parameter in its field."""
    field: Any = window.tweak.form.fields[name].editor.main
    field.setValue(value)


def _until(there: Callable[[], bool], what: str, seconds: float = 300.0) -> None:
    """Lets the window run until something is so."""
    deadline = time.monotonic() + seconds
    while not there():
        QtWidgets.QApplication.processEvents()
        time.sleep(0.005)
        if time.monotonic() > deadline:
            sys.exit(f"Waited in vain for {what}.")


def _rest(seconds: float) -> None:
    deadline = time.monotonic() + seconds
    _until(lambda: time.monotonic() > deadline, "time")


def _keep(window: MonitorWindow, name: str) -> None:
    """Saves the window as it is, in 256 colours: a third of the bytes."""
    _rest(0.5)  # what was asked for comes
    window.statusBar().clearMessage()
    data = QtCore.QByteArray()
    buffer = QtCore.QBuffer(data)
    buffer.open(QtCore.QIODevice.OpenModeFlag.WriteOnly)
    window.grab().save(buffer, "PNG")
    path = IMAGES / f"monitor_{name}.png"
    picture = Pillow.open(io.BytesIO(data.data())).convert("RGB")
    picture.quantize(COLOURS, dither=Pillow.Dither.NONE).save(path, optimize=True)
    if path.stat().st_size > MOST_BYTES:
        sys.exit(f"{path} has {path.stat().st_size:,} bytes; {MOST_BYTES:,} are allowed.")


if __name__ == "__main__":
    main()
