"""The lock on frames: who keeps whom out, in real processes, and what is left when they end or are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, List

import pytest
from gvm_matte.core.errors import GvmMatteError, MatteWriteError, UsageError
from gvm_matte.core.frames import FrameRange
from gvm_matte.engine.mattes import FrameLock
from gvm_matte.engine.mattes.lock import MAX_RUNS

HOLDER = """
import sys
from gvm_matte.engine.mattes.lock import FrameLock
from gvm_matte.core.errors import MatteWriteError
from gvm_matte.core.frames import FrameRange
try:
    with FrameLock(sys.argv[1], FrameRange.parse(sys.argv[2])) as lock:
        print("held" if lock.held else "without", flush=True)
        sys.stdin.read()
except MatteWriteError as exc:
    print(exc, flush=True)
"""


# Tries for the frames that stay, as fast as it can, until stdin is closed; how often, and how often it got them.
def start(pattern: str, frames: str) -> subprocess.Popen[str]:
    """A process that holds the frames until its stdin is closed; its first line says whether it does."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, pattern, frames], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@contextmanager
def held(pattern: str, frames: str) -> Iterator[subprocess.Popen[str]]:
    """While another process holds the frames."""
    with start(pattern, frames) as process:
        assert answer(process) == "held"
        yield process
        process.communicate(timeout=60)


@pytest.fixture
def pattern(tmp_path: Path) -> str:
    return str(tmp_path / "m.####.exr")


def files(folder: Path) -> List[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_run_alone_leaves_nothing(pattern: str, tmp_path: Path) -> None:
    with FrameLock(pattern, range(1001, 1049)) as lock:
        assert lock.held and files(tmp_path) == [".m.#.exr.gvm-lock"]
    assert not lock.held and files(tmp_path) == []


def test_a_run_without_frames_locks_nothing(pattern: str, tmp_path: Path) -> None:
    with FrameLock(pattern, []) as lock:
        assert not lock.held and files(tmp_path) == []


def test_two_runs_on_the_same_frames_the_second_is_told_who_is_first(pattern: str, tmp_path: Path) -> None:
    with held(pattern, "1001-1048") as other:
        with pytest.raises(MatteWriteError) as caught, FrameLock(pattern, [1048, 1049]):
            pass
        assert f"(process {other.pid} on " in str(caught.value)
        assert f"is writing frames 1001-1048 of {pattern}. Wait for it, or choose another output." in str(caught.value)
        assert caught.value.path == pattern and not isinstance(caught.value, UsageError)  # the command's exit code is 1
    with FrameLock(pattern, [1048, 1049]) as lock:
        assert lock.held
    assert files(tmp_path) == []


def test_runs_on_other_frames_do_not_hinder_each_other(pattern: str, tmp_path: Path) -> None:
    with held(pattern, "1001-1020"), held(pattern, "1021-1040,1060"), FrameLock(pattern, [-3, 1041, 1059]) as lock:
        assert lock.held
    assert files(tmp_path) == []


def test_interleaved_frames_are_other_frames(pattern: str) -> None:
    with held(pattern, "1-99x2"):
        with FrameLock(pattern, range(2, 100, 2)) as lock:
            assert lock.held
        with pytest.raises(MatteWriteError, match="1-99x2"), FrameLock(pattern, range(3, 100, 3)):
            pass


def test_a_conflict_frees_what_was_taken_before_it(pattern: str) -> None:
    with held(pattern, "20"):
        with pytest.raises(MatteWriteError), FrameLock(pattern, [5, 20]):
            pass
        with held(pattern, "5"):
            pass


def test_names_that_mean_the_same_files_share_a_lock(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "out", target_is_directory=True)
    (tmp_path / "out").mkdir()
    with held(str(tmp_path / "out" / "m.####.exr"), "1001"):
        for same in ("out/m.%04d.exr", "out/m.@@@@.exr", "out/m.#.exr", "link/m.####.exr", "out/../out/m.####.exr"):
            with pytest.raises(MatteWriteError), FrameLock(str(tmp_path / same), [1001]):
                pass
        for other in ("out/n.####.exr", "out/m.####.png", "m.####.exr"):
            with FrameLock(str(tmp_path / other), [1001]) as lock:
                assert lock.held


def test_a_single_file_is_locked_whatever_its_frame(tmp_path: Path) -> None:
    path = str(tmp_path / "still.exr")
    with held(path, "7"), pytest.raises(MatteWriteError, match=r"is writing .*still\.exr\. Wait"), FrameLock(path, [8]):
        pass


def test_two_locks_of_one_process_keep_each_other_out_and_their_files_open(pattern: str, tmp_path: Path) -> None:
    with FrameLock(pattern, range(1, 11)):
        with FrameLock(pattern, range(11, 21)), pytest.raises(MatteWriteError), FrameLock(pattern, [10]):
            pass
        # the second one's end has not freed the first one's frames, as closing a descriptor would
        with start(pattern, "10") as other:
            assert f"process {os.getpid()} " in answer(other)
    assert files(tmp_path) == []


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGKILL")
def test_a_killed_run_holds_nothing_and_its_file_goes_with_the_next(pattern: str, tmp_path: Path) -> None:
    with held(pattern, "1001-1048") as other:
        other.send_signal(signal.SIGKILL)
        other.wait(60)
        assert files(tmp_path) == [".m.#.exr.gvm-lock"]
        with FrameLock(pattern, [1001]) as lock:
            assert lock.held
        assert files(tmp_path) == []


def test_the_dead_are_not_named_for_the_living(pattern: str) -> None:
    with held(pattern, "1-10") as dead:
        dead.kill()
        dead.wait(60)
        with held(pattern, "5-6") as living, pytest.raises(MatteWriteError, match=f"process {living.pid} "):
            FrameLock(pattern, range(1, 11)).__enter__()


def test_many_runs_come_and_go_and_never_meet(pattern: str, tmp_path: Path) -> None:
    """Each starts while others end and remove the file: none is refused, and the last takes the file away."""
    runs = [start(pattern, f"{number}") for number in range(6)]
    for run in runs:
        assert run.stdin is not None
        run.stdin.close()
    assert [answer(run) for run in runs] == ["held"] * 6
    for run in runs:
        assert run.wait(60) == 0
        assert run.stdout is not None
        run.stdout.close()
    with FrameLock(pattern, [1]):
        pass
    assert files(tmp_path) == []


def test_frames_in_too_many_pieces_are_locked_with_all_between(pattern: str) -> None:
    many = range(0, 4 * MAX_RUNS, 2)
    with held(pattern, str(FrameRange.of(many))):
        with pytest.raises(MatteWriteError, match="Another run is writing frames 1 of"), FrameLock(pattern, [1]):
            pass
        with FrameLock(pattern, [4 * MAX_RUNS]) as lock:
            assert lock.held


def test_a_folder_where_nothing_can_be_written_is_left_to_the_first_matte(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with FrameLock(str(tmp_path / "file" / "m.####.exr"), [1]) as lock:
        assert not lock.held


def test_text_that_is_no_account_of_runs_does_no_harm(pattern: str, tmp_path: Path) -> None:
    (tmp_path / ".m.#.exr.gvm-lock").write_bytes(b'\xff{}\n[1]\n["begins", "a", "b", 3]\nnull\n["begins", "a", 1, 3]\n')
    with FrameLock(pattern, [1]), start(pattern, "1") as other:
        assert f"process {os.getpid()} " in answer(other)
    assert files(tmp_path) == []


def test_a_process_that_must_end_now_takes_its_lock_files_away(pattern: str, tmp_path: Path) -> None:
    text = HOLDER.replace("sys.stdin.read()", "import os; lock_module.drop_locks(); os._exit(9)").replace(
        "import sys\n", "import sys\nfrom gvm_matte.engine.mattes import lock as lock_module\n", 1
    )
    done = subprocess.run([sys.executable, "-c", text, pattern, "1-9"], capture_output=True, timeout=60, check=False)
    assert done.returncode == 9, done.stderr
    assert files(tmp_path) == []


def test_an_error_in_the_run_frees_its_frames(pattern: str, tmp_path: Path) -> None:
    with pytest.raises(GvmMatteError), FrameLock(pattern, [1]):
        raise GvmMatteError("failed")
    assert files(tmp_path) == []
