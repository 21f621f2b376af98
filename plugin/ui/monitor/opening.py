"""Opening the monitor: inside a host, which has a QApplication and a loop, and as a program, which makes both."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any, List, Optional

from ...core.errors import UsageError
from ..kit.qt import QtCore, QtWidgets, run_loop
from ..kit.theme import grey_palette
from .monitored import MonitoredNode
from .renders import Renders
from .window import MonitorWindow

THEMES = ("dark", "light", "system")
CANCELLED = 3  # the command's exit code after a signal
CANCEL_SECONDS = 5.0
_BEAT_MS = 200  # how often Python gets to look for signals while Qt waits
_open: List[MonitorWindow] = []


def open_monitor(parent: Optional[Any], node: Optional[MonitoredNode]) -> MonitorWindow:
    """Shows the program's one monitor; see `ui.open_monitor`."""
    app = QtWidgets.QApplication.instance()
    if not isinstance(app, QtWidgets.QApplication):
        raise UsageError("The monitor needs a graphical session; `gvm-matte monitor` opens it by itself.")
    if _open:
        window = _open[0]
        if node is not None:
            window.showing.set_node(node)
    else:
        window = MonitorWindow(node=node, parent=parent if parent is not None else _main_window())
        window.setWindowFlag(QtCore.Qt.WindowType.Window, True)
        window.closed.connect(lambda: _forget(window))
        key = id(window)
        window.destroyed.connect(lambda *_: _drop(key))  # also where its host took it along
        _open.append(window)
    window.show_and_watch()
    window.raise_()
    window.activateWindow()
    return window


def _main_window() -> Optional[QtWidgets.QWidget]:
    """Nuke's main window, over which the monitor stays; the active one may be a panel that goes before the monitor does."""
    for widget in QtWidgets.QApplication.topLevelWidgets():
        if str(widget.metaObject().className()) == "Foundry::UI::DockMainWindow":
            return widget
    return None


def _forget(window: MonitorWindow) -> None:
    _drop(id(window))
    window.deleteLater()


def _drop(key: int) -> None:
    _open[:] = [one for one in _open if id(one) != key]


def run_monitor(theme: str) -> int:
    """The program; see `ui.run_monitor`."""
    app = _application()
    if theme != "system":
        app.setStyle("Fusion")
        app.setPalette(grey_palette(dark=theme == "dark"))
    app.setQuitOnLastWindowClosed(False)
    renders = Renders()
    ended_by: List[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, lambda number, _frame: ended_by.append(number))
    window = MonitorWindow(renders=renders)
    window.closed.connect(lambda: _quit_when_done(app, renders))
    beat = QtCore.QTimer()
    beat.timeout.connect(lambda: app.quit() if ended_by else None)
    beat.start(_BEAT_MS)
    try:
        window.show_and_watch()
        run_loop(app)
        if ended_by:
            renders.cancel_all()
            renders.wait(CANCEL_SECONDS)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        window.shut_down()
    return CANCELLED if ended_by else 0


def _quit_when_done(app: QtCore.QCoreApplication, renders: Renders) -> None:
    """The window is closed; renders that are to go on keep the program."""
    if not len(renders):
        app.quit()
        return
    print("GVM Matte: the monitor is closed; its renders go on. Ctrl-C cancels them.", file=sys.stderr, flush=True)
    renders.changed.connect(lambda: None if len(renders) else app.quit())


def _application() -> QtWidgets.QApplication:
    """This program's QApplication.

    Raises:
        UsageError: there is no screen; Qt itself would end the process.
    """
    found = QtWidgets.QApplication.instance()
    if isinstance(found, QtWidgets.QApplication):
        return found
    screenless = not any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
    if sys.platform.startswith("linux") and screenless:
        raise UsageError("There is no screen here (neither DISPLAY nor WAYLAND_DISPLAY is set); run it on a desktop.")
    app = QtWidgets.QApplication(["gvm-matte-monitor"])
    app.setApplicationName("gvm-matte-monitor")
    app.setApplicationDisplayName("GVM Matte")
    return app
