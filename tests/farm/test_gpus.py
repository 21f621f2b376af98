"""GPUs that a farm gives to a task, and what a job's tasks are told to render on."""

from __future__ import annotations

from typing import Dict

import pytest
from gvm_matte.core.devices import devices_of
from gvm_matte.core.errors import DeviceError, ParamError
from gvm_matte.farm.gpus import check_assigned_gpus, device_for, gpus_of, take_assigned_gpus


@pytest.mark.parametrize(
    ("given", "visible"),
    [
        ({"CUE_GPU_CORES": "2,3"}, "2,3"),
        ({"CUE_GPU_CORES": " 1 "}, "1"),
        ({"CUE_GPU_CORES": "2,3", "CUDA_VISIBLE_DEVICES": "7"}, "7"),
        ({"CUE_GPU_CORES": ""}, None),
        ({}, None),
    ],
)
def test_the_gpus_of_an_opencue_task_are_those_that_cuda_shows(given: Dict[str, str], visible: str) -> None:
    take_assigned_gpus(given)
    assert given.get("CUDA_VISIBLE_DEVICES") == visible


@pytest.mark.parametrize(
    ("visible", "device"),
    [
        ({}, "cuda:0,cuda:7"),  # nobody gave anything: the engine knows what is there
        ({"CUDA_VISIBLE_DEVICES": "4,5"}, "cuda:0,cuda:1"),
        ({"CUDA_VISIBLE_DEVICES": "4"}, "cuda:0,cuda:0"),
        ({"CUDA_VISIBLE_DEVICES": ""}, "cpu,cpu"),
        ({"CUDA_VISIBLE_DEVICES": ""}, "auto"),
        ({"CUDA_VISIBLE_DEVICES": "4"}, "cuda:3"),  # of one device the engine says itself what is wrong
    ],
)
def test_devices_that_fit_what_the_task_has(visible: Dict[str, str], device: str) -> None:
    check_assigned_gpus(devices_of(device), visible)


@pytest.mark.parametrize(
    ("visible", "device", "words"),
    [
        ("4", "cuda:0,cuda:1", "this task has 1 GPU .*no cuda:1"),
        ("", "cuda:0,cuda:1", "this task has 0 GPUs .*no cuda:0"),
        ("4,5", "cuda:0,cuda:1,cuda:2,cuda:3", "this task has 2 GPUs .*no cuda:2"),
    ],
)
def test_a_task_with_fewer_gpus_than_its_job_was_made_for_says_so(visible: str, device: str, words: str) -> None:
    with pytest.raises(DeviceError, match=words):
        check_assigned_gpus(devices_of(device), {"CUDA_VISIBLE_DEVICES": visible})


@pytest.mark.parametrize(
    ("device", "count"),
    [("auto", 1), ("cuda", 1), ("cuda:3", 1), ("mps", 1), ("cpu", 0), ("cpu,cpu", 0), ("cuda:0,cuda:1", 2),
     ("cuda,cuda:0,cuda:1", 2)],
)  # fmt: skip
def test_a_worker_needs_as_many_gpus_as_are_named(device: str, count: int) -> None:
    assert gpus_of(device) == count


def test_a_list_that_is_none_has_no_gpus() -> None:
    with pytest.raises(ParamError):
        gpus_of("cuda:0,cpu")


@pytest.mark.parametrize(
    ("device", "gpus", "told"),
    [
        ("auto", 1, "auto"),
        ("auto", 0, "auto"),
        ("auto", 3, "cuda:0,cuda:1,cuda:2"),
        ("cuda", 2, "cuda:0,cuda:1"),
        ("cuda:1", 2, "cuda:1"),  # the person chose
        ("cpu,cpu", 2, "cpu,cpu"),
        ("cuda:0,cuda:1", 2, "cuda:0,cuda:1"),
    ],
)
def test_tasks_render_on_all_gpus_of_a_worker_unless_the_person_chose(device: str, gpus: int, told: str) -> None:
    assert device_for(device, gpus) == told
    assert devices_of(told)
