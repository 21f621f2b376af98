"""The submitter's widgets, each bound to a field of `Choices`. All are Qt's own."""

from __future__ import annotations

import html
from typing import Any, Callable, Dict, List, Sequence, Tuple

from ...farm.settings import Setting
from ..kit.qt import QtCore, QtWidgets
from .choices import Choices

MOST = 2**31 - 1  # that a spin box holds
UNSET = -1  # what a number shows its special words at: None in `Choices`


class Fields(QtCore.QObject):
    """Widgets by field. `changed`: the user changed one."""

    changed = QtCore.Signal(str)

    def __init__(self, parent: QtCore.QObject) -> None:
        super().__init__(parent)
        self.widgets: Dict[str, QtWidgets.QWidget] = {}
        self._get: Dict[str, Callable[[], Any]] = {}
        self._put: Dict[str, Callable[[Any], None]] = {}

    def choices(self) -> Choices:
        """What is chosen now."""
        return Choices().replace(**{name: get() for name, get in self._get.items()})

    def show(self, choices: Choices) -> None:
        """Shows choices, without telling of it."""
        for name, put in self._put.items():
            blocker = QtCore.QSignalBlocker(self.widgets[name])
            put(choices.value(name))
            blocker.unblock()

    def number(self, setting: Setting) -> QtWidgets.QSpinBox:
        """A whole number; one that is left to the command shows what the command makes of it, in words."""
        name, unset = setting.name, setting.unset
        spin = QtWidgets.QSpinBox()
        spin.setLocale(QtCore.QLocale(QtCore.QLocale.Language.C))
        spin.setRange(UNSET if unset else setting.low, min(setting.high, MOST))
        spin.setSingleStep(setting.step)
        spin.setSuffix(self.tr(setting.unit))
        spin.setSpecialValueText(self.tr(unset))
        self._bind(
            name,
            spin,
            lambda: None if unset and spin.value() == UNSET else spin.value(),
            lambda value: spin.setValue(UNSET if value is None else value),
        )
        spin.valueChanged.connect(lambda _value: self.changed.emit(name))
        return spin

    def numbers(self, form: QtWidgets.QFormLayout, settings: Sequence[Setting]) -> None:
        """A row for each."""
        for setting in settings:
            row(form, self.tr(setting.label), self.number(setting), self.tr(sentence(setting.help)))

    def line(self, name: str, placeholder: str = "") -> QtWidgets.QLineEdit:
        """Text."""
        edit = QtWidgets.QLineEdit()
        edit.setPlaceholderText(placeholder)
        self._bind(name, edit, lambda: edit.text().strip(), edit.setText)
        edit.textChanged.connect(lambda _text: self.changed.emit(name))
        return edit

    def switch(self, name: str, text: str) -> QtWidgets.QCheckBox:
        """On or off."""
        box = QtWidgets.QCheckBox(text)
        self._bind(name, box, box.isChecked, box.setChecked)
        box.toggled.connect(lambda _on: self.changed.emit(name))
        return box

    def choice(self, name: str, entries: Sequence[Tuple[str, str]]) -> QtWidgets.QComboBox:
        """One of some (value, words)."""
        box = QtWidgets.QComboBox()
        for value, words in entries:
            box.addItem(words, value)
        self._bind(name, box, box.currentData, lambda value: box.setCurrentIndex(max(box.findData(value), 0)))
        box.currentIndexChanged.connect(lambda _index: self.changed.emit(name))
        return box

    def _bind(self, name: str, widget: QtWidgets.QWidget, get: Callable[[], Any], put: Callable[[Any], None]) -> None:
        self.widgets[name], self._get[name], self._put[name] = widget, get, put
        widget.setObjectName(name)


def sentence(words: str) -> str:
    """An option's help as a tip."""
    return f"{words[0].upper()}{words[1:]}."


def row(form: QtWidgets.QFormLayout, text: str, widget: QtWidgets.QWidget, tip: str = "", *more: QtWidgets.QWidget) -> None:
    """A row of a form: a label with a mnemonic for the widget, and what stands beside it."""
    label = QtWidgets.QLabel(text)
    label.setAlignment(QtCore.Qt.AlignmentFlag.AlignRight | QtCore.Qt.AlignmentFlag.AlignVCenter)
    label.setBuddy(widget)
    widget.setAccessibleName(text.replace("&", ""))
    for one in (label, widget):
        one.setToolTip(f"<p>{html.escape(tip)}</p>" if tip else "")
    if not more:
        form.addRow(label, widget)
        return
    beside = QtWidgets.QHBoxLayout()
    for one in (widget, *more):
        beside.addWidget(one, 1 if one is widget and isinstance(one, QtWidgets.QLineEdit) else 0)
    if not isinstance(widget, QtWidgets.QLineEdit):
        beside.addStretch(1)
    form.addRow(label, beside)


def page(*, flush: bool = False) -> Tuple[QtWidgets.QWidget, QtWidgets.QFormLayout]:
    """An empty form; `flush` with what is around it."""
    widget = QtWidgets.QWidget()
    column = QtWidgets.QVBoxLayout(widget)
    if flush:
        column.setContentsMargins(0, 0, 0, 0)
    form = QtWidgets.QFormLayout()
    column.addLayout(form)
    column.addStretch(1)  # words that wrap take no more than they need
    form.setFieldGrowthPolicy(QtWidgets.QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    form.setLabelAlignment(QtCore.Qt.AlignmentFlag.AlignRight | QtCore.Qt.AlignmentFlag.AlignVCenter)
    return widget, form


def chooser(text: str, call: Callable[[], None]) -> QtWidgets.QToolButton:
    """A button that asks for a path."""
    button = QtWidgets.QToolButton()
    button.setText("…")
    button.setToolTip(text)
    button.setAccessibleName(text)
    button.clicked.connect(lambda *_: call())
    return button


def note(lines: int = 1) -> QtWidgets.QLabel:
    """Words that wrap; room for some lines is kept, so that nothing jumps."""
    label = QtWidgets.QLabel()
    label.setWordWrap(True)
    label.setAlignment(QtCore.Qt.AlignmentFlag.AlignLeft | QtCore.Qt.AlignmentFlag.AlignTop)
    label.setMinimumHeight(lines * label.fontMetrics().lineSpacing())
    label.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def align(forms: Sequence[QtWidgets.QFormLayout]) -> None:
    """One column of labels over all forms."""
    labels: List[QtWidgets.QWidget] = []
    for form in forms:
        for at in range(form.rowCount()):
            item = form.itemAt(at, QtWidgets.QFormLayout.ItemRole.LabelRole)
            label = item.widget() if item is not None else None
            labels += [label] if label is not None else []
    widest = max(label.sizeHint().width() for label in labels)
    for label in labels:
        label.setMinimumWidth(widest)
