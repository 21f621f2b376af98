"""Launches one OpenCue job through pyoutline. It runs in OpenCue's own Python, which need not know GVM Matte.

    stdin   one JSON object: the fields of `opencue.CueJob`, and `layer`, `cuebot`, `paused`
    stdout  one JSON object: {"jobs": [{"id", "name"}]}, or {"error": "import" | "connection" | "refused", "message"}

Nothing else goes to stdout; what the libraries say goes to stderr. pyoutline keeps a session folder per job for commands
that it wraps; ours are not wrapped, so the session lies in a temporary folder that goes when the job is launched.
"""

import contextlib
import importlib
import json
import os
import sys
import tempfile
from typing import Any, Dict, List


def launch(request: Dict[str, Any]) -> List[Dict[str, str]]:
    """The launched jobs as Cuebot names them."""
    outline, cuerun, shell = (importlib.import_module(f"outline{name}") for name in ("", ".cuerun", ".modules.shell"))
    work = outline.Outline(
        request["name"], show=request["show"], shot=request["shot"], user=request["user"], facility=request["facility"]
    )
    more: Dict[str, Any] = {}
    if request["gpus"]:
        more = {"gpus": request["gpus"], "gpu_memory": f"{request['gpu_memory']}m"}
    layer = shell.Shell(
        request["layer"],
        command=request["command"],
        range=request["range"],
        chunk=request["chunk"],
        timeout=request["timeout"],
        timeout_llu=request["timeout"],
        service="default",
        type="Render",
        **more,
    )
    work.add_layer(layer)
    launcher = cuerun.OutlineLauncher(
        work, priority=request["priority"], maxretries=request["retries"], pause=request["paused"], nomail=True
    )
    return [{"id": job.id(), "name": job.name()} for job in launcher.launch(use_pycuerun=False)]


def answer(request: Dict[str, Any]) -> Dict[str, Any]:
    """What goes to stdout."""
    try:
        return {"jobs": launch(request)}
    except ImportError as exc:
        return {"error": "import", "message": exc.name or str(exc)}
    except Exception as exc:  # whatever Cuebot or the libraries raise is what the user has to know
        lost = type(exc).__name__ == "ConnectionException" or str(exc).startswith("Cuebot host not set")
        return {"error": "connection" if lost else "refused", "message": str(exc) or type(exc).__name__}


def main() -> None:
    """Reads the request, launches it, answers."""
    request = json.load(sys.stdin)
    if request["cuebot"]:
        os.environ["CUEBOT_HOSTS"] = request["cuebot"]
    with tempfile.TemporaryDirectory(prefix="gvm-outline-") as folder, contextlib.redirect_stdout(sys.stderr):
        os.environ["OUTLINE_OUTLINE_SESSION_DIR"] = folder
        said = answer(request)
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
