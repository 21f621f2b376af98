"""What the monitor asks an engine for: the same frames once more, a try beside the mattes, the shot itself."""

from __future__ import annotations

from typing import Dict

import pytest
from gvm_matte.core.errors import ParamError, UsageError
from gvm_matte.ui.monitor import requests
from window_kit import job

PARAMS: Dict[str, object] = {"num_frames_per_batch": 8, "num_overlap_frames": 2, "gamma": 1.2}
JOB = job(1, "done", params={**PARAMS, "existing": "overwrite"})
TRY = job(2, "done", mattes="/shots/sh001/mattes/tries/sh001_matte.####.exr", frames="1007-1012", params=PARAMS)


def test_once_more_keeps_what_is_there() -> None:
    order = requests.again(JOB)
    assert (order.source.path, order.sink.path) == (JOB.plates, JOB.mattes)
    assert (str(order.frames), order.shot) == ("1001-1048", (1001, 1048))
    assert order.params == {**PARAMS, "existing": "resume"}


def test_a_try_lies_beside_the_mattes_and_so_does_a_try_of_a_try() -> None:
    for one in (JOB, TRY):
        order = requests.try_of(one, {**PARAMS, "gamma": 2.0}, "1007-1012")
        assert order.sink.path == TRY.mattes
        assert str(order.frames) == "1007-1012" and order.shot == (1001, 1048) and order.params["gamma"] == 2.0


def test_the_shot_goes_to_its_own_mattes_also_from_a_try() -> None:
    assert requests.shot_with(TRY, PARAMS, "1001-1048").sink.path == "/shots/sh001/mattes/sh001_matte.####.exr"
    assert requests.shot_with(JOB, PARAMS, "1001-1048").sink.path == JOB.mattes


def test_around_a_try_the_shots_own_mattes_are_seen() -> None:
    assert requests.mattes_of(TRY, 1007) == TRY.mattes
    assert requests.mattes_of(TRY, 1013) == "/shots/sh001/mattes/sh001_matte.####.exr"
    assert requests.mattes_of(JOB, 1013) == JOB.mattes
    assert requests.is_try(TRY) and not requests.is_try(JOB)


@pytest.mark.parametrize(("frame", "block"), [(1001, "1001-1006"), (1008, "1007-1012"), (1000, "None"), (1049, "None")])
def test_the_block_is_the_one_that_the_engine_will_cut(frame: int, block: str) -> None:
    assert str(requests.block_of(JOB, PARAMS, frame)) == block


@pytest.mark.parametrize("missing", ["plates", "mattes"])
def test_what_lives_in_another_programs_memory_is_out_of_reach(missing: str) -> None:
    one = job(1, "failed", **{missing: ""})
    assert "program that asked" in requests.why_not_again(one)
    with pytest.raises(UsageError, match="program that asked"):
        requests.again(one)


def test_values_that_cannot_be_are_refused_before_anything_is_asked() -> None:
    with pytest.raises(ParamError):
        requests.try_of(JOB, {"gamma": -1.0}, "1001-1006")
    assert requests.survey_of(JOB, PARAMS).dry_run
