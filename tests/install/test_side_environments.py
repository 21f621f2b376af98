"""The environments beside .venv: made, recognised, made again when their lock changes. Real venvs; wheels are made here."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from test_environment import make_wheel, offline

from install.side_environments import NAMES, SideEnvironment, prepare_side_environments

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in small with both environments, of which one could not be made."""
    root = tmp_path_factory.mktemp("checkout")
    wheels = root / "wheels"
    wheels.mkdir()
    for version in ("1.0", "1.1"):
        make_wheel(wheels, "hair", version)
    (root / "requirements-deadline.lock").write_text("# why\nhair==1.0  # it is there\n", encoding="utf-8")
    (root / "requirements-opencue.lock").write_text("beard==3.0\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        offline(patch, wheels)
        prepare_side_environments(root)
    return root


@pytest.fixture(autouse=True)
def no_network(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip sees nothing but the wheels made here."""
    offline(monkeypatch, checkout / "wheels")


def version(environment: SideEnvironment) -> str:
    code = "import hair; print(hair.version)"
    return subprocess.run([str(environment.python), "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_each_has_a_folder_of_its_own_that_git_ignores() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    for name in NAMES:
        environment = SideEnvironment(ROOT, name)
        assert environment.folder == ROOT / f".venv-{name}" and f".venv-{name}/" in ignored
        assert environment.requirements.is_file()


def test_what_is_locked_is_installed_and_nothing_of_this_project(checkout: Path) -> None:
    environment = SideEnvironment(checkout, "deadline")
    assert environment.is_ready() and not environment.is_running() and version(environment) == "1.0"
    assert Path(environment.command("pip")).is_file()
    found = subprocess.run([str(environment.python), "-c", "import gvm_matte"], capture_output=True, text=True, check=False)
    assert "No module named 'gvm_matte'" in found.stderr


def test_one_that_cannot_be_made_is_told_and_does_not_keep_the_others(
    checkout: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert not SideEnvironment(checkout, "opencue").is_ready()
    prepare_side_environments(checkout)
    said = capfd.readouterr().err
    assert "beard==3.0" in said and "The tests that need .venv-opencue will fail." in said
    assert ".venv-deadline" not in said  # it is there: nothing is done


def test_a_changed_lock_is_installed_over_what_is_there(checkout: Path) -> None:
    environment = SideEnvironment(checkout, "deadline")
    before = environment.requirements.read_text(encoding="utf-8")
    environment.requirements.write_text("hair==1.1\n", encoding="utf-8")
    assert not environment.is_ready()
    environment.prepare()
    assert environment.is_ready() and version(environment) == "1.1"
    environment.requirements.write_text(before, encoding="utf-8")
    assert not environment.is_ready()
    environment.prepare()
    assert version(environment) == "1.0"
