"""README.md: its commands run as they stand there after the quick start, and its links lead somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import List

import numpy as np
import pytest
from gvm_matte.cli.main import build_parser
from support import PARITY, RunCli, write_plate, write_plates

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
RNG = np.random.default_rng(3)


def commands() -> List[List[str]]:
    """The words of every gvm-matte in README, in their order."""
    blocks = re.findall(r"^```\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [shlex.split(re.sub(r"\s# .*", "", line))[1:] for line in lines if line.startswith("gvm-matte ")]


def test_every_command_runs_after_the_quick_start(cli: RunCli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_plates(tmp_path / "demo" / "plates", list(RNG.random((4, 32, 64, 3))))
    for frame in range(1001, 1005):
        write_plate(tmp_path / "demo" / "truth" / f"alpha.{frame}.exr", RNG.random((32, 64, 1)).astype(np.float32))
    monkeypatch.setenv("GVM_MODEL_BASE", str(PARITY / "svd"))
    found = commands()
    assert len(found) >= 8
    for words in found:
        build_parser().parse_args(words)
        if words != ["monitor"]:  # a window that stays
            done = cli(*words, cwd=tmp_path)
            assert done.returncode == 0, (words, done.stdout, done.stderr)
    assert len(list((tmp_path / "mattes").glob("plate.*.exr"))) == 4


def test_the_quick_start_is_what_install_offers() -> None:
    named = re.findall(r"^python3 install (\w+)", README, re.MULTILINE)
    offered = subprocess.run(["python3", "install", "help"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    assert named[:2] == ["demo", "test"] and all(f"\n  {name} " in offered for name in named)


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")], ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [name for name in targets if "://" not in name and not (page.parent / name).exists()] == []
