"""`info`, `doctor`, `engine` and the reference's command line, as a person and as a pipeline call them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from gvm_matte.params import CLI, PRESETS, SPECS
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
    assert "plate." in cli("info", str(tmp_path / "p")).stdout
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


# The five use cases of the model's usage guide, word for word but for the paths of weights, video and output.
USE_CASES = {
    "basic": "--model_base {w} --unet_base {w}/unet --lora_base {w}/unet --mode matte --num_frames_per_batch 8 "
    "--num_interp_frames 1 --num_overlap_frames 1 --denoise_steps 1 --decode_chunk_size 8 --max_resolution 960 "
    "--pretrain_type svd",
    "low-memory": "--model_base {w} --unet_base {w}/unet --lora_base {w}/unet --mode matte --num_frames_per_batch 4 "
    "--num_interp_frames 1 --num_overlap_frames 1 --denoise_steps 1 --decode_chunk_size 4 --max_resolution 720 --size 512 "
    "--pretrain_type svd",
    "high-quality": "--model_base {w} --unet_base {w}/unet --lora_base {w}/unet --mode matte --num_frames_per_batch 16 "
    "--num_interp_frames 2 --num_overlap_frames 2 --denoise_steps 3 --decode_chunk_size 16 --max_resolution 1280 "
    "--pretrain_type svd",
    "quick-test": "--model_base {w} --unet_base {w}/unet --lora_base {w}/unet --mode matte --num_frames_per_batch 8 "
    "--max_frames 50 --denoise_steps 1 --decode_chunk_size 8 --max_resolution 720 --pretrain_type svd",
    "image-sequence": "--model_base {w} --unet_base {w}/unet --lora_base {w}/unet --mode matte --num_frames_per_batch 8 "
    "--denoise_steps 1 --decode_chunk_size 8 --max_resolution 960 --pretrain_type svd --output_image_seq_only",
}


@pytest.mark.parametrize("name", list(USE_CASES))
def test_the_references_command_lines_run(name: str, cli: RunCli, tmp_path: Path) -> None:
    assert name in PRESETS
    plates = write_plates(tmp_path / "p", RGB[:3, :32, :48])
    words = USE_CASES[name].format(w=PARITY / "svd").split()
    # `size` last, so that the tiny model sees tiny plates: at 720 lines three steps would take minutes here
    done = cli(*words, "--data_dir", plates, "--output_dir", str(tmp_path / "output"), "--size", "32")
    assert done.returncode == 0, done.stderr
    assert list(read_mattes(tmp_path / "output" / "plate")) == [f"plate.{frame}.exr" for frame in (1001, 1002, 1003)]
    assert ("no effect" in done.stderr) == (name == "high-quality")


def test_a_preset_is_overruled_by_what_is_said_beside_it(cli: RunCli, tmp_path: Path) -> None:
    plates = write_plates(tmp_path / "p", RGB[:2])
    done = cli("render", "--input", plates, "--output", str(tmp_path / "o" / "m.####.exr"), "--preset", "low-memory",
               "--model-base", str(PARITY / "svd"), *PLAIN, "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(read_mattes(tmp_path / "o")) == 2
