"""`info`, `doctor`, `engine` and the reference's command line, as a person and as a pipeline call them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from gvm_matte.params.fields import SPECS
from gvm_matte.params.spec import CLI
from support import PARITY, PLAIN, RunCli, case, read_mattes, write_plates

RGB = case("svd_windows")[1]["rgb"].transpose(0, 2, 3, 1)


def test_info_of_a_sequence(cli: RunCli, tmp_path: Path) -> None:
    plates = write_plates(tmp_path / "p", RGB[:5])
    (tmp_path / "p" / "plate.1003.exr").unlink()
    found = cli("info", plates, "--json")
    assert found.returncode == 0, found.stderr
    report = json.loads(found.stdout)
    assert (report["first"], report["last"], report["count"], report["gaps"]) == (1001, 1005, 4, "1003")
    assert (report["width"], report["height"], report["channels"]) == (96, 64, ["R", "G", "B"])
    assert report["colorspace_auto"] == "scene_linear"
    shown = cli("info", plates)
    assert shown.returncode == 0 and "1003" in shown.stdout


def test_info_of_a_folder_and_of_nothing(cli: RunCli, tmp_path: Path) -> None:
    write_plates(tmp_path / "p", RGB[:2])
    assert "plate." in cli("info", "p", cwd=tmp_path).stdout
    nothing = cli("info", str(tmp_path / "nowhere.####.exr"))
    assert nothing.returncode == 1 and nothing.stderr.startswith("gvm-matte: ")


def test_doctor(cli: RunCli) -> None:
    report = json.loads(cli("doctor", "--json", "--model-base", str(PARITY / "dav")).stdout)
    states = {finding["subject"]: finding["state"] for finding in report["findings"]}
    assert report["state"] == "ok"
    assert states["environment"] == states["weights"] == states["engine process"] == states["device cpu"] == "ok"
    weights = next(finding for finding in report["findings"] if finding["subject"] == "weights")
    assert "dav" in weights["found"]


def test_doctor_says_what_is_missing(cli: RunCli, tmp_path: Path) -> None:
    sick = cli("doctor", "--model-base", str(tmp_path))
    assert sick.returncode == 1
    assert "fail" in sick.stdout and "--model-base" in sick.stdout and "Hugging" in sick.stdout


def test_engine_without_one(cli: RunCli) -> None:
    assert cli("engine", "status").returncode == 1
    stopped = cli("engine", "stop", "--json")
    assert stopped.returncode == 1 and json.loads(stopped.stdout) == {"stopped": False}


def test_every_parameter_is_an_option_in_both_spellings(cli: RunCli) -> None:
    shown = cli("render", "--help").stdout
    for spec in SPECS:
        if CLI in spec.faces and spec.name != "existing":
            assert spec.flag in shown, spec.name
    assert "--overwrite" in shown and "--resume" in shown


@pytest.mark.parametrize(("asked", "told"), [("1", False), ("2", True)])
def test_frames_between_keys_that_nobody_computes_are_told_of(asked: str, told: bool, cli: RunCli, tmp_path: Path) -> None:
    plates = write_plates(tmp_path / "p", RGB[:2, :32, :48])
    done = cli("--data_dir", plates, "--output_dir", str(tmp_path / "o"), "--model_base", str(PARITY / "svd"),
               "--size", "32", "--output_image_seq_only", "--num_interp_frames", asked)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert list(read_mattes(tmp_path / "o" / "plate")) == ["plate.1001.exr", "plate.1002.exr"]
    assert ("no effect" in done.stderr) == told


def test_a_preset_is_overruled_by_what_is_said_beside_it(cli: RunCli, tmp_path: Path) -> None:
    plates = write_plates(tmp_path / "p", RGB[:2])
    done = cli("render", "--input", plates, "--output", str(tmp_path / "o" / "m.####.exr"), "--preset", "low-memory",
               "--model-base", str(PARITY / "svd"), *PLAIN, "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(read_mattes(tmp_path / "o")) == 2
