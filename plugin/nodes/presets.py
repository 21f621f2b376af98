"""Preset files: JSON objects of parameters, as the command line's `--params` reads them.

Looked for in the folders of $GVM_PRESET_PATH, then in the show's (`gvm_presets` in the project's folder, or beside the
script), then in the user's; the first of a name counts. Then come those that are built in.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, Dict, List

import nuke

from ..errors import MatteWriteError, ParamError
from ..keys import read_params_file
from ..presets import PRESETS, preset

SHOW_FOLDER = "gvm_presets"


def folders() -> List[Path]:
    """Where presets are looked for, in order."""
    named = [Path(part) for part in os.environ.get("GVM_PRESET_PATH", "").split(os.pathsep) if part]
    return [*named, *show_folders(), user_folder()]


def show_folders() -> List[Path]:
    """The show's: in the project's folder, and beside the script."""
    root = nuke.root()
    project, script = str(root["project_directory"].value() or ""), str(root["name"].value() or "")
    places = [project, os.path.dirname(script) if script else ""]
    return [Path(place, SHOW_FOLDER) for place in places if place]


def user_folder() -> Path:
    """The user's, in the platform's place for application data."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "gvm-matte" / "presets"


def found() -> Dict[str, str]:
    """Preset files by name."""
    files: Dict[str, str] = {}
    for folder in folders():
        try:
            entries = sorted(folder.glob("*.json"))
        except OSError:
            continue
        for path in entries:
            files.setdefault(path.stem, str(path))
    return files


def preset_names() -> List[str]:
    """All presets: files, then what is built in."""
    files = found()
    return [*sorted(files), *(name for name in PRESETS if name not in files)]


def load(name: str) -> Dict[str, Any]:
    """A preset's parameters, by its name.

    Raises:
        ParamError: there is none, or its file is not one.
    """
    files = found()
    return read_params_file(files[name]) if name in files else preset(name)


def write(path: str, content: Dict[str, Any]) -> None:
    """Writes a JSON file.

    Raises:
        MatteWriteError: it cannot be written.
    """
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    except OSError as exc:
        raise MatteWriteError(f"{path} cannot be written: {exc.strerror or exc}.", path=path) from exc


def read(path: str) -> Dict[str, Any]:
    """A JSON object of a file.

    Raises:
        ParamError: it cannot be read, or is none.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as exc:
        raise ParamError(f"{path} cannot be read ({exc.strerror or exc}).", path=path) from exc
    except ValueError as exc:
        raise ParamError(f"{path} is not JSON ({exc}).", path=path) from exc
    if not isinstance(content, dict):
        raise ParamError(f"{path} holds no JSON object.", path=path)
    return content
