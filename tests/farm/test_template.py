"""Templates as openjd-model reads them, with and without TASK_CHUNKING, and the bundle around them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List

import pytest
from gvm_matte.core.errors import GvmMatteError, ParamError, UsageError
from gvm_matte.farm import (
    FarmJob,
    FarmScript,
    FarmSettings,
    chunks,
    job_template,
    parameter_values,
    range_expression,
    read_bundle,
    write_bundle,
)
from gvm_matte.params.fields import SPECS
from gvm_matte.params.spec import FARM
from openjd.model import (
    DecodeValidationError,
    Job,
    StepParameterSpaceIterator,
    create_job,
    decode_job_template,
    preprocess_job_parameters,
)

EVERY_PATH = {spec.name: f"/show/{spec.name}.exr" for spec in SPECS if spec.kind == "path" and FARM in spec.faces}


def farm_job(chunking: bool = True, **more: Any) -> FarmJob:
    """A job of 400 frames in blocks of 26, unless said otherwise."""
    settings = more.pop("settings", FarmSettings(gpu_memory=11264, chunking=chunking))
    values: Dict[str, Any] = {
        "name": "sh010", "input": "/show/plates/sh010.####.exr", "output": "/show/mattes/sh010.####.exr",
        "shot": (1001, 1400),
    }  # fmt: skip
    return FarmJob(**{**values, **more}, settings=settings)


def created(job: FarmJob, *extensions: str) -> Job:
    """The job as openjd-model makes it of template and values, where only these extensions are known."""
    template = decode_job_template(template=job_template(job), supported_extensions=extensions)
    values = preprocess_job_parameters(
        job_template=template, job_parameter_values=parameter_values(job), job_template_dir=Path("/"),
        current_working_dir=Path("/"),
    )  # fmt: skip
    return create_job(job_template=template, job_parameter_values=values)


def tasks(job: FarmJob, *extensions: str) -> List[str]:
    """The values of its tasks, as a session gets them."""
    space = StepParameterSpaceIterator(space=created(job, *extensions).steps[0].parameterSpace)
    return [str(task["Block"].value) for task in space]


JOBS: Dict[str, Dict[str, Any]] = {
    "plain": {},
    "negative frames": {"shot": (-50, 40)},
    "one block": {"shot": (7, 9)},
    "a pick-up": {"frames": "1003,1100-1110,1400"},
    "all paths": {"params": EVERY_PATH},
    "a built-in config": {"params": {"ocio": "ocio://studio-config-latest"}},
    "keys": {"params": {"gamma": {"1001": 1.0, "1400": 2.0}, "roi": {"1001": "0,0,9,9", "1100": "5,5,20,20"}}},
    "a hostile name": {"name": "sh{{Param.X}}\n\x00" + 200 * "x"},
    "on the processor": {"settings": FarmSettings(gpus=0)},
    "few frames": {"params": {"max_frames": 30}},
    "a script": {"input": "", "script": FarmScript("/show/sh010.nk", "Group1.GVMMatte1"), "params": {"gamma": 1.5}},
}


@pytest.mark.parametrize("name", JOBS)
def test_a_template_is_valid_where_chunking_is_known(name: str) -> None:
    job = farm_job(**JOBS[name])
    assert tasks(job, "TASK_CHUNKING") == [range_expression(chunk) for chunk in chunks(job.blocks, 8)]
    with pytest.raises(DecodeValidationError, match="TASK_CHUNKING"):
        decode_job_template(template=job_template(job), supported_extensions=[])


@pytest.mark.parametrize("extensions", [(), ("TASK_CHUNKING",), ("TASK_CHUNKING", "REDACTED_ENV_VARS", "FEATURE_BUNDLE_1")])
@pytest.mark.parametrize("name", JOBS)
def test_without_extensions_the_same_tasks_are_written_out(name: str, extensions: tuple[str, ...]) -> None:
    job = farm_job(**JOBS[name])
    without = job.replace(settings=FarmSettings(**{**vars(job.settings), "chunking": False}))
    assert "extensions" not in job_template(without)
    assert tasks(without, *extensions) == tasks(job, "TASK_CHUNKING")


def test_a_job_asks_for_its_gpu_and_ends_with_notice() -> None:
    step = created(farm_job(), "TASK_CHUNKING").steps[0]
    amounts = {amount.name: amount.min for amount in step.hostRequirements.amounts}
    assert amounts == {"amount.worker.gpu": 1, "amount.worker.gpu.memory": 11264}
    action = step.script.actions.onRun
    assert (action.cancelation.mode.value, action.cancelation.notifyPeriodInSeconds) == ("NOTIFY_THEN_TERMINATE", 30)
    assert action.timeout == 4 * 3600
    (environment,) = step.stepEnvironments  # type: ignore[misc]
    assert environment.script.actions.onEnter.timeout == 600 and environment.script.actions.onExit is not None
    assert "--needs-gpu" in action.args  # type: ignore[operator]
    without = job_template(farm_job(settings=FarmSettings(gpus=0)))["steps"][0]
    assert "hostRequirements" not in without and "--needs-gpu" not in without["script"]["actions"]["onRun"]["args"]


def test_a_session_has_an_engine_for_each_device_of_its_tasks() -> None:
    step = created(farm_job(params={"device": "cuda:0,cuda:1"}), "TASK_CHUNKING").steps[0]
    (environment,) = step.stepEnvironments  # type: ignore[misc]
    assert environment.variables["GVM_ENGINE_DEVICES"] == "{{Param.Device}}"
    assert "--device={{Param.Device}}" in step.script.actions.onRun.args  # type: ignore[operator]


def test_every_parameter_of_the_farm_reaches_the_task() -> None:
    job = farm_job(params={**EVERY_PATH, "gamma": {"1001": 1.0, "1400": 2.0}})
    template = job_template(job)
    words = template["steps"][0]["script"]["actions"]["onRun"]["args"]
    options = {word.split("=")[0] for word in words}
    fixed = {"mode", "max_frames", "existing", "gamma"}  # one value; done by the blocks; a flag; in the embedded file
    assert {spec.flag for spec in SPECS if FARM in spec.faces and spec.name not in fixed} <= options
    assert "--{{Param.Existing}}" in words and "--params={{Task.File.Keys}}" in words
    (keys,) = template["steps"][0]["script"]["embeddedFiles"]
    assert json.loads(keys["data"]) == {"gamma": {"1001": 1.0, "1400": 2.0}}
    defined = {item["name"]: item for item in template["parameterDefinitions"]}
    assert len(defined) <= 50  # the specification's limit
    assert all(defined[name]["type"] == "PATH" for name in ("Plates", "OutputFolder", "ModelBase", "Garbage", "Ocio"))
    for spec in SPECS:
        item = defined.get("".join(part.capitalize() for part in spec.name.split("_")))
        if item is not None and spec.choices and spec.kind != "channels":
            assert item["allowedValues"] == list(spec.choices)


def test_what_the_tasks_were_cut_by_is_no_parameter() -> None:
    template = job_template(farm_job(params={"num_frames_per_batch": 12}))
    words = template["steps"][0]["script"]["actions"]["onRun"]["args"]
    assert "--num-frames-per-batch=12" in words and "--num-overlap-frames=6" in words
    assert template["steps"][0]["parameterSpace"]["taskParameterDefinitions"][0]["range"] == "1001-1391:6"


def test_values_and_defaults_are_those_of_the_job() -> None:
    job = farm_job(params={"gamma": 1.5, "edge": "clamp", "black_point": 25 / 255})
    values = parameter_values(job)
    assert (values["Gamma"], values["Edge"], values["BlackPoint"]) == (1.5, "clamp", 25 / 255)
    defaults = {item["name"]: item.get("default") for item in job_template(job)["parameterDefinitions"]}
    assert {name: value for name, value in defaults.items() if value is not None} == {
        name: value for name, value in values.items() if name not in ("Plates", "OutputFolder")
    }


@pytest.mark.parametrize(
    ("more", "error", "words"),
    [
        ({"params": {"noise_file": "/n"}}, ParamError, "not for farm jobs"),
        ({"params": {"gama": 1}}, ParamError, "gama"),
        ({"name": "{{}}"}, UsageError, "needs a name"),
        ({"output": ""}, UsageError, "where its mattes go"),
        ({"frames": "1390-1410"}, UsageError, "1401"),
        ({"shot": (10, 1)}, UsageError, "backwards"),
    ],
)
def test_what_cannot_be_a_job_is_refused(more: Dict[str, Any], error: type[GvmMatteError], words: str) -> None:
    with pytest.raises(error, match=words):
        farm_job(**more)


@pytest.mark.parametrize("values", [{"blocks_per_chunk": 0}, {"gpus": -1}, {"command": ()}, {"command": ("{{x}}",)}])
def test_settings_that_no_farm_takes_are_refused(values: Dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        FarmSettings(**values)


def test_more_tasks_than_can_be_written_out_are_refused_with_the_way_out() -> None:
    params = {"num_frames_per_batch": 2, "num_overlap_frames": 0}
    job = farm_job(shot=(1, 5000), params=params, settings=FarmSettings(blocks_per_chunk=1, chunking=False))
    with pytest.raises(UsageError, match="take 3 blocks per chunk"):
        job_template(job)
    job_template(job.replace(settings=FarmSettings(blocks_per_chunk=3, chunking=False)))


def test_a_text_that_is_too_long_for_a_value_is_refused() -> None:
    with pytest.raises(UsageError, match="Layer has 2,000 characters"):
        parameter_values(farm_job(params={"layer": 2000 * "x"}))


def test_a_bundle_is_read_back_and_names_what_it_needs(tmp_path: Path) -> None:
    plates = tmp_path / "plates"
    plates.mkdir()
    for frame in range(1001, 1041):
        (plates / f"p.{frame}.exr").touch()
    (tmp_path / "model").mkdir()
    job = farm_job(
        input=str(plates / "p.####.exr"), shot=(1001, 1040), frames="1020", settings=FarmSettings(priority=70, retries=5),
        params={"num_frames_per_batch": 8, "model_base": str(tmp_path / "model"), "ocio": "/show/config.ocio"},
    )  # fmt: skip
    write_bundle(job, str(tmp_path / "bundle"), folders=["/show/luts"])
    assert read_bundle(str(tmp_path / "bundle")) == job
    assert sorted(path.name for path in (tmp_path / "bundle").iterdir()) == [
        "asset_references.json", "gvm_job.json", "parameter_values.json", "template.json",
    ]  # fmt: skip
    assets = json.loads((tmp_path / "bundle" / "asset_references.json").read_text())["assetReferences"]
    # the block 1017-1020 and the windows that it blends: 1013-1020 and 1017-1024
    wanted = [str(plates / f"p.{frame}.exr") for frame in range(1013, 1025)]
    assert assets["inputs"] == {
        "filenames": [*wanted, "/show/config.ocio"], "directories": ["/show/luts", str(tmp_path / "model")],
    }  # fmt: skip
    assert assets["outputs"] == {"directories": ["/show/mattes"]}
    values = json.loads((tmp_path / "bundle" / "parameter_values.json").read_text())["parameterValues"]
    by_name = {item["name"]: item["value"] for item in values}
    assert by_name["deadline:priority"] == 70 and by_name["deadline:maxRetriesPerTask"] == 5
    assert by_name["deadline:maxFailedTasksCount"] == 1  # all there are
    assert by_name["ModelBase"] == str(tmp_path / "model")


def test_a_script_stands_in_for_the_plates_and_is_named_with_what_it_reads(tmp_path: Path) -> None:
    (tmp_path / "sh010.nk").touch()
    for name in ("p.0001.exr", "p.0002.exr", "p.-001.exr", "p.0001.tmp", "px.0001.exr", "still.png"):
        (tmp_path / name).touch()
    reads = tuple(str(tmp_path / name) for name in ("p.%04d.exr", "still.png", "gone/q.####.exr"))
    script = FarmScript(str(tmp_path / "sh010.nk"), "GVMMatte1", reads)
    keys = {"gamma": {"1001": 1.0, "1400": 2.0}}
    job = farm_job(input="", script=script, params={**keys, "garbage": "/g.exr", "garbage_channel": "G"})
    write_bundle(job, str(tmp_path / "bundle"))
    assert read_bundle(str(tmp_path / "bundle")) == job
    assets = json.loads((tmp_path / "bundle" / "asset_references.json").read_text())["assetReferences"]
    names = ["sh010.nk", "p.-001.exr", "p.0001.exr", "p.0002.exr", "still.png"]
    assert assets["inputs"] == {"filenames": [str(tmp_path / name) for name in names], "directories": []}
    values = parameter_values(job)
    assert values["Script"] == script.path and "Plates" not in values
    assert not {"Garbage", "GarbageChannel", "Gamma"} & set(values)  # the script's own
    template = job_template(job)
    words = template["steps"][0]["script"]["actions"]["onRun"]["args"]
    assert words[:4] == ["farm", "task", "{{Param.Script}}", "--node=GVMMatte1"]
    assert "--shot-range=1001-1400" in words and "embeddedFiles" not in template["steps"][0]["script"]
    (path,) = [item for item in template["parameterDefinitions"] if item["name"] == "Script"]
    assert path["type"] == "PATH"


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "bundle"
    write_bundle(farm_job(), str(target))
    with pytest.raises(UsageError, match="not empty"):
        write_bundle(farm_job(), str(target))
    write_bundle(farm_job(name="sh020"), str(target), replace=True)
    assert read_bundle(str(target)).name == "sh020"
    (target / "notes.txt").touch()
    with pytest.raises(UsageError, match="not empty"):
        write_bundle(farm_job(), str(target), replace=True)
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"version": 1}', '{"version": 9, "name": "x"}', '{"version": 1, "x": 2}']
)
def test_a_file_that_is_no_job_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "gvm_job.json").write_text(text)
    with pytest.raises(UsageError, match=r"gvm_job\.json"):
        read_bundle(str(tmp_path))
    with pytest.raises(UsageError, match="no bundle"):
        read_bundle(str(tmp_path / "nowhere"))


def test_deadline_is_told_what_a_failed_task_means_for_the_others(tmp_path: Path) -> None:
    (tmp_path / "plates").mkdir()
    for frame in range(1001, 1041):
        (tmp_path / "plates" / f"p.{frame}.exr").touch()
    limits = []
    for goes_on in (True, False):
        job = farm_job(
            input=str(tmp_path / "plates" / "p.####.exr"), shot=(1001, 1040), params={"num_frames_per_batch": 8},
            settings=FarmSettings(blocks_per_chunk=3, continue_on_error=goes_on),
        )  # fmt: skip
        write_bundle(job, str(tmp_path / str(goes_on)))
        values = json.loads((tmp_path / str(goes_on) / "parameter_values.json").read_text())["parameterValues"]
        limits += [item["value"] for item in values if item["name"] == "deadline:maxFailedTasksCount"]
        assert -(-len(job.blocks) // 3) > 1
    assert limits == [-(-len(job.blocks) // 3), 0]
