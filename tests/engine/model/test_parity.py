"""Agreement with what the reference's own modules gave: mean absolute difference ≤ 1e-5, largest ≤ 1e-3."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from gvm_matte.engine.model.geometry import to_model_size, to_plate_size
from gvm_matte.engine.model.matting import MattingModel
from torch import Tensor

MEAN, LARGEST = 1e-5, 1e-3
CAPABILITY = torch.backends.cpu.get_cpu_capability()


def matte(model: MattingModel, case: Any) -> Tensor:
    """One window, decode groups from its start."""
    latents = model.encode(case.tensors["rgb"])
    latents = model.denoise(latents, steps=case.params["denoise_steps"], noise=case.tensors.get("noise"))
    return torch.cat([model.decode(group) for group in latents.split(case.params["decode_chunk_size"])])


def distance(one: Tensor, other: Tensor) -> float:
    """Mean absolute difference."""
    return float((one.double() - other.double()).abs().mean())


def assert_agrees(alpha: Tensor, reference: Tensor) -> None:
    """Within the tolerance that the reference's numbers come with."""
    assert alpha.shape == reference.shape
    assert distance(alpha, reference) <= MEAN
    assert float((alpha.double() - reference.double()).abs().max()) <= LARGEST


@pytest.mark.parametrize("savings", [True, False])
@pytest.mark.parametrize("name", ["svd_1step", "dav_1step"])
def test_one_step(name: str, savings: bool, case: Any, load: Any) -> None:
    found = case(name)
    assert_agrees(matte(load(found.params["model"], savings=savings), found), found.alpha)


@pytest.mark.parametrize("name", ["svd_1step", "dav_1step", "svd_gaussian_3step"])
def test_in_double_precision_on_any_processor(name: str, case: Any, load: Any) -> None:
    """float64 leaves the reference's own rounding alone, which does not depend on where this runs."""
    found = case(name)
    assert_agrees(matte(load(found.params["model"], dtype=torch.float64), found), found.alpha)


def test_gaussian_noise_three_steps(case: Any, load: Any) -> None:
    """Three steps of random weights magnify rounding: processors and thread counts differ by more than the 1e-5.

    Measured, mean distance from the reference: 4e-6 to 1.2e-5 with AVX2, 8e-6 and more with AVX-512, 1.8e-5 without either.
    The reference itself is 6e-6 from float64. So a float32 run is held to twice that from float64, which agrees with the
    reference everywhere (the test before), and to what diffusers' own modules give on the same processor.
    """
    found = case("svd_gaussian_3step")
    exact = matte(load("svd", dtype=torch.float64), found)
    ours, plain = matte(load("svd"), found), matte(load("svd", savings=False), found)
    assert distance(ours, exact) <= 2 * distance(found.alpha, exact) <= 2 * MEAN
    assert distance(ours, plain) <= 1e-7 and float((ours - found.alpha).abs().max()) <= LARGEST


def test_windows_that_overlap_and_are_blended(case: Any, load: Any) -> None:
    found, model = case("svd_windows"), load("svd")
    overlap = found.params["num_overlap_frames"]
    plates = model.encode(found.tensors["rgb"])
    alphas: list[Any] = []
    before: dict[Any, Any] = {}
    for number, plan in enumerate(found.params["plan"]):
        # 1. the window
        first, last = plan["window"]
        window = dict(zip(range(first, last + 1), model.denoise(plates[first : last + 1], steps=1), strict=True))
        # 2. frames at the block's start lean on the window before
        blended = dict(window)
        for i in range(overlap if number else 0):
            frame = plan["block"][0] + i
            r = (i + 1) / (overlap + 1)
            blended[frame] = (1 - r) * before[frame] + r * window[frame]
        # 3. decode groups
        for start, end in plan["groups"]:
            alphas.append(model.decode(torch.stack([blended[frame] for frame in range(start, end + 1)])))
        before = window
    assert_agrees(torch.cat(alphas), found.alpha)


def test_resize_padding_and_the_way_back(case: Any, load: Any) -> None:
    found, model = case("svd_end_to_end_resize"), load("svd")
    params = found.params
    rgb = found.tensors["rgb8"].permute(0, 3, 1, 2).float() / 255
    padded, how = to_model_size(rgb, size=params["size"], max_resolution=params["max_resolution"])
    alpha = to_plate_size(model.decode(model.denoise(model.encode(padded), steps=1)), how)
    assert_agrees(alpha, found.tensors["alpha_raw"])

    # the clamp, at all pixels but those on a threshold
    clamped = torch.where(alpha >= params["white"], 1.0, torch.where(alpha <= params["black"], 0.0, alpha))
    on_threshold = sum((alpha - params[key]).abs() < 1e-3 for key in ("black", "white")) > 0
    assert float((clamped - found.alpha).abs()[~on_threshold].max()) <= LARGEST


@pytest.mark.parametrize("name", ["svd_3step_chunk4", "svd_lora"])
def test_cases_that_magnify_rounding(name: str, case: Any, load: Any, unmodified: Any) -> None:
    """Random weights run three times over, or with an adapter that outweighs them, are chaotic: float32 cannot settle them.

    The reference's own alpha is 1.2e-3 (three steps) and 4.5e-4 (adapter) from diffusers' modules in float64, on the
    mean, and the instruction set alone moves a float32 run of three steps by 2e-2. So 1e-5 cannot be asked of a float32
    run, and what is asked is:

    - in float64, this package computes what diffusers' unmodified modules compute;
    - in float32, with the instructions that the reference had, it is no further from the reference than twice the
      reference's own distance from float64 (measured: 0.4 times for three steps, 0.4 for the adapter; with AVX2 16, 0.2).
    """
    found = case(name)
    lora, rgb, chunk = "lora" in found.params, found.tensors["rgb"], found.params["decode_chunk_size"]
    exact = unmodified(lora=lora).alpha(rgb, steps=found.params["denoise_steps"], chunk=chunk)

    double = load("svd", lora=lora, dtype=torch.float64)
    latents = double.denoise(double.encode(rgb), steps=found.params["denoise_steps"])
    with torch.inference_mode():  # decode() itself rounds to float32
        groups = [double._decoder(group / double._scaling) for group in latents.split(chunk)]
    assert float(((torch.cat(groups) * 0.5 + 0.5).clamp(0, 1) - exact).abs().max()) < 1e-9

    if name == "svd_lora" or CAPABILITY == "AVX512":
        assert distance(matte(load("svd", lora=lora), found), found.alpha) <= 2 * distance(found.alpha, exact)
