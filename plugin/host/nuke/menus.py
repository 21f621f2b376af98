"""Menus and toolbars as objects, for a host that plays a GUI session: what menu.py adds can be looked at and invoked."""

from __future__ import annotations

from typing import Any, Callable, List, Optional, Union

from . import state

NAMES = ("Nuke", "Pane", "Nodes", "Properties", "Animation", "Viewer", "Node Graph", "Axis")


class MenuItem:
    """A command of a menu, or a separator."""

    def __init__(
        self,
        name: str,
        command: Union[str, Callable[[], Any], None] = None,
        shortcut: str = "",
        icon: str = "",
        tooltip: str = "",
    ) -> None:
        self._name, self._command, self._shortcut, self._icon, self._tooltip = name, command, shortcut, icon, tooltip
        self._enabled, self._visible = True, True

    def name(self) -> str:
        """Its text."""
        return self._name

    def icon(self) -> str:
        """Its icon's file name."""
        return self._icon

    def shortcut(self) -> str:
        """Its key."""
        return self._shortcut

    def tooltip(self) -> str:
        """Its help; the host's own."""
        return self._tooltip

    def script(self) -> str:
        """Its code; "" for a callable."""
        return self._command if isinstance(self._command, str) else ""

    def setScript(self, script: str) -> None:
        """Sets its code."""
        self._command = script

    def setIcon(self, icon: str) -> None:
        """Sets its icon."""
        self._icon = icon

    def setShortcut(self, keySequence: str) -> None:
        """Sets its key."""
        self._shortcut = keySequence

    def setEnabled(self, enabled: bool, recursive: bool = False) -> None:
        """Greys it out, or not."""
        self._enabled = enabled

    def setVisible(self, visible: bool) -> None:
        """Shows or hides it."""
        self._visible = visible

    def invoke(self) -> None:
        """Runs the command.

        Raises:
            Exception: whatever the command raises.
        """
        session = state.current()
        if callable(self._command):
            self._command()
        elif self._command:
            exec(compile(self._command, f"<menu {self._name}>", "exec"), session.namespace)


class Menu(MenuItem):
    """A menu: items in the order in which they were added, or at the index that was asked for."""

    def __init__(self, name: str, icon: str = "", tooltip: str = "") -> None:
        super().__init__(name, None, "", icon, tooltip)
        self._items: List[MenuItem] = []

    def addMenu(self, name: str, icon: str = "", tooltip: str = "", index: int = -1) -> Menu:
        """A submenu by path (`A/B`); one that is there already is given back."""
        head, _, rest = name.partition("/")
        found = next((item for item in self._items if isinstance(item, Menu) and item.name() == head), None)
        if found is None:
            found = Menu(head, "" if rest else icon, "" if rest else tooltip)
            self._insert(found, index)
        return found.addMenu(rest, icon, tooltip) if rest else found

    def addCommand(
        self,
        name: str,
        command: Union[str, Callable[[], Any], None] = None,
        shortcut: str = "",
        icon: str = "",
        tooltip: str = "",
        index: int = -1,
        readonly: bool = False,
        shortcutContext: int = 0,
        **other: Any,
    ) -> MenuItem:
        """A command by path (`A/B`); one of that name is replaced."""
        folder, _, last = name.rpartition("/")
        if folder:
            return self.addMenu(folder).addCommand(last, command, shortcut, icon, tooltip, index)
        item = MenuItem(name, command, shortcut, icon, tooltip)
        self._items = [other for other in self._items if other.name() != name or isinstance(other, Menu)]
        self._insert(item, index)
        return item

    def addSeparator(self, index: int = -1, **other: Any) -> MenuItem:
        """A line."""
        item = MenuItem("")
        self._insert(item, index)
        return item

    def _insert(self, item: MenuItem, index: int) -> None:
        self._items.insert(len(self._items) if index < 0 else index, item)

    def items(self) -> List[MenuItem]:
        """What is in it."""
        return list(self._items)

    def findItem(self, name: str) -> Optional[MenuItem]:
        """An item by path; None if there is none."""
        head, _, rest = name.partition("/")
        for item in self._items:
            if item.name() == head and (not rest or isinstance(item, Menu)):
                return item.findItem(rest) if rest and isinstance(item, Menu) else item
        return None

    def menu(self, name: str) -> Optional[Menu]:
        """A submenu by path; None if there is none."""
        found = self.findItem(name)
        return found if isinstance(found, Menu) else None

    def removeItem(self, name: str) -> None:
        """Takes an item away."""
        self._items = [item for item in self._items if item.name() != name]

    def clearMenu(self) -> None:
        """Takes everything away."""
        self._items = []

    def updateMenuItems(self) -> None:
        """Nothing here."""


class ToolBar(Menu):
    """A toolbar."""


class MenuBar(Menu):
    """The bar of the main window."""


def menu(name: str) -> Menu:
    """One of Nuke's menus: "Nuke", "Nodes", "Pane", ….

    Raises:
        RuntimeError: outside the GUI, or there is no menu of that name.
    """
    session = state.current()
    if not session.gui:
        raise RuntimeError("menu() is only available in a GUI session")
    if name not in NAMES and name not in session.menus:
        raise RuntimeError(f'There is no menu "{name}"; there are {", ".join(NAMES)}.')
    return session.menus.setdefault(name, MenuBar(name) if name == "Nuke" else Menu(name))


def toolbar(name: str, create: bool = True) -> Optional[Menu]:
    """A toolbar; "Nodes" is the menu of nodes.

    Raises:
        RuntimeError: outside the GUI.
    """
    session = state.current()
    if not session.gui:
        raise RuntimeError("toolbar() is only available in a GUI session")
    if name == "Nodes":
        return menu("Nodes")
    if name not in session.toolbars and create:
        session.toolbars[name] = ToolBar(name)
    return session.toolbars.get(name)
