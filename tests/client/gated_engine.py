"""A real engine that can be held up: `python tests/client/gated_engine.py --marker FILE`.

It renders as every engine does, and notes beside its marker what it does: `FILE.windows`, one JSON line for each window
that goes through the UNet, and `FILE.jobs`, one for each job that came to its end, both with its life (1 for the engine
that began first). The engine whose life is in `FILE.slow` waits in its window until others have done as many jobs as
`FILE.gate` says: so it is slow, however busy the machine is.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from gvm_matte.engine import __main__ as engine
from gvm_matte.engine.pipeline.renderer import Renderer
from gvm_matte.engine.pipeline.windows import WindowRunner

MARKER = Path(sys.argv[sys.argv.index("--marker") + 1])
GATE_SECONDS = 60.0

_denoise, _render = WindowRunner._denoise, Renderer.render


def note(what: str, **record: Any) -> None:
    """A line beside the marker, whole."""
    with MARKER.with_suffix(what).open("a") as file:
        file.write(json.dumps({"life": life, **record}) + "\n")


def text(what: str) -> str:
    path = MARKER.with_suffix(what)
    return path.read_text() if path.exists() else ""


def denoise(self: WindowRunner, step: Any) -> Any:
    """A window, behind the gate."""
    note(".windows", block=step.block.index, context=not step.groups)
    deadline = time.monotonic() + GATE_SECONDS
    while text(".slow") == str(life):
        jobs = [json.loads(line) for line in text(".jobs").splitlines()]
        if sum(job["life"] != life for job in jobs) >= int(text(".gate")):
            break
        assert time.monotonic() < deadline, "no other engine has done a job"
        time.sleep(0.01)
    return _denoise(self, step)


def render(self: Renderer, job: Any) -> Any:
    """A job, and what came of it."""
    last: Any = _render(self, job)
    if not job.request.dry_run:
        note(".jobs", asked=job.request.frames, frames=last.frames, windows=last.windows, total=job.total)
    return last


with MARKER.open("a") as marker:
    marker.write(f"{os.getpid()}\n")
life = MARKER.read_text().splitlines().index(str(os.getpid())) + 1
WindowRunner._denoise = denoise  # type: ignore[method-assign]
Renderer.render = render  # type: ignore[method-assign]

if __name__ == "__main__":
    code = engine.main(["--owned"])
    sys.stdout.flush()
    os._exit(code)  # as the engine does
