"""A steal from problem engines: what one is asked for and gives up, and how it ends when its answer is none or wrong."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from typing import List, Set

import pytest
from gvm_matte.client import MatteJob, PlateData
from gvm_matte.core.errors import CancelledError, ProtocolError
from gvm_matte.protocol.messages import FrameWritten, Message
from gvm_matte.protocol.parts import Sink
from session_kit import BUFFERS, Plate, Taker, names
from several_kit import PARAMS, BeginSeveral, asked_for, frames_of, jobs, to_files


def test_a_fast_engine_steals_the_far_part_of_what_the_other_has_left(
    several: BeginSeveral, output: Path, place: Path
) -> None:
    events: List[Message] = []
    result = several("uneven").render(to_files(output, "1-120"), on_event=events.append)
    assert result.written == tuple(range(1, 121))
    fast, slow = ([frames_of(job) for job in jobs(place) if job["life"] == life] for life in (1, 2))
    assert len(fast) >= 2 and len(slow) == 1  # the slow one goes on with its one job, whatever is taken of it
    stolen: Set[int] = set()
    for share in fast[1:]:
        assert share < slow[0] and not share & stolen and (min(share) - 1) % 6 == 0  # whole blocks, each once
        assert not stolen or max(share) < min(stolen)
        stolen |= share
    written = Counter(event.frame for event in events if isinstance(event, FrameWritten))
    assert set(written.values()) == {1} and len(written) == 120
    assert result.windows <= 20 + len(fast) + len(slow) - 1  # of one engine: 20 blocks; one more for each run behind it


def test_alphas_of_a_stolen_block_come_once(several: BeginSeveral, place: Path, plate: Plate) -> None:
    taker, asked = Taker(), Counter[int]()

    def plates(frame: int) -> PlateData:
        asked[frame] += 1
        return plate(frame)

    job = MatteJob(BUFFERS, Sink(buffers=True), "1-120", params=PARAMS)
    result = several("uneven").render(job, plates=plates, take_alpha=taker)
    assert taker.values == {frame: float(frame) for frame in range(1, 121)} and result.taken == tuple(range(1, 121))
    stolen = set().union(*[frames_of(job) for job in jobs(place) if job["life"] == 1][1:])
    assert stolen and all(asked[frame] == 1 for frame in sorted(stolen)[4:])  # but those that lay in its ring already


@pytest.mark.parametrize("mode", ["deaf-when-asked", "keeps-when-asked"])
def test_an_engine_that_gives_nothing_up_renders_all_that_it_has(
    several: BeginSeveral, output: Path, place: Path, mode: str
) -> None:
    result = several(mode).render(to_files(output, "1-48"))
    assert result.written == tuple(range(1, 49))
    assert sorted(job["frames"] for job in jobs(place)) == ["1-24", "25-48"]
    assert [ask["life"] for ask in asked_for(place)] == [2]  # once: its answer, or its end, says that it has begun all


def test_an_engine_that_dies_when_it_is_asked_is_started_again_and_asked_again(
    several: BeginSeveral, output: Path, place: Path
) -> None:
    result = several("dies-when-asked").render(to_files(output, "1-60"))
    assert result.written == tuple(range(1, 61)) and result.restarts == 1 and len(names(output)) == 60
    first, again = asked_for(place)[:2]
    assert (first["life"], again["life"]) == (2, 3) and first["last"] == again["last"]
    stolen = [frames_of(job) for job in jobs(place) if job["life"] == 1][1:]
    assert stolen and min(stolen[0]) == first["last"] + 1


def test_an_engine_that_gives_up_what_it_was_not_asked_for_ends_the_render(several: BeginSeveral, output: Path) -> None:
    with pytest.raises(ProtocolError, match=r"gave up frame \d+; those behind \d+ were wanted back"):
        several("lies-when-asked").render(to_files(output, "1-60"))


def test_a_cancel_while_an_engine_is_asked_ends_all(several: BeginSeveral, output: Path, place: Path) -> None:
    cancel = threading.Event()

    def on_event(event: Message) -> None:
        if (place / "lives.asked").exists():
            cancel.set()

    with pytest.raises(CancelledError):
        several("deaf-when-asked", quiet_seconds=30.0).render(to_files(output, "1-120"), on_event=on_event, cancel=cancel)
    assert len(names(output)) < 120
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("gvm-matte-engine")] == []
