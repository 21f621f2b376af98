"""Presets as the node sees them: those of `params.presets`, with the show's between.

The show's are in `gvm_presets`, in the project's folder or beside the script.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Dict, List

import nuke

from ..core.errors import ParamError
from ..params import presets as all_presets

SHOW_FOLDER = "gvm_presets"


def show_folders() -> List[Path]:
    """The show's: in the project's folder, and beside the script."""
    root = nuke.root()
    project, script = str(root["project_directory"].value() or ""), str(root["name"].value() or "")
    places = [project, os.path.dirname(script) if script else ""]
    return [Path(place, SHOW_FOLDER) for place in places if place]


def user_folder() -> Path:
    """The user's."""
    return all_presets.user_folder()


def preset_names() -> List[str]:
    """All presets: files, then what is built in."""
    return all_presets.preset_names(show_folders())


def load(name: str) -> Dict[str, Any]:
    """A preset's parameters, by its name.

    Raises:
        ParamError: there is none, or its file is not one.
    """
    return all_presets.load_preset(name, show_folders())


def write(path: str, content: Dict[str, Any]) -> None:
    """Writes a JSON file, whole or not at all.

    Raises:
        MatteWriteError: it cannot be written.
    """
    all_presets.save_json(path, content)


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
