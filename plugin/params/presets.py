"""Presets: the five use cases of the model's usage guide, and files of parameters by name.

A preset file is a JSON object of parameters, as the command line's `--params` reads it. They are looked for in the folders
of $GVM_PRESET_PATH, then in those that a host adds (the show's), then in the user's; the first of a name counts. Then come
the presets that are built in.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from ..core.errors import ParamError
from ..core.files import write_text
from ..core.paths import application_data
from .fields import BY_NAME

MAX_FILE_BYTES = 4 << 20

PRESETS: Dict[str, Dict[str, Any]] = {
    "basic": {
        "num_frames_per_batch": 8, "num_interp_frames": 1, "num_overlap_frames": 1, "denoise_steps": 1,
        "decode_chunk_size": 8, "max_resolution": 960,
    },
    "low-memory": {
        "num_frames_per_batch": 4, "num_interp_frames": 1, "num_overlap_frames": 1, "denoise_steps": 1,
        "decode_chunk_size": 4, "max_resolution": 720, "size": 512,
    },
    "high-quality": {
        "num_frames_per_batch": 16, "num_interp_frames": 2, "num_overlap_frames": 2, "denoise_steps": 3,
        "decode_chunk_size": 16, "max_resolution": 1280,
    },
    "quick-test": {
        "num_frames_per_batch": 8, "max_frames": 50, "denoise_steps": 1, "decode_chunk_size": 8, "max_resolution": 720,
    },
    "image-sequence": {
        "num_frames_per_batch": 8, "denoise_steps": 1, "decode_chunk_size": 8, "max_resolution": 960,
    },
}  # fmt: skip


def preset(name: str) -> Dict[str, Any]:
    """The values of a preset that is built in.

    Raises:
        ParamError: there is no such preset; the message names those that there are.
    """
    if name not in PRESETS:
        raise ParamError(f"There is no preset {name!r}; there are {', '.join(PRESETS)}.", name="preset")
    return dict(PRESETS[name])


def read_params_file(path: str) -> Dict[str, Any]:
    """Names and values of a parameter file: a JSON object, in which `preset` may name what the rest goes on top of.

    Raises:
        ParamError: it cannot be read, is no JSON object, has a name twice, or one that is no parameter.
    """
    try:
        if Path(path).stat().st_size > MAX_FILE_BYTES:
            raise ParamError(f"{path} is too large for a file of parameters.", name="params", path=path)
        values = json.loads(Path(path).read_text(encoding="utf-8"), object_pairs_hook=lambda pairs: _object(pairs, path))
    except OSError as exc:
        raise ParamError(
            f"The parameters in {path} cannot be read ({exc.strerror or exc}).", name="params", path=path
        ) from exc
    except (ValueError, RecursionError) as exc:
        raise ParamError(f"{path} is not JSON ({exc}).", name="params", path=path) from exc
    if not isinstance(values, dict):
        raise ParamError(f'{path} holds no object of parameters like {{"gamma": 1.2}}.', name="params", path=path)
    begin = values.pop("preset", None)
    unknown = sorted(set(values) - set(BY_NAME))
    if unknown:
        raise ParamError(f"{path}: there is no parameter {', '.join(unknown)}.", name=unknown[0], path=path)
    return {**(preset(begin) if begin is not None else {}), **values}


def _object(pairs: List[Tuple[str, Any]], path: str) -> Dict[str, Any]:
    found: Dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ParamError(f"{path} names {name} twice.", name="params", path=path)
        found[name] = value
    return found


def user_folder() -> Path:
    """The user's presets, in the platform's place for application data."""
    return application_data() / "presets"


def preset_folders(more: Sequence[Path] = ()) -> List[Path]:
    """Where presets are looked for, in order; `more` are a host's own."""
    named = [Path(part) for part in os.environ.get("GVM_PRESET_PATH", "").split(os.pathsep) if part]
    return [*named, *more, user_folder()]


def preset_files(more: Sequence[Path] = ()) -> Dict[str, str]:
    """Preset files by name."""
    files: Dict[str, str] = {}
    for folder in preset_folders(more):
        try:
            entries = sorted(folder.glob("*.json"))
        except OSError:
            continue
        for path in entries:
            files.setdefault(path.stem, str(path))
    return files


def preset_names(more: Sequence[Path] = ()) -> List[str]:
    """All presets: files, then what is built in."""
    files = preset_files(more)
    return [*sorted(files), *(name for name in PRESETS if name not in files)]


def load_preset(name: str, more: Sequence[Path] = ()) -> Dict[str, Any]:
    """A preset's parameters, by its name.

    Raises:
        ParamError: there is none, or its file is not one; the message names those that there are.
    """
    files = preset_files(more)
    if name in files:
        return read_params_file(files[name])
    if name in PRESETS:
        return preset(name)
    raise ParamError(f"There is no preset {name!r}; there are {', '.join(preset_names(more))}.", name="preset")


def save_json(path: str, content: Mapping[str, Any]) -> None:
    """Writes a JSON file, whole or not at all.

    Raises:
        MatteWriteError: it cannot be written.
    """
    write_text(path, json.dumps(dict(content), indent=2, sort_keys=True) + "\n")
