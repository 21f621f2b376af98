"""Imports modules without what they import for uses that never come: that is loaded when it is first used.

A module that begins with `from transformers import PreTrainedModel` brings all of transformers into memory, though
the name may never be used. While a `Postponed` is entered, the imports of its thread are answered thus:

- `libraries` by stand-ins. A name taken from one is a `Later`: it loads the library and passes on to the real thing once
  it is called, looked into, or asked in isinstance or issubclass. Stand-ins leave sys.modules at the end, so a
  later import of the library gets the library. What a `Later` cannot tell is whether the library has that name.
- `packages` by the package itself, bound by the import system as ever, but its `__init__` waits until the package
  is asked for a name that it has not got. Its submodules can be imported before that, and stay the same ones after it.
- `absent` by ModuleNotFoundError, for modules that are prepared to do without.

What is loaded already is used as it is, and other threads' imports are answered as ever. Only one case is not told apart:
a thread that imports one of `libraries` in the very moment gets the stand-in, of which every name works, but none can be
a base class.
"""

from __future__ import annotations

import importlib
import importlib.abc
import pkgutil
import sys
import threading
from collections.abc import Collection, Iterable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any


def load_without(
    modules: Iterable[str],
    *,
    libraries: Collection[str] = (),
    packages: Collection[str] = (),
    absent: Collection[str] = (),
) -> bool:
    """Imports `modules` with the rest postponed.

    Returns:
        False if they cannot be had so, because a library's name is needed to import them, or for any other reason. Then
        those that came are forgotten, as if this had not been tried, and an ordinary import does what it can.
    """
    before = set(sys.modules)
    modules = list(modules)
    try:
        with Postponed(libraries=libraries, packages=packages, absent=absent) as postponed:
            for name in modules:
                importlib.import_module(name)
        if not postponed.needed:
            return True
    except Exception:  # whatever it is, the ordinary import meets it again or does not
        pass
    roots = {name.partition(".")[0] for name in modules}
    for name in sys.modules.keys() - before:
        if name.partition(".")[0] in roots:
            del sys.modules[name]
    return False


class Postponed(importlib.abc.MetaPathFinder):
    """A context in which imports of this thread are answered as the file's head says.

    Attributes:
        needed: names of `libraries` that were used within it: who catches the error that this raises has not got them.
    """

    def __init__(
        self, *, libraries: Collection[str] = (), packages: Collection[str] = (), absent: Collection[str] = ()
    ) -> None:
        self.needed: list[str] = []
        self._libraries = tuple(libraries)
        self._packages, self._absent = frozenset(packages), frozenset(absent)
        self._thread: int | None = None

    def __enter__(self) -> Postponed:
        self._thread = threading.get_ident()
        sys.meta_path = [self, *sys.meta_path]  # a new list: another thread may be on its way through the old one
        return self

    def __exit__(self, *_: object) -> None:
        self._thread = None
        sys.meta_path = [finder for finder in sys.meta_path if finder is not self]
        _forget_stand_ins()

    @property
    def importing(self) -> bool:
        """Whether the context is entered, and by this thread."""
        return self._thread == threading.get_ident()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Called by the import system; None leaves the answer to it."""
        if not self.importing:
            return None
        if fullname in self._absent:
            raise ModuleNotFoundError(f"{fullname} is not imported here", name=fullname)
        stands_in = any(fullname == library or self._is_part(fullname, library) for library in self._libraries)
        if not stands_in and fullname not in self._packages:
            return None
        spec = PathFinder.find_spec(fullname, path)
        if spec is not None and spec.loader is not None:  # else: not there, or of a kind that is none of our business
            spec.loader = _StandInLoader(self) if stands_in else _PackageLoader(spec.loader)
        return spec

    @staticmethod
    def _is_part(fullname: str, library: str) -> bool:
        """Whether it is a submodule of what a stand-in stands for; parts of a library that is loaded are loaded too."""
        parent = sys.modules.get(fullname.rpartition(".")[0])
        return fullname.startswith(f"{library}.") and isinstance(parent, _StandIn)


class Later:
    """One name of a library that is loaded when the name is used."""

    __slots__ = ("_later",)

    def __init__(self, postponed: Postponed, name: str) -> None:
        self._later = (postponed, name)

    def __repr__(self) -> str:
        return f"<{self._later[1]}, not loaded before it is used>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _real(*self._later)(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(_real(*self._later), name)

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, _real(*self._later))

    def __subclasscheck__(self, subclass: type) -> bool:
        return issubclass(subclass, _real(*self._later))


class _StandIn(ModuleType):
    """In the place of a library's module; later, for who has kept it, a way to the real one."""

    _postponed: Postponed

    def __getattr__(self, name: str) -> Any:
        if not self._postponed.importing:
            return _real(self._postponed, f"{self.__name__}.{name}")
        if name.startswith("__"):  # the import system looks for some; a version is not to be had
            raise AttributeError(name)
        return Later(self._postponed, f"{self.__name__}.{name}")


class _StandInLoader(importlib.abc.Loader):
    def __init__(self, postponed: Postponed) -> None:
        self._postponed = postponed

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = _StandIn(spec.name)
        module._postponed = self._postponed
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing: that is what it is for."""


def _real(postponed: Postponed, name: str) -> Any:
    """What `name` stands for; its library is imported now, unless that is done."""
    if postponed.importing:
        postponed.needed.append(name)
        raise ImportError(f"{name} is needed already to import the modules that mention it.")
    _forget_stand_ins()
    return pkgutil.resolve_name(name)


def _forget_stand_ins() -> None:
    for name, module in list(sys.modules.items()):
        if isinstance(module, _StandIn):
            del sys.modules[name]
            parent, _, leaf = name.rpartition(".")
            holder = vars(sys.modules[parent]) if parent in sys.modules else {}
            if holder.get(leaf) is module:
                del holder[leaf]


_COMPLETING = threading.RLock()


class _Package(ModuleType):
    """A package whose `__init__` has not run, or runs just now; afterwards it is a module like others."""

    _runs = False

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__all__":  # looked for in passing, by the import system and by inspection
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        with _COMPLETING:
            if isinstance(self, _Package) and not self._runs:  # else another thread was first, or its own imports ask
                self._run()
            now = sys.modules.get(self.__name__, self)
            return ModuleType.__getattribute__(self, name) if now is self else getattr(now, name)

    def _run(self) -> None:
        self._runs = True
        try:
            assert self.__spec__ is not None and self.__spec__.loader is not None
            self.__spec__.loader.exec_module(self)
        except BaseException:
            self._runs = False
            raise
        if sys.modules.get(self.__name__) is self:  # else it put another module in its place, and this one passes on to it
            del self._runs
            self.__class__ = ModuleType  # type: ignore[assignment]


class _PackageLoader(importlib.abc.Loader):
    """Does what a loader does except to run the module, and leaves that loader in its place."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self._loader
        module.__class__ = _Package
