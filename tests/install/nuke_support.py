"""A checkout in small for the deployment's tests: the real package, and a lock of two packages that are made here."""

from __future__ import annotations

import ensurepip
import shutil
from pathlib import Path

import pytest
from test_environment import make_wheel, offline

from install.nuke_package import copy_package

ROOT = Path(__file__).resolve().parents[2]
DEAD = "http://127.0.0.1:9"  # the discard port: nothing listens there


def make_checkout(root: Path) -> Path:
    """The package without its weights, and wheels of torch, hair and pip; gives the folder."""
    copy_package(ROOT / "plugin", root / "plugin")
    for weights in root.rglob("*.safetensors"):
        weights.write_bytes(b"\0" * 300_000)
    wheels = root / "wheels"
    wheels.mkdir()
    for name, version in (("torch", "2.0"), ("hair", "1.0"), ("hair", "1.1")):
        make_wheel(wheels, name, version)
    (bundled,) = Path(ensurepip.__file__).parent.glob("_bundled/pip-*.whl")
    shutil.copy(bundled, wheels)
    write_lock(root, "1.0")
    return root


def write_lock(root: Path, hair: str) -> None:
    """A lock with this version of hair."""
    (root / "requirements.lock").write_text(f"torch==2.0  # the networks\nhair=={hair}\n", encoding="utf-8")


def use_wheels(patch: pytest.MonkeyPatch, root: Path) -> None:
    """pip sees nothing but the checkout's wheels."""
    offline(patch, root / "wheels")


def tree(folder: Path) -> dict[str, bytes]:
    """Every file's content by its path; what Python compiles while it runs does not count."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
