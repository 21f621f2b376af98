"""The widget in which a parameter's value is typed or chosen, made from its `ParamSpec`. All are Qt's own.

A number can be typed beyond its limits, so that its own sentence can say what is possible; arrows, wheel and slider stay
within. An editor that is being typed into is left alone: `show` writes only what it does not say already.
"""

from __future__ import annotations

import math
from typing import Any, Callable, List, Optional, Tuple

from ...params.spec import ParamSpec
from ..kit.qt import QtCore, QtWidgets
from .state import checked

STEPS = 1000  # of a slider
_UNBOUND = 1e9
_INT_TOP = 2**31 - 1
_NOTHING = object()


class Editor(QtWidgets.QWidget):
    """One parameter's value: base of all.

    Attributes:
        edited: a person changed the value.
        main: what takes the keyboard's focus.
    """

    edited = QtCore.Signal(object)
    main: QtWidgets.QWidget

    def __init__(self, spec: ParamSpec) -> None:
        super().__init__()
        self.spec = spec
        self._said: Any = _NOTHING
        self._row = QtWidgets.QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)

    def show_value(self, value: Any) -> None:
        """Shows a value, without telling of it."""
        if self._said is _NOTHING or self._said != value:
            self._said = value
            self._put(value)

    def text_field(self) -> Optional[QtWidgets.QLineEdit]:
        """Where text is typed, if anywhere."""
        return None

    def _put(self, value: Any) -> None:
        raise NotImplementedError

    def _take(self, value: Any) -> None:
        self._said = value
        self.edited.emit(value)

    def _add(self, widget: QtWidgets.QWidget, stretch: int = 0) -> None:
        widget.setFocusPolicy(QtCore.Qt.FocusPolicy.StrongFocus)  # the wheel scrolls the page, it gives no focus
        widget.installEventFilter(self)
        self._row.addWidget(widget, stretch)

    def eventFilter(self, watched: QtCore.QObject, event: QtCore.QEvent) -> bool:
        """The wheel changes a value only where the keyboard is, or scrolling the page would change what it passes."""
        wheel = event.type() == QtCore.QEvent.Type.Wheel
        if wheel and isinstance(watched, QtWidgets.QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)


class _Whole(QtWidgets.QSpinBox):
    """Typed numbers may lie beyond `limits`, steps may not."""

    limits: Tuple[int, int] = (0, 0)

    def stepBy(self, steps: int) -> None:
        self.setValue(_inside(self.value() + steps * self.singleStep(), self.limits))


class _Decimal(QtWidgets.QDoubleSpinBox):
    """The same with a point."""

    limits: Tuple[float, float] = (0.0, 0.0)

    def stepBy(self, steps: int) -> None:
        self.setValue(_inside(self.value() + steps * self.singleStep(), self.limits))


def _inside(value: Any, limits: Tuple[Any, Any]) -> Any:
    return min(max(value, limits[0]), limits[1])


class WholeEditor(Editor):
    """A whole number; one that may be left open says so in a word, one step below the least."""

    def __init__(self, spec: ParamSpec) -> None:
        super().__init__(spec)
        self._spin = _Whole()
        self._spin.setRange(spec.blank if spec.optional else -_INT_TOP, _INT_TOP)
        self._spin.limits = (spec.blank if spec.optional else int(spec.minimum or 0), int(spec.maximum or _INT_TOP))
        if spec.optional:
            self._spin.setSpecialValueText(translated(spec.unset))
        if spec.unit:
            self._spin.setSuffix(f" {translated(spec.unit)}")
        _number_look(self._spin)
        self._spin.valueChanged.connect(self._changed)
        self.main = self._spin
        self._add(self._spin, 1)

    def text_field(self) -> Optional[QtWidgets.QLineEdit]:
        return self._spin.lineEdit()

    def _put(self, value: Any) -> None:
        blocker = QtCore.QSignalBlocker(self._spin)
        self._spin.setValue(self.spec.blank if value is None else _inside(int(value), (self._spin.minimum(), _INT_TOP)))
        blocker.unblock()

    def _changed(self, number: int) -> None:
        self._take(None if self.spec.optional and number == self.spec.blank else number)


class DecimalEditor(Editor):
    """A number, and a slider over its usual range: by ratio where that range has no zero in it, so that 1 lies midway."""

    def __init__(self, spec: ParamSpec) -> None:
        super().__init__(spec)
        low, high = spec.minimum, spec.maximum
        limits = (-_UNBOUND if low is None else low, _UNBOUND if high is None else high)
        self._usual = spec.usual or limits
        span = self._usual[1] - self._usual[0]
        self._spin = _Decimal()
        self._spin.setDecimals(4 if span <= 1 else 3)
        self._spin.setSingleStep(0.01 if span <= 1 else 0.1)
        self._spin.setRange(-_UNBOUND, _UNBOUND)
        self._spin.limits = limits
        if spec.unit:
            self._spin.setSuffix(f" {translated(spec.unit)}")
        _number_look(self._spin)
        self._spin.setFixedWidth(self._spin.fontMetrics().horizontalAdvance(f"-00.000 {spec.unit}") + 34)
        self._slider = QtWidgets.QSlider(QtCore.Qt.Orientation.Horizontal)
        self._slider.setRange(0, STEPS)
        self._slider.setPageStep(STEPS // 20)
        self._slider.setMinimumWidth(60)
        self._slider.setAccessibleName(translated(spec.label))
        self._spin.valueChanged.connect(self._changed)
        self._slider.valueChanged.connect(self._slid)
        self.main = self._spin
        self._add(self._spin)
        self._add(self._slider, 1)

    def text_field(self) -> Optional[QtWidgets.QLineEdit]:
        return self._spin.lineEdit()

    def _put(self, value: Any) -> None:
        blocker = QtCore.QSignalBlocker(self._spin)
        self._spin.setValue(float(value))
        blocker.unblock()
        self._follow(float(value))

    def _changed(self, number: float) -> None:
        self._follow(number)
        places = self._spin.decimals()
        same = round(number, places) == round(float(self.spec.default), places)
        self._take(self.spec.default if same else round(number, places))

    def _slid(self, position: int) -> None:
        self._spin.setValue(self._at(position / STEPS))

    def _follow(self, number: float) -> None:
        blocker = QtCore.QSignalBlocker(self._slider)
        self._slider.setValue(round(self._share(number) * STEPS))
        blocker.unblock()

    def _at(self, share: float) -> float:
        low, high = self._usual
        return low * (high / low) ** share if low > 0 else low + (high - low) * share

    def _share(self, number: float) -> float:
        low, high = self._usual
        if low > 0:
            return math.log(max(number, low) / low) / math.log(high / low)
        return (number - low) / (high - low)


class ChoiceEditor(Editor):
    """One of some choices; channels may be typed, since `layer:NAME` is possible, too."""

    def __init__(self, spec: ParamSpec) -> None:
        super().__init__(spec)
        self._box = QtWidgets.QComboBox()
        self._box.addItems(list(spec.choices))
        self._box.setEditable(spec.kind == "channels")
        self._box.setSizeAdjustPolicy(QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._box.activated.connect(lambda _index: self._take(self._box.currentText()))
        typed = self._box.lineEdit()
        if typed is not None:
            self._box.setInsertPolicy(QtWidgets.QComboBox.InsertPolicy.NoInsert)
            typed.textEdited.connect(self._take)
        self.main = self._box
        self._add(self._box)
        self._row.addStretch(1)

    def text_field(self) -> Optional[QtWidgets.QLineEdit]:
        return self._box.lineEdit()

    def _put(self, value: Any) -> None:
        if self._box.isEditable():
            self._box.setEditText(str(value))
        else:
            self._box.setCurrentIndex(self._box.findText(str(value)))


class SwitchEditor(Editor):
    """On or off."""

    def __init__(self, spec: ParamSpec) -> None:
        super().__init__(spec)
        self._check = QtWidgets.QCheckBox()
        self._check.clicked.connect(self._take)
        self.main = self._check
        self._add(self._check)
        self._row.addStretch(1)

    def _put(self, value: Any) -> None:
        self._check.setChecked(bool(value))


class TextEditor(Editor):
    """Text; a path has a button that asks for it."""

    def __init__(self, spec: ParamSpec) -> None:
        super().__init__(spec)
        self._line = QtWidgets.QLineEdit()
        self._line.setMinimumWidth(80)
        self._line.textEdited.connect(self._typed)
        self.main = self._line
        self._add(self._line, 1)
        if spec.kind == "box":
            self._line.setPlaceholderText(self.tr("x,y,r,t – empty: everything"))
        if spec.kind == "path":
            button = QtWidgets.QToolButton()
            button.setText("…")
            button.setToolTip(self.tr("Choose…"))
            button.setAccessibleName(self.tr("Choose {0}").format(translated(spec.label)))
            button.clicked.connect(self._choose)
            self._add(button)

    def text_field(self) -> Optional[QtWidgets.QLineEdit]:
        return self._line

    def _put(self, value: Any) -> None:
        self._line.setText("" if value is None else str(value))
        self._line.setCursorPosition(0)

    def _typed(self, text: str) -> None:
        self._take(checked(self.spec, text)[0])

    def _choose(self) -> None:
        title, now = translated(self.spec.label), self._line.text()
        if self.spec.name.endswith("_base"):  # those are folders
            path = QtWidgets.QFileDialog.getExistingDirectory(self, title, now)
        else:
            path = QtWidgets.QFileDialog.getOpenFileName(self, title, now)[0]
        if path:
            self._line.setText(path)
            self._take(path)


def editor_of(spec: ParamSpec) -> Editor:
    """The editor of a parameter."""
    kinds: List[Tuple[bool, Callable[[ParamSpec], Editor]]] = [
        (bool(spec.choices), ChoiceEditor),
        (spec.type is bool, SwitchEditor),
        (spec.type is int, WholeEditor),
        (spec.type is float, DecimalEditor),
    ]
    return next((make for fits, make in kinds if fits), TextEditor)(spec)


def translated(text: str) -> str:
    """A text of a parameter's declaration in the person's language."""
    return str(QtCore.QCoreApplication.translate("params", text))


def _number_look(spin: QtWidgets.QAbstractSpinBox) -> None:
    """As knobs write numbers: with a point in every country."""
    spin.setLocale(QtCore.QLocale(QtCore.QLocale.Language.C))
    spin.setCorrectionMode(QtWidgets.QAbstractSpinBox.CorrectionMode.CorrectToNearestValue)
