"""A Host: one session of the embedded `nuke`, from `install` to `close`.

    with Host() as host:
        host.open("sh010.nk")
        import nuke
        nuke.execute("Write1", 1001, 1010)

Every Host has its own script, callbacks, menus, undo and clipboard; the module `nuke` speaks for the one that was installed
last. The thread that makes a Host is its main thread.
"""

from __future__ import annotations

import sys
import threading
import time
from types import ModuleType
from typing import Any, Callable, Dict, List, Optional, Tuple

from ..core.errors import UsageError
from . import nuke, nukescripts
from .evaluation.frame_ranges import frame_range
from .nuke import rendering, scripts, state
from .nuke.callbacks import CallbackError
from .nuke.formats import FrameRange, FrameRanges
from .nuke.session import Evaluator, Session
from .nuke.threads import ProgressTask

_MODULES: Dict[str, ModuleType] = {"nuke": nuke, "nukescripts": nukescripts, "nukescripts.panels": nukescripts}


def _evaluator(session: Session) -> Evaluator:
    from .evaluation import evaluate  # with numpy and OpenImageIO, which looking at a script does not need

    return evaluate.Evaluator(session)


class Host:
    """One session.

    Args:
        gui: plays a GUI session: menus, onUserCreate, panels. Otherwise a terminal session, as on a farm.
        version: what Nuke it says it is, "15.0 v4"; of what Python and Qt it has nothing follows.
        knob_changed: "always" fires knobChanged for changes from code, too; "panel" only for nodes whose panel is open
            and for knobs with KNOB_CHANGED_ALWAYS. Nuke's guides say both, so a node should be right under each.
        strict_threads: nuke's functions raise off the main thread, the two executeInMainThread… left out.
        run_script_code: `[python …]` in paths runs; hidden knobs and buttons run in any case.
        answers: who answers nuke.ask, askWithCancel, getInput, getFilename, getClipname and choice: a value, or a
            function of the prompt.

    Raises:
        UsageError: `knob_changed` or `version` is none of these forms.
    """

    def __init__(
        self,
        *,
        gui: bool = False,
        version: str = "15.0 v4",
        knob_changed: str = "always",
        strict_threads: bool = True,
        run_script_code: bool = True,
        answers: Optional[Dict[str, Any]] = None,
    ) -> None:
        if knob_changed not in ("always", "panel"):
            raise UsageError(f'knob_changed is "always" or "panel", not "{knob_changed}".')
        if not version.replace(" ", "").replace("v", ".").replace(".", "").isdigit() or "v" not in version:
            raise UsageError(f'"{version}" is no version of Nuke; write for instance "15.0 v4".')
        namespace = {"__name__": "__main__", "nuke": nuke, "nukescripts": nukescripts}
        self.session = Session(
            gui=gui, version=version, knob_changed_when=knob_changed, strict_threads=strict_threads,
            run_script_code=run_script_code, answers=dict(answers or {}), namespace=namespace,
            evaluator=_evaluator, frame_range=frame_range,
        )  # fmt: skip
        self._before: Dict[str, Optional[ModuleType]] = {}
        self.install()

    # -- taking the module over

    def install(self) -> None:
        """Makes this the session of the module, and the module `nuke` and `nukescripts` in sys.modules."""
        state.leave(self.session)
        state.enter(self.session)
        for name, module in _MODULES.items():
            self._before.setdefault(name, sys.modules.get(name))
            sys.modules[name] = module

    def close(self) -> None:
        """Gives the module back to what was there before; the session is not usable any more."""
        state.leave(self.session)
        for name, module in self._before.items():
            if module is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module
        self._before.clear()

    def __enter__(self) -> Host:
        return self

    def __exit__(self, kind: Any, value: Any, traceback: Any) -> None:
        self.close()

    # -- scripts

    def open(self, path: str) -> None:
        """Loads a script, as nuke.scriptOpen.

        Raises:
            ScriptError: there is no such file, or it is no script.
        """
        scripts.scriptOpen(path)

    def save(self, path: Optional[str] = None) -> None:
        """Saves the script, as nuke.scriptSave.

        Raises:
            RuntimeError: it has no name yet, or the file can't be written.
        """
        scripts.scriptSave(path)

    def text(self) -> str:
        """The script as `save` would write it."""
        return self.session.writer.script(self.session.root)

    def picture(self, node: Any, frame: float) -> Any:
        """A node's image at a frame, a `gvm_matte.host.pixels.Picture`.

        Raises:
            RenderError: it can't be evaluated; names the node.
        """
        with self.session.at_frame(frame):
            return self.session.evaluator.picture(node, frame)

    def render_writes(self, frames: Any) -> None:
        """Renders all active Writes over frame numbers, the lowest render_order first, as `nuke -x` does.

        Raises:
            RuntimeError: as nuke.execute.
        """
        wanted = FrameRanges([FrameRange(frame) for frame in frames])
        for node in rendering.active_writes():
            rendering.execute(node, wanted)

    # -- playing the user and the event loop

    def process_events(self, timeout: float = 0.0) -> int:
        """Runs what other threads queued for the main thread; waits up to `timeout` s for the first. Gives their number."""
        state.current()
        return self.session.queue.pump(timeout)

    def run_until(self, done: Callable[[], bool], *, timeout: float = 30.0) -> None:
        """Pumps the queue until `done()`, such as `lambda: not thread.is_alive()`.

        Raises:
            TimeoutError: it did not come true in time.
        """
        end = time.monotonic() + timeout
        while not done():
            if time.monotonic() > end:
                raise TimeoutError(f"What was waited for did not happen within {timeout:g} s.")
            self.process_events(0.01)
        self.process_events()

    def run_thread(self, call: Callable[[], Any], *, timeout: float = 30.0) -> Any:
        """Runs a function on a thread of its own while the main thread pumps; gives its result.

        Raises:
            Exception: what the function raised.
            TimeoutError: it did not end in time.
        """
        box: List[Any] = []

        def run() -> None:
            try:
                box.extend([None, call()])
            except BaseException as error:
                box.append(error)

        thread = threading.Thread(target=run, name="host-thread", daemon=True)
        thread.start()
        self.run_until(lambda: not thread.is_alive(), timeout=timeout)
        if box[0] is not None:
            raise box[0]
        return box[1]

    def update_ui(self) -> None:
        """Fires updateUI for every node, as a GUI does when it is idle."""
        for node in self.session.root._walk():
            self.session.callbacks.fire("updateUI", node)

    def autolabel(self, node: Any) -> Optional[str]:
        """The label that callbacks give a node; None if none does."""
        found = [text for text in self.session.callbacks.fire("autolabel", node) if text is not None]
        return str(found[-1]) if found else None

    def cancel(self) -> None:
        """Presses Cancel: progress tasks say so, and a render ends before its next frame."""
        self.session.cancelled = True

    # -- what happened

    @property
    def messages(self) -> List[Tuple[str, str]]:
        """(kind, text) of every message, warning and question."""
        return self.session.messages

    @property
    def callback_errors(self) -> List[CallbackError]:
        """Every exception in a callback that Nuke would have printed only."""
        return self.session.callbacks.errors

    @property
    def progress(self) -> List[ProgressTask]:
        """Every ProgressTask, in the order in which they were made."""
        return self.session.progress

    @property
    def panels(self) -> List[Dict[str, Any]]:
        """What was registered with nukescripts.panels."""
        return self.session.panels

    @property
    def on_progress(self) -> Optional[Callable[[ProgressTask], None]]:
        """Called with a ProgressTask at each change of it; may cancel it."""
        return self.session.on_progress

    @on_progress.setter
    def on_progress(self, call: Optional[Callable[[ProgressTask], None]]) -> None:
        self.session.on_progress = call
