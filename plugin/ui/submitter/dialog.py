"""The submitter: from a shot to a saved bundle, and to a farm.

    shot ── Look ──▶ the job as the command makes it ──┬──▶ tasks and waste, template        live, while one chooses
    choices ───────────────────────────────────────────┘
    shot + choices ──▶ the two commands, shown ──▶ Save Bundle…, Submit: those commands, run

Nothing is done here that a terminal could not: what is shown is what runs.
"""

from __future__ import annotations

import json
import os
from typing import Any, List, Optional

from ...core.errors import GvmMatteError
from ...farm import FarmJob, job_template
from ...farm.engines import ENGINES
from ..kit import theme
from ..kit.qt import QtCore, QtGui, QtWidgets
from .choices import Choices, load_choices, save_choices
from .fields import Fields, chooser, note, page, row
from .figures import figures_of
from .look import Look, Looked
from .pages import EnginePage, JobPage, WorkerPage
from .preview import Preview
from .runner import Runner
from .shot import Shot
from .shot_box import ShotBox


class SubmitterDialog(QtWidgets.QDialog):
    """The window.

    Args:
        shot: what is submitted.
        choices: what is chosen to begin with, by field, whatever stuck from the last time.
    """

    def __init__(self, shot: Shot, parent: Optional[QtWidgets.QWidget] = None, **choices: Any) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Submit {0}").format(shot.title) if shot.title else self.tr("Submit Mattes"))
        self.fields = Fields(self)
        self.look, self.runner = Look(self), Runner(self)
        self.looked: Optional[Looked] = None
        self._wrong = ""  # what the look found
        self._impossible = ""  # what is wrong with the choices
        self._said = ""  # what came of the last command
        self._done = ""  # what to say if it goes well
        self._closing = False
        self.box = ShotBox(shot)
        self.job, self.worker = JobPage(self.fields, self), WorkerPage(self.fields, self)
        self.engine = EnginePage(self.fields, self)
        self.bundle = self.fields.line("bundle")
        self.preview = Preview()
        self.status = note(3)
        self.status.setObjectName("status")
        self.busy = QtWidgets.QProgressBar()
        self.save, self.submit, self.stop, self.leave = (QtWidgets.QPushButton() for _ in range(4))
        self._lay_out()
        stuck, trouble = load_choices(shot)
        self.fields.show(stuck.replace(**choices))
        self._said = trouble
        self._connect()
        self._show_all()
        self._want_look()

    # -- how it is made

    def _lay_out(self) -> None:
        tabs = QtWidgets.QTabWidget()
        tabs.addTab(self.job.widget, self.tr("Job"))
        tabs.addTab(self.worker.widget, self.tr("Worker"))
        tabs.addTab(self.engine.widget, self.tr("Engine"))
        place, form = page(flush=True)
        ask = chooser(self.tr("Choose the bundle's folder"), self._choose)
        tip = self.tr("The folder that the job is saved to; a bundle that is there is replaced.")
        row(form, self.tr("&Bundle"), self.bundle, tip, ask)
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.busy.setFixedHeight(6)
        keep = self.busy.sizePolicy()
        keep.setRetainSizeWhenHidden(True)  # nothing jumps when it comes and goes
        self.busy.setSizePolicy(keep)
        column = QtWidgets.QVBoxLayout(self)
        column.addWidget(self.box)
        column.addWidget(tabs)
        column.addWidget(place)
        column.addWidget(self.preview, 1)
        column.addWidget(self.busy)
        column.addWidget(self.status)
        column.addLayout(self._buttons())
        self.tabs = tabs
        letters = self.fontMetrics()
        self.resize(letters.horizontalAdvance("x") * 90, letters.lineSpacing() * 50)

    def _buttons(self) -> QtWidgets.QHBoxLayout:
        keys = QtGui.QKeySequence
        for button, text, shortcut in (
            (self.save, self.tr("Save B&undle…"), "Ctrl+S"),
            (self.submit, self.tr("Subm&it"), "Ctrl+Return"),
            (self.stop, self.tr("St&op"), ""),
            (self.leave, self.tr("Close"), ""),
        ):
            button.setText(text)
            button.setAutoDefault(False)
            if shortcut:
                button.setShortcut(keys(shortcut))
        line = QtWidgets.QHBoxLayout()
        line.addWidget(self.stop)
        line.addStretch(1)
        for button in (self.save, self.submit, self.leave):
            line.addWidget(button)
        return line

    def _connect(self) -> None:
        self.box.changed.connect(self._shot_changed)
        self.fields.changed.connect(self._choice_changed)
        self.look.begun.connect(self._show_state)
        self.look.found.connect(self._found)
        self.look.failed.connect(self._failed)
        self.runner.begun.connect(lambda text: self.preview.begin_output(f"gvm-matte {text}"))
        self.runner.said.connect(self.preview.add_output)
        self.runner.ended.connect(self._ended)
        self.save.clicked.connect(lambda *_: self._save_as())
        self.submit.clicked.connect(lambda *_: self._submit())
        self.stop.clicked.connect(lambda *_: self.runner.stop())
        self.leave.clicked.connect(lambda *_: self.close())

    # -- what is chosen

    def choices(self) -> Choices:
        """What is chosen now."""
        return self.fields.choices()

    def farm_job(self) -> Optional[FarmJob]:
        """The job as the shown command will save it; None before the shot was looked at.

        Raises:
            GvmMatteError: choices that cannot be.
        """
        if self.looked is None:
            return None
        choices = self.choices()
        settings = choices.settings(self.looked.gpus, self.looked.gpu_memory)
        return self.looked.job.replace(name=choices.name or self.looked.job.name, settings=settings)

    def _shot_changed(self) -> None:
        self.looked, self._said = None, ""
        self._show_all()
        self._want_look()

    def _choice_changed(self, name: str) -> None:
        self._said = ""
        if name == "frames":
            self._want_look()
        self._show_all()

    def _want_look(self) -> None:
        shot = self.box.shot()
        self._wrong = ""
        if shot.refusal():
            self.look.stop()
        else:
            self.look.want(shot, self.choices().frames)
        self._show_state()

    def _found(self, looked: Looked) -> None:
        self.looked, self._wrong = looked, ""
        self._show_all()

    def _failed(self, sentence: str) -> None:
        self.looked, self._wrong = None, sentence
        self._show_all()

    # -- what is shown

    def _show_all(self) -> None:
        choices, shot = self.choices(), self.box.shot()
        self.job.show_engine(ENGINES[choices.engine])
        self.engine.show_engine(choices.engine)
        self.bundle.setPlaceholderText("" if shot.refusal() else shot.bundle_path)
        looked = self.looked
        self.fields.widgets["name"].setProperty("placeholderText", looked.job.name if looked is not None else "")
        self.worker.show_estimate(looked.gpus if looked else None, looked.gpu_memory if looked else None)
        self.preview.show_commands(self._commands())
        self._show_job()
        self._show_state()

    def _show_job(self) -> None:
        try:
            job = self.farm_job()
            self.job.show_figures(figures_of(job) if job is not None else None)
            self.preview.show_template(
                json.dumps(job_template(job), indent=2, ensure_ascii=False) if job is not None else ""
            )
            self._impossible = ""
        except GvmMatteError as exc:
            self.preview.show_template("")
            self._impossible = exc.message

    def _show_state(self) -> None:
        """What can be pressed, and why not."""
        refusal, running = self.box.shot().refusal(), self.runner.running
        looking = self.tr("Looking at the shot …") if self.look.looking else ""
        lacking = refusal or self._wrong or self._impossible or looking
        for widget in (self.box, self.job.widget, self.worker.widget, self.engine.widget, self.bundle):
            widget.setEnabled(not running)
        self.save.setEnabled(not lacking and not running)
        self.submit.setEnabled(not lacking and not running)
        tip = self.tr("Saves the bundle, then hands it to the engine (Ctrl+Return).")
        self.submit.setToolTip(lacking or tip)
        self.save.setToolTip(lacking or self.tr("Saves the bundle to a folder of your choice (Ctrl+S)."))
        self.stop.setVisible(running)
        self.busy.setVisible(running or bool(looking))
        notices = "\n".join(self.looked.notices) if self.looked is not None else ""
        bad = bool(refusal or self._wrong or self._impossible)
        self.status.setText(lacking or self._said or notices or " ")
        theme.colour_text(self.status, "fail" if bad else "")

    def _commands(self) -> List[List[str]]:
        choices, shot = self.choices(), self.box.shot()
        if shot.refusal():
            return []
        return [choices.bundle_words(shot), choices.submit_words(shot)]

    # -- what is done

    def _asked_folder(self) -> str:
        now = self.bundle.text() or self.bundle.placeholderText()
        return QtWidgets.QFileDialog.getExistingDirectory(self, self.tr("Save Bundle"), os.path.dirname(now))

    def _choose(self) -> None:
        self.bundle.setText(self._asked_folder() or self.bundle.text())

    def _save_as(self) -> None:
        folder = self._asked_folder()
        if folder:
            self.bundle.setText(folder)
            self.save_bundle()

    def save_bundle(self) -> None:
        """Saves the bundle to its folder, as the first of the shown commands does."""
        self._run(self._commands()[:1])

    def _submit(self) -> None:
        self._run(self._commands())

    def _run(self, commands: List[List[str]]) -> None:
        shot, choices = self.box.shot(), self.choices()
        try:
            shot.write_keys()
            save_choices(shot, choices)
        except GvmMatteError as exc:
            self._said = exc.message
            self._show_state()
            return
        bundle, here = choices.bundle or shot.bundle_path, ENGINES[choices.engine].runs_here
        done = self.tr("The job is done.") if here else self.tr("The job is submitted.")
        self._done = done if len(commands) > 1 else self.tr("The bundle is in {0}.").format(bundle)
        self._said = self.tr("Running the commands …")
        self.runner.run(commands)
        self._show_state()

    def _ended(self, trouble: str) -> None:
        self._said = trouble or self._done
        self._show_state()
        theme.colour_text(self.status, "fail" if trouble else "ok")
        if self._closing:
            self.close()

    # -- closing

    def reject(self) -> None:
        """Every way to close the window comes here. A job that runs here would end with it, so this asks first."""
        if not self.runner.running:
            self.look.close()
            super().reject()
        elif not self._closing:
            self._ask()

    def _ask(self) -> None:
        box = QtWidgets.QMessageBox(self)
        box.setIcon(QtWidgets.QMessageBox.Icon.Question)
        box.setText(self.tr("A command still runs. Stop it and close? Frames that are finished stay."))
        stop = box.addButton(self.tr("Stop and Close"), QtWidgets.QMessageBox.ButtonRole.AcceptRole)
        box.addButton(self.tr("Keep Open"), QtWidgets.QMessageBox.ButtonRole.RejectRole)
        box.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        stop.clicked.connect(lambda *_: self._stop_and_close())
        box.open()

    def _stop_and_close(self) -> None:
        self._closing = True
        if self.runner.running:
            self.runner.stop()
        else:
            self.close()
