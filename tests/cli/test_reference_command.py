"""The reference program's command line: the five use cases of its usage guide, word for word, typed into a shell."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any, Dict, Iterator, List

import av
import numpy as np
import OpenImageIO as oiio
import pytest
from gvm_matte.cli.options import hyphened
from gvm_matte.cli.reference import build_parser, sequence_name
from support import PARITY, RunCli, read_matte

# As the guide prints them.
COMMANDS = {
    "basic": r"""python demo.py \
--model_base 'data/weights/' \
--unet_base data/weights/unet \
--lora_base data/weights/unet \
--mode 'matte' \
--num_frames_per_batch 8 \
--num_interp_frames 1 \
--num_overlap_frames 1 \
--denoise_steps 1 \
--decode_chunk_size 8 \
--max_resolution 960 \
--pretrain_type 'svd' \
--data_dir 'data/Sony_Lens_Test.mp4' \
--output_dir 'output'""",
    "low-memory": r"""python demo.py \
--model_base 'data/weights/' \
--unet_base data/weights/unet \
--lora_base data/weights/unet \
--mode 'matte' \
--num_frames_per_batch 4 \
--num_interp_frames 1 \
--num_overlap_frames 1 \
--denoise_steps 1 \
--decode_chunk_size 4 \
--max_resolution 720 \
--size 512 \
--pretrain_type 'svd' \
--data_dir 'data/Sony_Lens_Test.mp4' \
--output_dir 'output_lowmem'""",
    "high-quality": r"""python demo.py \
--model_base 'data/weights/' \
--unet_base data/weights/unet \
--lora_base data/weights/unet \
--mode 'matte' \
--num_frames_per_batch 16 \
--num_interp_frames 2 \
--num_overlap_frames 2 \
--denoise_steps 3 \
--decode_chunk_size 16 \
--max_resolution 1280 \
--pretrain_type 'svd' \
--data_dir 'data/Sony_Lens_Test.mp4' \
--output_dir 'output_hq'""",
    "quick-test": r"""python demo.py \
--model_base 'data/weights/' \
--unet_base data/weights/unet \
--lora_base data/weights/unet \
--mode 'matte' \
--num_frames_per_batch 8 \
--max_frames 50 \
--denoise_steps 1 \
--decode_chunk_size 8 \
--max_resolution 720 \
--pretrain_type 'svd' \
--data_dir 'data/Sony_Lens_Test.mp4' \
--output_dir 'output_test'""",
    "image-sequence": r"""python demo.py \
--model_base 'data/weights/' \
--unet_base data/weights/unet \
--lora_base data/weights/unet \
--mode 'matte' \
--num_frames_per_batch 8 \
--denoise_steps 1 \
--decode_chunk_size 8 \
--max_resolution 960 \
--pretrain_type 'svd' \
--output_image_seq_only \
--data_dir 'data/Sony_Lens_Test.mp4' \
--output_dir 'output_images'""",
}
# name of the use case → frames of the video, folder of the results
CASES = {
    "basic": (3, "output"),
    "low-memory": (6, "output_lowmem"),
    "high-quality": (5, "output_hq"),
    "quick-test": (53, "output_test"),
    "image-sequence": (3, "output_images"),
}
WIDTH, HEIGHT = 160, 4  # so long that the guide's max_resolution leaves the model few rows to compute
RATE = Fraction(30000, 1001)


def write_video(path: Path, count: int) -> Path:
    """A lossy mp4 of noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(count):
            noise = np.random.default_rng(number).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(noise, "rgb24")))
        container.mux(stream.encode(None))
    return path


def weights(folder: Path) -> None:
    """As the guide has them: the LoRA's two files lie among the UNet's own."""
    shutil.copytree(PARITY / "svd", folder)
    for file in (PARITY / "lora").iterdir():
        shutil.copy(file, folder / "unet")


@pytest.fixture(scope="module")
def shell() -> Iterator[Dict[str, str]]:
    """The environment of a shell in which `gvm-matte` is installed, with an engine that stays warm between commands."""
    runtime = tempfile.mkdtemp(prefix="gt", dir="/tmp" if os.name == "posix" else None)
    scripts = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": scripts + os.pathsep + os.environ["PATH"], "OMP_NUM_THREADS": "1"}
    environment.update(dict.fromkeys(("TMPDIR", "TEMP", "TMP", "XDG_RUNTIME_DIR"), runtime))
    engine = ["gvm-matte", "engine"]
    subprocess.run(
        [*engine, "start", "--idle-timeout", "300"], env=environment, check=True, capture_output=True, timeout=120
    )
    yield environment
    subprocess.run([*engine, "stop"], env=environment, check=True, capture_output=True, timeout=60)
    shutil.rmtree(runtime)


def video(path: Path) -> List[np.ndarray[Any, Any]]:
    """Its frames, [h,w,3]; its rate is the plates'."""
    with av.open(str(path)) as container:
        assert container.streams.video[0].average_rate == RATE
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@pytest.mark.skipif(os.name != "posix", reason="the guide's commands are a POSIX shell's")
@pytest.mark.parametrize("name", CASES)
def test_a_use_case_runs_word_for_word(name: str, shell: Dict[str, str], tmp_path: Path) -> None:
    count, folder = CASES[name]
    weights(tmp_path / "data" / "weights")
    write_video(tmp_path / "data" / "Sony_Lens_Test.mp4", count)
    command = COMMANDS[name].replace("python demo.py", "gvm-matte")

    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, env=shell, capture_output=True, text=True, timeout=240)

    assert done.returncode == 0, done.stderr
    expected = min(count, 50) if name == "quick-test" else count
    results = tmp_path / folder / "Sony_Lens_Test"
    mattes = [f"Sony_Lens_Test.{number:04d}.exr" for number in range(1, expected + 1)]
    movies = [] if name == "image-sequence" else ["Sony_Lens_Test.mp4", "Sony_Lens_Test_green.mp4"]
    assert sorted(path.name for path in results.iterdir()) == sorted(mattes + movies)
    alphas = [read_matte(results / one) for one in mattes]
    assert all(alpha.shape == (HEIGHT, WIDTH) for alpha in alphas)
    for movie in movies:
        frames = video(results / movie)
        assert len(frames) == expected and frames[0].shape == (HEIGHT, WIDTH, 3)
    if movies:
        shown = np.stack(video(results / movies[0]))[..., 0] / 255
        assert np.abs(shown - np.stack(alphas)).mean() < 0.02  # the movie shows these mattes, in their order


def test_the_lora_among_the_unet_s_files_is_merged(shell: Dict[str, str], tmp_path: Path) -> None:
    weights(tmp_path / "data" / "weights")
    write_video(tmp_path / "clip.mp4", 1)
    command = ["gvm-matte", "--data_dir", "clip.mp4", "--output_image_seq_only", "--edge", "none"]
    command += ["--model_base", "data/weights", "--size", "64", "--max_resolution", "320"]
    lora = ["--lora_base", "data/weights/unet"]
    for folder, words in (("with", lora), ("without", [])):
        subprocess.run([*command, "--output_dir", folder, *words], cwd=tmp_path, env=shell, check=True, capture_output=True)
    found = [tmp_path / folder / "clip" / "clip.0001.exr" for folder in ("with", "without")]
    assert (read_matte(found[0]) != read_matte(found[1])).any()
    hashes = {oiio.ImageBuf(str(path)).spec().getattribute("gvm:weights") for path in found}
    assert len(hashes) == 2


def test_a_result_that_would_replace_the_input_is_refused(cli: RunCli, tmp_path: Path) -> None:
    clip = write_video(tmp_path / "clip" / "clip.mp4", 1)
    before = clip.read_bytes()
    done = cli("--data_dir", str(clip), "--output_dir", str(tmp_path), "--model_base", str(PARITY / "svd"))
    assert done.returncode != 0 and str(clip) in done.stderr and "Traceback" not in done.stderr
    assert clip.read_bytes() == before and list(clip.parent.iterdir()) == [clip]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("data/Sony_Lens_Test.mp4", "Sony_Lens_Test"),
        ("plates/sh010.####.exr", "sh010"),
        ("plates/sh010_%04d.dpx", "sh010"),
        ("plates/sh010.@@@.dpx", "sh010"),
        ("take#2.final.mov", "take_2.final"),
        ("####.exr", "matte"),
        ("plates/sh010.1001.exr", "sh010"),
        ("plates/still.png", "still"),
        ("takes/A001_C012.mov", "A001_C012"),
    ],
)
def test_results_are_called_as_the_input(path: str, name: str) -> None:
    assert sequence_name(path) == name


def test_each_flag_works_with_hyphens_too() -> None:
    words = ["--data_dir", "a_b.mp4", "--output-dir", "out", "--output_image_seq_only", "--num_frames_per_batch", "8"]
    args = build_parser().parse_args(hyphened(words))
    assert (args.data_dir, args.output_image_seq_only, args.num_frames_per_batch) == ("a_b.mp4", True, 8)
