"""Scripts: open, read, save, clear; copy and paste."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List, Optional, Union

from ...core.files import write_text
from ..errors import ScriptError
from ..nk import Word, parse, read
from . import state
from .node import Node
from .undo import Step

CLIPBOARD = "%clipboard%"


def scriptOpen(filename: Optional[str] = None) -> None:
    """Closes the script that is open and loads another; every node's onCreate runs, onScriptLoad at the end.

    Raises:
        RuntimeError: there is no such file, or it is no script (a ScriptError); the script that was open stays.
    """
    session = state.current()
    if not filename:
        raise RuntimeError("scriptOpen needs a path here: the embedded host has no file browser.")
    document = read(str(filename))
    scriptClose()
    root = session.root
    root._knobs["name"]._load(_name_word(filename))  # onCreate may ask for it
    session.undo.disabled += 1
    session.opening = True
    try:
        session.builder.load(document, root)
    finally:
        session.undo.disabled -= 1
        session.opening = False
    session.undo.clear()
    root._modified = False
    session.callbacks.fire("onCreate", root)
    session.callbacks.fire("onScriptLoad", root)


def _name_word(filename: str) -> Word:
    return Word.of(str(filename).replace("\\", "/"))


def scriptReadText(text: str) -> None:
    """Adds a script's nodes to the current group.

    Raises:
        RuntimeError: it is no script (a ScriptError).
    """
    session = state.current()
    session.builder.load(parse(text), session.group)


def scriptSave(filename: Optional[str] = None) -> bool:
    """Saves the script, under its own name unless another is given.

    Raises:
        RuntimeError: it has no name yet, or the file can't be written.
    """
    session = state.current()
    path = filename or session.root._knobs["name"].getText()
    if not path:
        raise RuntimeError("The script has no name yet; use scriptSaveAs with a path.")
    session.callbacks.fire("onScriptSave", session.root)
    if filename is not None:
        session.root._knobs["name"]._load(_name_word(filename))
    _write_script(path, session.writer.script(session.root))
    session.root._modified = False
    return True


def scriptSaveAs(filename: Optional[str] = None, overwrite: Union[int, bool] = -1) -> None:
    """Saves the script under a name.

    Raises:
        RuntimeError: no name, the file is there already and `overwrite` is not set, or it can't be written.
    """
    if not filename:
        raise RuntimeError("scriptSaveAs needs a path here: the embedded host has no file browser.")
    if Path(filename).exists() and overwrite not in (1, True):
        raise RuntimeError(f"{filename} exists already; pass overwrite=1 to replace it.")
    scriptSave(filename)


def scriptClose(filename: Optional[str] = None, ignoreUnsavedChanges: bool = False) -> bool:
    """Fires onScriptClose and every node's onDestroy, then leaves an empty script."""
    session = state.current()
    session.callbacks.fire("onScriptClose", session.root)
    for node in session.root._walk()[1:]:
        session.callbacks.fire("onDestroy", node)
    for node in session.root._walk():
        node._gone = True
    session.new_script()
    return True


def scriptClear(*args: Any) -> None:
    """As `scriptClose`."""
    scriptClose()


def nodeCopy(path: str = CLIPBOARD) -> None:
    """Writes the selected nodes to a file, or keeps them as the clipboard.

    Raises:
        RuntimeError: nothing is selected, or the file can't be written.
    """
    session = state.current()
    chosen = session.group.selectedNodes()
    if not chosen:
        raise RuntimeError("No nodes selected")
    text = session.writer.pasteable(chosen)
    if path == CLIPBOARD:
        session.clipboard = text
    else:
        _write_script(path, text)


def nodePaste(path: str = CLIPBOARD) -> Optional[Node]:
    """Pastes nodes behind the selected one, selects them and gives the last; their onCreate runs, onUserCreate does not.

    Raises:
        RuntimeError: the clipboard is empty, there is no such file, or it is no script (a ScriptError).
    """
    session = state.current()
    if path == CLIPBOARD and not session.clipboard:
        raise RuntimeError("The clipboard is empty.")
    document = parse(session.clipboard) if path == CLIPBOARD else read(path)
    chosen = session.selected()
    made = session.builder.load(document, session.group, pasted_behind=chosen[-1] if chosen else None)
    _recorded(made)
    for node in chosen:
        session.select(node, False)
    for node in made:
        session.select(node, True)
    return made[-1] if made else None


def _recorded(made: List[Node]) -> None:
    """One undo takes a paste back."""
    session = state.current()
    places = [(node, index) for index, node in enumerate(session.group._items) if any(node is one for one in made)]

    def undo() -> None:
        for node in reversed(made):
            session._remove(node)

    def redo() -> None:
        for node, index in places:
            if isinstance(node, Node):
                session._put_back(node, index)

    session.undo.add(Step("paste", undo, redo))


def _write_script(path: str, text: str) -> None:
    write_text(path, text, "script", error=ScriptError, make_folder=False)
