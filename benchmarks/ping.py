"""How soon an engine answers: an empty request, and a status, in every state that an engine can be in."""

from __future__ import annotations

import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from gvm_matte.client import EngineConnection, MatteJob, MatteSession
from gvm_matte.engine.model.weights import BUILTIN
from gvm_matte.protocol.messages import IDLE, LOADING, RENDERING
from gvm_matte.protocol.parts import Sink, Source

from .exr import write_plates
from .timing import percentile

UP_SECONDS = 120.0
PAUSE = 0.002  # between two requests, so that asking is not what keeps the engine busy
STATES = {
    IDLE: "engine idle",
    "start": "while it brings torch up",
    LOADING: "while it loads a model",
    RENDERING: "while it renders",
}
LATE = "late"  # what a plain sleep was late by at the same time: the machine's own share in the slowest answers


def pings(count: int) -> dict[str, Any]:
    """Round trips in seconds by state: of an engine from its start through a render, then idle.

    Returns:
        By state, and for `late`: `n`, `median`, `p99`, `max`, over pings and status requests; idle over pings
            alone, back to back.
    """
    with tempfile.TemporaryDirectory() as folder, MatteSession() as session:
        engine = session.engine()
        seen: dict[str, list[float]] = defaultdict(list)
        seen["start"] = _until_up(engine)
        busy = _Watch(engine)
        busy.start()
        try:
            _render(session, Path(folder))
        finally:
            busy.stop()
        for state, values in busy.seen.items():
            seen[state] += values
        seen[IDLE] = [engine.ping() for _ in range(count)]
    return {
        state: {
            "n": len(values), "median": percentile(values, 50), "p99": percentile(values, 99), "max": max(values),
        }
        for state, values in seen.items()
    }  # fmt: skip


def ping_rows(found: dict[str, Any]) -> list[list[str]]:
    """The table's rows."""
    rows = []
    for state, words in STATES.items():
        if state in found:
            times = found[state]
            slow = [f"{times[name] * 1e3:.3f} ms" for name in ("median", "p99", "max")]
            rows.append([f"an empty request, {words} ({times['n']})", slow[0], "", *slow[1:]])
    slow = [f"{found[LATE][name] * 1e3:.3f} ms" for name in ("median", "p99", "max")]
    rows.append(["a plain sleep in this process meanwhile: late by", slow[0], "", *slow[1:]])
    return rows


def _until_up(engine: EngineConnection) -> list[float]:
    """Round trips while the engine imports torch; it listens a moment before it begins with that."""
    found: list[float] = []
    begun, deadline = False, time.monotonic() + UP_SECONDS
    while time.monotonic() < deadline:
        state, seconds = _status(engine)
        if begun and state == IDLE:
            break
        begun = begun or state == LOADING
        found += [seconds, engine.ping()]
        time.sleep(PAUSE)
    return found


def _status(engine: EngineConnection) -> tuple[str, float]:
    started = time.perf_counter()
    state = engine.status().state
    return state, time.perf_counter() - started


class _Watch(threading.Thread):
    """Asks and asks, noting round trips under the state that the engine gave."""

    def __init__(self, engine: EngineConnection) -> None:
        super().__init__(name="watch", daemon=True)
        self.seen: dict[str, list[float]] = defaultdict(list)
        self._engine = engine
        self._stopped = threading.Event()

    def run(self) -> None:
        """Asks until it is stopped."""
        while True:
            asleep = time.perf_counter()
            if self._stopped.wait(PAUSE):
                return
            self.seen[LATE].append(time.perf_counter() - asleep - PAUSE)
            state, seconds = _status(self._engine)
            if state in (LOADING, RENDERING):
                self.seen[state] += [seconds, self._engine.ping()]

    def stop(self) -> None:
        """Ends it after the request at hand."""
        self._stopped.set()
        self.join(UP_SECONDS)


def _render(session: MatteSession, folder: Path) -> None:
    """A small job over files, so that reading, computing and writing all go on."""
    pattern = write_plates(folder / "plates", width=320, height=192, frames=8)
    model = BUILTIN
    if not (BUILTIN / "unet" / "config.json").is_file():
        from .models import write_random_model

        model = write_random_model(folder / "model", tiny=True)
    params = {"model_base": str(model), "size": 192, "num_frames_per_batch": 4, "decode_chunk_size": 4, "device": "cpu"}
    sink = Sink(str(folder / "mattes" / "matte.####.exr"))
    session.render(MatteJob(source=Source("files", pattern), sink=sink, params=params))
