"""The environment of `python3 install`: made, recognised, repaired. Real venvs and pip; the wheels are made here."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

from install.advice import advice
from install.environment import Environment, InstallError, locked_version
from install.folder_lock import folder_lock

# A build backend in a file, so that the project can be linked without setuptools. Its wheel holds one path file.
BACKEND = """
import zipfile
WHEEL = "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "gvm_matte-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(f"{folder}/{name}", "w") as wheel:
        wheel.writestr("linked.py", "yes = True")
        info = "gvm_matte-0.1.0.dist-info/"
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: gvm-matte\\nVersion: 0.1.0\\n")
        wheel.writestr(info + "WHEEL", WHEEL)
        wheel.writestr(info + "RECORD", "linked.py,,\\n")
    return name
"""
PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""


def make_wheel(folder: Path, name: str, version: str) -> None:
    """A package of one module that knows its version."""
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", f"version = '{version}'")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", f"{name}.py,,\n")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """A checkout in small, with its environment; tests leave it whole."""
    root = tmp_path_factory.mktemp("checkout")
    wheels = root / "wheels"
    wheels.mkdir()
    for name, version in (("torch", "2.0"), ("hair", "1.0"), ("hair", "1.1")):
        make_wheel(wheels, name, version)
    (root / "requirements.lock").write_text("# pins\ntorch==2.0  # the networks\nhair==1.0\n", encoding="utf-8")
    (root / "requirements-test.lock").write_text("", encoding="utf-8")
    (root / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (root / "backend.py").write_text(BACKEND, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        offline(patch, wheels)
        environment = Environment(root)
        assert not environment.is_ready(tests=False)
        environment.prepare(tests=False)
    return environment


@pytest.fixture(autouse=True)
def no_network(made: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip sees nothing but the wheels made here."""
    offline(monkeypatch, made.root / "wheels")


def offline(patch: pytest.MonkeyPatch, wheels: Path) -> None:
    """Sets pip's environment."""
    patch.setenv("PIP_NO_INDEX", "1")
    patch.setenv("PIP_FIND_LINKS", str(wheels))


def module(environment: Environment, expression: str) -> str:
    """What an expression on the modules in the environment gives."""
    code = f"import torch, hair, linked; print({expression})"
    done = subprocess.run([str(environment.python), "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_everything_that_is_locked_is_installed_and_the_project_is_linked(made: Environment) -> None:
    assert module(made, "torch.version, hair.version, linked.yes") == "2.0 1.0 True"
    assert made.is_ready(tests=False) and not made.is_running()


def test_a_second_run_starts_no_process_and_takes_no_time(made: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    started = time.perf_counter()
    assert Environment(made.root).is_ready(tests=False)
    assert time.perf_counter() - started < 0.5


def test_tests_need_their_own_part(made: Environment) -> None:
    assert not made.is_ready(tests=True)


def test_a_changed_lock_is_installed_over_what_is_there(made: Environment) -> None:
    lock = made.root / "requirements.lock"
    lock.write_text(lock.read_text(encoding="utf-8").replace("hair==1.0", "hair==1.1"), encoding="utf-8")
    assert not made.is_ready(tests=False)
    made.prepare(tests=False)
    assert made.is_ready(tests=False) and module(made, "hair.version") == "1.1"


def test_an_installation_that_broke_off_is_completed(made: Environment) -> None:
    site = made.python.parent.parent / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    if not site.is_dir():
        site = made.folder / "Lib" / "site-packages"
    (site / "torch.py").unlink()  # as if the power went while torch was being unpacked
    (site / "torch-2.0.dist-info" / "INSTALLER").unlink()
    (site / "~orch-1.0.dist-info").mkdir()
    assert not made.is_ready(tests=False)
    made.prepare(tests=False)
    assert made.is_ready(tests=False) and module(made, "torch.version") == "2.0"
    assert not list(site.glob("~*"))


def test_a_package_that_the_index_does_not_have_is_named_with_advice(made: Environment) -> None:
    lock = made.root / "requirements.lock"
    before = lock.read_text(encoding="utf-8")
    lock.write_text(before + "beard==3.0\n", encoding="utf-8")
    try:
        with pytest.raises(InstallError, match=r"(?s)packages failed.*beard==3\.0.*try another Python.*install\.log"):
            made.prepare(tests=False)
        assert not made.is_ready(tests=False)
    finally:
        lock.write_text(before, encoding="utf-8")
    made.prepare(tests=False)
    assert made.is_ready(tests=False)


def test_an_environment_that_does_not_run_is_made_anew(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    environment = Environment(tmp_path)
    environment.python.parent.mkdir(parents=True)
    environment.python.write_text("broken", encoding="utf-8")
    (environment.folder / "rest").touch()
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).touch()
    with pytest.raises(InstallError, match="does not pin torch"):  # what comes after is not this test's business
        environment.prepare(tests=False)
    assert "made anew: its Python does not run" in capfd.readouterr().err
    assert not (environment.folder / "rest").exists()
    assert subprocess.run([str(environment.python), "-m", "pip", "--version"], check=False).returncode == 0


@pytest.mark.parametrize("stamp", ["", "[]", "{", json.dumps({"engine": "another"})])
def test_a_stamp_that_makes_no_sense_is_no_stamp(tmp_path: Path, stamp: str) -> None:
    environment = Environment(tmp_path)
    environment.python.parent.mkdir(parents=True)
    environment.python.touch()
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).touch()
    (environment.folder / "gvm-matte-stamp.json").write_text(stamp, encoding="utf-8")
    assert not environment.is_ready(tests=False)


def test_two_installations_take_turns(tmp_path: Path) -> None:
    told, order = threading.Event(), []

    def second() -> None:
        with folder_lock(tmp_path, waiting=told.set):
            order.append("second")

    with folder_lock(tmp_path, waiting=lambda: order.append("must not wait")):
        thread = threading.Thread(target=second)
        thread.start()
        assert told.wait(10)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


@pytest.mark.parametrize(
    ("said", "advised"),
    [
        ("ERROR: [Errno 28] No space left on device", "disk is full"),
        ("NewConnectionError: Temporary failure in name resolution\nNo matching distribution found", "cannot be reached"),
        ("ERROR: No matching distribution found for torch==2.13.0", "try another Python"),
        ("/usr/bin/python3: No module named pip", "python3-venv"),
        ("ensurepip is not available", "python3-venv"),
        ("PermissionError: [Errno 13] Permission denied: '/x'", "may not be written"),
        ("SSLError(CERTIFICATE_VERIFY_FAILED)", "PIP_CERT"),
        ("something else", "running the same command again"),
    ],
)
def test_each_failure_says_what_to_do(said: str, advised: str) -> None:
    assert advised in advice(said)


def test_a_lock_without_the_package_is_an_error(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("torchvision==1.0\n", encoding="utf-8")
    with pytest.raises(InstallError, match="does not pin torch"):
        locked_version(lock, "torch")
