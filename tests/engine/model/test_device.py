"""Names of devices and precisions. What needs a GPU runs where there is one."""

from __future__ import annotations

import pytest
import torch
from gvm_matte.core.errors import DeviceError, ParamError
from gvm_matte.engine.model.device import describe_devices, resolve_device, resolve_precision

CPU = torch.device("cpu")
HAS_CUDA = torch.cuda.is_available()


def test_auto_computes_somewhere() -> None:
    device = resolve_device("auto")
    assert device.type == ("cuda" if HAS_CUDA else "mps" if torch.backends.mps.is_available() else "cpu")
    assert resolve_device("cpu") == CPU


@pytest.mark.skipif(HAS_CUDA, reason="there is a GPU")
@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:3"])
def test_cuda_where_there_is_none(name: str) -> None:
    with pytest.raises(DeviceError) as caught:
        resolve_device(name)
    assert torch.__version__ in caught.value.message and "--device cpu works" in caught.value.message


@pytest.mark.skipif(not HAS_CUDA, reason="there is no GPU")
def test_a_gpu_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(DeviceError, match="cuda:0"):
        resolve_device("cuda:99")


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="there is one")
def test_mps_where_there_is_none() -> None:
    with pytest.raises(DeviceError, match="Apple"):
        resolve_device("mps")


@pytest.mark.parametrize("name", ["gpu", "", "cuda:", "cuda:x", "CPU"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(ParamError) as caught:
        resolve_device(name)
    assert caught.value.name == "device"


def test_precisions() -> None:
    assert resolve_precision("auto", CPU) == resolve_precision("fp32", CPU) == torch.float32
    assert resolve_precision("bf16", CPU) == torch.bfloat16
    assert resolve_precision("auto", torch.device("cuda:0")) == torch.float16
    assert resolve_precision("auto", torch.device("mps")) == torch.float32
    for name in ("fp16", "half"):
        with pytest.raises(ParamError) as caught:
            resolve_precision(name, CPU)
        assert caught.value.name == "precision"


def test_devices_are_described() -> None:
    found = describe_devices()
    assert found[-1]["device"] == "cpu" and found[-1]["name"]
    for one in found:
        total, free = one["total_memory"], one["free_memory"]
        assert total is None or (isinstance(total, int) and isinstance(free, int) and 0 <= free <= total)
