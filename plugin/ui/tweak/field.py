"""A row of the form: label, editor, and beneath it what is wrong or worth knowing.

A value that is not at its default has a bold label. The context menu (of the label and of the editor) resets it.
"""

from __future__ import annotations

import html
from typing import List, Optional

from ...params.spec import ParamSpec
from ..kit import theme
from ..kit.qt import QtCore, QtGui, QtWidgets
from .editors import editor_of, translated
from .state import TweakState


class Field(QtCore.QObject):
    """One parameter in the form.

    Attributes:
        edited: name and value, as a person changed it.
        reset_wanted: name of a parameter that shall have its default.
        one_value_wanted: name of a parameter whose keys shall become the value that is shown.
    """

    edited = QtCore.Signal(str, object)
    reset_wanted = QtCore.Signal(str)
    one_value_wanted = QtCore.Signal(str)

    def __init__(self, spec: ParamSpec, parent: QtCore.QObject) -> None:
        super().__init__(parent)
        self.spec = spec
        self.editor = editor_of(spec)
        self.label = QtWidgets.QLabel(translated(spec.label))
        self.label.setAlignment(QtCore.Qt.AlignmentFlag.AlignRight | QtCore.Qt.AlignmentFlag.AlignVCenter)
        self.label.setBuddy(self.editor.main)
        self.note = QtWidgets.QLabel()
        self.note.setWordWrap(True)
        self.note.hide()
        self.body = QtWidgets.QWidget()
        column = QtWidgets.QVBoxLayout(self.body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.editor)
        column.addWidget(self.note)
        self._changed = self._keyed = False
        bold = QtGui.QFont(self.label.font())
        bold.setBold(True)  # so wide from the start that nothing jumps
        self.label.setMinimumWidth(QtGui.QFontMetrics(bold).horizontalAdvance(self.label.text()) + 4)
        for widget in (self.label, self.editor.main):
            widget.setToolTip(_tip(spec))
        self.editor.main.setAccessibleName(translated(spec.label))
        self.editor.main.setAccessibleDescription(translated(spec.help))
        self.editor.edited.connect(lambda value: self.edited.emit(spec.name, value))
        for owner in (self.label, self.editor.main, self.editor.text_field()):
            if owner is not None:
                owner.setContextMenuPolicy(QtCore.Qt.ContextMenuPolicy.CustomContextMenu)
                owner.customContextMenuRequested.connect(self._ask_menu)

    def show_state(self, state: TweakState, frame: Optional[int], problem: str) -> None:
        """Shows the parameter as it stands."""
        name, keys = self.spec.name, state.keys(self.spec.name)
        self.editor.show_value(state.shown(name, frame))
        self.editor.setEnabled(not keys)
        self._keyed = bool(keys)
        if state.changed(name) != self._changed:
            self._changed = state.changed(name)
            font = self.label.font()
            font.setBold(self._changed)
            self.label.setFont(font)
        note = problem or (self._key_note(keys) if keys else "")
        if note != self.note.text():
            self.note.setText(note)
            theme.colour_text(self.note, "fail" if problem else "")
            self.note.setVisible(bool(note) and not self.label.isHidden())

    def set_shown(self, shown: bool) -> None:
        """Shows or hides the whole row."""
        self.label.setVisible(shown)
        self.body.setVisible(shown)
        self.note.setVisible(shown and bool(self.note.text()))

    def matches(self, words: List[str]) -> bool:
        """Whether label, name, help or choices hold all of these words."""
        spec = self.spec
        text = " ".join([translated(spec.label), spec.name, translated(spec.help), *spec.choices]).lower()
        return all(word in text for word in words)

    def actions(self, menu: QtWidgets.QMenu) -> None:
        """Adds what can be done with the value."""
        default = "–" if self.spec.default in (None, "") else self.spec.default
        shown = f"{default:.4g}" if isinstance(default, float) else str(default)
        reset = menu.addAction(self.tr("Reset to {0}").format(shown))
        reset.setEnabled(self._changed)
        reset.triggered.connect(lambda: self.reset_wanted.emit(self.spec.name))
        if self._keyed:
            single = menu.addAction(self.tr("Use This Value for the Whole Shot"))
            single.triggered.connect(lambda: self.one_value_wanted.emit(self.spec.name))

    def menu(self) -> QtWidgets.QMenu:
        """The context menu: what a text field has anyway, then what a parameter has."""
        typed = self.editor.text_field()
        menu = QtWidgets.QMenu(self.body)
        if typed is not None and not self._keyed:
            standard = typed.createStandardContextMenu()
            standard.setParent(menu)  # owns the actions
            menu.addActions(standard.actions())
            menu.addSeparator()
        self.actions(menu)
        menu.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        return menu

    def _ask_menu(self, where: QtCore.QPoint) -> None:
        sender = self.sender()
        owner = sender if isinstance(sender, QtWidgets.QWidget) else self.label
        self.menu().popup(owner.mapToGlobal(where))

    def _key_note(self, keys: int) -> str:
        return self.tr("{0} keys over the shot; edit them in the node.").format(keys)


def _tip(spec: ParamSpec) -> str:
    """Rich text, which a tool tip wraps."""
    lines = [translated(spec.help)]
    if spec.minimum is not None and spec.maximum is not None:
        unit = f" {translated(spec.unit)}" if spec.unit else ""
        lines.append(_tr("{0} to {1}{2}.").format(f"{spec.minimum:g}", f"{spec.maximum:g}", unit))
    lines.append(_tr("Can have keys over the shot.") if spec.keyable else _tr("One value for the shot."))
    if spec.affects == "work":
        lines.append(_tr("Changes how the work is done, not the matte."))
    return "".join(f"<p>{html.escape(line)}</p>" for line in [f"{translated(spec.label)} ({spec.name})", *lines])


def _tr(text: str) -> str:
    return str(QtCore.QCoreApplication.translate("Field", text))
