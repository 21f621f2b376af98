"""A signal in the midst of the start of a warm engine: whoever asked for it is told, and no engine is left."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
from gvm_matte.client import warm
from gvm_matte.core.errors import CancelledError
from support import until

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals")


def test_a_signal_while_the_process_is_started_ends_it(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GVM_ENGINE_FILE", str(scratch / "gvm-matte" / "engine.json"))
    pid_file, slow = scratch / "pid", scratch / "slow.sh"
    # The child signals us as soon as it runs: within the start of the process, or at once behind it.
    nap = f"exec {sys.executable} -c 'import time; time.sleep(60)'"
    slow.write_text(f"#!/bin/sh\necho $$ > {pid_file}\nkill -TERM {os.getpid()}\n{nap}\n")
    slow.chmod(0o755)

    def handler(number: int, _frame: object) -> None:
        raise CancelledError(f"{signal.Signals(number).name} came.")

    before = signal.signal(signal.SIGTERM, handler)
    try:
        with pytest.raises(CancelledError, match="SIGTERM came"):
            warm.start_warm_engine(command=[str(slow)], timeout=60)
        assert signal.getsignal(signal.SIGTERM) is handler
    finally:
        signal.signal(signal.SIGTERM, before)
    pid = int(pid_file.read_text())
    assert until(lambda: not Path(f"/proc/{pid}").exists(), 30)
    for path in (pid_file, slow):
        path.unlink()


def test_handlers_wait_until_the_start_is_over() -> None:
    order = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: order.append("handler"))
    try:
        with warm._signals_later():
            os.kill(os.getpid(), signal.SIGTERM)
            order.append("start")
        assert order == ["start", "handler"]
    finally:
        signal.signal(signal.SIGTERM, before)
