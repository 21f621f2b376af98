"""What can be done with the picture, each with its key.

Keys are single letters, as viewers have them, and work while the keyboard is anywhere in the page. Inside Nuke some of them
belong to the host's own menus, and Qt fires neither of two shortcuts that are alike; so the page claims its keys before Qt
looks for shortcuts, and runs the action itself. A widget that types (a number's field) has its keys first.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Protocol, Tuple

from ..kit.actions import action
from ..kit.qt import QAction, QtCore, QtGui, QtWidgets
from .canvas import Canvas
from .display import View
from .display_bar import DisplayBar
from .playback import Playback

STOP = 0.25  # of exposure, for a key
WIPE_STEP = 0.02  # of the picture's width
PAN_STEP = 0.1  # of what is seen
IN_MENU = ("block", "next_trouble", "previous_trouble", "keep", "wipe", "fit", "one_to_one")
_MODIFIERS = (
    QtCore.Qt.KeyboardModifier.ControlModifier,
    QtCore.Qt.KeyboardModifier.ShiftModifier,
    QtCore.Qt.KeyboardModifier.AltModifier,
    QtCore.Qt.KeyboardModifier.MetaModifier,
)


class Commanded(Protocol):
    """What the commands use of the page, which knows them; they need not know it."""

    canvas: Canvas
    display_bar: DisplayBar
    playback: Playback

    def tr(self, text: str, /) -> str: ...
    def set_view(self, view: View) -> None: ...
    def set_wiping(self, on: bool) -> None: ...
    def set_following(self, on: bool) -> None: ...
    def keep_as_b(self) -> None: ...
    def step(self, frames: int) -> None: ...
    def to_end(self, *, last: bool) -> None: ...
    def to_trouble(self, *, back: bool) -> None: ...
    def toggle_play(self) -> None: ...
    def want_block(self) -> None: ...


def make_actions(page: Commanded, owner: QtWidgets.QWidget) -> Dict[str, QAction]:
    """All actions of the page by name.

    Args:
        owner: the page as a widget, whose keys they get.
    """
    made: Dict[str, QAction] = {}
    for name, text, keys, call in _table(page):
        made[name] = action(owner, text, call, shortcut=keys, name=name, local=True)
    switches: Dict[str, Tuple[bool, Callable[[bool], object]]] = {
        "wipe": (False, page.set_wiping),
        "loop": (True, page.playback.set_loop),
        "follow": (True, page.set_following),
    }
    for name, (on, turn) in switches.items():
        made[name].setCheckable(True)
        made[name].setChecked(on)
        made[name].toggled.connect(turn)
    made["wipe"].setEnabled(False)
    owner.installEventFilter(_Keys(owner, list(made.values())))
    return made


def make_menu(page: QtWidgets.QWidget, actions: Dict[str, QAction]) -> QtWidgets.QMenu:
    """What can be done with the picture, under the right button; it goes when it is closed."""
    menu = QtWidgets.QMenu(page)
    menu.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
    for name in IN_MENU:
        menu.addAction(actions[name])
    return menu


def _table(page: Commanded) -> List[Tuple[str, str, str, Callable[[], object]]]:
    """(name, text, key, what it does)."""
    tr, canvas = page.tr, page.canvas
    views = [(tr("Plate"), "1"), (tr("Alpha"), "2"), (tr("Overlay"), "3"), (tr("Over checkerboard"), "4")]
    views += [(tr("Over colour"), "5"), (tr("Over picture"), "6")]

    def show(view: View) -> Callable[[], object]:
        return lambda: page.set_view(view)

    return [
        *((view.value, text, key, show(view)) for view, (text, key) in zip(View, views)),
        ("fit", tr("Fit"), "F", canvas.fit),
        ("one_to_one", tr("1:1"), "0", lambda: canvas.zoom_to(1.0)),
        ("nearer", tr("Zoom in"), "+", lambda: canvas.zoom_by(1)),
        ("nearer_too", tr("Zoom in"), "=", lambda: canvas.zoom_by(1)),
        ("farther", tr("Zoom out"), "-", lambda: canvas.zoom_by(-1)),
        ("pan_left", tr("Pan left"), "Shift+Left", lambda: canvas.pan(PAN_STEP, 0)),
        ("pan_right", tr("Pan right"), "Shift+Right", lambda: canvas.pan(-PAN_STEP, 0)),
        ("pan_up", tr("Pan up"), "Shift+Up", lambda: canvas.pan(0, PAN_STEP)),
        ("pan_down", tr("Pan down"), "Shift+Down", lambda: canvas.pan(0, -PAN_STEP)),
        ("brighter", tr("Expose more"), "]", lambda: page.display_bar.expose(STOP)),
        ("darker", tr("Expose less"), "[", lambda: page.display_bar.expose(-STOP)),
        ("reset_light", tr("Exposure 0, gamma 1"), "X", page.display_bar.reset_light),
        ("keep", tr("Keep as B"), "B", page.keep_as_b),
        ("wipe", tr("Wipe"), "W", lambda: None),
        ("wipe_left", tr("Wipe line left"), "Ctrl+Left", lambda: canvas.set_wipe(canvas.wipe - WIPE_STEP)),
        ("wipe_right", tr("Wipe line right"), "Ctrl+Right", lambda: canvas.set_wipe(canvas.wipe + WIPE_STEP)),
        ("first", tr("First frame"), "Home", lambda: page.to_end(last=False)),
        ("previous", tr("Previous frame"), "Left", lambda: page.step(-1)),
        ("play", tr("Play"), "L", page.toggle_play),
        ("next", tr("Next frame"), "Right", lambda: page.step(1)),
        ("last", tr("Last frame"), "End", lambda: page.to_end(last=True)),
        ("loop", tr("Loop"), "O", lambda: None),
        ("follow", tr("Follow"), "E", lambda: None),
        ("next_trouble", tr("Next frame worth a look"), "N", lambda: page.to_trouble(back=False)),
        ("previous_trouble", tr("Previous frame worth a look"), "P", lambda: page.to_trouble(back=True)),
        ("block", tr("Render this block"), "R", page.want_block),
    ]


class _Keys(QtCore.QObject):
    """Sees the page's key events, among them those that a widget inside it left alone."""

    def __init__(self, page: QtWidgets.QWidget, actions: List[QAction]) -> None:
        super().__init__(page)
        self._actions = actions

    def eventFilter(self, watched: QtCore.QObject, event: QtCore.QEvent) -> bool:
        """Claims the keys of actions that can be done now, and does them."""
        kinds = QtCore.QEvent.Type
        if isinstance(event, QtGui.QKeyEvent) and event.type() in (kinds.ShortcutOverride, kinds.KeyPress):
            meant = self._meant(event)
            if meant is not None:
                event.accept()
                if event.type() == kinds.KeyPress:
                    meant.trigger()
                return True
        return False

    def _meant(self, event: QtGui.QKeyEvent) -> Optional[QAction]:
        pressed = _sequence(event)
        return next((one for one in self._actions if one.isEnabled() and one.shortcut() == pressed), None)


def _sequence(event: QtGui.QKeyEvent) -> QtGui.QKeySequence:
    """The key with its modifiers; a sign that needs Shift (such as +) is that sign alone."""
    key, modifiers = int(event.key()), event.modifiers()
    sign = bool(event.text()) and not event.text().isalpha() and event.text().isprintable()
    for modifier in _MODIFIERS:
        if modifiers & modifier and not (sign and modifier == QtCore.Qt.KeyboardModifier.ShiftModifier):
            code: Any = modifier  # a number in PySide2, and in PySide6 something that has one
            key |= int(getattr(code, "value", code))
    return QtGui.QKeySequence(key)
