"""The tweak panel: a job's parameters beside its picture.

    edges        change the picture at once, from the raw alpha that is kept: `edges_changed`
    the rest     is seen after a render: `render_requested`, of the block on the screen or of the whole shot
    Copy         takes what was found back to the node: `copy_requested`

The panel asks for nothing: it is told the job (`show_job`, or `set_params` and `set_shot`), the frame on the screen
(`set_frame`) and why there is no rendering or copying at the moment.
"""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Tuple

from ...core.errors import GvmMatteError, ParamError
from ...core.frames import FrameRange
from ...params.fields import BY_NAME
from ...protocol.watching import JobState
from ..kit import theme
from ..kit.edges import Edges
from ..kit.qt import QAction, QtCore, QtGui, QtWidgets
from .editors import translated
from .form import ParamForm
from .preset_button import PresetButton
from .state import TweakState


class TweakPanel(QtWidgets.QWidget):
    """The form, presets, and what can be done with the values.

    Attributes:
        edges_changed: an `Edges`, whenever the picture's edge treatment is another.
        params_changed: what `params()` gives is another.
        render_requested: parameters, and frames as text.
        copy_requested: parameters.
    """

    edges_changed = QtCore.Signal(object)
    params_changed = QtCore.Signal()
    render_requested = QtCore.Signal(dict, str)
    copy_requested = QtCore.Signal(dict)

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.state = TweakState()
        self.form = ParamForm()
        self._shot: Optional[Tuple[int, int]] = None
        self._frame: Optional[int] = None
        self._edges: Optional[Edges] = Edges()
        self._no_render, self._no_copy = self.tr("No job is shown."), self.tr("The monitor was not opened from a node.")
        self.presets = PresetButton()
        self.difference = _words()
        self.difference.setObjectName("difference")
        self.reason = _words()
        self.reason.setObjectName("reason")
        self.block_button = _button(self.tr("Render This &Block"))
        self.shot_button = _button(self.tr("Render &Shot"))
        self.copy_button = _button(self.tr("&Copy to Node"))
        self._lay_out()
        self._connect()
        self._refresh()

    # -- what is shown

    def set_params(self, params: Mapping[str, Any]) -> None:
        """Takes a job's parameters, as it names them; frames on the screen were made with them."""
        self.state.load(params)
        self._refresh()

    def params(self) -> Dict[str, Any]:
        """What is set now: only what is not at its default."""
        return {name: dict(value) if isinstance(value, Mapping) else value for name, value in self.state.values.items()}

    def edges(self) -> Optional[Edges]:
        """The edge treatment of the frame on the screen; None while its values cannot be."""
        try:
            return Edges.of(self.state.values, self._frame)
        except ParamError:
            return None

    def set_shot(self, first: int, last: int) -> None:
        """The shot whose frames are shown."""
        self._shot = (first, last)
        self._refresh()

    def set_frame(self, frame: int) -> None:
        """The frame on the screen: its block is rendered, and keyed values are shown as they are there."""
        if frame != self._frame:
            self._frame = frame
            self._refresh()

    def show_job(self, job: JobState) -> None:
        """Takes another job's parameters and shot. Changes that were not rendered are lost."""
        self._shot = (job.shot[0], job.shot[1]) if len(job.shot) == 2 else None
        self._no_render = ""
        if not job.plates or not job.mattes:
            self._no_render = self.tr("This job's plates or mattes live in another program; render it there.")
        self.set_params(job.params)

    # -- what can be done

    def set_render_reason(self, reason: str) -> None:
        """Why nothing can be rendered now, in a sentence; empty: it can."""
        self._no_render = reason
        self._refresh()

    def set_copy_reason(self, reason: str) -> None:
        """Why nothing can be copied to a node, in a sentence; empty: it can."""
        self._no_copy = reason
        self._refresh()

    def set_node_name(self, name: str) -> None:
        """The node that values are copied to; empty: none."""
        self.set_copy_reason("" if name else self.tr("The monitor was not opened from a node."))
        self.copy_button.setText(self.tr("&Copy to {0}").format(name) if name else self.tr("&Copy to Node"))

    # -- inside

    def _lay_out(self) -> None:
        buttons = QtWidgets.QHBoxLayout()
        buttons.addWidget(self.block_button)
        buttons.addWidget(self.shot_button)
        buttons.addStretch(1)
        buttons.addWidget(self.copy_button)
        column = QtWidgets.QVBoxLayout(self)
        self.form.above.insertWidget(0, self.presets)
        column.addWidget(self.form, 1)
        column.addWidget(self.difference)
        column.addLayout(buttons)
        column.addWidget(self.reason)

    def _connect(self) -> None:
        self.form.edited.connect(self._edited)
        self.form.reset_wanted.connect(lambda name: self._change(lambda: self.state.reset(name)))
        self.form.one_value_wanted.connect(
            lambda name: self._change(lambda: self.state.put(name, self.state.shown(name, self._frame)))
        )
        self.presets.reset_all.connect(lambda: self._change(self.state.values.clear))
        self.presets.chosen.connect(lambda values: self._change(lambda: self._put_all(values)))
        self.presets.params = self.params
        self.block_button.clicked.connect(lambda: self._render(self._block()))
        self.shot_button.clicked.connect(lambda: self._render(self._whole()))
        self.copy_button.clicked.connect(lambda: self.copy_requested.emit(self.params()))
        find = QAction(self.tr("Filter"), self)
        find.setShortcut(QtGui.QKeySequence(QtGui.QKeySequence.StandardKey.Find))
        find.setShortcutContext(QtCore.Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.triggered.connect(lambda: self.form.filter.setFocus())
        self.addAction(find)

    def _edited(self, name: str, value: Any) -> None:
        self._change(lambda: self.state.put(name, value))

    def _put_all(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            self.state.put(name, value)

    def _change(self, change: Any) -> None:
        change()
        self._refresh()
        self.params_changed.emit()

    def _refresh(self) -> None:
        """Shows what is so now; tells of another edge treatment."""
        self.form.show_state(self.state, self._frame)
        problems = self.state.problems()
        wrong = next(iter(problems.values()), "")
        block, whole = self._block(), self._whole()
        lacking = wrong or self._no_render
        outside = self.tr("No frame of the shot is on the screen.") if whole and not block else ""
        unknown = "" if whole else self.tr("The job's shot is not known yet.")
        self.block_button.able(lacking or unknown or outside, self.tr("Renders {0} with these values.").format(block or ""))
        self.shot_button.able(lacking or unknown, self.tr("Renders {0} with these values.").format(whole or ""))
        self.copy_button.able(wrong or self._no_copy, self.tr("Sets the node's knobs to these values."))
        self.reason.setText(lacking or unknown or outside)
        theme.colour_text(self.reason, "fail" if wrong else "")
        self.difference.setText("" if wrong else self._differing())
        edges = self.edges()
        if edges is not None and edges != self._edges:
            self._edges = edges
            self.edges_changed.emit(edges)

    def _differing(self) -> str:
        """What differs from the frames on the screen, and what it takes to see it."""
        later = [translated(BY_NAME[name].label) for name in self.state.to_render()]
        if later:
            return self.tr("Render to see: {0}.").format(", ".join(later))
        if self.state.seen_at_once():
            return self.tr("Only edges differ: the picture shows them already.")
        return self.tr("These are the values of the frames on the screen.") if self._shot else ""

    def _block(self) -> str:
        if self._shot is None or self._frame is None:
            return ""
        try:
            return str(self.state.block(self._shot, self._frame))
        except GvmMatteError:
            return ""

    def _whole(self) -> str:
        return str(FrameRange.between(*self._shot)) if self._shot else ""

    def _render(self, frames: str) -> None:
        if frames:
            self.render_requested.emit(self.params(), frames)


class _Button(QtWidgets.QPushButton):
    """A button that says why it cannot be pressed."""

    def able(self, reason: str, tip: str) -> None:
        """Enables it, or says in its tool tip why not."""
        self.setEnabled(not reason)
        self.setToolTip(reason or tip)


def _button(text: str) -> _Button:
    button = _Button(text)
    button.setAutoDefault(False)
    return button


def _words() -> QtWidgets.QLabel:
    label = QtWidgets.QLabel()
    label.setWordWrap(True)
    return label
