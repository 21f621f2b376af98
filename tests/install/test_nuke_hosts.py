"""What Nuke runs of a deployment, under the Pythons of Nuke 14 (3.9), 15 (3.10), 16 and 17 (3.11), without any package."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from nuke_support import ROOT

from install.nuke_package import stage

PYTHONS = ("3.9", "3.10", "3.11")


@pytest.fixture(params=PYTHONS)
def python(request: pytest.FixtureRequest) -> str:
    """One of Nuke's Pythons."""
    found = sorted(Path.home().glob(f".pyenv/versions/{request.param}.*/bin/python"))
    named = str(found[-1]) if found else shutil.which(f"python{request.param}")
    if named is None:
        pytest.skip(f"there is no Python {request.param} here")
    return named


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The parts that Nuke reads, as they are deployed."""
    folder = tmp_path_factory.mktemp("gvm") / "parts"
    stage(ROOT / "plugin", folder, folder.parent / "gvm-engine-x" / "bin" / "python")
    return folder


def run(python: str, folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Code in a Python that has the folder on its path and nothing else beyond its library, as in Nuke."""
    code = f"import sys; sys.path.insert(0, {str(folder)!r})\n{code}"
    command = [python, "-S", "-I", "-B", "-W", "error", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_leaves_and_client_import_in_each_of_nukes_pythons(python: str, staged: Path) -> None:
    package = staged / "gvm_matte"
    wings = ("core", "params", "protocol", "client")
    found = sorted(path for wing in wings for path in (package / wing).rglob("*.py") if path.stem != "__init__")
    names = [".".join(path.relative_to(package).with_suffix("").parts) for path in found]
    assert {"core.errors", "params.fields", "protocol.frame_buffer", "client.session"} <= set(names)
    lines = [f"import gvm_matte.{name}" for name in names]
    done = run(python, staged, "\n".join([*lines, "import gvm_matte.client; print(gvm_matte.__file__)"]))
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(package / "__init__.py")


@pytest.mark.parametrize("name", ["init.py", "menu.py"])
def test_what_nuke_runs_does_not_raise_where_nuke_is_missing(python: str, staged: Path, name: str) -> None:
    done = run(python, staged, f"import runpy; runpy.run_path({str(staged / name)!r}); print('and on')")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "and on"), done.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("import nuke", "No module named 'nuke'"),
        ("this is no Python", "SyntaxError"),
        ("raise SystemExit('no licence')", "no licence"),
        (None, "ImportError"),
    ],
)
@pytest.mark.parametrize("name", ["init", "menu"])
def test_what_nuke_runs_reports_a_broken_package(
    python: str, staged: Path, tmp_path: Path, name: str, content: str | None, said: str
) -> None:
    package = tmp_path / "gvm_matte"
    if content is not None:
        package.mkdir()
        (package / "__init__.py").touch()
        (package / f"{name}.py").write_text(content, encoding="utf-8")
    else:
        package.with_suffix(".py").write_text("raise ImportError", encoding="utf-8")
    shutil.copy(staged / f"{name}.py", tmp_path)
    done = run(python, tmp_path, f"import runpy; runpy.run_path({str(tmp_path / name)!r} + '.py'); print('and on')")
    assert done.returncode == 0 and said in done.stderr
    assert done.stdout.splitlines() == [f"GVM Matte is not available in this session; its {name}.py failed:", "and on"]
