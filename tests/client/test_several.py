"""One job on several engines: what each is asked for, what comes together, and how it ends when one of them does not."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, List, Set

import pytest
from gvm_matte.client import Buffers, MatteJob, MatteSession, PlateData, RenderResult
from gvm_matte.client.devices.sessions import DeviceSessions, engine_device, environment_of, numbered
from gvm_matte.client.which_engine import session_for
from gvm_matte.core.errors import (
    CancelledError,
    DeviceError,
    EngineDiedError,
    GvmMatteError,
    ParamError,
    PlateMissingError,
    UsageError,
)
from gvm_matte.protocol.frame_buffer import SlotInfo
from gvm_matte.protocol.messages import Accepted, Done, FrameKept, FrameWritten, Message, Notice, Progress
from gvm_matte.protocol.parts import Sink, Source
from session_kit import BUFFERS, FILES, Begin, Plate, Taker, names
from several_kit import PARAMS, BeginSeveral, every_job, frames_of, jobs, to_files

# -- runs


def test_each_engine_renders_runs_of_whole_blocks(several: BeginSeveral, output: Path, place: Path) -> None:
    result = several("even").render(to_files(output))
    assert result.written == tuple(range(1, 61)) and result.restarts == 0 and not result.kept
    assert len(names(output)) == 60
    asked = jobs(place)
    assert sorted(job["frames"] for job in asked[:2]) == ["1-6", "7-12"] and {job["life"] for job in asked} == {1, 2}
    assert all(job["shot"] == [1, 60] and job["device"] == "cpu" for job in asked)
    runs = [frames_of(job) for job in asked]
    assert sorted(frame for run in runs for frame in run) == list(range(1, 61))
    assert all((min(run) - 1) % 6 == 0 and len(run) == max(run) - min(run) + 1 for run in runs)
    assert result.windows <= 10 + len(runs) - 1  # of one engine: 10 blocks


def test_a_fast_engine_renders_more_and_a_slow_one_keeps_what_it_has_begun(
    several: BeginSeveral, output: Path, place: Path
) -> None:
    events: List[Message] = []
    result = several("uneven").render(to_files(output, "1-120"), on_event=events.append)
    assert result.written == tuple(range(1, 121))
    fast, slow = (sum(len(frames_of(job)) for job in jobs(place) if job["life"] == life) for life in (1, 2))
    assert fast > 3 * slow > 0
    written = Counter(event.frame for event in events if isinstance(event, FrameWritten))
    assert set(written.values()) == {1} and len(written) == 120


def test_frames_that_are_kept_are_in_no_run(several: BeginSeveral, output: Path, place: Path) -> None:
    for frame in range(1, 31):
        (output / f"m.{frame:04d}.exr").write_text("old")
    events: List[Message] = []
    result = several("even").render(to_files(output), on_event=events.append)
    assert result.kept == tuple(range(1, 31)) and result.written == tuple(range(31, 61))
    assert sum(isinstance(event, FrameKept) for event in events) == 30
    accepted = next(event for event in events if isinstance(event, Accepted))
    assert (accepted.frames, accepted.kept, accepted.plates) == ("1-60", "1-30", "25-60")
    assert {frame for job in jobs(place) for frame in frames_of(job)} == set(range(31, 61))
    assert (output / "m.0030.exr").read_text() == "old"


def test_with_overwrite_nothing_is_kept(several: BeginSeveral, output: Path) -> None:
    (output / "m.0003.exr").write_text("old")
    result = several("even").render(to_files(output, params={"existing": "overwrite"}))
    assert len(result.written) == 60 and (output / "m.0003.exr").read_text() == "3"


def test_nothing_to_do_is_done_at_once(several: BeginSeveral, output: Path, place: Path) -> None:
    for frame in range(1, 7):
        (output / f"m.{frame:04d}.exr").write_text("old")
    events: List[Message] = []
    result = several("even").render(to_files(output, "1-6"), on_event=events.append)
    assert len(result.kept) == 6 and jobs(place) == [] and isinstance(events[-1], Done)


def test_max_frames_counts_over_all_engines(several: BeginSeveral, output: Path) -> None:
    result = several("even").render(to_files(output, shot=(1, 60), params={"max_frames": 14}))
    assert result.written == tuple(range(1, 15))


def test_movies_are_asked_for_once_when_all_frames_are_there(several: BeginSeveral, output: Path, place: Path) -> None:
    job = MatteJob(FILES, Sink(str(output / "m.####.exr"), movies={"alpha": str(output / "a.mp4")}), "1-60", params=PARAMS)
    several("even").render(job)
    asked = jobs(place)
    assert [job["movies"] for job in asked].count(1) == asked[-1]["movies"] == 1 and asked[-1]["frames"] == "1-60"


def test_a_dry_run_looks_and_renders_nothing(several: BeginSeveral, output: Path, place: Path) -> None:
    events: List[Message] = []
    result = several("even").render(to_files(output, dry_run=True), on_event=events.append)
    assert result.written == () and jobs(place) == [] and names(output) == []
    assert [type(event).__name__ for event in events] == ["Notice", "Accepted", "Surveyed", "Done"]


def test_engines_are_kept_for_the_next_job(several: BeginSeveral, output: Path, place: Path) -> None:
    sessions = several("even")
    sessions.render(to_files(output, "1-12"))
    sessions.render(to_files(output, "13-24"))
    assert len((place / "lives").read_text().splitlines()) == 2


# -- what the host hears


def test_events_come_together_and_say_which_device(several: BeginSeveral, output: Path) -> None:
    events: List[Message] = []
    here = threading.get_ident()
    threads: Set[int] = set()

    def on_event(event: Message) -> None:
        threads.add(threading.get_ident())
        events.append(event)

    several("even").render(to_files(output), on_event=on_event)
    assert threads == {here}
    kinds = Counter(type(event) for event in events)
    assert kinds[Accepted] == kinds[Done] == 1 and kinds[FrameWritten] == 60
    assert [event.text for event in events if isinstance(event, Notice)] == ["a word about the weights"]
    by_device = Counter(event.job for event in events if isinstance(event, FrameWritten))
    assert set(by_device) == {1, 2}
    progress = [event for event in events if isinstance(event, Progress)]
    assert {event.total for event in progress} == {60} and {event.job for event in progress} == {1, 2}
    assert [event.done for event in progress] == sorted(event.done for event in progress)
    assert progress[-1].done == 60


def test_buffers_to_buffers(several: BeginSeveral, plate: Plate) -> None:
    taker, asked, inside = Taker(), [], threading.Lock()
    here, taken_in = threading.get_ident(), set()

    def plates(frame: int) -> PlateData:
        assert inside.acquire(blocking=False), "two engines asked at once"
        asked.append((frame, threading.get_ident()))
        time.sleep(0.001)
        inside.release()
        return plate(frame)

    def take(frame: int, info: SlotInfo, pixels: memoryview) -> None:
        taken_in.add(threading.get_ident())
        taker(frame, info, pixels)

    result = several("even").render(
        MatteJob(BUFFERS, Sink(buffers=True), "1-60", params=PARAMS), plates=plates, take_alpha=take
    )
    assert taker.values == {frame: float(frame) for frame in range(1, 61)}
    assert result.taken == tuple(range(1, 61)) and result.written == ()
    assert taken_in == {here} and asked[0] == (1, here)
    assert {thread for _, thread in asked[1:]} & {here} == set()


def test_files_to_both(several: BeginSeveral, output: Path) -> None:
    taker = Taker()
    job = MatteJob(FILES, Sink(path=str(output / "m.####.exr"), buffers=True), "1-60", params=PARAMS)
    result = several("even").render(job, take_alpha=taker, buffers=Buffers(alpha_bytes=64))
    assert result.written == result.taken == tuple(sorted(taker.values)) == tuple(range(1, 61))


def test_a_first_plate_that_is_missing_goes_to_the_engine(several: BeginSeveral, plate: Plate) -> None:
    def plates(frame: int) -> PlateData:
        if frame == 1:
            raise PlateMissingError("there is no frame 1")
        return plate(frame)

    taker = Taker()
    several("even").render(MatteJob(BUFFERS, Sink(buffers=True), "1-60", params=PARAMS), plates=plates, take_alpha=taker)
    assert taker.values[1] == -1.0 and taker.values[60] == 60.0


# -- ends


def test_one_error_ends_all_and_finished_frames_stay(several: BeginSeveral, output: Path, place: Path) -> None:
    sessions = several("fails")
    with pytest.raises(GvmMatteError, match="plates are gone") as caught:
        sessions.render(to_files(output))
    assert caught.value.code == "error"
    found = names(output)
    assert 1 < len(found) < 59 and "m.0025.exr" not in found
    assert len((place / "lives").read_text().splitlines()) == 2  # both engines are sound
    sessions.render(to_files(output, "40-51"))
    assert len((place / "lives").read_text().splitlines()) == 2


def test_an_engine_that_dies_is_started_again_for_its_run_alone(several: BeginSeveral, output: Path, place: Path) -> None:
    events: List[Message] = []
    result = several("dies-once").render(to_files(output), on_event=events.append)
    assert result.written == tuple(range(1, 61)) and result.restarts == 1
    (notice,) = [event for event in events if isinstance(event, Notice) and event.level == "warning"]
    assert notice.job in (1, 2) and "started again" in notice.text
    again = [job for job in jobs(place) if job["life"] == 3]
    before = next(job for job in jobs(place) if job["life"] == 1)
    assert again and frames_of(again[0]) < frames_of(before)


def test_a_device_whose_engines_keep_dying_gives_its_run_back_and_the_other_finishes_it(
    several: BeginSeveral, output: Path, place: Path
) -> None:
    events: List[Message] = []
    result = several("dies-second", restarts=1).render(to_files(output), on_event=events.append)
    assert result.written == tuple(range(1, 61))
    (notice,) = [event for event in events if isinstance(event, Notice) and "is given up" in event.text]
    assert notice.level == "warning" and "started again 1 times" in notice.text and notice in result.notices
    lost, mine = ([frames_of(job) for job in jobs(place) if (job["life"] == 1) == first] for first in (False, True))
    assert set().union(*lost) == lost[0] and set().union(*mine) == set(range(1, 61))


def test_engines_that_keep_dying_are_given_up(several: BeginSeveral, output: Path) -> None:
    with pytest.raises(EngineDiedError, match="started again 1 times"):
        several("dies-always", restarts=1).render(to_files(output))


@pytest.mark.parametrize("mode", ["even", "hangs-in-job"])
def test_a_cancel_ends_all(several: BeginSeveral, output: Path, mode: str) -> None:
    cancel = threading.Event()

    def on_event(event: Message) -> None:
        if isinstance(event, Accepted):
            threading.Timer(0.2, cancel.set).start()

    with pytest.raises(CancelledError):
        several(mode, quiet_seconds=30.0).render(to_files(output, "1-400"), on_event=on_event, cancel=cancel)
    assert len(names(output)) < 400
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("gvm-matte-engine")] == []


def test_engines_that_died_are_not_started_again_for_a_render_that_is_cancelled(
    several: BeginSeveral, output: Path, place: Path
) -> None:
    cancel = threading.Event()
    sessions = several("even")

    def on_event(event: Message) -> None:
        if isinstance(event, Accepted):
            for engine in sessions.engines():
                os.kill(engine.info.pid, signal.SIGKILL)
            cancel.set()

    with pytest.raises(CancelledError):
        sessions.render(to_files(output), on_event=on_event, cancel=cancel)
    assert len((place / "lives").read_text().splitlines()) == 2


def test_a_session_starts_no_engine_for_a_render_that_is_cancelled(begin: Begin, output: Path, place: Path) -> None:
    session = begin("dies-once", "--marker", place / "lives")
    engine = session.engine()

    class WhenItDies(threading.Event):
        def is_set(self) -> bool:
            return engine.error is not None

    with pytest.raises(CancelledError):
        session.render(MatteJob(FILES, Sink(str(output / "m.####.exr")), "1-9"), cancel=WhenItDies())
    assert len((place / "lives").read_text().splitlines()) == 1


def test_an_error_of_the_host_is_raised_as_it_is(several: BeginSeveral, output: Path) -> None:
    def on_event(event: Message) -> None:
        if isinstance(event, FrameWritten):
            raise ZeroDivisionError("the host's own")

    with pytest.raises(ZeroDivisionError):
        several("even").render(to_files(output), on_event=on_event)
    assert len(names(output)) < 60


def test_ctrl_c_in_a_callback_stops_everybody(several: BeginSeveral, output: Path) -> None:
    def on_event(event: Message) -> None:
        if isinstance(event, Accepted):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        several("even").render(to_files(output), on_event=on_event)
    assert names(output) == []
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("gvm-matte-engine")] == []


def test_a_device_that_is_not_there_is_told_before_anything_is_rendered(
    several: BeginSeveral, output: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    with pytest.raises(DeviceError, match=r"^cuda:\d cannot be used: there is none.*doctor"):
        several("no-device", devices="cuda:0,cuda:7").render(to_files(output))
    assert jobs(place) == [] and names(output) == []
    assert {job["device"] for job in every_job(place)} == {"cuda:0"}  # each engine sees its own GPU alone


# -- what cannot be asked


def test_plates_that_are_still_written_have_one_device(several: BeginSeveral, output: Path) -> None:
    source = Source("files", "/p.####.exr", display=(0, 0, 4, 2), growing={"plates": {"1-9": "a"}})
    with pytest.raises(UsageError, match="name one device"):
        several("even").render(MatteJob(source, Sink(str(output / "m.####.exr")), "1-9", params=PARAMS))


def test_one_engine_refuses_a_list_of_devices(output: Path) -> None:
    with MatteSession() as session, pytest.raises(UsageError, match="one device, not cpu,cpu"):
        session.render(to_files(output))


def test_buffers_and_callbacks_belong_together(several: BeginSeveral) -> None:
    with pytest.raises(UsageError, match="belong together"):
        several("even").render(MatteJob(FILES, Sink(buffers=True), "1-9", params=PARAMS))


def test_one_render_at_a_time(several: BeginSeveral, output: Path) -> None:
    sessions = several("even")
    refused: List[str] = []

    def on_event(event: Message) -> None:
        if isinstance(event, Accepted):
            try:
                sessions.render(to_files(output))
            except UsageError as exc:
                refused.append(exc.message)

    result: RenderResult = sessions.render(to_files(output, "1-6"), on_event=on_event)
    assert len(result.written) == 6 and "one job at a time" in refused[0]


# -- devices


@pytest.mark.parametrize(
    ("device", "words"),
    [
        ("cpu,gpu", "cuda:0,cuda:1"),
        ("cpu,", "not 'cpu,'"),
        ("cuda:0,cpu", "one kind"),
        ("auto,cuda:1", "auto alone"),
        (",".join(["cpu"] * 33), "up to 32"),
    ],
)
def test_lists_that_are_none(device: str, words: str) -> None:
    with pytest.raises(ParamError, match=words) as caught:
        session_for(device)
    assert caught.value.name == "device"


def test_one_device_is_an_ordinary_session() -> None:
    with session_for("cpu") as one, session_for("cpu, cpu") as two:
        assert isinstance(one, MatteSession) and isinstance(two, DeviceSessions)
        assert two.devices == ("cpu", "cpu") and numbered(two.devices) == ["cpu 1", "cpu 2"]
    assert numbered(["cuda:0", "cuda:1"]) == ["cuda:0", "cuda:1"]


def test_engines_on_the_cpu_share_out_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    assert environment_of("cpu", 2) == {"OMP_NUM_THREADS": str(max(here // 2, 1))}
    assert environment_of("cpu", 1000) == {"OMP_NUM_THREADS": "1"}
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert environment_of("cpu", 2) == {}


def test_an_engine_sees_its_own_gpu_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert environment_of("cuda:1", 2) == {"CUDA_VISIBLE_DEVICES": "1"}
    assert environment_of("cuda", 2) == {"CUDA_VISIBLE_DEVICES": "0"}
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5, GPU-7a")
    assert environment_of("cuda:1", 2) == {"CUDA_VISIBLE_DEVICES": "GPU-7a"}
    with pytest.raises(DeviceError, match="shows 2"):
        environment_of("cuda:2", 2)
    assert environment_of("mps", 2) == {} and engine_device("cuda:3") == "cuda:0" and engine_device("mps") == "mps"


def test_an_engine_of_several_has_its_environment(several: BeginSeveral, output: Path, monkeypatch: Any) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    several("even", devices="cuda:0,cuda:3").render(to_files(output, "1-12"))
    seen = set()
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            environment, command = path.read_bytes(), path.with_name("cmdline").read_bytes()
        except OSError:
            continue
        if b"several_problem_engine" in command and f"TMPDIR={os.environ['TMPDIR']}".encode() in environment:
            seen |= {word for word in environment.split(b"\0") if word.startswith(b"CUDA_VISIBLE_DEVICES")}
    assert seen == {b"CUDA_VISIBLE_DEVICES=0", b"CUDA_VISIBLE_DEVICES=3"}
