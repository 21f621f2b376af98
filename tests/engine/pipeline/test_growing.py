"""Plates that a host is still writing while the engine works: waited for, known by the host's word, gone afterwards."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pytest
from gvm_matte.client import MatteJob, MatteSession
from gvm_matte.core.errors import CancelledError, PlateMissingError, ProtocolError
from gvm_matte.protocol.messages import Surveyed
from gvm_matte.protocol.parts import Sink, Source
from support import PARAMS, case, read_matte, write_plate

RGB = case("svd_windows")[1]["rgb"].transpose(0, 2, 3, 1)
DISPLAY = (0, 0, 96, 64)


def source(folder: Path, **keys: str) -> Source:
    known = keys or {"1001-1017": "first version"}
    return Source("files", str(folder / "p.####.exr"), display=DISPLAY, growing={"plates": known})


def write(folder: Path, stop: threading.Event | None = None) -> None:
    """As a host does: each plate somewhere else first, then in its place."""
    for index, rgb in enumerate(RGB):
        if stop is not None and stop.wait(0.02):
            return
        part = write_plate(folder / f"part.{1001 + index}.exr", rgb.astype(np.float32))
        part.replace(folder / f"p.{1001 + index}.exr")


def test_plates_are_taken_as_they_come_and_give_the_same_mattes(session: MatteSession, whole: Path, tmp_path: Path) -> None:
    folder, out = tmp_path / "ram", tmp_path / "m"
    job = MatteJob(source(folder), Sink(str(out / "m.####.exr")), params=PARAMS)
    begun: List[float] = []

    def late() -> None:
        time.sleep(0.3)
        begun.append(time.monotonic())
        write(folder)

    writer = threading.Thread(target=late)
    writer.start()
    result = session.render(job)
    writer.join()
    assert begun and list(result.written) == list(range(1001, 1018))
    for frame in range(1001, 1018):
        np.testing.assert_array_equal(read_matte(out / f"m.{frame}.exr"), read_matte(whole / f"m.{frame}.exr"))


def test_mattes_are_known_by_the_hosts_word_when_the_plates_are_gone(session: MatteSession, tmp_path: Path) -> None:
    folder, pattern = tmp_path / "ram", str(tmp_path / "m" / "m.####.exr")
    write(folder)
    session.render(MatteJob(source(folder), Sink(pattern), params=PARAMS))
    for plate in folder.iterdir():
        plate.unlink()

    assert len(session.render(MatteJob(source(folder), Sink(pattern), params=PARAMS)).kept) == 17

    def survey(**keys: str) -> Surveyed:
        events: List[Any] = []
        job = MatteJob(source(folder, **keys), Sink(pattern), params=PARAMS, dry_run=True)
        session.render(job, on_event=events.append)
        (found,) = [event for event in events if isinstance(event, Surveyed)]
        return found

    assert survey().fresh == "1001-1017"
    changed = survey(**{"1001-1014": "first version", "1015-1017": "second version"})
    assert (changed.fresh, changed.stale, changed.reasons) == ("1001-1012", "1013-1017", {"plates": "1013-1017"})


def test_a_render_that_waits_for_a_plate_can_be_cancelled(session: MatteSession, tmp_path: Path) -> None:
    folder, cancel = tmp_path / "ram", threading.Event()
    threading.Timer(0.5, cancel.set).start()
    started = time.monotonic()
    with pytest.raises(CancelledError):
        session.render(MatteJob(source(folder), Sink(str(tmp_path / "m.####.exr")), params=PARAMS), cancel=cancel)
    assert time.monotonic() - started < 30
    assert not list(tmp_path.glob("m.*"))


def test_a_growing_garbage_matte_is_waited_for_too(
    session: MatteSession, svd_plates: str, whole: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "ram"
    keys: Dict[str, Any] = {"garbage": {"1001-1017": "drawn"}}
    source = Source("files", svd_plates, display=DISPLAY, growing=keys)
    params = {**PARAMS, "garbage": str(folder / "k.####.exr"), "garbage_channel": "G"}
    job = MatteJob(source, Sink(str(tmp_path / "m" / "m.####.exr")), frames="1001-1003", params=params)

    def write_masks() -> None:
        for frame in (1001, 1002, 1003):
            part = write_plate(folder / f"part.{frame}.exr", np.full((64, 96, 3), 0.25, np.float32))
            time.sleep(0.1)
            part.replace(folder / f"k.{frame}.exr")

    writer = threading.Thread(target=write_masks)
    writer.start()
    session.render(job)
    writer.join()
    for frame in (1001, 1002, 1003):
        expected = read_matte(whole / f"m.{frame}.exr") * 0.75
        np.testing.assert_allclose(read_matte(tmp_path / "m" / f"m.{frame}.exr"), expected, atol=1e-6)


def test_a_frame_that_the_host_does_not_promise_is_missing(session: MatteSession, tmp_path: Path) -> None:
    few = source(tmp_path, **{"1001-1010": "x"})
    with pytest.raises(PlateMissingError, match="not among the host's"):
        session.render(MatteJob(few, Sink(str(tmp_path / "m.####.exr")), shot=(1001, 1017), params=PARAMS))


@pytest.mark.parametrize("keys", [{}, "1-4", {"1-4": 5}])
def test_keys_that_are_none_are_refused(keys: Any, session: MatteSession, tmp_path: Path) -> None:
    broken = Source("files", str(tmp_path / "p.####.exr"), display=DISPLAY, growing={"plates": keys})
    with pytest.raises(ProtocolError):
        session.render(MatteJob(broken, Sink(str(tmp_path / "m.####.exr")), params=PARAMS))
