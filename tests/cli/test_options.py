"""Words of the command line before argparse sees them, and presets by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List

import pytest
from gvm_matte.cli.main import build_parser
from gvm_matte.cli.options import hyphened, params_of
from gvm_matte.core.errors import ParamError
from gvm_matte.params.presets import user_folder


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--max_frames", "5"], ["--max-frames", "5"]),
        (["--max_frames=a_b"], ["--max-frames=a_b"]),
        (["--input", "my_plates"], ["--input", "my_plates"]),
        (["--frames", "-3-2"], ["--frames=-3-2"]),
        (["--shot_range", "-10--1", "--json"], ["--shot-range=-10--1", "--json"]),
        (["--roi", "-20,0,40,40"], ["--roi=-20,0,40,40"]),
        (["--roi=0,0,4,4", "-5"], ["--roi=0,0,4,4", "-5"]),
        (["--", "--a_b", "-5"], ["--", "--a_b", "-5"]),
    ],
)
def test_options_are_spelt_with_hyphens_and_keep_their_negative_values(words: List[str], found: List[str]) -> None:
    assert hyphened(words) == found


@pytest.mark.parametrize("command", [["render"], ["farm", "bundle", "--bundle", "jobs/b"]], ids=" ".join)
def test_a_preset_may_be_a_file_of_the_studio_or_of_the_user(
    command: List[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    studio, user = tmp_path / "studio", user_folder()
    monkeypatch.setenv("GVM_PRESET_PATH", str(studio))
    for folder, values in ((studio, {"gamma": 1.5}), (user, {"gamma": 1.7, "size": 512})):
        folder.mkdir(parents=True)
        (folder / "hair.json").write_text(json.dumps(values))
    (user / "mine.json").write_text(json.dumps({"num_overlap_frames": "auto", "seed": 7}))

    def params(name: str, *more: str) -> Dict[str, Any]:
        paths = ["--input", "p.####.exr", "--output", "m.####.exr"]
        return params_of(build_parser().parse_args([*command, *paths, "--preset", name, *more]))

    assert params("hair") == {"gamma": 1.5} and params("mine", "--seed", "8")["seed"] == 8
    assert params("low-memory")["size"] == 512
    with pytest.raises(ParamError, match="no preset 'none'; there are hair, mine, basic, low-memory, "):
        params("none")
