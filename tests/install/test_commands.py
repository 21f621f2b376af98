"""`python3 install` as a command: what it says before it installs anything, and documents that follow the code."""

from __future__ import annotations

import ast
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from install import demo_options

ROOT = Path(__file__).resolve().parents[2]


def install(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "install"), *words], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "usage: python3 install"),
        (("--help",), 0, "usage: python3 install"),
        (("nonsense",), 2, "There is no command 'nonsense'"),
        (("demo", "--frames", "0"), 2, "--frames takes 1 to 48, not 0"),
        (("demo", "--help"), 0, "--model-base"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_installed(words: tuple[str, ...], code: int, said: str) -> None:
    done = install(*words)
    assert (done.returncode, said in done.stdout + done.stderr) == (code, True)


def test_old_pythons_can_read_the_first_file() -> None:
    source = (ROOT / "install" / "__main__.py").read_text(encoding="utf-8")
    assert isinstance(ast.parse(source, feature_version=(3, 6)), ast.Module)  # else it raises


@pytest.mark.parametrize(
    "name", ["commands", "environment", "side_environments", "steps", "advice", "folder_lock", "demo_options"]
)
def test_what_runs_before_the_installation_needs_the_standard_library_alone(name: str) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); before = set(sys.modules); import install." + name + "\n"
        "new = {n.split('.')[0] for n in set(sys.modules) - before}\n"
        "print(sorted(new - set(sys.stdlib_module_names) - {'install'}))"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code, str(ROOT)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_demo_renders_the_whole_plate_unless_told_otherwise() -> None:
    options = demo_options.parse([])
    assert (options.frames, options.size, options.model_base, options.json) == (48, 288, None, False)


def test_the_page_of_parameters_and_the_tables_of_farm_engines_are_made_from_their_declarations() -> None:
    page = runpy.run_path(str(ROOT / "docs" / "make_parameters.py"))["page"]()
    assert (ROOT / "docs" / "parameters.md").read_text(encoding="utf-8") == page, "run: python docs/make_parameters.py"
    farm = (ROOT / "docs" / "farm.md").read_text(encoding="utf-8")
    assert runpy.run_path(str(ROOT / "docs" / "make_farm.py"))["page"](farm) == farm, "run: python docs/make_farm.py"
