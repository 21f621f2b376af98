"""Menus as objects, for a host that plays a GUI session: what menu.py adds can be looked at and invoked."""

from __future__ import annotations

from typing import Any, Callable, List, Optional, Union

from . import state

NAMES = ("Nuke", "Pane", "Nodes", "Properties", "Animation", "Viewer", "Node Graph", "Axis")
Command = Union[str, Callable[[], Any], None]


class MenuItem:
    """A command of a menu."""

    def __init__(self, name: str, command: Command = None) -> None:
        self._name, self._command = name, command

    def name(self) -> str:
        """Its text."""
        return self._name

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
    """A menu: items in the order in which they were added. Icons, shortcuts and tooltips are taken and not kept."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._items: List[MenuItem] = []

    def addMenu(self, name: str, **shown: Any) -> Menu:
        """A submenu by path (`A/B`); one that is there already is given back."""
        head, _, rest = name.partition("/")
        found = next((item for item in self._items if isinstance(item, Menu) and item.name() == head), None)
        if found is None:
            found = Menu(head)
            self._items.append(found)
        return found.addMenu(rest) if rest else found

    def addCommand(self, name: str, command: Command = None, shortcut: str = "", **shown: Any) -> MenuItem:
        """A command by path (`A/B`); one of that name is replaced."""
        folder, _, last = name.rpartition("/")
        if folder:
            return self.addMenu(folder).addCommand(last, command)
        item = MenuItem(name, command)
        self._items = [other for other in self._items if other.name() != name or isinstance(other, Menu)]
        self._items.append(item)
        return item

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


def menu(name: str) -> Menu:
    """One of Nuke's menus: "Nuke", "Nodes", "Pane", ….

    Raises:
        RuntimeError: outside the GUI, or there is no menu of that name.
    """
    session = state.current()
    if not session.gui:
        raise RuntimeError("menu() is only available in a GUI session")
    if name not in NAMES:
        raise RuntimeError(f'There is no menu "{name}"; there are {", ".join(NAMES)}.')
    return session.menus.setdefault(name, Menu(name))
