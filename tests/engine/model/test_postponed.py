"""Imports with the rest postponed, on small libraries that are written for each test."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from gvm_matte.engine.model.postponed import Later, Postponed, load_without

LOOKS_AROUND = """
found = []
for name in ("heavy.cellar", "no_such_library"):
    try:
        __import__(name)
        found.append(name)
    except ModuleNotFoundError:
        pass
"""
IN_ITS_PLACE = """
import sys, types
class Lazy(types.ModuleType):
    BATH = "warm"
module = Lazy(__name__)
module.__path__, module.__spec__ = __path__, __spec__
sys.modules[__name__] = module
"""
Write = Callable[[Mapping[str, str]], None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Writes modules of the libraries `house` and `heavy`, which can be imported from then on."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def files(sources: Mapping[str, str]) -> None:
        for name, source in sources.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source, encoding="utf-8")
        for folder in (tmp_path / "house", tmp_path / "heavy"):
            folder.mkdir(exist_ok=True)
            (folder / "__init__.py").touch()
        importlib.invalidate_caches()

    files({"heavy/parts.py": "class Part:\n    made = 'in heavy'\n\ndef double(x):\n    return 2 * x\n"})
    yield files
    for name in list(sys.modules):
        if name.partition(".")[0] in ("house", "heavy"):
            del sys.modules[name]


def test_a_library_is_loaded_when_a_name_of_it_is_used(write: Write) -> None:
    write({"house/door.py": "from heavy.parts import Part, double\nimport heavy.parts\n"})
    finders = list(sys.meta_path)
    assert load_without(["house.door"], libraries=["heavy"])
    door = importlib.import_module("house.door")
    assert "heavy" not in sys.modules and "heavy.parts" not in sys.modules
    assert sys.meta_path == finders
    assert isinstance(door.Part, Later) and "heavy.parts.Part" in repr(door.Part)

    assert door.double(4) == 8
    real = importlib.import_module("heavy.parts")
    assert door.Part.made == door.heavy.parts.Part.made == "in heavy"
    assert isinstance(real.Part(), door.Part) and not isinstance(4, (str, door.Part))  # type: ignore[arg-type]
    assert issubclass(type("Own", (real.Part,), {}), door.Part) and not issubclass(int, door.Part)  # type: ignore[arg-type]


def test_a_library_that_is_loaded_is_used_as_it_is(write: Write) -> None:
    write({"house/door.py": "from heavy.parts import Part\n"})
    real = importlib.import_module("heavy.parts")
    assert load_without(["house.door"], libraries=["heavy"])
    assert importlib.import_module("house.door").Part is real.Part
    assert sys.modules["heavy.parts"] is real


def test_a_library_or_module_that_is_not_there_is_missed_as_ever(write: Write) -> None:
    write({"house/door.py": LOOKS_AROUND})
    assert load_without(["house.door"], libraries=["heavy", "no_such_library"])
    assert importlib.import_module("house.door").found == []


@pytest.mark.parametrize(
    "use",
    [
        "class Own(Part): pass",
        "four = double(2)",
        "made = Part.made",
        "try:\n    double(2)\nexcept ImportError:\n    double = None",
        "import heavy.parts\nversion = heavy.__version__",
    ],
)
def test_what_is_needed_at_once_makes_the_import_an_ordinary_one(write: Write, use: str) -> None:
    write({"house/door.py": f"from heavy.parts import Part, double\n{use}\n", "house/wall.py": "door = None\n"})
    wall = importlib.import_module("house.wall")
    assert not load_without(["house.door"], libraries=["heavy"])
    assert "house.door" not in sys.modules and "heavy" not in sys.modules
    assert sys.modules["house.wall"] is wall  # it was there before

    if "__version__" in use:
        (Path(wall.__file__ or "").parents[1] / "heavy" / "__init__.py").write_text("__version__ = '1'\n")
    door = importlib.import_module("house.door")
    assert door.double(4) == 8 and isinstance(door.Part, type)


def test_modules_of_a_package_come_before_the_rest_of_it(write: Write) -> None:
    write(
        {
            "house/rooms/__init__.py": "from .bath import BATH\nfrom .kitchen import KITCHEN\n",
            "house/rooms/bath.py": "BATH = object()\n",
            "house/rooms/kitchen.py": "from . import bath\nKITCHEN = bath.BATH\n",
        }
    )
    assert load_without(["house.rooms.bath"], packages=["house.rooms"])
    bath = sys.modules["house.rooms.bath"]
    assert "house.rooms.kitchen" not in sys.modules

    rooms = importlib.import_module("house.rooms")
    assert rooms.bath is bath and not hasattr(rooms, "__wrapped__")
    assert "house.rooms.kitchen" not in sys.modules  # nothing was asked for that is not there
    assert rooms.KITCHEN is rooms.BATH is bath.BATH
    assert type(rooms) is type(sys) and sys.modules["house.rooms"] is rooms
    with pytest.raises(AttributeError, match="cellar"):
        _ = rooms.cellar


def test_threads_that_complete_a_package_together_get_all_of_it(write: Write) -> None:
    write(
        {
            "house/rooms/__init__.py": "import time\ntime.sleep(0.05)\nfrom .bath import BATH\nLAST = 1\n",
            "house/rooms/bath.py": "BATH = object()\n",
            "house/rooms/hall.py": "",
        }
    )
    assert load_without(["house.rooms.hall"], packages=["house.rooms"])
    rooms, found = sys.modules["house.rooms"], []
    threads = [threading.Thread(target=lambda: found.append((rooms.LAST, rooms.BATH))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [(1, rooms.BATH)] * 8


def test_a_package_may_put_another_module_in_its_place(write: Write) -> None:
    write({"house/rooms/__init__.py": IN_ITS_PLACE, "house/rooms/hall.py": ""})
    assert load_without(["house.rooms.hall"], packages=["house.rooms"])
    namespace: dict[str, object] = {}
    exec("from house.rooms import BATH", namespace)
    assert namespace["BATH"] == "warm"


def test_what_is_absent_can_be_imported_afterwards(write: Write) -> None:
    write({"house/door.py": "try:\n    from heavy.parts import double\nexcept ImportError:\n    double = None\n"})
    assert load_without(["house.door"], absent=["heavy.parts"])
    assert importlib.import_module("house.door").double is None
    assert importlib.import_module("heavy.parts").double(4) == 8


def test_other_threads_import_as_ever(write: Write) -> None:
    write({"house/door.py": "from heavy.parts import Part\n"})
    found = []
    with Postponed(libraries=["heavy"], absent=["house.door"]) as postponed:
        other = threading.Thread(target=lambda: found.append(importlib.import_module("house.door").Part))
        other.start()
        other.join()
        assert postponed.importing
    assert isinstance(found[0], type) and postponed.needed == []
