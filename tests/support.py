"""What tests of several folders share: the parity cases, plates and mattes on disk, the command line, leftovers."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Sequence

import numpy as np
import OpenImageIO as oiio
import pytest
from gvm_matte.client import find_warm_engine, start_warm_engine, stop_warm_engine
from safetensors import safe_open
from safetensors.numpy import load_file

RunCli = Callable[..., "subprocess.CompletedProcess[str]"]
PARITY = Path(__file__).parent / "data" / "parity"
# The parity cases' models in sizes that need no resize: 96x64 as it is, no edge treatment, what the model gave as float.
PLAIN = ["--input-colorspace", "raw", "--edge", "none", "--datatype", "float", "--size", "64", "--max-resolution", "96"]
# The same for a job, in the windows case's windows of 8 with 2 shared, decoded 4 at a time.
PARAMS: Dict[str, Any] = {
    "model_base": str(PARITY / "svd"), "num_frames_per_batch": 8, "num_overlap_frames": 2, "decode_chunk_size": 4,
    "size": 64, "max_resolution": 96, "input_colorspace": "raw", "edge": "none", "datatype": "float",
}  # fmt: skip


def case(name: str) -> tuple[Dict[str, Any], Dict[str, np.ndarray[Any, Any]]]:
    """A parity case: its parameters and its tensors."""
    path = PARITY / "cases" / f"{name}.safetensors"
    with safe_open(str(path), "numpy") as file:
        return json.loads(file.metadata()["params"]), load_file(path)


def write_plate(path: Path, rgb: np.ndarray[Any, Any], datatype: str = "float") -> Path:
    """Writes [H,W,3] as an EXR."""
    path.parent.mkdir(parents=True, exist_ok=True)
    spec = oiio.ImageSpec(rgb.shape[1], rgb.shape[0], rgb.shape[2], datatype)
    output = oiio.ImageOutput.create(str(path))
    assert output is not None and output.open(str(path), spec), path
    assert output.write_image(np.ascontiguousarray(rgb)) and output.close(), output.geterror()
    return path


def write_plates(folder: Path, rgb: Sequence[np.ndarray[Any, Any]], first: int = 1001) -> str:
    """Writes [N][H,W,3] as a float EXR sequence and returns its pattern."""
    for index, pixels in enumerate(rgb):
        write_plate(folder / f"plate.{first + index:04d}.exr", pixels.astype(np.float32))
    return str(folder / "plate.####.exr")


def read_matte(path: Path | str) -> np.ndarray[Any, Any]:
    """[H,W] as it is stored: float16 or float32."""
    image = oiio.ImageInput.open(str(path))
    assert image is not None, (path, oiio.geterror())
    assert list(image.spec().channelnames) == ["A"]
    pixels = image.read_image(image.spec().format)[..., 0]
    image.close()
    return np.asarray(pixels)


def read_mattes(folder: Path) -> Dict[str, np.ndarray[Any, Any]]:
    """Every matte of a folder by name; anything else in the folder fails."""
    assert all(path.suffix == ".exr" and not path.name.startswith(".") for path in folder.iterdir()), list(folder.iterdir())
    return {path.name: read_matte(path) for path in sorted(folder.iterdir())}


def leftovers(folder: Path) -> List[str]:
    """What of ours lies in the temporary folder and in shared memory; the runtime folder of warm engines may stay."""
    return [str(path) for path in folder.iterdir() if path.name != "gvm-matte"] + shared_leftovers()


def shared_leftovers() -> List[str]:
    """What this run left in shared memory: files and plates whose owner is dead, or is this process or a child of it.

    What another run's living processes hold is theirs: two runs may be at work at the same time.
    """
    shared = Path("/dev/shm")
    if not shared.is_dir():
        return []
    found = {str(path): path.name.split("-")[2] for path in shared.glob("gvm-matte-*")}
    for path in shared.glob("gvm-plates*/*/owner"):
        with contextlib.suppress(FileNotFoundError):  # another run's render ended at this moment
            found[str(path.parent)] = path.read_text()
    return [path for path, owner in found.items() if _ours(int(owner))]


def _ours(pid: int) -> bool:
    """Whether a process is dead, this one or a descendant of it."""
    while pid not in (os.getpid(), 0, 1):
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return True
    return pid == os.getpid()


def cli_command(*words: str) -> List[str]:
    """The command line as a list; with warnings of our own code as errors, as in the tests."""
    return [sys.executable, "-m", "gvm_matte.cli", *words]


def events(output: str) -> List[Dict[str, Any]]:
    """The events of `--json`."""
    return [json.loads(line) for line in output.splitlines()]


def until(what: Callable[[], object], seconds: float) -> bool:
    """Waits for something, at most so long."""
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@contextlib.contextmanager
def warm_engine() -> Iterator[None]:
    """A warm engine of its own while it lasts, with one thread; whoever used it has not ended it."""
    folder = Path(tempfile.mkdtemp(prefix="gw", dir="/tmp" if os.name == "posix" else None))
    patch = pytest.MonkeyPatch()
    patch.setenv("GVM_ENGINE_FILE", str(folder / "engine.json"))
    patch.setenv("OMP_NUM_THREADS", "1")
    start_warm_engine().close()
    yield
    engine = find_warm_engine()
    assert engine is not None
    engine.close()
    stop_warm_engine()
    patch.undo()
    shutil.rmtree(folder, ignore_errors=True)
