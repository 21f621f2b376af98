"""Weight files as they lie on the disk: which there are, what their headers say, whether they are whole.

A safetensors file is the length of its header (8 bytes, little endian), the header (JSON: name → dtype, shape, offsets)
and the tensors, without gaps. So a few kilobytes tell every name and shape, and the size that the file must have: a
copy that broke off is found before anything is loaded. Nothing here imports torch, save for a `.bin` or `.pt`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from ...core.errors import WeightsCorruptError, WeightsMissingError

STEM = "diffusion_pytorch_model"
PICKLE_SUFFIXES = (".bin", ".pt", ".pth")
# In the order in which they are taken where several lie side by side: whole precision before its fp16 copy.
SINGLE_FILES = (f"{STEM}.safetensors", f"{STEM}.fp16.safetensors", f"{STEM}.bin", f"{STEM}.pt")
INDEX_FILES = (f"{STEM}.safetensors.index.json", f"{STEM}.safetensors.index.fp16.json")
MAX_HEADER_BYTES = 100_000_000  # the limit of the safetensors format
SAMPLES, SAMPLE_BYTES = 64, 64 * 1024


@dataclass(frozen=True)
class TensorInfo:
    """What a header says of one tensor."""

    file: Path
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Component:
    """One network's folder in diffusers' layout: its `config.json`, and the files that hold its tensors."""

    folder: Path
    config: Mapping[str, Any]
    files: tuple[Path, ...]

    def tensors(self) -> dict[str, TensorInfo]:
        """Every tensor by its name, from the headers alone; each file's size is checked on the way.

        Raises:
            WeightsCorruptError: a file is truncated, empty, or not what its name says.
        """
        return {name: info for file in self.files for name, info in read_header(file).items()}


def looked_for(folder: Path) -> list[Path]:
    """The paths at which `read_component` looks for tensors, for messages."""
    return [folder / name for name in (SINGLE_FILES[0], INDEX_FILES[0], *SINGLE_FILES[1:])]


def has_tensors(folder: Path) -> bool:
    """Whether `read_component` would find tensors there (whole or not)."""
    return any((folder / name).is_file() for name in SINGLE_FILES + INDEX_FILES)


def read_component(folder: Path) -> Component:
    """The network in `folder`.

    Raises:
        WeightsMissingError: no tensors, no `config.json`, or a shard that the index names is not there.
        WeightsCorruptError: the config or the index cannot be read.
    """
    files = _tensor_files(folder)
    if not files:
        paths = "\n".join(f"  {path}" for path in looked_for(folder))
        raise WeightsMissingError(f"There are no weights in {folder}. Looked for:\n{paths}", path=str(folder))
    return Component(folder, read_json(folder / "config.json"), files)


def _tensor_files(folder: Path) -> tuple[Path, ...]:
    if (folder / SINGLE_FILES[0]).is_file():
        return (folder / SINGLE_FILES[0],)
    for name in INDEX_FILES:
        if (folder / name).is_file():
            return _shards(folder / name)
    return tuple(folder / name for name in SINGLE_FILES if (folder / name).is_file())[:1]


def _shards(index: Path) -> tuple[Path, ...]:
    weight_map = read_json(index).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise WeightsCorruptError(
            f"{index} has no weight_map, so it is no index of shards. Copy it again.", path=str(index)
        )
    names = sorted({str(name) for name in weight_map.values()})
    for name in names:
        if Path(name).name != name:  # an index must not lead out of its folder
            raise WeightsCorruptError(f"{index} names a shard outside its folder: {name}.", path=str(index))
    missing = [name for name in names if not (index.parent / name).is_file()]
    if missing:
        raise WeightsMissingError(
            f"{len(missing)} of the {len(names)} files that {index} lists are not there: {', '.join(missing[:5])}. "
            f"Copy them into {index.parent}.",
            path=str(index.parent / missing[0]),
        )
    return tuple(index.parent / name for name in names)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file.

    Raises:
        WeightsMissingError: there is no such file.
        WeightsCorruptError: it cannot be read, is not JSON, or not an object.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        raise WeightsMissingError(f"{path} is missing. It comes with the weights.", path=str(path)) from exc
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as exc:
        raise WeightsCorruptError(f"{path} cannot be read as JSON ({exc}). Copy it again.", path=str(path)) from exc
    if not isinstance(value, dict):
        raise WeightsCorruptError(f"{path} holds no JSON object. Copy it again.", path=str(path))
    return value


def read_header(path: Path) -> dict[str, TensorInfo]:
    """Names, types and shapes of the tensors in a file, after a check of its size.

    Raises:
        WeightsCorruptError: empty, truncated, too long, not safetensors, or a pickle that holds more than tensors.
    """
    if path.suffix in PICKLE_SUFFIXES:
        return _pickle_header(path)
    size, length, text = _raw_header(path)
    try:
        header = json.loads(text)
        header.pop("__metadata__", None)
        found = {name: TensorInfo(path, str(one["dtype"]), tuple(one["shape"])) for name, one in header.items()}
        end = max((int(one["data_offsets"][1]) for one in header.values()), default=0)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as exc:
        raise WeightsCorruptError(f"{path} has a damaged header ({exc}). Copy it again.", path=str(path)) from exc
    expected = 8 + length + end
    if size != expected:
        state = "truncated" if size < expected else "longer than its header says"
        raise WeightsCorruptError(
            f"{path} is {state}: {size:,} bytes, expected {expected:,}. Copy it again.", path=str(path)
        )
    return found


def _raw_header(path: Path) -> tuple[int, int, bytes]:
    """(size of the file, length of the header, the header), as far as the file has them."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(9)
            length = int.from_bytes(start[:8], "little")
            fault = _not_safetensors(start, size, length)
            if fault:
                raise WeightsCorruptError(f"{path} {fault}", path=str(path))
            file.seek(8)
            return size, length, file.read(length)
    except OSError as exc:
        raise WeightsCorruptError(f"{path} cannot be read: {exc.strerror or exc}.", path=str(path)) from exc


def _not_safetensors(start: bytes, size: int, length: int) -> str:
    if size == 0:
        return "is empty (0 bytes). Copy it again."
    if start.startswith(b"version "):  # what git leaves in place of a large file that it has not fetched
        return 'is a Git LFS pointer, not the weights. Run "git lfs pull", or download the file itself.'
    if size < 9 or start[8:9] != b"{" or length > MAX_HEADER_BYTES:
        return "is not a safetensors file, whatever its name says. Download it again."
    if 8 + length > size:
        return f"is truncated in its header: {size:,} bytes, expected more than {8 + length:,}. Copy it again."
    return ""


def load_pickle(path: Path) -> dict[str, Any]:
    """The tensors of a `.bin` or `.pt` file, on the CPU; code in it is not run (`weights_only=True`).

    Raises:
        WeightsCorruptError: it cannot be read, or holds anything but named tensors.
    """
    import torch  # here alone: safetensors need none of it

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as exc:  # torch raises RuntimeError, EOFError, UnpicklingError and others for a bad file
        reason = str(exc).splitlines()[0] if str(exc) else type(exc).__name__
        raise WeightsCorruptError(
            f"{path} cannot be loaded as plain tensors ({reason}). A pickle that would run code is refused; "
            f"use safetensors, or copy the file again.",
            path=str(path),
        ) from exc
    if not isinstance(state, dict) or not all(isinstance(one, torch.Tensor) for one in state.values()):
        raise WeightsCorruptError(f"{path} holds something else than named tensors.", path=str(path))
    return state


def _pickle_header(path: Path) -> dict[str, TensorInfo]:
    return {name: TensorInfo(path, str(one.dtype), tuple(one.shape)) for name, one in load_pickle(path).items()}


def fingerprint(files: Iterable[tuple[str, Path]]) -> str:
    """32 hex digits that tell one set of weights from another. A fingerprint, not a checksum of every byte.

    Of each file: the label, the size, the header, and 64 samples of 64 KiB spread evenly from its first byte to its
    last (all of it where it is no longer than they are). A change between samples that keeps the size goes unseen; 5 GB
    are read at 8 MB a file.

    Args:
        files: label and path of each file, such as ("unet/config.json", …); the label counts, the folder does not.
    """
    digest = blake2b(digest_size=16)
    for label, path in files:
        digest.update(f"{label}\0{path.stat().st_size}\0".encode())
        for piece in _pieces(path):
            digest.update(piece)
    return digest.hexdigest()


def _pieces(path: Path) -> Iterator[bytes]:
    size = path.stat().st_size
    with path.open("rb") as file:
        if size <= SAMPLES * SAMPLE_BYTES:
            yield file.read()
            return
        if path.suffix == ".safetensors":
            yield file.read(8 + int.from_bytes(file.read(8), "little"))
        for sample in range(SAMPLES):
            file.seek((size - SAMPLE_BYTES) * sample // (SAMPLES - 1))
            yield file.read(SAMPLE_BYTES)
