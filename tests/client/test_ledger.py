"""What a render has delivered, and what the next engine is asked for when one dies."""

from __future__ import annotations

from typing import Any

from gvm_matte.client.job import MatteJob
from gvm_matte.client.ledger import Ledger
from gvm_matte.protocol.messages import Accepted
from gvm_matte.protocol.parts import Sink, Source


def ledger(sink: Sink, **more: Any) -> Ledger:
    found = Ledger(MatteJob(Source("files", "/p.####.exr"), sink, frames="1-4", params={"existing": "overwrite"}, **more))
    found.accept(Accepted(1, (1, 9), "1-4", "", "1-8"))
    return found


def test_only_missing_frames_are_asked_for_again_in_the_same_shot() -> None:
    one = ledger(Sink("/m.####.exr"))
    one.note(one.written, 1)
    one.note(one.written, 2)
    again = one.remaining()
    assert (str(again.frames), again.shot, again.params) == ("3-4", (1, 9), {"existing": "overwrite"})
    assert not one.complete


def test_a_render_is_complete_with_its_last_frame() -> None:
    one = ledger(Sink("/m.####.exr"))
    for frame in range(1, 5):
        one.note(one.written, frame)
    assert one.complete and not one.missing


def test_movies_are_made_again_of_all_frames_and_finished_ones_are_kept() -> None:
    one = ledger(Sink("/m.####.exr", movies={"alpha": "/m.mp4"}))
    for frame in range(1, 5):
        one.note(one.written, frame)
    again = one.remaining()
    assert not one.complete  # an engine that died now has perhaps not made the movie
    assert (str(again.frames), again.shot, again.params) == ("1-4", (1, 9), {"existing": "resume"})


def test_a_dry_run_misses_nothing_and_is_asked_again_as_it_was() -> None:
    one = ledger(Sink("/m.####.exr"), dry_run=True)
    assert not one.missing and not one.complete and str(one.remaining().frames) == "1-4"
