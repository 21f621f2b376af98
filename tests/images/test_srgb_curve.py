"""The sRGB curve: OpenColorIO's, and the same for single values, arrays and tensors."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
import PyOpenColorIO as ocio  # type: ignore[import-untyped]
import pytest
import torch
from gvm_matte.core.srgb import decode, encode
from gvm_matte.engine.pipeline.curves import displayed
from gvm_matte.images.curves import linear_to_srgb, srgb_to_linear

BITS = np.arange(0, np.float32(1).view(np.uint32) + 1, 4999, dtype=np.uint32)
VALUES = np.concatenate([BITS.view(np.float32), np.array([0.0031308, 0.04045, 1.0], np.float32)])


@pytest.mark.parametrize(
    ("curve", "direction"), [(linear_to_srgb, ocio.TRANSFORM_DIR_INVERSE), (srgb_to_linear, ocio.TRANSFORM_DIR_FORWARD)]
)
def test_the_curve_is_the_one_of_opencolorio(curve: Callable[..., Any], direction: Any) -> None:
    values = np.concatenate([np.linspace(0, 1, 5001), np.geomspace(1e-6, 1, 500), [0.0031308, 0.003130805, 0.04045]])
    values = values.astype(np.float32)
    builtin = ocio.ExponentWithLinearTransform()
    builtin.setGamma([2.4, 2.4, 2.4, 1.0])
    builtin.setOffset([0.055, 0.055, 0.055, 0.0])
    builtin.setDirection(direction)
    processor = ocio.Config.CreateRaw().getProcessor(builtin).getOptimizedCPUProcessor(ocio.OPTIMIZATION_LOSSLESS)
    expected = np.repeat(values[:, None], 3, axis=1).copy()
    processor.applyRGB(expected)
    # 2e-5: the standard rounds the straight part's slope to 12.92, OpenColorIO derives 12.9232
    np.testing.assert_allclose(curve(values), expected[:, 0], atol=2e-5)


def test_the_curve_rises_and_has_no_step() -> None:
    for curve in (linear_to_srgb, srgb_to_linear):
        values = curve(np.linspace(0, 1, 200_001, dtype=np.float32))
        steps = np.diff(values.astype(np.float64))
        assert (steps >= 0).all() and steps.max() < 1e-4
        assert values[0] == 0 and values[-1] == pytest.approx(1, abs=1e-6)


def test_single_values_go_the_way_of_arrays() -> None:
    some = VALUES[::97]
    np.testing.assert_allclose([encode(float(value)) for value in some], linear_to_srgb(some), atol=2e-7)
    np.testing.assert_allclose([decode(float(value)) for value in some], srgb_to_linear(some), atol=2e-7)
    assert encode(4.0) > 1 and decode(2.0) > 1


def test_tensors_agree_with_arrays() -> None:
    np.testing.assert_allclose(displayed(torch.from_numpy(VALUES), "srgb").numpy(), linear_to_srgb(VALUES), atol=1e-6)


def test_light_outside_is_clipped() -> None:
    assert linear_to_srgb(np.array([-1, 0, 0.001, 0.18, 1, 9], np.float32)).tolist() == pytest.approx(
        [0, 0, 0.01292, 0.46135, 1, 1], abs=1e-4
    )
