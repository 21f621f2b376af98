"""Who may import whom. Each import is tried in a fresh interpreter, and the source is read as Python 3.9."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Set

import gvm_matte
import gvm_matte.client
import pytest

PACKAGE = Path(gvm_matte.__file__).parent
LEAVES = ["core", "params", "protocol"]
HOST_SIDE = [*LEAVES, "client", "farm"]
HOST_MODULES = sorted(
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    for wing in HOST_SIDE
    for path in (PACKAGE / wing).rglob("*.py")
)
IMAGES = Path(__file__).parent / "data" / "images"
OLDEST = sorted(Path.home().glob(".pyenv/versions/3.9.*/bin/python"))


def imported_by(module: str, python: str = sys.executable) -> Set[str]:
    """Names in sys.modules after the import, of what is neither standard library nor this package."""
    script = (
        "import sys; before = set(sys.modules)\n"
        f"sys.path.insert(0, {str(PACKAGE.parent)!r})\n"
        "import importlib.util\n"
        f"spec = importlib.util.spec_from_file_location('gvm_matte', {str(PACKAGE / '__init__.py')!r}, "
        f"submodule_search_locations=[{str(PACKAGE)!r}])\n"
        "package = importlib.util.module_from_spec(spec); sys.modules['gvm_matte'] = package\n"
        "spec.loader.exec_module(package)\n"
        f"import gvm_matte.{module}\n"
        "print(' '.join(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run(
        [python, "-I", "-S", "-B", "-W", "error", "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def sources(*parts: str) -> List[Path]:
    found: List[Path] = []
    for part in parts:
        path = PACKAGE / part
        files = path.rglob("*.py") if path.is_dir() else [path.with_suffix(".py")]
        found += sorted(file for file in files if file.exists())
    return found


def imports_of(path: Path) -> Set[str]:
    """Absolute names of all that a file imports, also inside functions."""
    found: Set[str] = set()
    here = ["gvm_matte", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            found.add(name)
            found.update(f"{name}.{alias.name}" for alias in node.names)
    return found


@pytest.mark.parametrize("module", HOST_MODULES)
def test_the_host_side_needs_the_standard_library_alone(module: str) -> None:
    found = imported_by(module)
    known = {*sys.stdlib_module_names, "gvm_matte", "__mp_main__"}  # the last is multiprocessing's name for __main__
    foreign = {name for name in found if name.split(".")[0] not in known}
    assert foreign == set()
    inside = {".".join(name.split(".")[:2]) for name in found if name.startswith("gvm_matte.")}
    assert inside <= {f"gvm_matte.{name}" for name in HOST_SIDE}


@pytest.mark.skipif(not OLDEST, reason="there is no Python 3.9 here")
@pytest.mark.parametrize("module", ["client", "farm", "params.presets", "core.paths"])
def test_the_host_side_runs_on_the_oldest_python(module: str) -> None:
    assert f"gvm_matte.{module}" in imported_by(module, str(OLDEST[-1]))


@pytest.mark.parametrize("path", sources(*HOST_SIDE, "__init__.py"), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_host_side_is_written_in_the_oldest_python(path: Path) -> None:
    assert isinstance(ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9)), ast.Module)


# The floors of the house: what each folder may import besides itself. The command line may import all.
FLOORS: Dict[str, List[str]] = {
    "core": [],
    "params": ["core"],
    "protocol": ["core"],
    "images": ["core"],
    "metrics": ["core", "images"],
    "client": ["core", "params", "protocol"],
    "engine": ["core", "params", "protocol", "images"],
    "host": ["core", "images"],
    "farm": ["core", "params", "protocol", "client"],
    "nodes": ["core", "params", "protocol", "client", "farm"],
    "ui": ["core", "params", "protocol", "client", "farm"],
}


def test_the_door_has_three_files() -> None:
    assert {path.name for path in PACKAGE.glob("*.py")} == {"__init__.py", "init.py", "menu.py"}


def test_every_folder_imports_from_the_floors_below_it_alone() -> None:
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert folders == {*FLOORS, "cli"}  # a new folder needs a rule
    for folder, below in FLOORS.items():
        for path in sources(folder):
            inside = {name.split(".")[1] for name in imports_of(path) if name.startswith("gvm_matte.")}
            assert inside <= {folder, "__version__", *below}, path


# The engine's stair, the top step first: a folder imports from the steps below its own alone, never from one beside it.
ENGINE_STAIR = ["__main__", "serving", "pipeline", "watch", "plates", "colour model mattes detail", "jobs"]


def test_the_engine_is_a_straight_stair() -> None:
    engine = PACKAGE / "engine"
    steps = {name: step for step, names in enumerate(ENGINE_STAIR) for name in names.split()}
    folders = {path.parent.name for path in engine.glob("*/__init__.py")}
    assert {*folders, "__main__"} == set(steps)  # a new folder needs a step
    for path in engine.rglob("*.py"):
        own = path.relative_to(engine).with_suffix("").parts[0]
        for name in imports_of(path):
            other = name.split(".")[2] if name.startswith("gvm_matte.engine.") else own
            if other != own:
                assert own in steps and other in steps and steps[own] < steps[other], (path, name)


def modules() -> Dict[str, Path]:
    """Every module of the package, by its name below gvm_matte."""
    dotted = {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in PACKAGE.rglob("*.py")}
    return {name[: -len(".__init__")] if name.endswith(".__init__") else name: path for name, path in dotted.items()}


def arrows_of(path: Path, files: Dict[str, Path]) -> Set[str]:
    """The modules that a file imports; for type checking and inside functions, too."""
    named = {name.partition(".")[2] for name in imports_of(path)}
    # `from .a import b` names a and a.b: where all that is named of a folder are modules, the folder itself is not meant
    things = {name.rpartition(".")[0] for name in named if name not in files}
    return {name for name in named if name in files and (files[name].name != "__init__.py" or name in things)}


def circles() -> List[Set[str]]:
    """Sets of modules that import each other, by whatever way round."""
    files = modules()
    arrows = {module: arrows_of(path, files) - {module} for module, path in files.items()}
    reached = {module: reachable(module, arrows) for module in files}
    found: List[Set[str]] = []
    for module in sorted(files):
        circle = {other for other in reached[module] if module in reached[other]}
        if circle and circle not in found:
            found.append(circle)
    return found


def reachable(module: str, arrows: Dict[str, Set[str]]) -> Set[str]:
    """All that a module imports, and what those import in their turn."""
    found: Set[str] = set()
    left = list(arrows[module])
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += arrows[name]
    return found


def test_nothing_imports_in_a_circle_but_the_hosts_object_model() -> None:
    assert [circle for circle in circles() if not all(name.startswith("host.") for name in circle)] == []


@pytest.mark.parametrize(
    "words", [["--help"], ["render", "--help"], ["info", str(IMAGES)], ["farm", "status", "no such bundle"]], ids=" ".join
)
def test_a_command_that_renders_nothing_answers_without_torch(words: List[str]) -> None:
    script = (
        "import sys\nfor name in ('torch', 'diffusers', 'scipy'): sys.modules[name] = None\n"
        f"from gvm_matte.cli.main import main\nsys.exit(main({words!r}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == (2 if "status" in words else 0), said
    assert words[-1] in said or "usage: gvm-matte" in said


def test_the_client_exports_what_it_promises() -> None:
    assert gvm_matte.client.__all__ == [
        "Answer", "Buffers", "Connected", "DeviceSessions", "EngineChoice", "EngineConnection", "EngineJob",
        "EngineProcess", "EngineWatch",
        "Event", "Lost", "MatteJob", "MatteSession", "PictureView", "PlateData", "RenderResult", "connection_file_path",
        "engine_command", "engine_environment", "find_warm_engine", "runtime_folder", "session_for", "start_warm_engine",
        "stop_warm_engine",
    ]  # fmt: skip
    assert all(hasattr(gvm_matte.client, name) for name in gvm_matte.client.__all__)


@pytest.mark.parametrize("path", sources("."), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_becomes_a_top_level_module(path: Path) -> None:
    """Inside Nuke a bare `import nodes` would be somebody else's module, or ours under a wrong name."""
    own = {item.stem for item in PACKAGE.iterdir() if item.suffix == ".py" or item.is_dir()} - {"__init__", "__pycache__"}
    standard = own & set(sys.stdlib_module_names)
    assert {name.split(".")[0] for name in imports_of(path)} & (own - standard) == set()
