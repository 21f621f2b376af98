"""Renders: the four pairs of source and sink, events, jobs that fail, and what cannot be asked."""

from __future__ import annotations

import array
import threading
from pathlib import Path
from typing import Any, Callable, List

import pytest
from gvm_matte.client import Buffers, MatteJob, PlateData
from gvm_matte.core.errors import CancelledError, FrameBufferError, FrameRangeError, PlateMissingError, UsageError
from gvm_matte.core.image import Box
from gvm_matte.protocol.frame_buffer import SlotInfo
from gvm_matte.protocol.messages import Accepted, Done, FrameKept, FrameWritten, Message, Progress
from gvm_matte.protocol.parts import Sink, Source
from session_kit import BUFFERS, FILES, Begin, Plate, Taker, names, to_files

# -- the four pairs


def test_buffers_to_buffers(begin: Begin, plate: Plate) -> None:
    taker = Taker()
    result = begin("normal").render(MatteJob(BUFFERS, Sink(buffers=True), "-2-20"), plates=plate, take_alpha=taker)
    assert taker.values == {frame: float(frame) for frame in range(-2, 21)}
    assert taker.infos[3].box == Box(0, 0, 4, 2) and taker.infos[3].dtype == "float"
    assert result.taken == tuple(range(-2, 21)) and result.written == result.kept == () and result.restarts == 0


def test_files_to_files(begin: Begin, output: Path) -> None:
    result = begin("normal").render(to_files(output))
    assert result.written == (1, 2, 3, 4, 5, 6)
    assert names(output) == [f"m.000{frame}.exr" for frame in range(1, 7)]


def test_buffers_to_files(begin: Begin, output: Path, plate: Plate) -> None:
    job = MatteJob(BUFFERS, Sink(path=str(output / "m.####.exr")), "5-7")
    assert begin("normal").render(job, plates=plate).written == (5, 6, 7)
    assert (output / "m.0006.exr").read_text() == "6"


def test_files_to_both(begin: Begin, output: Path) -> None:
    taker = Taker()
    job = MatteJob(FILES, Sink(path=str(output / "m.####.exr"), buffers=True), "5-7")
    result = begin("normal").render(job, take_alpha=taker, buffers=Buffers(alpha_bytes=64))
    assert result.written == result.taken == (5, 6, 7) == tuple(taker.values)


def test_one_session_renders_many_jobs_on_one_engine(begin: Begin, output: Path) -> None:
    session = begin("normal")
    pid = session.engine().info.pid
    for first in (1, 11, 21):
        session.render(to_files(output, f"{first}-{first + 2}"))
    assert session.engine().info.pid == pid
    assert session.engine().status(5).jobs_done == 3


def test_events_tell_the_whole_story(begin: Begin, output: Path) -> None:
    (output / "m.0002.exr").write_text("old")
    events: List[Message] = []
    result = begin("normal").render(to_files(output, "1-3"), on_event=events.append)
    assert [type(event) for event in events] == [Accepted, FrameKept, *[FrameWritten, Progress] * 2, Done]
    assert result.kept == (2,) and result.written == (1, 3)
    assert (output / "m.0002.exr").read_text() == "old"


# -- jobs that fail


def test_a_failed_job_raises_its_own_error_and_keeps_the_engine(begin: Begin, output: Path) -> None:
    session = begin("job-fails")
    pid = session.engine().info.pid
    with pytest.raises(PlateMissingError) as caught:
        session.render(to_files(output))
    assert caught.value.frame == 3 and caught.value.path == "/plates/a.0003.exr"
    assert session.engine().info.pid == pid and session.engine().ping(5) < 5


def test_an_error_in_plates_cancels_the_job_and_keeps_the_engine(begin: Begin, plate: Plate) -> None:
    session = begin("normal")
    pid = session.engine().info.pid

    def plates(frame: int) -> PlateData:
        if frame == 4:
            raise ZeroDivisionError("the host's own")
        return plate(frame)

    with pytest.raises(ZeroDivisionError):
        session.render(MatteJob(BUFFERS, Sink(buffers=True), "1-9"), plates=plates, take_alpha=Taker())
    assert session.engine().info.pid == pid
    taker = Taker()
    session.render(MatteJob(BUFFERS, Sink(buffers=True), "1-3"), plates=plate, take_alpha=taker)
    assert taker.values == {1: 1.0, 2: 2.0, 3: 3.0}


def test_an_error_in_take_alpha_cancels_the_job_and_keeps_the_engine(begin: Begin, plate: Plate) -> None:
    session = begin("normal")
    pid = session.engine().info.pid

    def take(frame: int, info: SlotInfo, pixels: memoryview) -> None:
        raise FrameBufferError("the host's own")

    with pytest.raises(FrameBufferError, match="own"):
        session.render(MatteJob(BUFFERS, Sink(buffers=True), "1-9"), plates=plate, take_alpha=take)
    assert session.engine().info.pid == pid


def test_a_missing_plate_of_the_host_goes_to_the_engine(begin: Begin, plate: Plate) -> None:
    def plates(frame: int) -> PlateData:
        if frame in (1, 3):
            raise PlateMissingError(f"there is no frame {frame}")
        return plate(frame)

    taker = Taker()
    begin("normal").render(MatteJob(BUFFERS, Sink(buffers=True), "1-4"), plates=plates, take_alpha=taker)
    assert taker.values == {1: -1.0, 2: 2.0, 3: -1.0, 4: 4.0}


def test_a_plate_that_outgrows_the_ring_is_an_error_with_advice(begin: Begin, plate: Plate) -> None:
    def plates(frame: int) -> PlateData:
        return plate(frame) if frame < 3 else PlateData(bytes(4 * 3 * 800), Box(0, 0, 40, 20), 3, "float")

    job = MatteJob(BUFFERS, Sink(buffers=True), "1-4")
    with pytest.raises(FrameBufferError, match="plate_bytes") as caught:
        begin("normal").render(job, plates=plates, take_alpha=Taker())
    assert caught.value.frame == 3
    room = Buffers(plate_bytes=4 * 3 * 800)
    assert begin("normal").render(job, plates=plates, take_alpha=Taker(), buffers=room).taken == (1, 2, 3, 4)


@pytest.mark.parametrize(
    "pixels", [bytes(10), memoryview(array.array("f", [0.0] * 48))[::2]], ids=["too-short", "not-contiguous"]
)
def test_plates_whose_pixels_are_not_what_they_say(begin: Begin, pixels: Any) -> None:
    with pytest.raises(FrameBufferError, match="in one piece"):
        begin("normal").render(
            MatteJob(BUFFERS, Sink(buffers=True), "1-4"),
            plates=lambda frame: PlateData(pixels, Box(0, 0, 4, 2), 3, "float"),
            take_alpha=Taker(),
        )


def test_plates_wait_for_the_engine(begin: Begin, plate: Plate) -> None:
    asked: List[int] = []
    taken: List[int] = []
    ahead: List[int] = []

    def plates(frame: int) -> PlateData:
        asked.append(frame)
        ahead.append(frame - (taken[-1] if taken else 0))
        return plate(frame)

    begin("slow", quiet_seconds=5.0).render(
        MatteJob(BUFFERS, Sink(buffers=True), "1-12"),
        plates=plates,
        take_alpha=lambda frame, info, pixels: taken.append(frame),
        buffers=Buffers(slots=2),
    )
    assert asked == taken == list(range(1, 13))
    assert max(ahead) <= 6  # two rings of two slots, one in work, one in the hand


# -- what cannot be asked


@pytest.mark.parametrize(
    "make",
    [
        lambda: MatteJob(Source("tape"), Sink(path="x")),
        lambda: MatteJob(FILES, Sink()),
        lambda: MatteJob(FILES, Sink(path="x"), shot=(5, 1)),
        lambda: MatteJob(FILES, Sink(path="x"), shot=(5,)),
        lambda: MatteJob(Source("buffers"), Sink(path="x"), "1-2"),
        lambda: MatteJob(BUFFERS, Sink(path="x")),
        lambda: MatteJob(Source("buffers", display=(0, 0, 4)), Sink(path="x"), "1-2"),
        lambda: MatteJob(Source("buffers", display=(0, 0, 0, 4)), Sink(path="x"), "1-2"),
        lambda: MatteJob(Source("buffers", display=(0, 0, 4, 4), data=(1, 2)), Sink(path="x"), "1-2"),
    ],
)
def test_jobs_that_make_no_sense(make: Callable[[], MatteJob]) -> None:
    with pytest.raises(UsageError):
        make()
    with pytest.raises(FrameRangeError):
        MatteJob(FILES, Sink(path="x"), "1-x")


def test_callbacks_and_job_belong_together(begin: Begin, plate: Plate) -> None:
    session = begin("normal")
    with pytest.raises(UsageError, match="plates"):
        session.render(MatteJob(BUFFERS, Sink(path="x"), "1"))
    with pytest.raises(UsageError, match="take_alpha"):
        session.render(MatteJob(BUFFERS, Sink(buffers=True), "1"), plates=plate)


def test_a_session_renders_one_job_at_a_time(begin: Begin, output: Path) -> None:
    session = begin("slow")
    cancel, running = threading.Event(), threading.Event()

    def work() -> None:
        with pytest.raises(CancelledError):
            session.render(to_files(output, "1-50"), cancel=cancel, on_event=lambda event: running.set())

    thread = threading.Thread(target=work)
    thread.start()
    assert running.wait(5)
    with pytest.raises(UsageError, match="one job at a time"):
        session.render(to_files(output))
    cancel.set()
    thread.join()


def test_relative_paths_are_taken_from_the_persons_folder(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(output)
    params = {"lora_base": "l", "mode": "matte"}
    job = MatteJob(Source("files", path="in/a.####.exr"), Sink(path="m.####.exr"), params=params)
    message = job.render(1)
    assert message.source.path == str(output / "in/a.####.exr") and message.sink.path == str(output / "m.####.exr")
    assert message.params == {"lora_base": str(output / "l"), "mode": "matte"}
