"""The form of all parameters: the edges, which are seen at once, above; the rest in tabs as the node's panel has them.

A filter leaves the rows that hold its words; a tab without any cannot be opened meanwhile.
"""

from __future__ import annotations

from typing import Dict, List, Optional

from ..kit.edges import EDGE_PARAMS
from ..kit.qt import QtCore, QtWidgets
from .editors import translated
from .field import Field
from .state import PANEL_SPECS, TweakState


class ParamForm(QtWidgets.QWidget):
    """All fields.

    Attributes:
        edited: name and value, as a person changed it.
        reset_wanted, one_value_wanted: name of a parameter; see `Field`.
        fields: by parameter; above: the row that has the filter.
    """

    edited = QtCore.Signal(str, object)
    reset_wanted = QtCore.Signal(str)
    one_value_wanted = QtCore.Signal(str)

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.fields: Dict[str, Field] = {}
        self.above = QtWidgets.QHBoxLayout()
        self.filter = QtWidgets.QLineEdit()
        self.filter.setClearButtonEnabled(True)
        self.filter.setPlaceholderText(self.tr("Filter"))
        self.filter.setToolTip(self.tr("Leaves the parameters whose name or help holds these words (Ctrl+F)."))
        self.filter.setAccessibleName(self.tr("Filter"))
        self.filter.textChanged.connect(self._filter)
        self.only_changed = QtWidgets.QToolButton()
        self.only_changed.setText(self.tr("Changed"))
        self.only_changed.setCheckable(True)
        self.only_changed.setToolTip(self.tr("Leaves the parameters that are not at their defaults."))
        self.only_changed.toggled.connect(self._filter)
        self.edges = QtWidgets.QGroupBox(self.tr("Edges – no model needed"))
        self.tabs = QtWidgets.QTabWidget()
        self.nothing = QtWidgets.QLabel(self.tr("No parameter holds these words."))
        self.nothing.setAlignment(QtCore.Qt.AlignmentFlag.AlignCenter)
        self.nothing.hide()
        self._groups: Dict[str, List[Field]] = {}
        self._state = TweakState()
        self._lay_out()

    def show_state(self, state: TweakState, frame: Optional[int]) -> None:
        """Shows all values, and what is wrong beside them."""
        self._state = state
        problems = state.problems()
        for name, field in self.fields.items():
            field.show_state(state, frame, problems.get(name, ""))
        if self.only_changed.isChecked() and not self.isAncestorOf(QtWidgets.QApplication.focusWidget() or self.filter):
            self._filter()

    def show_field(self, name: str) -> None:
        """Brings a parameter's field into view and puts the keyboard there."""
        self.filter.clear()
        self.only_changed.setChecked(False)
        field = self.fields[name]
        for index in range(self.tabs.count()):
            page = self.tabs.widget(index)
            if isinstance(page, QtWidgets.QScrollArea) and page.isAncestorOf(field.body):
                self.tabs.setCurrentIndex(index)
                page.ensureWidgetVisible(field.body)
        field.editor.main.setFocus()

    def _lay_out(self) -> None:
        self.above.addWidget(self.filter, 1)
        self.above.addWidget(self.only_changed)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self.above)
        column.addWidget(self.edges)
        column.addWidget(self.tabs, 1)
        column.addWidget(self.nothing, 1)
        edges = _form(self.edges)
        pages: Dict[str, QtWidgets.QFormLayout] = {}
        for spec in PANEL_SPECS:
            field = self.fields[spec.name] = Field(spec, self)
            field.edited.connect(self.edited)
            field.reset_wanted.connect(self.reset_wanted)
            field.one_value_wanted.connect(self.one_value_wanted)
            if spec.name in EDGE_PARAMS:
                edges.addRow(field.label, field.body)
                continue
            if spec.group not in pages:
                pages[spec.group] = self._page(spec.group)
            self._groups.setdefault(spec.group, []).append(field)
            pages[spec.group].addRow(field.label, field.body)
        widest = max(field.label.minimumWidth() for field in self.fields.values())
        for field in self.fields.values():
            field.label.setFixedWidth(widest)  # one column, whichever tab is open
        self._keep_wide()

    def _keep_wide(self) -> None:
        """No tab is ever narrower than its rows: it scrolls up and down alone."""
        for page in self.tabs.findChildren(QtWidgets.QScrollArea):
            inside, bar = page.widget(), page.verticalScrollBar()
            assert inside is not None, "every page has its rows"
            page.setMinimumWidth(inside.minimumSizeHint().width() + bar.sizeHint().width())

    def _page(self, group: str) -> QtWidgets.QFormLayout:
        page, inside = QtWidgets.QScrollArea(), QtWidgets.QWidget()
        page.setWidgetResizable(True)
        page.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        page.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = _form(inside)
        page.setWidget(inside)
        self.tabs.addTab(page, translated(group))
        return layout

    def _filter(self) -> None:
        words = self.filter.text().lower().split()
        for name, field in self.fields.items():
            kept = not self.only_changed.isChecked() or self._state.changed(name)
            field.set_shown(kept and field.matches(words))
        self.edges.setVisible(any(_shown(self.fields[name]) for name in EDGE_PARAMS))
        left = [any(map(_shown, fields)) for fields in self._groups.values()]
        for index, some in enumerate(left):
            self.tabs.setTabEnabled(index, some)
        if True in left and not left[self.tabs.currentIndex()]:
            self.tabs.setCurrentIndex(left.index(True))
        self.tabs.setVisible(True in left)
        self.nothing.setVisible(True not in left and self.edges.isHidden())


def _shown(field: Field) -> bool:
    return not field.body.isHidden()


def _form(widget: QtWidgets.QWidget) -> QtWidgets.QFormLayout:
    layout = QtWidgets.QFormLayout(widget)
    layout.setFieldGrowthPolicy(QtWidgets.QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    layout.setLabelAlignment(QtCore.Qt.AlignmentFlag.AlignRight | QtCore.Qt.AlignmentFlag.AlignVCenter)
    return layout
