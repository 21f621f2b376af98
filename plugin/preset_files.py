"""Preset files: JSON objects of parameters, as the command line's `--params` reads them.

Looked for in the folders of $GVM_PRESET_PATH, then in those that a host adds (the show's), then in the user's; the first
of a name counts. Then come the presets that are built in.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence

from .errors import MatteWriteError
from .keys import read_params_file
from .paths import application_data, part_path
from .presets import PRESETS, preset


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
        ParamError: there is none, or its file is not one.
    """
    files = preset_files(more)
    return read_params_file(files[name]) if name in files else preset(name)


def save_json(path: str, content: Mapping[str, Any]) -> None:
    """Writes a JSON file, whole or not at all.

    Raises:
        MatteWriteError: it cannot be written.
    """
    part = Path(part_path(path))
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(dict(content), indent=2, sort_keys=True) + "\n", encoding="utf-8")
        part.replace(path)
    except OSError as exc:
        raise MatteWriteError(f"{path} cannot be written: {exc.strerror or exc}.", path=path) from exc
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
