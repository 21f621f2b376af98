"""What Nuke runs in every session, from a plug-in folder: makes the package known and registers its callbacks.

Nuke puts this folder itself on sys.path, where `client` or `errors` would become top-level modules under names that others
use. So it is taken off again, and the package is loaded under its own name, wherever the folder lies and whatever it is
called. Whatever goes wrong is reported: Nuke must start all the same.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from pathlib import Path

NAME = "gvm_matte"


def load(folder: Path) -> None:
    """Imports the package from `folder`, unless it can be imported anyhow.

    Raises:
        ImportError: the folder does not hold it.
    """
    sys.path[:] = [entry for entry in sys.path if not entry or Path(entry).absolute() != folder]
    if NAME in sys.modules or importlib.util.find_spec(NAME) is not None:
        return
    spec = importlib.util.spec_from_file_location(NAME, folder / "__init__.py", submodule_search_locations=[str(folder)])
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder} does not hold the package {NAME}.")
    package = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = package
    spec.loader.exec_module(package)


def report(what: str) -> None:
    """Says on stderr that this part of the plug-in is off, and why."""
    print(f"GVM Matte: {what} The node's mattes on disk are used as they are.", file=sys.stderr)
    traceback.print_exc()


try:
    load(Path(__file__).absolute().parent)
    importlib.import_module(f"{NAME}.nodes").register()
except Exception:
    report("the plug-in could not be loaded.")
