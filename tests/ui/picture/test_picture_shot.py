"""Marks, measures and blocks of a shot that several jobs make."""

from __future__ import annotations

from gvm_matte.protocol.watching import FrameState
from gvm_matte.ui.picture.shot import Mark, Shot, flickers
from gvm_matte.ui.picture.strip import runs
from page_kit import job


def frames_with(shot: Shot, mark: Mark) -> list[int]:
    return sorted(frame for frame, found in shot.marks().items() if found is mark)


def test_delivered_frames_are_done_and_the_rest_has_no_mark() -> None:
    shot = Shot()
    shot.show(job(kept="1001-1002", finished="1001-1004"))

    assert frames_with(shot, Mark.DONE) == [1001, 1002, 1003, 1004]
    assert 1005 not in shot.marks()


def test_a_survey_tells_what_is_stale_and_missing_until_a_render_has_done_it() -> None:
    shot = Shot()
    shot.show(job(finished="1001-1002"))
    shot.survey("1001", "1002-1003", "1004")
    assert (frames_with(shot, Mark.DONE), frames_with(shot, Mark.STALE)) == ([1001], [1002, 1003])
    assert frames_with(shot, Mark.MISSING) == [1004]

    assert shot.change(job(finished="1001-1004"))
    assert frames_with(shot, Mark.DONE) == [1001, 1003, 1004]


def test_frames_that_a_failed_job_owes_are_failed_and_so_are_those_without_a_plate() -> None:
    shot = Shot()
    shot.show(job(state="failed", frames="1001-1004", finished="1001-1002", missing_plates="1001"))

    assert frames_with(shot, Mark.FAILED) == [1001, 1003, 1004]
    assert frames_with(shot, Mark.DONE) == [1002]


def test_a_cancelled_job_leaves_no_failed_frames() -> None:
    shot = Shot()
    shot.show(job(state="cancelled", frames="1001-1004", finished="1001-1002"))

    assert frames_with(shot, Mark.FAILED) == []


def test_jobs_that_write_the_same_mattes_are_one_line_the_newest_first() -> None:
    shot = Shot()
    for number, mattes in ((1, "/a.####.exr"), (2, "/b.####.exr"), (3, "/a.####.exr"), (4, "")):
        shot.show(job(number, mattes=mattes))

    assert (shot.line(3), shot.line(1), shot.line(2), shot.line(4)) == ([3, 1], [1], [2], [4])


def test_frames_of_an_earlier_job_with_other_settings_are_stale() -> None:
    shot = Shot()
    shot.show(job(1, finished="1001-1010", params={"size": 512}))
    shot.show(job(2, finished="1005-1006", params={"size": 1024}))

    assert frames_with(shot, Mark.DONE) == [1005, 1006]
    assert frames_with(shot, Mark.STALE) == [1001, 1002, 1003, 1004, 1007, 1008, 1009, 1010]


def test_measures_are_those_of_the_newest_job_that_has_the_frame() -> None:
    shot = Shot()
    shot.show(job(1))
    shot.show(job(2))
    for number, frame, mean in ((2, 1001, 0.5), (1, 1001, 0.1), (1, 1002, 0.2)):
        assert shot.measure(FrameState(number, frame, mean, 0.0))
    assert not shot.measure(FrameState(9, 1003, 0.2, 0.0))

    assert shot.measures() == {1001: (0.5, 0.0), 1002: (0.2, 0.0)}


def test_a_frame_without_a_matte_has_no_measures() -> None:
    shot = Shot()
    shot.show(job(1))
    shot.measure(FrameState(1, 1001, -1.0, -1.0))

    assert shot.measures() == {}


def test_blocks_begin_where_windows_do() -> None:
    shot = Shot()
    shot.show(job(params={"num_frames_per_batch": 16, "num_overlap_frames": 4}))
    assert shot.blocks() == [1013, 1025, 1037]

    shot.show(job(2, mattes="/x.exr", params={"num_frames_per_batch": 4, "num_overlap_frames": 3}))
    assert shot.blocks() == []  # parameters that cannot be


def test_a_flicker_is_a_change_far_above_the_usual() -> None:
    measures = dict.fromkeys(range(1001, 1020), (0.3, 0.004))
    measures[1010] = (0.3, 0.08)
    measures[1001] = (0.3, -1.0)

    assert flickers(measures) == {1010}
    assert flickers({1: (0.1, 0.0), 2: (0.1, 0.5)}) == frozenset()  # two say nothing of what is usual


def test_another_shot_forgets_the_survey() -> None:
    shot = Shot()
    shot.show(job(1))
    shot.survey("", "", "1001-1048")
    assert not shot.show(job(2))  # the same plates and mattes
    assert frames_with(shot, Mark.MISSING)
    assert shot.show(job(3, plates="/other.####.exr", mattes="/other_matte.####.exr"))

    assert shot.marks() == {}


def test_neighbours_with_one_mark_are_drawn_as_one() -> None:
    marks = {1: Mark.DONE, 2: Mark.DONE, 3: Mark.STALE, 5: Mark.DONE, 6: Mark.DONE}

    assert runs(marks, single=False) == [(Mark.DONE, 1, 2), (Mark.STALE, 3, 3), (Mark.DONE, 5, 6)]
    assert len(runs(marks, single=True)) == 5
