"""The monitor's window: pages that dock, menus, the status line, and what happens when it is closed.

    MonitorModel ──▶ queue, engine, picture        what the engine does
    queue ── a job is chosen ──▶ picture, tweak    `showing`
    tweak ── render ──▶ Renders                    a try beside the mattes, or the shot
    tweak ── copy ──▶ node                         where a node opened the window

The window never waits. A render that was started here belongs to this process, so closing asks what becomes of it.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional

from ...client.watch.watch import Connected
from ..engine_page import EnginePage
from ..kit import theme, words
from ..kit.actions import action
from ..kit.labels import ElidedLabel
from ..kit.qt import QtCore, QtGui, QtWidgets
from ..picture import PicturePage
from ..queue import QueuePage
from ..tweak import TweakPanel
from .engine_control import EngineControl
from .first_run import FirstRunPage
from .model import MonitorModel
from .monitored import MonitoredNode
from .renders import Renders
from .showing import Showing

LAYOUT = 1  # of the docks; a later version's does not fit an older window
SAID_MS = 8000


class MonitorWindow(QtWidgets.QMainWindow):
    """The window.

    Args:
        model: the engine; started by `show_and_watch`, closed with the window.
        renders: what is rendered from here; it outlives the window where renders are to go on.
        control: starts and ends the engine.
        settings: where size and docks are kept.
        node: the node that opened the window.
        looking: the first-run page's command, see there.
    """

    closed = QtCore.Signal()

    def __init__(
        self,
        *,
        model: Optional[MonitorModel] = None,
        renders: Optional[Renders] = None,
        control: Optional[EngineControl] = None,
        settings: Optional[QtCore.QSettings] = None,
        node: Optional[MonitoredNode] = None,
        looking: Optional[List[str]] = None,
        parent: Optional[QtWidgets.QWidget] = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("gvm_matte_monitor")
        self.setWindowTitle(self.tr("GVM Matte Monitor"))
        self.model = model or MonitorModel(parent=self)
        self.renders = renders or Renders()
        self.control = control or EngineControl(parent=self)
        self._settings = settings or default_settings()
        self._may_close = False
        self._is_down = False
        self._looked = False
        self.queue = QueuePage(model=self.model, renders=self.renders)
        self.engine = EnginePage(model=self.model, control=self.control)
        self.picture, self.tweak = PicturePage(), TweakPanel()
        self.first_run = FirstRunPage(control=self.control, looking=looking)
        self.showing = Showing(
            model=self.model, renders=self.renders, queue=self.queue, picture=self.picture, tweak=self.tweak, parent=self
        )
        self.docks: Dict[str, QtWidgets.QDockWidget] = {}
        self._once_shown = QtCore.QTimer(self)
        self._once_shown.setSingleShot(True)
        self._once_shown.timeout.connect(self._apportion)
        self._make_docks()
        self._make_status()
        self._make_menus()
        self._connect()
        self._restore()
        self._show_link()
        self.showing.set_node(node)

    # -- how it is made

    def _make_docks(self) -> None:
        areas = QtCore.Qt.DockWidgetArea
        self.setDockNestingEnabled(True)
        self.setTabPosition(areas.AllDockWidgetAreas, QtWidgets.QTabWidget.TabPosition.North)
        for name, title, page, area in (
            ("picture", self.tr("Picture"), self.picture, areas.LeftDockWidgetArea),
            ("tweak", self.tr("Tweak"), self.tweak, areas.RightDockWidgetArea),
            ("queue", self.tr("Queue"), self.queue, areas.BottomDockWidgetArea),
            ("engine", self.tr("Engine"), self.engine, areas.LeftDockWidgetArea),
            ("setup", self.tr("Setup"), self.first_run, areas.LeftDockWidgetArea),
        ):
            self._dock(name, title, page, area)

    def _dock(self, name: str, title: str, page: QtWidgets.QWidget, area: QtCore.Qt.DockWidgetArea) -> None:
        dock = QtWidgets.QDockWidget(title, self)
        dock.setObjectName(f"dock_{name}")
        dock.setWidget(page)
        self.addDockWidget(area, dock)
        self.docks[name] = dock

    def _arrange(self) -> None:
        """The docks as a new window has them: the picture is what there is most room for."""
        docks = self.docks
        for dock in docks.values():
            dock.setFloating(False)
            dock.show()
        self.tabifyDockWidget(docks["picture"], docks["engine"])
        self.tabifyDockWidget(docks["engine"], docks["setup"])
        docks["picture"].raise_()
        self._apportion()
        self._once_shown.start()  # sizes of a window that is not shown yet do not last

    def _apportion(self) -> None:
        docks, direction = self.docks, QtCore.Qt.Orientation
        self.resizeDocks([docks["picture"], docks["queue"]], [self.height() - 230, 230], direction.Vertical)
        self.resizeDocks([docks["picture"], docks["tweak"]], [self.width() - 400, 400], direction.Horizontal)

    def _make_status(self) -> None:
        self.link_text = ElidedLabel()
        self.link_text.setObjectName("link")
        self.totals = QtWidgets.QLabel()
        self.totals.setObjectName("totals")
        self.totals.setMinimumWidth(theme.digits_width(self, self._totals_words("000.0", "00:00:00")))
        self.totals.setAlignment(QtCore.Qt.AlignmentFlag.AlignRight | QtCore.Qt.AlignmentFlag.AlignVCenter)
        self.statusBar().addWidget(self.link_text, 1)
        self.statusBar().addPermanentWidget(self.totals)

    def _make_menus(self) -> None:
        window = self._menu(self.tr("&Window"))
        window.addAction(action(self, self.tr("&Close"), self.close, shortcut="Ctrl+W", name="close"))
        jobs = self._menu(self.tr("&Jobs"))
        jobs.addActions(self.queue.actions_)
        engine = self._menu(self.tr("&Engine"))
        engine.addActions(self.engine.actions_)
        view = self._menu(self.tr("&View"))
        for number, (name, dock) in enumerate(self.docks.items(), 1):
            tip = self.tr("Shows the page {0}").format(dock.windowTitle())
            view.addAction(action(self, dock.windowTitle(), self._raiser(name), name=f"view_{name}",
                                  shortcut=f"Ctrl+{number}", tip=tip))  # fmt: skip
        view.addSeparator()
        for dock in self.docks.values():
            toggle = dock.toggleViewAction()
            toggle.setText(self.tr("Show {0}").format(dock.windowTitle()))
            view.addAction(toggle)
        view.addSeparator()
        view.addAction(action(self, self.tr("&Reset Layout"), self._arrange, name="reset_layout"))

    def _menu(self, title: str) -> QtWidgets.QMenu:
        menu = self.menuBar().addMenu(title)
        menu.setToolTipsVisible(True)
        return menu

    def _raiser(self, name: str) -> Callable[[], None]:
        return lambda: self.show_page(name)

    def _connect(self) -> None:
        model = self.model
        model.connected.connect(self._connected)
        model.lost.connect(self._lost)
        model.engine_changed.connect(lambda _: self._show_link())
        model.totals_changed.connect(self._show_totals)
        model.said.connect(self.say)
        self.control.changed.connect(self._show_link)
        self.control.ended.connect(self._control_ended)
        self.renders.ended.connect(self._render_ended)
        self.first_run.looked.connect(self._looked_around)

    # -- what is shown

    def show_and_watch(self) -> None:
        """Shows the window and begins to watch."""
        self.show()
        self.model.start()

    def show_page(self, name: str) -> None:
        """Brings a page to the front and gives it the keyboard."""
        dock = self.docks[name]
        dock.show()
        dock.raise_()
        page = dock.widget()
        if page is not None:
            page.setFocus(QtCore.Qt.FocusReason.ShortcutFocusReason)
            if not page.hasFocus() and page.focusProxy() is None:
                page.focusNextChild()

    def say(self, text: str) -> None:
        """One line for the person, for a while."""
        self.statusBar().showMessage(" ".join(text.split()), SAID_MS)

    def _connected(self, _: Connected) -> None:
        self.first_run.set_there(True)
        self._show_link()

    def _lost(self, _: str) -> None:
        self.first_run.set_there(False)
        self._show_link()
        if not self._looked:  # at the start there is none: is everything there that one needs?
            self._looked = True
            self.first_run.look()

    def _looked_around(self, findings: List[Any]) -> None:
        """Shows the page where something is missing, or where there is no engine yet."""
        if self.model.link is None or any(finding.state == "fail" for finding in findings):
            self.show_page("setup")

    def _show_link(self) -> None:
        link, state = self.model.link, self.model.engine
        if link is not None:
            device = state.device if state is not None and state.device else link.device
            where = (
                self.tr("Engine {0} on {1}").format(link.pid, device) if device else self.tr("Engine {0}").format(link.pid)
            )
            text, what = f"{where}: {self.engine.state_words()}", ""
        elif self.control.doing:
            text, what = self.tr("Engine: {0}").format(self.engine.state_words()), "busy"
        elif self.model.problem:
            text, what = self.model.problem, "warn"
        else:
            text, what = self.tr("Looking for an engine …"), ""
        if self.link_text.text() != text:
            self.link_text.setText(text)
            theme.colour_text(self.link_text, what)

    def _show_totals(self) -> None:
        model = self.model
        self.totals.setText(self._totals_words(words.rate(model.speed), words.duration(model.eta)))

    def _totals_words(self, rate: str, eta: str) -> str:
        return self.tr("{0} frames/s, {1} left").format(rate, eta)

    def _control_ended(self, what: str, error: str) -> None:
        if error:
            self.engine.log.add(error.splitlines())
            self.say(error)

    def _render_ended(self, title: str, error: str) -> None:
        if error:
            self.say(f"{title}: {error}")

    # -- size, docks, closing

    def _restore(self) -> None:
        geometry, docks = self._settings.value("geometry"), self._settings.value("docks")
        if not (isinstance(geometry, QtCore.QByteArray) and self.restoreGeometry(geometry)):
            self.resize(1280, 900)
        if not (isinstance(docks, QtCore.QByteArray) and self.restoreState(docks, LAYOUT)):
            self._arrange()

    def closeEvent(self, event: QtGui.QCloseEvent) -> None:
        """Asks where renders of this window run; else goes, and the engine goes on."""
        if len(self.renders) and not self._may_close:
            event.ignore()
            self._ask_before_closing()
            return
        event.accept()
        self.hide()
        self.shut_down()
        self.closed.emit()

    def shut_down(self) -> None:
        """Keeps size and docks, and ends the watch; renders go on. May be called again."""
        if self._is_down:
            return
        self._is_down = True
        self._settings.setValue("geometry", self.saveGeometry())
        self._settings.setValue("docks", self.saveState(LAYOUT))
        self.first_run.close_process()
        self.showing.close()
        self.model.close()

    def _ask_before_closing(self) -> None:
        box = QtWidgets.QMessageBox(self)
        box.setObjectName("confirm_close")
        box.setIcon(QtWidgets.QMessageBox.Icon.Question)
        box.setText(self.tr("Renders that were started here are not done."))
        box.setInformativeText(self.tr("They can go on without the window. Finished frames stay in either case."))
        roles = QtWidgets.QMessageBox.ButtonRole
        leave = box.addButton(self.tr("&Leave Running"), roles.AcceptRole)
        cancel = box.addButton(self.tr("&Cancel Renders"), roles.DestructiveRole)
        stay = box.addButton(self.tr("&Stay"), roles.RejectRole)
        leave.clicked.connect(lambda: self._close_for_good(cancel=False))
        cancel.clicked.connect(lambda: self._close_for_good(cancel=True))
        box.setDefaultButton(leave)
        box.setEscapeButton(stay)
        box.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def _close_for_good(self, *, cancel: bool) -> None:
        if cancel:
            self.renders.cancel_all()
        self._may_close = True
        QtCore.QTimer.singleShot(0, self.close)  # the box closes first


def default_settings() -> QtCore.QSettings:
    """Where the monitor keeps its size: with the person's other settings."""
    scope = QtCore.QSettings.Scope.UserScope
    return QtCore.QSettings(QtCore.QSettings.defaultFormat(), scope, "gvm-matte", "monitor")


__all__ = ["MonitorWindow", "default_settings"]
