"""Knobs and parameters: one declaration, animation as keys, presets and a shot's settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from gvm_matte.core.errors import ParamError
from gvm_matte.host import Host
from gvm_matte.params.fields import SPECS
from gvm_matte.params.keys import ShotParams
from node_kit import gvm, matte_node, nuke, read_node

from gvm_matte.nodes import knobs, values  # isort: skip  # after node_kit: a host was there


def test_every_parameter_has_one_knob_at_its_default(host: Host, svd_plates: str) -> None:
    node = gvm.create(read_node(svd_plates))
    wanted = {spec.name for spec in SPECS if "knob" in spec.faces} - knobs.FROM_INPUTS
    assert wanted == {spec.name for spec in knobs.KNOB_SPECS} <= set(node.knobs())
    assert values.read(node, (1001, 1017)) == {}
    assert node["problem"].value() == " "
    for spec in knobs.KNOB_SPECS:
        assert node[spec.name].label() == spec.label and spec.help in node[spec.name].tooltip()


def test_what_is_written_to_the_knobs_is_read_back(host: Host, node: Any) -> None:
    given = {
        "edge": {"1001": "none", "1009": "clamp"}, "gamma": 1.25, "roi": "8,4,80,60", "max_frames": 12, "seed": 7,
        "noise_type": "gaussian", "channels": "layer:matte", "black_point": {"1001": 0.1, "1017": 0.3},
    }  # fmt: skip
    values.write(node, given)
    found = values.read(node, (1001, 1017))
    assert {name: found[name] for name in given} == given


def test_an_old_script_keeps_its_overlap(host: Host, node: Any, tmp_path: Path) -> None:
    """Layout 1 had no "auto": a 6 was its default and not the user's, any other number was."""
    script = tmp_path / "old.nk"
    for number, found in ((6, {}), (4, {"num_overlap_frames": 4})):
        node["num_overlap_frames"].setValue(number)
        nuke.scriptSaveAs(str(script), overwrite=1)
        script.write_text(script.read_text().replace(" gvm_matte 2\n", " gvm_matte 1\n"))
        nuke.scriptOpen(str(script))
        node = nuke.toNode("GVMMatte1")
        read = values.read(node, (1001, 1017))
        assert {name: read[name] for name in read if name == "num_overlap_frames"} == found
        assert node["gvm_matte"].value() == "2"


def test_a_bent_curve_goes_out_as_many_straight_ones(host: Host, node: Any) -> None:
    node.readKnobs("gamma {{curve x1001 1 x1009 2 x1017 1}}")
    keys = values.read(node, (1001, 1017))["gamma"]
    assert 3 < len(keys) <= 17
    shot = ShotParams.of({"gamma": keys})
    for frame in range(1001, 1018):
        assert shot.at(frame).gamma == pytest.approx(node["gamma"].getValueAt(frame), abs=1e-5)


def test_keys_come_in_the_plates_numbers(host: Host, node: Any) -> None:
    node.readKnobs("gamma {{curve L x1 1 x17 2}}")
    assert values.read(node, (1, 17), offset=-1000)["gamma"] == {"1001": 1.0, "1017": 2.0}


def test_a_curve_that_never_moves_is_a_value(host: Host, node: Any) -> None:
    node["gamma"].setAnimated()
    assert "gamma" not in values.read(node, (1001, 1017))


def test_animation_where_there_can_be_none_is_told(host: Host, node: Any) -> None:
    node["size"].setExpression("frame")
    assert node["problem"].value() == "Size is one value for the shot; take its animation away."


def test_the_engine_follows_the_keys(host: Host, node: Any) -> None:
    node.readKnobs("roi {0 0 {curve L x1001 96 x1017 48} 64}")
    gvm.render(node, [1001, 1017])
    first, last = (host.picture(node, frame).channels["rgba.alpha"] for frame in (1001, 1017))
    assert first[:, 48:].any() and not last[:, 48:].any()


def test_presets_are_found_in_order_and_set_what_they_name(
    host: Host, node: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio, show = tmp_path / "studio", tmp_path / "gvm_presets"
    for folder, gamma in ((studio, 1.5), (show, 1.7)):
        folder.mkdir()
        (folder / "hair.json").write_text(json.dumps({"gamma": gamma, "edge": "none"}))
    (show / "bad.json").write_text('{"gamma": 900}')
    monkeypatch.setenv("GVM_PRESET_PATH", str(studio))
    other = matte_node(node.input(0))
    assert other["preset"].values()[:3] == ["custom", "bad", "hair"] and "low-memory" in other["preset"].values()
    other["preset"].setValue("hair")
    assert (other["gamma"].value(), other["edge"].value()) == (1.5, "none")
    other["preset"].setValue("bad")
    assert other["gamma"].value() == 1.5 and "900" in other["problem"].value()
    other["preset"].setValue("low-memory")
    assert (other["size"].value(), other["num_frames_per_batch"].value()) == (512, 4)


def test_a_preset_is_saved_by_the_button_and_read_by_another(host: Host, node: Any, tmp_path: Path) -> None:
    host.session.answers["getFilename"] = str(tmp_path / "mine")
    node["gamma"].setValue(1.3)
    node["save_preset"].execute()
    other = gvm.create(node.input(0))
    host.session.answers["getFilename"] = str(tmp_path / "mine.json")
    other["load_preset"].execute()  # type: ignore[attr-defined]
    assert other["gamma"].value() == 1.3 and other["size"].value() == 64


def test_a_shots_settings_go_to_another_script(host: Host, node: Any, tmp_path: Path, svd_plates: str) -> None:
    node.readKnobs("gamma {{curve L x1001 1 x1017 2}}")
    node["range"].setValue("custom")
    node["range_first"].setValue(1003)
    node["range_last"].setValue(1010)
    kept = json.loads(json.dumps(gvm.settings(node)))
    nuke.scriptClear()
    nuke.root()["name"].setValue(str(tmp_path / "other.nk"))
    other = gvm.create(read_node(svd_plates))
    other["denoise_steps"].setValue(3)
    gvm.apply_settings(other, kept)
    assert gvm.settings(other) == kept
    assert other["denoise_steps"].value() == 1
    with pytest.raises(ParamError, match="no settings"):
        gvm.apply_settings(other, {"gamma": 1})
