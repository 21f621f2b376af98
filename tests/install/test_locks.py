"""The lock files: each pin exact, complete for what is installed, in step with pyproject.toml and for each Python."""

from __future__ import annotations

import itertools
import platform
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from install.side_environments import SideEnvironment

ROOT = Path(__file__).resolve().parents[2]
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
MAIN = ("requirements.lock", "requirements-test.lock")
SIDES = ("requirements-deadline.lock", "requirements-opencue.lock")
# What is left out of them although packages ask for it; requirements-opencue.lock says why.
LEFT_OUT = {"pynput", "grpcio-tools"}
PLATFORMS = (("linux", "x86_64"), ("linux", "aarch64"), ("win32", "AMD64"), ("darwin", "arm64"))


def read_lock(*names: str) -> List[Requirement]:
    """The lines of lock files."""
    text = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in names)
    lines = (line.split(" #")[0].strip() for line in text.splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def pins(python: str, system: str = "linux", machine: str = "x86_64", locks: Tuple[str, ...] = MAIN) -> Dict[str, str]:
    """Version by package, for one Python on one system; a package that is pinned twice there is an error."""
    here = default_environment()
    environment: Dict[str, Any] = {**here, "python_version": python, "sys_platform": system, "platform_machine": machine}
    found: Dict[str, str] = {}
    for line in read_lock(*locks):
        if line.marker is None or line.marker.evaluate(environment):
            name = canonicalize_name(line.name)
            assert name not in found, f"{name} is pinned twice for Python {python} on {system}"
            (specifier,) = line.specifier
            assert specifier.operator == "==" and "*" not in specifier.version
            found[name] = specifier.version
    return found


@pytest.mark.parametrize(("python", "system"), list(itertools.product(PYTHONS, PLATFORMS)))
def test_every_python_and_system_gets_each_package_once(python: str, system: tuple[str, str]) -> None:
    found = pins(python, *system)
    assert {"torch", "diffusers", "peft", "numpy", "av"} <= set(found)


def test_torch_has_one_pin_and_its_cuda_is_left_to_it() -> None:
    names: List[str] = [canonicalize_name(line.name) for line in read_lock("requirements.lock")]
    assert names.count("torch") == 1
    assert not [name for name in names if name.startswith(("nvidia", "triton", "cuda"))]


def test_pyproject_asks_for_what_is_locked() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = re.search(r"^engine = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    assert block is not None
    asked = {str(Requirement(line)) for line in re.findall(r"""^\s*["'](.*)["'],$""", block.group(1), re.MULTILINE)}
    locked = {str(line) for line in read_lock("requirements.lock")}
    assert asked and asked <= locked


def test_the_lock_is_complete_and_agrees_with_what_each_package_asks_for() -> None:
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if python not in PYTHONS:
        pytest.skip(f"the lock is for Python {', '.join(PYTHONS)}")
    found = pins(python, sys.platform)
    problems = []
    for name in found:
        for text in metadata.requires(name) or ():
            wish = Requirement(text)
            needed = canonicalize_name(wish.name)
            if wish.marker is not None and not wish.marker.evaluate({"extra": ""}):
                continue
            if name == "torch" and needed.startswith(("nvidia", "triton", "cuda")):
                continue
            if needed not in found or not wish.specifier.contains(found[needed], prereleases=True):
                problems.append(f"{name} wants {wish}; the lock has {found.get(needed, 'none')}")
    assert not problems


@pytest.mark.parametrize(("python", "system"), list(itertools.product(PYTHONS, PLATFORMS)))
@pytest.mark.parametrize("lock", SIDES)
def test_every_python_and_system_gets_each_package_of_a_side_environment_once(
    lock: str, python: str, system: tuple[str, str]
) -> None:
    found = pins(python, *system, locks=(lock,))
    assert {"deadline", "boto3"} <= set(found) or {"opencue-pyoutline", "opencue-pycue", "grpcio"} <= set(found)
    assert ("opencue-rqd" in found) == ("psutil" in found and "opencue-pycue" in found)


@pytest.mark.parametrize("lock", SIDES)
def test_every_package_of_a_side_environment_says_why_it_is_there(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    headings = [line for line in text.splitlines() if line.startswith("# --")]
    assert headings and all("==" in line for line in lines)
    assert [line for line in lines if " # " not in line] == []


@pytest.mark.parametrize("lock", SIDES)
def test_a_side_environment_is_complete(lock: str) -> None:
    environment = SideEnvironment(ROOT, lock[len("requirements-") : -len(".lock")])
    if not environment.is_ready():
        pytest.fail(f"{environment.folder} is not set up as {lock} has it: run python3 install test")
    (site,) = {path.parent for path in environment.folder.rglob("*.dist-info")}
    found = pins(f"{sys.version_info[0]}.{sys.version_info[1]}", sys.platform, platform.machine(), locks=(lock,))
    problems = []
    for distribution in metadata.distributions(path=[str(site)]):
        name = canonicalize_name(distribution.metadata["Name"])
        if name not in found:  # pip, and setuptools with older Pythons
            continue
        assert distribution.version == found[name]
        for text in distribution.requires or ():
            wish = Requirement(text)
            needed = canonicalize_name(wish.name)
            if needed in LEFT_OUT or (wish.marker is not None and not wish.marker.evaluate({"extra": ""})):
                continue
            if needed not in found or not wish.specifier.contains(found[needed], prereleases=True):
                problems.append(f"{name} wants {wish}; the lock has {found.get(needed, 'none')}")
    assert not problems
