"""`gvm-matte farm gui`: the submitter's window for plates on disk, or for a script's node."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from pathlib import Path
from typing import Any, Dict

from ...core.errors import UsageError
from ...params.presets import load_preset
from ..options import add_params, params_of


def add_gui(actions: Any) -> None:
    """Adds the subcommand."""
    parser = actions.add_parser(
        "gui",
        help="choose and submit in a window",
        description="Opens the submitter: range, tasks, worker and engine, the commands that this comes to, Save Bundle "
        "and Submit.",
    )
    parser.add_argument("--input", default="", metavar="PATH", help="plates; they can be named in the window, too")
    parser.add_argument("--output", default="", metavar="PATTERN", help="mattes")
    parser.add_argument("--shot-range", default="", metavar="A-B", help="the whole shot (default: what is on disk)")
    parser.add_argument("--frames", default="", metavar="RANGE", help="what is asked for to begin with")
    parser.add_argument("--script", default="", metavar="FILE.nk", help="take plates, mattes and parameters from its node")
    parser.add_argument("--node", default="", metavar="NAME", help="which GVM Matte of the script")
    parser.add_argument("--verbose", action="store_true", help="where errors come from")
    add_params(parser)
    parser.set_defaults(run=run_gui)


def run_gui(args: argparse.Namespace) -> int:
    """The subcommand; it ends with the window.

    Raises:
        UsageError: a shot that is named in two ways, no Qt, or no screen.
    """
    if args.script and (args.input or args.output or args.shot_range):
        raise UsageError("--script stands in for --input, --output and --shot-range; in a script the node says them.")
    if args.node and not args.script:
        raise UsageError("--node names a node of a script; give --script, too.")
    if args.script and not Path(args.script).is_file():
        raise UsageError(f"There is no script {args.script}.", path=args.script)
    check_screen()
    from ...ui.kit import theme
    from ...ui.kit.qt import QtWidgets, run_loop
    from ...ui.submitter import Shot, SubmitterDialog

    application = QtWidgets.QApplication.instance() or QtWidgets.QApplication(sys.argv[:1])
    assert isinstance(application, QtWidgets.QApplication), "a command has no other"
    application.setStyle("Fusion")
    application.setPalette(theme.grey_palette())
    shot = Shot(
        input=_absolute(args.input),
        output=_absolute(args.output),
        span=args.shot_range,
        script=_absolute(args.script),
        node=args.node,
        from_script=bool(args.script),
        params=_params(args),
        preset=args.preset or "",
    )
    dialog = SubmitterDialog(shot, frames=args.frames)
    dialog.show()
    with_signals(application)
    return run_loop(application)


def check_screen() -> None:
    """Whether a window can be opened: Qt itself would abort the process.

    Raises:
        UsageError: there is no Qt for Python, or no screen.
    """
    if not any(importlib.util.find_spec(name) for name in ("PySide6", "PySide2")):
        raise UsageError("A window needs PySide6; `pip install PySide6_Essentials` brings it.")
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in screens):
        raise UsageError(
            "There is no screen here (neither DISPLAY nor WAYLAND_DISPLAY is set). `gvm-matte farm bundle` and `gvm-matte "
            "farm submit` need none."
        )


def with_signals(application: Any) -> None:
    """Has Ctrl-C in the terminal close the windows: Python looks at signals only while Python code runs.

    The handler may run between any two lines of a window's own code, so it leaves the closing to the loop: a window that
    closes in the middle of starting a process would not know of it.
    """
    import signal

    from ...ui.kit.qt import QtCore

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: QtCore.QTimer.singleShot(0, application.closeAllWindows))
    timer = QtCore.QTimer(application)
    timer.timeout.connect(lambda: None)
    timer.start(200)


def _params(args: argparse.Namespace) -> Dict[str, Any]:
    """The parameters on top of the preset."""
    base = load_preset(args.preset) if args.preset else {}
    return {name: value for name, value in params_of(args).items() if name not in base or base[name] != value}


def _absolute(path: str) -> str:
    return os.path.abspath(path) if path else ""  # noqa: PTH100 - links stay as they are
