"""Farm jobs run for real: `openjd run` of tiny shots, with engines and runners that die, and frames compared bit by bit."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List
from xml.etree import ElementTree

import numpy as np
import pytest
from farm_kit import Running, messages, processes_of
from gvm_matte.farm import FarmJob, FarmSettings, read_bundle, write_bundle
from gvm_matte.farm.openjd.submit import openjd_command, run_command
from support import PARAMS, PARITY, RunCli, cli_command, read_matte, read_mattes, until, write_plates

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and /proc")
# Blocks of 6 frames, each decoded at once: windows of 8 with 2 shared.
SMALL = [
    "--model-base", str(PARITY / "svd"), "--num-frames-per-batch", "8", "--num-overlap-frames", "2",
    "--decode-chunk-size", "8", "--input-colorspace", "raw", "--edge", "none", "--datatype", "float", "--size", "32",
    "--max-resolution", "32", "--device", "cpu",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the CPU frames are the same bit by bit where as many threads compute them, also by two engines."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def long_plates(tmp_path_factory: pytest.TempPathFactory) -> str:
    """400 plates of noise, 32x32, from frame 1001."""
    noise = np.random.default_rng(7).random((400, 32, 32, 3), dtype=np.float32)
    return write_plates(tmp_path_factory.mktemp("long"), list(noise))


@pytest.fixture(scope="session")
def whole(long_plates: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The mattes of the whole shot of 400, rendered at once."""
    folder = tmp_path_factory.mktemp("whole")
    words = ["render", "--input", long_plates, "--output", str(folder / "m.####.exr"), "--own-engine", "--quiet", *SMALL]
    subprocess.run(cli_command(*words), check=True, timeout=240, env={**os.environ, "OMP_NUM_THREADS": "1"})
    return folder


@pytest.fixture
def sessions(scratch: Path) -> Iterator[Path]:
    """Where openjd keeps its sessions' folders; empty at the end."""
    folder = scratch / "OpenJD"
    yield folder
    if folder.exists():
        folder.rmdir()


@pytest.fixture
def bundle(long_plates: str, tmp_path: Path) -> Callable[..., Path]:
    """Writes a bundle of the shot of 400 to tmp_path/bundle; mattes go to tmp_path/mattes."""

    def write(*, frames: str = "", plates: str = long_plates, device: str = "cpu", **settings: Any) -> Path:
        job = FarmJob(
            name="noise", input=plates, output=str(tmp_path / "mattes" / "m.####.exr"), shot=(1001, 1400), frames=frames,
            params={**PARAMS, "size": 32, "max_resolution": 32, "decode_chunk_size": 8, "device": device},
            settings=FarmSettings(**{"command": tuple(cli_command()), **settings}),
        )  # fmt: skip
        write_bundle(job, str(tmp_path / "bundle"))
        return tmp_path / "bundle"

    return write


def same_frames(found: Path, whole: Path, frames: range) -> None:
    """That a folder holds these frames alone, each bit by bit that of the whole render."""
    mattes = read_mattes(found)
    assert list(mattes) == [f"m.{frame}.exr" for frame in frames]
    assert all(np.array_equal(mattes[name], read_matte(whole / name)) for name in mattes)


def test_chunks_share_one_engine_and_give_the_frames_of_the_whole(
    cli: RunCli, long_plates: str, whole: Path, sessions: Path, scratch: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "bundle"
    made = cli(
        "farm", "bundle", "--input", long_plates, "--output", str(tmp_path / "mattes" / "m.####.exr"),
        "--frames", "1030-1045", "--bundle", str(folder), "--blocks-per-chunk", "1", "--gpus", "1",
        "--command", shlex.join(cli_command()), *SMALL, "--json",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    report = json.loads(made.stdout)
    assert (report["shot"], report["frames"], report["blocks"]) == ([1001, 1400], "1025-1048", "1025-1043:6")
    assert report["tasks"] == 4 and report["repeated"] == 0.6 and report["gpu_memory"] > 1024
    checked = subprocess.run(
        [*openjd_command(), "check", str(folder / "template.json"), "--extensions", "TASK_CHUNKING"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout
    done = cli("farm", "submit", str(folder), "--engine", "openjd")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Chunks run: 4" in done.stdout
    told = messages(done.stdout)
    assert sum("engine runs as process" in text for _, text in told) == 1
    assert sum(text == "loading the model" for _, text in told) == 1  # the first task's; the others find it loaded
    assert [text for kind, text in told if kind == "progress"].count("100.0") == 4
    assert told[-1] == ("status", "The engine is ended.")
    same_frames(tmp_path / "mattes", whole, range(1025, 1049))
    assert processes_of(scratch) == []


def test_a_task_that_fails_is_tried_again_and_tells_why(
    cli: RunCli, bundle: Callable[..., Path], long_plates: str, whole: Path, sessions: Path, tmp_path: Path
) -> None:
    plates, wrapper, flag = tmp_path / "plates", tmp_path / "wrapper.sh", tmp_path / "failed"
    shutil.copytree(Path(long_plates).parent, plates)
    (plates / "plate.1011.exr").write_bytes((plates / "plate.1011.exr").read_bytes()[:400])  # truncated: the second task's
    wrapper.write_text(
        f'#!/bin/sh\ncase "$*" in *--blocks=1001*) if [ ! -e {flag} ]; then touch {flag}; exit 1; fi;; esac\n'
        f'exec {shlex.join(cli_command())} "$@"\n'
    )
    wrapper.chmod(0o755)
    folder = bundle(frames="1001-1012", plates=str(plates / "plate.####.exr"), blocks_per_chunk=1, chunking=False,
                    command=(str(wrapper),))  # fmt: skip
    done = cli("farm", "submit", str(folder), "--engine", "openjd", "--retries", "1")
    assert flag.exists() and "another one goes on" in done.stderr
    same_frames(tmp_path / "mattes", whole, range(1001, 1007))  # the first task went well the second time
    told = messages(done.stdout)
    assert told.count(("status", "The engine is ended.")) == 2  # also behind a task that failed
    (failure,) = [text for kind, text in told if kind == "fail"]
    assert "plate.1011.exr" in failure
    assert done.returncode == 1 and "failed in 2 sessions" in done.stderr


def test_a_cancel_ends_at_a_frame_and_leaves_nothing(
    bundle: Callable[..., Path], whole: Path, sessions: Path, scratch: Path, tmp_path: Path
) -> None:
    folder = bundle(blocks_per_chunk=40)
    run = Running(cli_command("farm", "submit", str(folder), "--engine", "openjd"), tmp_path)
    run.wait_for_frames(3)
    run.process.send_signal(signal.SIGTERM)
    assert run.process.wait(timeout=30) == 3, run.log  # the notice period
    mattes = read_mattes(tmp_path / "mattes")
    assert 3 <= len(mattes) < 400
    assert all(np.array_equal(mattes[name], read_matte(whole / name)) for name in mattes)
    assert "cancelled" in run.log
    assert until(lambda: processes_of(scratch) == [], 10)


def test_an_engine_that_dies_in_a_task_costs_no_frame(
    bundle: Callable[..., Path], whole: Path, sessions: Path, scratch: Path, tmp_path: Path
) -> None:
    folder = bundle(frames="1001-1096", blocks_per_chunk=16)
    run = Running(
        cli_command("farm", "submit", str(folder), "--engine", "openjd", "--retries", "0"),
        tmp_path,
    )
    run.wait_for_frames(3)
    (connection,) = sessions.glob("*/gvm-engine.json")
    os.kill(json.loads(connection.read_text())["pid"], signal.SIGKILL)
    assert run.process.wait(timeout=120) == 0, run.log
    assert "It was started again" in run.log
    assert messages(run.log)[-1] == ("status", "The engine had ended before.")
    same_frames(tmp_path / "mattes", whole, range(1001, 1097))
    assert processes_of(scratch) == []


def test_a_runner_that_is_killed_leaves_no_process_and_no_half_frame(
    bundle: Callable[..., Path], long_plates: str, whole: Path, sessions: Path, scratch: Path, tmp_path: Path
) -> None:
    rules = {
        "version": "pathmapping-1.0",
        "path_mapping_rules": [
            {"source_path_format": "POSIX", "source_path": "/far/show", "destination_path": str(Path(long_plates).parent)}
        ],
    }  # submitted where plates are under another path
    folder = bundle(plates="/far/show/plate.####.exr", blocks_per_chunk=40, idle_seconds=1, device="cpu,cpu")
    command = [*run_command(read_bundle(str(folder)), str(folder)), "--path-mapping-rules", json.dumps(rules)]
    run = Running(command, tmp_path)
    run.wait_for_frames(3)
    assert len(list(sessions.glob("*/gvm-engine-[12].json"))) == 2
    run.process.kill()
    run.process.wait()
    assert until(lambda: processes_of(scratch) == [], 30), processes_of(scratch)
    mattes = read_mattes(tmp_path / "mattes")  # whole ones, and nothing else in the folder
    assert len(mattes) < 400
    assert all(np.array_equal(mattes[name], read_matte(whole / name)) for name in mattes)
    for session in sessions.iterdir():  # the runner's own, which it could not remove; of ours only the log and lock
        ours = {f"gvm-engine-{number}.{ending}" for number in (1, 2) for ending in ("log", "lock")}
        assert {path.name for path in session.glob("gvm*")} <= ours
        shutil.rmtree(session)


def test_a_pickup_of_4_frames_renders_their_blocks_alone(
    cli: RunCli, bundle: Callable[..., Path], whole: Path, sessions: Path, tmp_path: Path
) -> None:
    folder, mattes = bundle(), tmp_path / "mattes"
    assert cli("engine", "start").returncode == 0  # for the looks at what is there; the job has its own
    shutil.copytree(whole, mattes)
    lost = range(1150, 1154)  # in the blocks 1145-1150 and 1151-1156
    for frame in lost:
        (mattes / f"m.{frame}.exr").unlink()
    before = {path.name: path.stat().st_mtime_ns for path in mattes.iterdir()}
    status = cli("farm", "status", str(folder), "--json")
    assert status.returncode == 1, status.stderr
    report: Dict[str, Any] = json.loads(status.stdout)
    assert (report["missing"], report["stale"], report["blocks"]) == ("1150-1153", "", "1145,1151")

    pickup = cli("farm", "pickup", str(folder), "--bundle", str(tmp_path / "pickup"), "--json")
    assert pickup.returncode == 0, pickup.stderr
    assert json.loads(pickup.stdout)["frames"] == "1145-1156" and json.loads(pickup.stdout)["tasks"] == 1
    done = cli("farm", "submit", str(tmp_path / "pickup"), "--engine", "openjd")
    assert done.returncode == 0, done.stdout + done.stderr
    assert ("status", "4 frames rendered, 8 kept") in messages(done.stdout)
    assert {name: (mattes / name).stat().st_mtime_ns for name in before} == before
    same_frames(mattes, whole, range(1001, 1401))
    after = cli("farm", "status", str(folder))
    assert after.returncode == 0 and "missing  none" in after.stdout
    nothing = cli("farm", "pickup", str(folder), "--bundle", str(tmp_path / "more"))
    assert nothing.returncode == 2 and "Every frame is there" in nothing.stderr and not (tmp_path / "more").exists()
    assert cli("engine", "stop").returncode == 0


def test_an_opencue_task_gives_the_frames_of_the_whole(
    cli: RunCli, bundle: Callable[..., Path], whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = bundle(frames="1040-1050")
    done = cli("farm", "opencue-xml", str(folder), "--show", "bigbuck", "--shot", "sh010", "--user", "td")
    assert done.returncode == 0, done.stderr
    spec = ElementTree.fromstring(done.stdout)
    # the order that cjsl-1.15.dtd asks for
    assert [item.tag for item in spec] == ["facility", "show", "shot", "user", "job", "depends"]
    (job,) = spec.findall("job")
    assert [item.tag for item in job] == ["paused", "priority", "maxretries", "autoeat", "layers"]
    (layer,) = job.findall("layers/layer")
    assert [item.tag for item in layer] == [
        "cmd",
        "range",
        "chunk",
        "gpus",
        "gpu_memory",
        "timeout",
        "timeout_llu",
        "services",
    ]
    assert layer.findtext("range") == "1037-1049x6" and layer.findtext("chunk") == "8"
    monkeypatch.setenv("CUE_GPU_CORES", "0")
    command = str(layer.findtext("cmd")).replace("#FRAMESPEC#", "1037-1049x6")  # as Cuebot does
    ran = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stderr
    same_frames(tmp_path / "mattes", whole, range(1037, 1055))


def told_to_end_at_the_start(scratch: Path, *, processes: int) -> str:
    """What `openjd enter` says when it gets SIGTERM as soon as so many processes are there, itself included."""
    waiting = subprocess.Popen(cli_command("openjd", "enter"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert until(lambda: len(processes_of(scratch)) == processes, 30)
    waiting.send_signal(signal.SIGTERM)
    output, errors = waiting.communicate(timeout=10)
    assert waiting.returncode == 3, errors
    return output


def test_an_engine_that_is_not_up_in_time_goes_with_the_one_who_waits(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = scratch / "slow.sh"
    slow.write_text(f"#!/bin/sh\nexec {shlex.quote(sys.executable)} -c 'import time; time.sleep(60)'\n")
    slow.chmod(0o755)
    monkeypatch.setenv("GVM_ENGINE_PYTHON", str(slow))
    monkeypatch.setenv("GVM_ENGINE_FILE", str(scratch / "gvm-matte" / "engine.json"))
    assert told_to_end_at_the_start(scratch, processes=2) == "openjd_fail: SIGTERM came before the engine was up.\n"
    assert until(lambda: processes_of(scratch) == [], 5)
    slow.unlink()


def test_engines_that_are_up_go_too_where_the_last_is_waited_for(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flag, second_sleeps = scratch / "flag", scratch / "second_sleeps.sh"
    once = f"if [ -e {flag} ]; then exec sleep 60; fi\ntouch {flag}"
    second_sleeps.write_text(f'#!/bin/sh\n{once}\nexec {sys.executable} "$@"\n')
    second_sleeps.chmod(0o755)
    monkeypatch.setenv("GVM_ENGINE_PYTHON", str(second_sleeps))
    monkeypatch.setenv("GVM_ENGINE_FILE", str(scratch / "gvm-matte" / "engine.json"))
    monkeypatch.setenv("GVM_ENGINE_DEVICES", "cpu,cpu")
    assert told_to_end_at_the_start(scratch, processes=3) == "openjd_fail: SIGTERM came before the engines were up.\n"
    assert until(lambda: processes_of(scratch) == [], 5) and not list(scratch.glob("gvm-matte/*.json"))
    for path in (flag, second_sleeps):
        path.unlink()


def test_a_session_on_too_few_gpus_leaves_it_to_its_tasks_to_fail(cli: RunCli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GVM_ENGINE_DEVICES", "cuda:0,cuda:1")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    done = cli("openjd", "enter")
    assert done.returncode == 0, done.stderr
    ((kind, text),) = messages("\t" + done.stdout)
    assert kind == "status" and "tasks will fail" in text and "this task has 1 GPU" in text
    monkeypatch.setenv("GVM_ENGINE_DEVICES", "cuda:0,cpu")
    wrong = cli("openjd", "enter")
    assert wrong.returncode == 2 and wrong.stdout.startswith("openjd_fail: Device (--device) takes several devices of one")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--blocks", "1001"], "needs --shot-range"),
        (["--blocks", "1001", "--frames", "1001", "--shot-range", "1001-1400"], "stands in for --frames"),
        (["--blocks", "1002", "--shot-range", "1001-1400"], "No block begins at frame 1002"),
    ],
)
def test_blocks_that_are_none_are_wrong_usage(
    cli: RunCli, long_plates: str, tmp_path: Path, words: List[str], sentence: str
) -> None:
    done = cli(
        "render", "--input", long_plates, "--output", str(tmp_path / "m.####.exr"), "--progress", "openjd", *SMALL, *words
    )
    assert done.returncode == 2 and sentence in done.stderr
    kind, text = messages("\t" + done.stdout)[0]
    assert kind == "fail" and sentence in text
