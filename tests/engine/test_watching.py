"""A real engine that is watched: whose jobs it has, what their frames look like, and that it waits for no watcher."""

from __future__ import annotations

import array
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import numpy as np
import pytest
from gvm_matte.client import (
    Connected,
    Lost,
    MatteJob,
    MatteSession,
    PictureView,
    PlateData,
    RenderResult,
    find_warm_engine,
    start_warm_engine,
    stop_warm_engine,
)
from gvm_matte.core.errors import CancelledError, FrameBufferError, PlateMissingError, UsageError
from gvm_matte.core.image import Box
from gvm_matte.protocol.messages import IDLE
from gvm_matte.protocol.parts import Sink, Source
from gvm_matte.protocol.watching import (
    CANCELLED,
    DONE,
    ENDED,
    FAILED,
    RUNNING,
    WAITING,
    EngineState,
    FrameState,
    JobState,
    LogLines,
    PictureTaken,
)
from support import PARAMS, read_matte, read_mattes, until
from watch_kit import Heard, pixels, raw_plate

Begin = Callable[..., Heard]
ONE = 1 / 65535


@pytest.fixture(scope="module")
def warm() -> Iterator[int]:
    """The process id of a warm engine that the tests of this module share."""
    folder = tempfile.mkdtemp(prefix="gt", dir="/tmp" if os.name == "posix" else None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GVM_ENGINE_FILE", str(Path(folder, "engine.json")))
        patch.setenv("TMPDIR", folder)
        with start_warm_engine(idle_timeout=120) as engine:
            pid = engine.info.pid
        yield pid
        stop_warm_engine()
    shutil.rmtree(folder)


@pytest.fixture
def watch(warm: int) -> Iterator[Begin]:
    """watch(…) follows that engine, to the end of the test."""
    made: List[Heard] = []

    def begin(**more: Any) -> Heard:
        made.append(Heard(**more))
        made[-1].next(Connected)
        return made[-1]

    yield begin
    for heard in made:
        heard.watch.close()


@pytest.fixture
def pool(warm: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that render, each as a host of its own."""
    with ThreadPoolExecutor(4) as pool:
        yield pool


def render(plates: str, folder: Path, frames: str = "", **params: Any) -> RenderResult:
    """Renders files to files as a host of its own."""
    with MatteSession(warm=True) as session:
        sink = Sink(str(folder / "m.####.exr"))
        return session.render(MatteJob(Source("files", plates), sink, frames, params={**PARAMS, **params}))


class Held:
    """A job that holds the engine until `go`: its host does not come up with the second plate."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.go = threading.Event()
        self.result: Future[RenderResult] = pool.submit(self._render)

    def _plate(self, frame: int) -> PlateData:
        assert frame == 1 or self.go.wait(120)
        return PlateData(array.array("f", [0.5]) * (96 * 64 * 3), Box(0, 0, 96, 64), 3, "float")

    def _render(self) -> RenderResult:
        with MatteSession(warm=True) as session:
            job = MatteJob(Source("buffers", display=(0, 0, 96, 64)), Sink(buffers=True), "1-2", params=PARAMS)
            return session.render(job, plates=self._plate, take_alpha=lambda *_: None)


def states(heard: Heard, mattes: Path) -> List[JobState]:
    """All states of the job that writes there."""
    pattern = str(mattes / "m.####.exr")
    found = [heard.next(JobState, lambda job: job.mattes == pattern)]
    while found[-1].state not in ENDED:
        found.append(heard.next(JobState, lambda job: job.mattes == pattern))
    return found


def test_a_job_of_another_host_is_told_from_its_beginning_to_its_end(watch: Begin, svd_plates: str, tmp_path: Path) -> None:
    heard = watch(pictures=False)
    render(svd_plates, tmp_path, "1001-1004")
    told = states(heard, tmp_path)
    last = told[-1]
    assert (last.state, last.client, last.plates, last.shot) == (DONE, os.getpid(), svd_plates, (1001, 1017))
    assert (last.frames, last.kept, last.finished, last.done, last.total) == ("1001-1004", "", "1001-1004", 4, 4)
    assert last.params == PARAMS and last.stage == "writing" and last.seconds > 0 and last.rate > 0
    done = [state.done for state in told]
    assert done == sorted(done) and {state.number for state in told} == {last.number}


def test_two_watchers_are_told_the_same(watch: Begin, svd_plates: str, tmp_path: Path) -> None:
    first, second = watch(pictures=False), watch(pictures=False)
    render(svd_plates, tmp_path, "1001-1002")
    assert states(first, tmp_path)[-1] == states(second, tmp_path)[-1]


def test_jobs_that_ended_before_are_told_at_the_beginning(watch: Begin, svd_plates: str, tmp_path: Path) -> None:
    render(svd_plates, tmp_path, "1001")
    heard = watch(pictures=False)
    assert [state.state for state in states(heard, tmp_path)] == [DONE]


def test_frames_on_disk_are_told_as_kept(watch: Begin, svd_plates: str, tmp_path: Path) -> None:
    render(svd_plates, tmp_path, "1001-1002")
    render(svd_plates, tmp_path, "1001-1003")
    heard = watch(pictures=False)
    states(heard, tmp_path)
    last = states(heard, tmp_path)[-1]
    assert (last.kept, last.finished, last.done, last.total) == ("1001-1002", "1003", 3, 3)


def test_a_dry_run_is_no_job(watch: Begin, svd_plates: str, tmp_path: Path) -> None:
    with MatteSession(warm=True) as session:
        sink = Sink(str(tmp_path / "dry.####.exr"))
        session.render(MatteJob(Source("files", svd_plates), sink, "1001", params=PARAMS, dry_run=True))
    heard = watch(pictures=False)
    render(svd_plates, tmp_path, "1001")
    told = heard.all(JobState, lambda job: job.mattes == str(tmp_path / "m.####.exr"))
    assert all("dry." not in job.mattes for job in told)


def test_a_job_that_fails_tells_why_and_which_plates_are_missing(watch: Begin, svd_plates: str, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    shutil.copytree(Path(svd_plates).parent, gone)
    (gone / "plate.1003.exr").unlink()
    pattern = str(gone / "plate.####.exr")
    heard = watch(pictures=False)
    with pytest.raises(PlateMissingError):
        render(pattern, tmp_path / "a", "1001-1004")
    last = states(heard, tmp_path / "a")[-1]
    assert (last.state, last.code) == (FAILED, "plate.missing") and "1003" in last.message
    render(pattern, tmp_path / "b", "1001-1004", missing="black")
    assert states(heard, tmp_path / "b")[-1].missing_plates == "1003"


def test_a_watcher_cancels_a_job_of_another_host(watch: Begin, pool: ThreadPoolExecutor) -> None:
    heard = watch(pictures=False)
    held = Held(pool)
    running = heard.next(JobState, lambda job: job.state == RUNNING)
    assert heard.answer(heard.watch.cancel(running.number)) == ""
    held.go.set()
    with pytest.raises(CancelledError):
        held.result.result(120)
    assert heard.next(JobState, lambda job: job.number == running.number and job.state in ENDED).state == CANCELLED
    assert "ended already" in heard.answer(heard.watch.cancel(running.number))
    assert "no job 4711" in heard.answer(heard.watch.cancel(4711))


def test_jobs_that_wait_change_places_and_are_cancelled_at_once(
    watch: Begin, pool: ThreadPoolExecutor, svd_plates: str, tmp_path: Path
) -> None:
    heard = watch(pictures=False)
    held = Held(pool)
    running = heard.next(JobState, lambda job: job.state == RUNNING)
    numbers: Dict[str, int] = {}
    results: Dict[str, Future[RenderResult]] = {}
    for name in ("one", "two", "three"):
        results[name] = pool.submit(render, svd_plates, tmp_path / name, "1001")
        waiting = heard.next(JobState, lambda job: job.state == WAITING and job.number not in numbers.values())
        numbers[name] = waiting.number
        assert waiting.position == len(numbers)
    assert heard.answer(heard.watch.move(numbers["two"], numbers["one"])) == ""
    assert heard.next(JobState, lambda job: job.number == numbers["two"]).position == 1
    assert "wait" in heard.answer(heard.watch.move(running.number))
    assert "in use" in heard.answer(heard.watch.release())
    assert heard.answer(heard.watch.cancel(numbers["three"])) == ""
    with pytest.raises(CancelledError):
        results["three"].result(120)  # while the first job still holds the engine
    assert not held.result.done()
    held.go.set()
    done = heard.all(JobState, lambda job: job.number == numbers["one"] and job.state == DONE)
    ends = list(dict.fromkeys(job.number for job in done if job.state == DONE))
    assert ends == [running.number, numbers["two"], numbers["one"]]
    assert results["one"].result(120).written and results["two"].result(120).written


def test_pictures_are_the_plate_as_the_model_sees_it_and_the_alpha_before_its_edges(
    watch: Begin, svd_plates: str, tmp_path: Path
) -> None:
    heard = watch(slots=8)
    render(svd_plates, tmp_path / "plain", "1001-1004")
    render(svd_plates, tmp_path / "edged", "1001-1004", edge="rescale", channels="rgba-premult")
    seen = []
    for _ in range(2):
        before = None
        for frame in range(1001, 1005):
            figures = heard.next(FrameState, lambda state: state.frame == frame)  # noqa: B023
            view = heard.next(PictureView)
            plate, alpha = pixels(view)
            matte = read_matte(tmp_path / "plain" / f"m.{frame}.exr")
            assert (view.frame, view.raw, view.box, view.request) == (frame, True, Box(0, 0, 96, 64), 0)
            assert np.abs(alpha * ONE - matte).max() < 2 * ONE
            assert view.mean == figures.mean == pytest.approx(matte.mean(), abs=1e-6)
            expected = -1.0 if before is None else np.abs(matte - before).mean()
            assert view.change == figures.change == pytest.approx(expected, abs=1e-6)
            before = matte
            seen.append(plate)
            view.release()
    source = raw_plate(svd_plates, 1001)
    assert np.abs(seen[0][..., :3] / 255 - source).max() < 1 / 255 and (seen[0][..., 3] == 255).all()
    assert (seen[0] == seen[4]).all()


def test_pictures_are_reduced_to_what_is_wanted(watch: Begin, svd_plates: str, tmp_path: Path) -> None:
    small, whole = watch(longest=48), watch(slots=8)
    render(svd_plates, tmp_path, "1001")
    reduced, view = small.next(PictureView), whole.next(PictureView)
    assert (reduced.width, reduced.height, reduced.box) == (48, 32, Box(0, 0, 96, 64))
    assert (view.width, view.height) == (96, 64)
    for little, large in zip(pixels(reduced), pixels(view)):
        assert little.mean() == pytest.approx(large.mean(), rel=0.02)


def test_a_picture_shows_the_processed_area_alone(watch: Begin, svd_plates: str, tmp_path: Path) -> None:
    heard = watch()
    render(svd_plates, tmp_path, "1001", roi="16,8,80,40")
    view = heard.next(PictureView)
    assert view.box == Box(16, 24, 80, 56) and (view.width, view.height) == (64, 32)
    plate, alpha = pixels(view)
    assert np.abs(plate[..., :3] / 255 - raw_plate(svd_plates, 1001)[24:56, 16:80]).max() < 1 / 255
    assert np.abs(alpha * ONE - read_matte(tmp_path / "m.1001.exr")).max() < 2 * ONE


def test_a_watcher_that_gives_nothing_back_holds_up_no_other(watch: Begin, svd_plates: str, tmp_path: Path) -> None:
    render(svd_plates, tmp_path / "alone")
    heard = watch(slots=1)
    result = render(svd_plates, tmp_path / "watched")
    assert len(result.written) == 17
    figures = heard.all(FrameState, lambda state: state.frame == 1017)
    assert [state.frame for state in figures] == list(range(1001, 1018))  # though one picture alone had room
    alone, watched = (read_mattes(tmp_path / name) for name in ("alone", "watched"))
    assert all((matte == watched[name]).all() for name, matte in alone.items())


def test_a_frame_on_disk_is_shown_while_a_job_runs(
    watch: Begin, pool: ThreadPoolExecutor, svd_plates: str, tmp_path: Path
) -> None:
    render(svd_plates, tmp_path, "1001-1002")
    heard = watch()
    held = Held(pool)
    heard.next(JobState, lambda job: job.state == RUNNING)
    mattes = str(tmp_path / "m.####.exr")
    request = heard.watch.show(plates=svd_plates, mattes=mattes, frame=1002, params=PARAMS)
    view = heard.next(PictureView)
    plate, alpha = pixels(view)
    assert (view.request, view.job, view.raw, view.change) == (request, 0, False, -1.0)
    assert np.abs(alpha * ONE - read_matte(tmp_path / "m.1002.exr")).max() < 2 * ONE
    assert np.abs(plate[..., :3] / 255 - raw_plate(svd_plates, 1002)).max() < 1 / 255
    view.release()
    assert heard.answer(request) == ""
    request = heard.watch.show(plates=svd_plates, mattes=mattes, frame=1009, params=PARAMS)
    view = heard.next(PictureView)
    assert view.mean == -1.0 and not pixels(view)[1].any()  # there is no such matte yet
    view.release()
    assert "1018" in heard.answer(heard.watch.show(plates=svd_plates, mattes="", frame=1018, params=PARAMS))
    assert "exposure" in heard.answer(heard.watch.show(plates=svd_plates, mattes="", frame=1001, params={"exposure": "x"}))
    held.go.set()
    held.result.result(120)


def test_the_engine_says_how_it_is_and_lets_go_of_its_model(watch: Begin, svd_plates: str, tmp_path: Path) -> None:
    render(svd_plates, tmp_path, "1001")
    heard = watch(pictures=False)
    state = heard.next(EngineState)
    assert (state.state, state.device, state.precision) == (IDLE, "cpu", "float32")
    assert state.weights.startswith("svd ") and state.model == "svd (svd, float32)"
    assert 0 < state.resident_bytes < state.memory_total and 0 < state.memory_used < state.memory_total
    assert 0 < state.warm_since < state.uptime
    assert {"reading", "encoding", "denoising", "decoding", "delivering"} <= set(state.stages)
    assert heard.answer(heard.watch.release()) == ""
    assert heard.next(EngineState, lambda state: not state.model).warm_since == 0.0
    render(svd_plates, tmp_path, "1002")  # it comes back by itself


def test_the_log_is_told_from_its_last_lines_on(watch: Begin, svd_plates: str, tmp_path: Path) -> None:
    render(svd_plates, tmp_path, "1001")
    heard = watch(pictures=False)
    assert heard.next(LogLines, lambda log: "Done" in log.lines[-1]).lines[0].endswith("listens")
    with pytest.raises(PlateMissingError):
        render("/nowhere/plate.####.exr", tmp_path)
    assert heard.next(LogLines, lambda log: "plate.missing" in log.lines[-1])


def test_a_killed_watcher_leaves_nothing_in_the_engine(warm: int) -> None:
    process = Path("/proc", str(warm))
    if not process.is_dir():
        pytest.skip("this system does not tell what another process has mapped")

    def held() -> tuple[int, int]:
        """(mappings of nameless files, threads) of the engine."""
        return (process / "maps").read_text().count("/dev/shm"), len(list((process / "task").iterdir()))

    readings = [held()]
    while len(readings) < 10 or len(set(readings[-10:])) > 1:  # threads of clients before this one are still ending
        time.sleep(0.05)
        readings.append(held())
    before = readings[-1]
    assert before[0] == 0
    script = (
        "import threading\n"
        "from gvm_matte.client import EngineWatch\n"
        "from gvm_matte.protocol.watching import EngineState\n"
        "EngineWatch(on_event=lambda event: isinstance(event, EngineState) and print(1, flush=True))\n"
        "threading.Event().wait()\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as monitor:
        assert monitor.stdout is not None and monitor.stdout.readline() == "1\n"
        watched = held()
        monitor.send_signal(signal.SIGKILL)
    assert watched[0] > before[0] and watched[1] > before[1]
    assert until(lambda: held() == before, 30)


def test_what_a_watch_may_not_do_is_refused(warm: int) -> None:
    engine = find_warm_engine()
    assert engine is not None
    with engine:
        with pytest.raises(FrameBufferError, match="two rings"):
            engine.watch(lambda number, what: None, pictures=True, longest=0)
        engine.watch(lambda number, what: None, pictures=False, longest=0)
        with pytest.raises(UsageError, match="already"):
            engine.watch(lambda number, what: None, pictures=False, longest=0)
        engine.send(PictureTaken(0, 0))
        assert until(lambda: engine.error is not None, 30)
        assert "not out" in str(engine.error)


def test_a_watcher_keeps_no_idle_engine_alive(warm: int, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Path(os.environ["GVM_ENGINE_FILE"]).with_name("own.json")
    monkeypatch.setenv("GVM_ENGINE_FILE", str(own))
    start_warm_engine(idle_timeout=1.0).close()
    heard = Heard(pictures=False)
    heard.next(Connected)
    heard.next(Lost)
    heard.watch.close()
    assert until(lambda: not own.exists(), 30)


def test_a_killed_engine_is_lost_and_its_successor_found(watch: Begin, warm: int) -> None:
    heard = watch()
    os.kill(warm, signal.SIGKILL)
    assert "lost" in heard.next(Lost).message
    with start_warm_engine(idle_timeout=60) as engine:
        again = engine.info.pid
    assert heard.next(Connected).pid == again != warm
    assert heard.next(EngineState).jobs_waiting == 0
    assert find_warm_engine() is not None
