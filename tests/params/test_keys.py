"""Parameters with keys: what they are between keys, what is refused, and the file that holds them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict

import pytest
from gvm_matte.core.errors import ParamError
from gvm_matte.params.fields import SPECS, MatteParams
from gvm_matte.params.keys import ShotParams
from gvm_matte.params.presets import read_params_file


def test_values_without_keys_hold_at_every_frame() -> None:
    params = ShotParams.of({"gamma": 1.5})
    assert params.keys == {}
    assert params.at(-5) is params.base is params.at(1_000_000)
    assert params.base == MatteParams(gamma=1.5)


def test_numbers_go_in_a_straight_line_and_stay_outside_the_keys() -> None:
    params = ShotParams.of({"gamma": {"1001": 1.0, "1011": 2.0, "1012": 0.5}})
    found = {frame: params.at(frame).gamma for frame in (-3, 1001, 1006, 1011, 1012, 9999)}
    assert found == pytest.approx({-3: 1.0, 1001: 1.0, 1006: 1.5, 1011: 2.0, 1012: 0.5, 9999: 0.5})


def test_a_choice_holds_the_last_key() -> None:
    params = ShotParams.of({"edge": {"1": "none", "5": "clamp"}})
    assert [params.at(frame).edge for frame in (0, 1, 4, 5, 6)] == ["none", "none", "none", "clamp", "clamp"]


def test_a_box_moves_edge_by_edge() -> None:
    params = ShotParams.of({"roi": {"0": [0, 0, 10, 20], "10": "10,0,40,20"}})
    assert params.at(5).roi == "5,0,25,20"
    assert params.base.roi == "0,0,10,20"


def test_a_range_is_a_key_at_both_its_ends() -> None:
    params = ShotParams.of({"black_point": {"1-10": 0.1, "20": 0.3}})
    assert [params.at(frame).black_point for frame in (1, 7, 10)] == [0.1, 0.1, 0.1]
    assert params.at(15).black_point == pytest.approx(0.2)


def test_negative_frames_have_keys() -> None:
    params = ShotParams.of({"exposure": {"-10": 0.0, "-2": 2}})
    assert params.at(-6).exposure == pytest.approx(1.0)


WRONG: Dict[str, tuple[Dict[str, Any], str]] = {
    "no keys for it": ({"size": {"1": 512}}, "one value for the shot"),
    "no key": ({"gamma": {}}, "has no keys"),
    "no frame": ({"gamma": {"first": 1.0}}, "'first', which is no frame"),
    "two values": ({"gamma": {"1": 1.0, "1-4": 2.0}}, "two values at frame 1"),
    "out of range": ({"black_point": {"1": 0.1, "2": 1.5}}, "takes 0 to 1"),
    "black above white at a key": (
        {"black_point": {"1": 0.1, "9": 0.6}, "white_point": {"1": 0.9, "5": 0.3}},
        "At frame 5",
    ),
    "no box at a key": ({"roi": {"1": "0,0,5,5", "2": ""}}, "needs a box at every key"),
    "no such parameter": ({"gama": {"1": 1.0}}, "There is no parameter gama"),
}


@pytest.mark.parametrize(("values", "words"), WRONG.values(), ids=list(WRONG))
def test_keys_that_cannot_be_meant_are_refused(values: Dict[str, Any], words: str) -> None:
    with pytest.raises(ParamError, match=words):
        ShotParams.of(values)


def test_what_can_have_keys_is_applied_to_each_frame_by_itself() -> None:
    assert {spec.name for spec in SPECS if spec.keyable} == {
        "exposure", "edge", "black_point", "white_point", "gamma", "roi",
    }  # fmt: skip


def test_a_file_goes_on_top_of_its_preset(tmp_path: Path) -> None:
    path = tmp_path / "shot.json"
    path.write_text(json.dumps({"preset": "low-memory", "size": 400, "gamma": {"1": 1, "5": 2}}))
    values = read_params_file(str(path))
    assert values["num_frames_per_batch"] == 4 and values["size"] == 400 and "preset" not in values
    assert ShotParams.of(values).at(3).gamma == pytest.approx(1.5)


BAD_FILES = {
    "not JSON": ("{gamma: 1}", "is not JSON"),
    "a list": ("[1]", "holds no object of parameters"),
    "a name twice": ('{"gamma": 1, "gamma": 2}', "names gamma twice"),
    "an unknown name": ('{"gama": 1}', "there is no parameter gama"),
    "an unknown preset": ('{"preset": "best"}', "no preset 'best'"),
    "latin-1": (b'{"layer": "\xe9"}', "is not JSON"),
}


@pytest.mark.parametrize(("content", "words"), BAD_FILES.values(), ids=list(BAD_FILES))
def test_a_file_that_cannot_be_used_is_refused(content: str | bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "shot.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ParamError, match=words):
        read_params_file(str(path))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParamError, match=r"no_such\.json cannot be read"):
        read_params_file(str(tmp_path / "no_such.json"))
