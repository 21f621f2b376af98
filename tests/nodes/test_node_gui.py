"""In a GUI session: nothing waits, the bar cancels, and the node notices by itself what has changed."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any, List

import pytest
from gvm_matte.host import Host
from node_kit import gvm, matte_node, mattes, nuke, read_node, settle


def test_render_matte_comes_back_at_once_and_shows_progress(gui: Host, shown: Any) -> None:
    shown["render"].execute()
    assert gvm.is_rendering(shown) and shown["status"].value().startswith("Rendering: ")
    shown["gamma"].value()  # the main thread is free
    settle(gui)
    assert not gvm.is_rendering(shown)
    assert shown["status"].value() == "Fresh: 1001-1017."
    (task,) = gui.progress
    assert "17 frames" in " ".join(task.texts)
    assert gui.messages == []


def test_the_bars_cancel_ends_the_render_and_keeps_finished_frames(gui: Host, shown: Any) -> None:
    shown["denoise_steps"].setValue(3)
    shown["render"].execute()
    gui.progress[-1].cancel()
    settle(gui)
    assert gvm.state_of(shown).kind in ("empty", "partial") and len(mattes(shown)) < 17
    assert gui.messages == []  # cancelling is no failure
    shown["render"].execute()
    settle(gui)
    assert gvm.state_of(shown).kind == "fresh"


def test_the_cancel_button_says_when_nothing_renders(gui: Host, shown: Any) -> None:
    shown["cancel"].execute()
    assert gui.messages[-1] == ("message", "GVMMatte1: nothing renders here.")


@pytest.mark.parametrize("when", ["always", "panel"])
def test_a_changed_knob_is_noticed_under_either_rule_of_knob_changed(
    warm: Any, tmp_path: Any, svd_plates: str, when: str
) -> None:
    with Host(gui=True, knob_changed=when) as host:
        host.session.root["name"].setValue(str(tmp_path / "sh010.nk"))
        node = matte_node(read_node(svd_plates))
        gvm.render(node, wait=True)
        settle(host)
        assert node["status"].value() == "Fresh: 1001-1017."
        node["black_point"].setValue(0.2)
        settle(host)
        assert node["status"].value() == "Stale: 1001-1017 (Black point changed)."
        node["black_point"].setValue(-3.0)
        assert "Black point takes 0 to 1" in node["problem"].value()
        settle(host)


def test_a_change_upstream_is_noticed_when_nuke_draws(gui: Host, shown: Any, tmp_path: Any) -> None:
    gvm.render(shown, wait=True)
    settle(gui)
    gui.update_ui()
    shown.input(0)["raw"].setValue(False)
    deadline = time.monotonic() + 10
    while "Input colour space" not in shown["status"].value() and time.monotonic() < deadline:
        gui.update_ui()
        settle(gui)
    assert shown["status"].value().startswith("Stale: 1001-1017 (Input colour space changed")


def test_a_failure_is_one_message_on_the_main_thread(gui: Host, shown: Any, tmp_path: Any) -> None:
    shown["lora_base"].setValue(str(tmp_path / "no-lora"))
    shown["render"].execute()
    settle(gui)
    assert len(gui.messages) == 1 and "no-lora" in gui.messages[0][1]
    assert gvm.state_of(shown).kind == "failed"


def test_render_current_block_outside_the_range_says_so(gui: Host, shown: Any) -> None:
    nuke.frame(1)
    shown["render_block"].execute()
    assert "outside the range 1001-1017" in gui.messages[-1][1]


def test_a_node_deleted_while_it_renders_takes_its_render_along(gui: Host, shown: Any) -> None:
    shown["denoise_steps"].setValue(3)
    gvm.render(shown)
    nuke.delete(shown)
    settle(gui)
    assert gui.callback_errors == [] and gui.messages == []


def test_a_script_that_is_opened_in_mid_render_is_not_written_into(gui: Host, shown: Any, tmp_path: Any) -> None:
    gui.save(str(tmp_path / "a.nk"))
    gvm.render(shown)
    gui.open(str(tmp_path / "a.nk"))
    settle(gui)
    (again,) = gvm.every_node()
    assert again is not shown and not gvm.is_rendering(again)
    gvm.render(again, wait=True)
    assert gvm.look(again).kind == "fresh"


def test_monitor_submit_and_metadata_say_what_is_missing(gui: Host, shown: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("gvm_matte.ui", "gvm_matte.ui.submitter", "gvm_matte.farm", "gvm_matte.nodes.submitting"):
        monkeypatch.setitem(sys.modules, name, None)
    said: List[str] = []
    for button in ("monitor", "submit", "metadata"):
        shown[button].execute()
        said.append(gui.messages[-1][1])
    assert "gvm_matte/ui" in said[0] and "gvm_matte/farm" in said[1] and "not there" in said[2]
    gvm.render(shown, wait=True)
    nuke.frame(1003)
    shown["metadata"].execute()
    assert "gvm:weights" in gui.messages[-1][1]


def test_submit_saves_the_job_for_a_farm(gui: Host, shown: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gvm_matte.ui.submitter", None)  # as without Qt
    shown["farm_chunk"].setValue(2)
    shown["gamma"].setValue(1.5)
    shown["submit"].execute()
    said = gui.messages[-1][1]
    folder = Path(gvm.output_pattern(shown)).parent / "GVMMatte1.farm"
    assert str(folder) in said and "farm submit" in said
    job = json.loads((folder / "gvm_job.json").read_text())
    assert job["settings"]["blocks_per_chunk"] == 2 and job["params"]["gamma"] == 1.5
    assert job["input"].endswith("plate.%04d.exr") and job["shot"] == [1001, 1017]
    assert {"template.json", "parameter_values.json", "asset_references.json"} <= {path.name for path in folder.iterdir()}


def test_the_label_tells_the_state(gui: Host, shown: Any) -> None:
    gvm.render(shown, wait=True)
    settle(gui)
    assert gui.autolabel(shown) == "GVMMatte1\n(fresh)"
    assert gui.autolabel(shown.input(0)) is None


def test_the_script_is_not_modified_by_looking(gui: Host, shown: Any, tmp_path: Any) -> None:
    gvm.render(shown, wait=True)
    settle(gui)
    gui.save(str(tmp_path / "sh010.nk"))
    shown["reload"].execute()
    settle(gui)
    assert not nuke.modified()


def test_a_node_without_a_plate_asks_for_one(gui: Host, shown: Any) -> None:
    shown.setInput(0, None)
    settle(gui)
    assert shown["status"].value() == "Connect a plate."
    shown["render"].execute()
    assert "Nothing is connected to the plate input of GVMMatte1" in gui.messages[-1][1]
