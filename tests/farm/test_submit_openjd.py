"""Sessions of Open Job Description that do not go well: what is missing comes, what runs is cancelled, dies or takes too
long, and computers are not alike. Real runners, engines and signals; at the end of each, nothing is left.
"""

from __future__ import annotations

import itertools
import json
import os
import shlex
import shutil
import signal
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List

import numpy as np
import pytest
from farm_kit import FRAMES, Running, agree_with_the_reference, long_bundle, messages, processes_of, tiny_bundle, tiny_job
from gvm_matte import __version__
from gvm_matte.client import MatteJob, MatteSession
from gvm_matte.core.processes import process_alive
from gvm_matte.farm import job_template, parameter_values, read_bundle, write_bundle
from gvm_matte.farm.openjd.submit import run_command
from gvm_matte.protocol.parts import Sink, Source
from openjd.model import ParameterValue, ParameterValueType, create_job, decode_job_template, preprocess_job_parameters
from openjd.model.v2023_09 import ExtensionName
from openjd.sessions import ActionState, Session, SessionState
from support import RunCli, cli_command, read_mattes, until, write_plates

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and /proc")
SECONDS = 120  # for what takes two of them on a computer with nothing else to do


@pytest.fixture
def sessions(scratch: Path) -> Iterator[Path]:
    """Where openjd keeps its sessions' folders; at the end it is empty, and no process is left."""
    folder = scratch / "OpenJD"
    yield folder
    assert until(lambda: processes_of(scratch) == [], 30), processes_of(scratch)
    if folder.exists():
        folder.rmdir()


def submit(bundle: Path, *words: str) -> List[str]:
    return cli_command("farm", "submit", str(bundle), "--engine", "openjd", *words)


def test_a_plate_that_comes_before_the_retry_is_rendered_then(
    cli: RunCli, svd_plates: str, sessions: Path, tmp_path: Path
) -> None:
    plates, away, flag, wrapper = (tmp_path / name for name in ("plates", "away.exr", "entered", "wrapper.sh"))
    shutil.copytree(Path(svd_plates).parent, plates)
    late = plates / "plate.1016.exr"
    late.rename(away)
    wrapper.write_text(  # the second session finds the plate
        f'#!/bin/sh\nif [ "$1 $2" = "openjd enter" ]; then if [ -e {flag} ]; then mv {away} {late}; fi; touch {flag}; fi\n'
        f'exec {shlex.join(cli_command())} "$@"\n'
    )
    wrapper.chmod(0o755)
    bundle = tiny_bundle(str(plates / "plate.####.exr"), tmp_path, command=(str(wrapper),), retries=2)
    done = cli("farm", "submit", str(bundle), "--engine", "openjd", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout) == {"engine": "openjd", "sessions": 2}
    assert done.stderr.count("another one goes on") == 1
    assert agree_with_the_reference(tmp_path / "mattes", (1001, 1017))


def test_ctrl_c_at_the_runner_ends_the_task_with_notice(sessions: Path, tmp_path: Path) -> None:
    bundle = long_bundle(tmp_path)
    run = Running(run_command(read_bundle(str(bundle)), str(bundle)), tmp_path)
    run.wait_for_frames(3)
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(timeout=SECONDS) != 0
    assert ("fail", "The render was cancelled; frames that were finished stay.") in messages(run.log), run.log
    assert messages(run.log)[-1] == ("status", "The engine is ended.")
    assert 3 <= len(read_mattes(tmp_path / "mattes")) < FRAMES


def test_a_cancel_of_one_action_ends_it_without_a_kill(sessions: Path, tmp_path: Path) -> None:
    job = read_bundle(str(long_bundle(tmp_path, chunking=False)))
    decoded = decode_job_template(template=job_template(job), supported_extensions=[])
    values = preprocess_job_parameters(
        job_template=decoded, job_parameter_values=parameter_values(job), job_template_dir=tmp_path,
        current_working_dir=tmp_path,
    )  # fmt: skip
    step = create_job(job_template=decoded, job_parameter_values=values).steps[0]
    blocks = step.parameterSpace.taskParameterDefinitions["Block"].range[0]
    sessions.mkdir()
    with Session(session_id="cancelled", job_parameter_values=values, session_root_directory=sessions) as session:
        (environment,) = step.stepEnvironments  # type: ignore[misc]
        entered = session.enter_environment(environment=environment)
        assert until(lambda: session.state == SessionState.READY, SECONDS)
        block = ParameterValue(type=ParameterValueType.STRING, value=blocks)
        session.run_task(step_script=step.script, task_parameter_values={"Block": block})
        assert until(lambda: len(list((tmp_path / "mattes").glob("m.*.exr"))) >= 3, SECONDS)
        session.cancel_action()
        assert until(lambda: session.state != SessionState.RUNNING, SECONDS)
        status = session.action_status
        session.exit_environment(identifier=entered)
        assert until(lambda: session.state != SessionState.RUNNING, SECONDS)
        left = session.action_status
    # its own exit code: it ended itself, and was not killed when the notice was over
    assert status is not None and (status.state, status.exit_code) == (ActionState.CANCELED, 3)
    assert left is not None and left.state == ActionState.SUCCESS
    assert 3 <= len(read_mattes(tmp_path / "mattes")) < FRAMES


def test_after_an_engine_that_died_the_next_task_has_a_warm_one_again(sessions: Path, tmp_path: Path) -> None:
    bundle = long_bundle(tmp_path, blocks_per_chunk=10, idle_seconds=77)  # two tasks
    run = Running(submit(bundle, "--retries", "0"), tmp_path)
    run.wait_for_frames(3)
    (connection,) = sessions.glob("*/gvm-engine.json")
    first = json.loads(connection.read_text())["pid"]
    os.kill(first, signal.SIGKILL)
    assert until(lambda: pid_in(connection) not in (0, first) or run.process.poll() is not None, SECONDS)
    again = pid_in(connection)
    assert again not in (0, first), run.log
    assert "--idle-timeout\0" + "77" in Path(f"/proc/{again}/cmdline").read_text()  # as the job asks for, not a default
    assert run.process.wait(timeout=SECONDS) == 0, run.log
    told = messages(run.log)
    assert sum("It was started again" in text for _, text in told) == 1
    assert told[-1] == ("status", "The engine is ended.")  # the second one, by the session's exit
    assert [text for kind, text in told if kind == "progress"].count("100.0") == 2
    assert len(read_mattes(tmp_path / "mattes")) == FRAMES


def test_every_task_finds_the_sessions_two_engines_warm(
    cli: RunCli, sessions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # frames are the same bit by bit where as many threads compute them
    noise = np.random.default_rng(3).random((38, 32, 32, 3), dtype=np.float32)
    plates = write_plates(tmp_path / "plates", list(noise))
    small = {"model_base": "", "size": 32, "max_resolution": 32, "decode_chunk_size": 8, "device": "cpu,cpu"}  # built-in
    job = tiny_job(plates, tmp_path, params=small, blocks_per_chunk=2, retries=0).replace(shot=(1001, 1038))
    write_bundle(job, str(tmp_path / "bundle"))
    sink = Sink(str(tmp_path / "whole" / "m.####.exr"))
    whole = MatteJob(Source("files", plates), sink, params={**job.params, "device": "cpu"})
    with MatteSession() as one:
        one.render(whole)
    # Every engine that is started in the job, by whomever, leaves its process id.
    lives, python = tmp_path / "lives", tmp_path / "python.sh"
    python.write_text(f'#!/bin/sh\necho $$ >> {lives}\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)
    monkeypatch.setenv("GVM_ENGINE_PYTHON", str(python))
    done = cli("farm", "submit", str(tmp_path / "bundle"), "--engine", "openjd")
    assert done.returncode == 0 and "Chunks run: 3" in done.stdout, done.stdout + done.stderr
    pids = [int(line) for line in lives.read_text().splitlines()]
    told = messages(done.stdout)
    assert len(pids) == 2 and told[0] == ("status", f"2 engines run as processes {pids[0]}, {pids[1]}.")
    assert told[-1] == ("status", "2 engines are ended.")
    assert not any(process_alive(pid) for pid in pids)
    mattes, expected = read_mattes(tmp_path / "mattes"), read_mattes(tmp_path / "whole")
    assert list(mattes) == list(expected) and len(mattes) == 38
    assert all(np.array_equal(mattes[name], expected[name]) for name in mattes)


def pid_in(connection: Path) -> int:
    """The process that a connection file names; 0 where there is none."""
    try:
        return int(json.loads(connection.read_text())["pid"])
    except (OSError, ValueError):
        return 0


def test_an_engine_that_does_not_come_up_in_time_ends_the_session(
    cli: RunCli, svd_plates: str, sessions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "slow.sh"
    slow.write_text(f"#!/bin/sh\nexec {shlex.quote(sys.executable)} -c 'import time; time.sleep(60)'\n")
    slow.chmod(0o755)
    monkeypatch.setenv("GVM_ENGINE_PYTHON", str(slow))
    done = cli(
        "farm", "submit", str(tiny_bundle(svd_plates, tmp_path, start_seconds=2)), "--engine", "openjd", "--retries", "0"
    )
    assert done.returncode == 1, done.stdout
    assert ("fail", "SIGTERM came before the engine was up.") in messages(done.stdout)
    assert "TIMEOUT" in done.stdout.upper() and not (tmp_path / "mattes").exists()


def test_a_task_that_takes_too_long_is_ended_and_keeps_what_it_has(sessions: Path, tmp_path: Path) -> None:
    bundle = long_bundle(tmp_path, task_seconds=2)
    run = Running(submit(bundle, "--retries", "0"), tmp_path)
    assert run.process.wait(timeout=SECONDS) == 1, run.log
    assert ("fail", "The render was cancelled; frames that were finished stay.") in messages(run.log), run.log
    assert not (tmp_path / "mattes").exists() or len(read_mattes(tmp_path / "mattes")) < FRAMES


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"params": {"device": "auto"}}, r"cannot be used: torch .*; a job made with --gpus 0 and --device auto takes"),
        ({"made_by": "0.0.9"}, f"This worker has GVM Matte {__version__}, and the job was made with 0.0.9"),
        ({"weights": "svd-" + 32 * "0"}, "This worker has the weights svd (svd "),
    ],
)
def test_a_worker_that_is_not_like_the_others_fails_and_says_in_what(
    cli: RunCli, svd_plates: str, sessions: Path, tmp_path: Path, more: Dict[str, Any], sentence: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")  # the others of this job have a GPU
    params = more.get("params", {})
    more = {name: value for name, value in more.items() if name != "params"}
    write_bundle(tiny_job(svd_plates, tmp_path, params=params).replace(**more), str(tmp_path / "bundle"))
    done = cli("farm", "submit", str(tmp_path / "bundle"), "--engine", "openjd", "--retries", "0")
    assert done.returncode == 1, done.stdout
    (said,) = [text for kind, text in messages(done.stdout) if kind == "fail"]
    assert sentence.split(r" .*")[0] in said and sentence.split(r".*")[-1] in said
    assert not (tmp_path / "mattes").exists()


def test_a_bundle_names_the_version_and_the_weights_that_it_was_made_with(
    cli: RunCli, svd_plates: str, tiny: List[str], tmp_path: Path
) -> None:
    words = ["--input", svd_plates, "--output", str(tmp_path / "m.####.exr"), "--bundle", str(tmp_path / "bundle")]
    done = cli("farm", "bundle", *words, *tiny)
    assert done.returncode == 0, done.stderr
    job = read_bundle(str(tmp_path / "bundle"))
    assert job.made_by == __version__ and job.weights.startswith("svd-") and len(job.weights) == len("svd-") + 32
    words = job_template(job)["steps"][0]["script"]["actions"]["onRun"]["args"]
    assert f"--needs-version={__version__}" in words and f"--needs-weights={job.weights}" in words


@pytest.mark.parametrize("chunking", [True, False])
def test_a_template_decodes_under_each_set_of_extensions_that_holds_its_own(chunking: bool, tmp_path: Path) -> None:
    template = job_template(tiny_job("/show/p.####.exr", tmp_path, chunking=chunking))
    names = [name.value for name in ExtensionName]
    sets = [set(some) for count in range(len(names) + 1) for some in itertools.combinations(names, count)]
    for known in sets:
        if chunking and "TASK_CHUNKING" not in known:
            with pytest.raises(ValueError, match="TASK_CHUNKING"):
                decode_job_template(template=template, supported_extensions=known)
        else:
            assert decode_job_template(template=template, supported_extensions=known).steps[0].name == "Mattes"
