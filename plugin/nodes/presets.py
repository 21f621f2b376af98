"""The show's own presets, between those of $GVM_PRESET_PATH and the user's: see `params.presets`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import List

import nuke

from ..params.presets import preset_names

SHOW_FOLDER = "gvm_presets"


def show_folders() -> List[Path]:
    """In the project's folder, and beside the script."""
    root = nuke.root()
    project, script = str(root["project_directory"].value() or ""), str(root["name"].value() or "")
    places = [project, os.path.dirname(script) if script else ""]
    return [Path(place, SHOW_FOLDER) for place in places if place]


def menu_items() -> List[str]:
    """What the Preset menu of a node holds."""
    return ["custom", *preset_names(show_folders())]
