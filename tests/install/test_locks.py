"""The lock files: each pin exact, complete for what is installed, in step with pyproject.toml and for each Python."""

from __future__ import annotations

import itertools
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Dict, List

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
PLATFORMS = (("linux", "x86_64"), ("linux", "aarch64"), ("win32", "AMD64"), ("darwin", "arm64"))


def read_lock(*names: str) -> List[Requirement]:
    """The lines of lock files."""
    text = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in names)
    lines = (line.split(" #")[0].strip() for line in text.splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def pins(python: str, platform: str = "linux", machine: str = "x86_64") -> Dict[str, str]:
    """Version by package, for one Python on one system; a package that is pinned twice there is an error."""
    environment = {
        **default_environment(), "python_version": python, "sys_platform": platform, "platform_machine": machine,
    }  # fmt: skip
    found: Dict[str, str] = {}
    for line in read_lock("requirements.lock", "requirements-test.lock"):
        if line.marker is None or line.marker.evaluate(environment):
            name = canonicalize_name(line.name)
            assert name not in found, f"{name} is pinned twice for Python {python} on {platform}"
            (specifier,) = line.specifier
            assert specifier.operator == "==" and "*" not in specifier.version
            found[name] = specifier.version
    return found


@pytest.mark.parametrize(("python", "system"), list(itertools.product(PYTHONS, PLATFORMS)))
def test_every_python_and_system_gets_each_package_once(python: str, system: tuple[str, str]) -> None:
    found = pins(python, *system)
    assert {"torch", "diffusers", "peft", "numpy", "av"} <= set(found)


def test_torch_has_one_pin_and_its_cuda_is_left_to_it() -> None:
    names = [canonicalize_name(line.name) for line in read_lock("requirements.lock")]
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
