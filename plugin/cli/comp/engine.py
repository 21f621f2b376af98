"""The engine of one `gvm-matte comp`: the warm one if it runs, else one of its own under the name of a warm engine.

Nodes ask the warm engine, whose address is in a file. So a command's own engine gets a file of its own in a temporary
folder, and everything that the script renders finds it there. A connection is held to it all the while: when this process
goes, however it goes, the engine has no client any more and ends.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Callable, Iterator, Optional

from ...client import EngineChoice, EngineConnection, start_warm_engine, stop_warm_engine
from ...client.which_engine import takes_warm_engine
from ...core.errors import EngineTimeoutError

FILE = "GVM_ENGINE_FILE"
ORPHAN_SECONDS = 2.0  # what an engine lives on without this process
STOP_SECONDS, STOP_NOW_SECONDS = 5.0, 0.8


@contextlib.contextmanager
def one_engine(
    engine: EngineChoice, *, needed: bool = True, log: Optional[Callable[[str], object]] = None
) -> Iterator[Optional[EngineConnection]]:
    """One engine for everything within; yields a connection to it if it is the command's own.

    Args:
        engine: whose. Nodes ask the warm engine whatever it is, so WARM needs nothing here.
        needed: whether anything will ask for it.
        log: gets its own engine's log, as one text at the end.

    Raises:
        EngineError: it does not come up.
    """
    if not needed or takes_warm_engine(engine):
        yield None
        return
    before = os.environ.get(FILE)
    folder = Path(tempfile.mkdtemp(prefix="gvm-comp-"))
    os.environ[FILE] = str(folder / "engine.json")
    budget = STOP_NOW_SECONDS
    try:
        with start_warm_engine(idle_timeout=ORPHAN_SECONDS) as own:
            yield own
        budget = STOP_SECONDS
    finally:
        with contextlib.suppress(EngineTimeoutError):  # in a driver; without us it ends as soon as it can
            stop_warm_engine(budget=budget)
        if before is None:
            os.environ.pop(FILE, None)
        else:
            os.environ[FILE] = before
        if log is not None and (folder / "engine.log").exists():
            log((folder / "engine.log").read_text(encoding="utf-8", errors="replace"))
        shutil.rmtree(folder, ignore_errors=True)
