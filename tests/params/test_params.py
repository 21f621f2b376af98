"""Parameters: the reference's defaults, the five use cases, and every way to get a value wrong."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Dict

import pytest
from gvm_matte.core.errors import ParamError
from gvm_matte.params.fields import BY_NAME, SPECS, MatteParams
from gvm_matte.params.presets import PRESETS, preset
from gvm_matte.params.spec import FILE, PIXELS, WORK

# The reference's command line: what it calls a parameter, and its default. Three are ours: its seed is the clock, which
# makes no two renders alike; its pretrained type is guessed here from the weights; its model folder is one of the places
# where an empty name looks.
DEFAULTS: Dict[str, Any] = {
    "model_base": "",
    "unet_base": "",
    "lora_base": "",
    "pretrain_type": "auto",
    "num_frames_per_batch": 32,
    "decode_chunk_size": 16,
    "denoise_steps": 1,
    "max_resolution": 1024,
    "size": 720,
    "num_interp_frames": 16,
    "num_overlap_frames": 6,
    "max_frames": None,
    "mode": "matte",
    "noise_type": "zeros",
    "seed": 0,
}

USE_CASES: Dict[str, Dict[str, Any]] = {
    "basic": {
        "num_frames_per_batch": 8, "num_interp_frames": 1, "num_overlap_frames": 1, "denoise_steps": 1,
        "decode_chunk_size": 8, "max_resolution": 960,
    },
    "low-memory": {
        "num_frames_per_batch": 4, "num_interp_frames": 1, "num_overlap_frames": 1, "denoise_steps": 1,
        "decode_chunk_size": 4, "max_resolution": 720, "size": 512,
    },
    "high-quality": {
        "num_frames_per_batch": 16, "num_interp_frames": 2, "num_overlap_frames": 2, "denoise_steps": 3,
        "decode_chunk_size": 16, "max_resolution": 1280,
    },
    "quick-test": {
        "num_frames_per_batch": 8, "max_frames": 50, "denoise_steps": 1, "decode_chunk_size": 8, "max_resolution": 720,
    },
    "image-sequence": {"num_frames_per_batch": 8, "denoise_steps": 1, "decode_chunk_size": 8, "max_resolution": 960},
}  # fmt: skip


@pytest.mark.parametrize(("name", "default"), DEFAULTS.items(), ids=list(DEFAULTS))
def test_a_parameter_of_the_reference_has_its_default(name: str, default: Any) -> None:
    assert getattr(MatteParams(), name) == default
    assert BY_NAME[name].default == (None if name == "num_overlap_frames" else default)
    assert BY_NAME[name].flag == "--" + name.replace("_", "-")


@pytest.mark.parametrize("name", USE_CASES)
def test_the_five_use_cases_are_presets(name: str) -> None:
    values = preset(name)
    assert values.items() >= USE_CASES[name].items()
    params = MatteParams.of(values)
    assert all(getattr(params, key) == value for key, value in values.items())


def test_there_are_five_presets_and_no_others() -> None:
    assert list(PRESETS) == list(USE_CASES)
    with pytest.raises(ParamError, match="basic, low-memory"):
        preset("best")
    preset("basic")["size"] = 1
    assert "size" not in PRESETS["basic"]


def test_every_parameter_is_declared_for_people() -> None:
    assert [spec.name for spec in SPECS] == [item.name for item in fields(MatteParams)]
    for spec in SPECS:
        assert spec.label and spec.group and spec.help.endswith(".")
        assert spec.affects in (PIXELS, FILE, WORK) and spec.faces
        assert spec.check(spec.default) == spec.default
        assert all(isinstance(choice, spec.type) for choice in spec.choices)
        if spec.type in (int, float):
            assert spec.minimum is not None and spec.maximum is not None
    assert len({spec.label for spec in SPECS}) == len(SPECS)


WRONG_TYPES: Dict[type, Any] = {
    int: [True, 1.0, "1", [], {}, b"1"],
    float: [True, "0.5", [], None],
    str: [1, True, None, [], b"x"],
}


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_a_value_of_a_wrong_type_is_refused(spec: Any) -> None:
    for wrong in WRONG_TYPES[spec.type]:
        if wrong is None and spec.optional:
            continue
        with pytest.raises(ParamError) as caught:
            MatteParams.of({spec.name: wrong})
        assert caught.value.name == spec.name and spec.flag in str(caught.value) and spec.label in str(caught.value)


@pytest.mark.parametrize("spec", [spec for spec in SPECS if spec.minimum is not None], ids=lambda spec: spec.name)
def test_a_value_out_of_range_is_refused_and_the_limits_are_possible(spec: Any) -> None:
    step = 1 if spec.type is int else 0.001
    for wrong in (spec.minimum - step, spec.maximum + step):
        with pytest.raises(ParamError, match="to"):
            spec.check(spec.type(wrong))
    for right in (spec.minimum, spec.maximum):
        assert spec.check(spec.type(right)) == right
    if spec.type is float:
        for wrong in (float("nan"), float("inf"), float("-inf")):
            with pytest.raises(ParamError):
                spec.check(wrong)
        assert type(spec.check(1)) is float


@pytest.mark.parametrize("spec", [spec for spec in SPECS if spec.choices], ids=lambda spec: spec.name)
def test_a_choice_is_one_of_them(spec: Any) -> None:
    with pytest.raises(ParamError, match=spec.choices[0]):
        spec.check(spec.choices[0].upper() + "?")


def test_values_are_checked_against_each_other() -> None:
    with pytest.raises(ParamError, match="0 to 4") as caught:
        MatteParams(num_frames_per_batch=8, num_overlap_frames=5)
    assert caught.value.name == "num_overlap_frames"
    with pytest.raises(ParamError) as caught:
        MatteParams(black_point=0.5, white_point=0.5)
    assert caught.value.name == "black_point"


@pytest.mark.parametrize(("window", "overlap"), [(1, 0), (2, 1), (4, 2), (8, 4), (12, 6), (13, 6), (64, 6)])
def test_an_overlap_that_is_left_alone_fits_itself_to_the_window(window: int, overlap: int) -> None:
    for given in ({}, {"num_overlap_frames": None}, {"num_overlap_frames": "auto"}):
        params = MatteParams.of({"num_frames_per_batch": window, **given})
        assert params.num_overlap_frames == params.as_dict()["num_overlap_frames"] == overlap


def test_one_that_the_user_chose_is_not_changed_in_silence() -> None:
    with pytest.raises(ParamError, match=r"is 6; with 4 frames per batch it can be 0 to 2"):
        MatteParams.of({"num_frames_per_batch": 4, "num_overlap_frames": 6})


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ParamError, match="no parameter colour, sise") as caught:
        MatteParams.of({"sise": 720, "size": 720, "colour": 1})
    assert caught.value.name == "colour"


def test_values_go_out_by_what_they_affect() -> None:
    params = MatteParams.of({"size": 512})
    assert MatteParams.of(params.as_dict()) == params
    parts = [params.as_dict(kind) for kind in (PIXELS, FILE, WORK)]
    assert {name: value for part in parts for name, value in part.items()} == params.as_dict()
    assert sum(map(len, parts)) == len(SPECS)
    assert "size" in parts[0] and "compression" in parts[1] and "device" in parts[2]


def test_a_copy_with_other_values_is_checked() -> None:
    assert MatteParams().replace(size=512).size == 512
    with pytest.raises(ParamError):
        MatteParams().replace(size=1)
