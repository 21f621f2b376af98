"""The tweak panel, driven as a person does: typing, choosing, sliding, and reading what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List

import pytest
from gvm_matte.params.fields import BY_NAME, SPECS, MatteParams
from gvm_matte.params.presets import PRESETS
from gvm_matte.protocol.watching import JobState
from gvm_matte.ui.kit.edges import Edges
from gvm_matte.ui.kit.qt import QtCore, QtGui, QtWidgets
from gvm_matte.ui.tweak import TweakPanel
from pytestqt.qtbot import QtBot

JOB: Dict[str, Any] = {"num_frames_per_batch": 8, "num_overlap_frames": 2, "size": 512}


def type_into(qtbot: QtBot, panel: TweakPanel, name: str, text: str) -> None:
    """Types over what a field says."""
    widget = panel.form.fields[name].editor.main
    widget.setFocus()
    typed = panel.form.fields[name].editor.text_field()
    assert typed is not None
    typed.selectAll()
    qtbot.keyClicks(typed, text)


def choose(qtbot: QtBot, panel: TweakPanel, name: str, text: str) -> None:
    """Takes a choice by the keyboard."""
    box = panel.form.fields[name].editor.main
    assert isinstance(box, QtWidgets.QComboBox) and text in [box.itemText(at) for at in range(box.count())]
    while box.currentText() != text:
        down = box.findText(text) > box.currentIndex()
        qtbot.keyClick(box, QtCore.Qt.Key.Key_Down if down else QtCore.Qt.Key.Key_Up)


def press(panel: TweakPanel, menu: QtWidgets.QMenu, text: str) -> None:
    """Takes an entry of a menu."""
    (action,) = [one for one in menu.actions() if one.text().replace("&", "") == text]
    assert action.isEnabled()
    action.trigger()


def shown(panel: TweakPanel) -> List[str]:
    """Parameters whose rows the filter leaves."""
    return [name for name, field in panel.form.fields.items() if not field.body.isHidden()]


def note(panel: TweakPanel, name: str) -> str:
    """What stands beneath a field."""
    field = panel.form.fields[name]
    return "" if field.note.isHidden() else field.note.text()


def test_every_param_of_the_node_has_a_field_under_its_group(panel: TweakPanel) -> None:
    wanted = [spec for spec in SPECS if "knob" in spec.faces]
    assert list(panel.form.fields) == [spec.name for spec in wanted]
    tabs = [panel.form.tabs.tabText(index) for index in range(panel.form.tabs.count())]
    assert tabs == ["Matte", "Model", "Output"]
    for spec in wanted:
        field = panel.form.fields[spec.name]
        assert field.label.text() == spec.label and field.label.buddy() is field.editor.main
        assert spec.name in field.editor.main.toolTip()
        if spec.name not in ("edge", "black_point", "white_point", "gamma"):
            assert panel.form.tabs.widget(tabs.index(spec.group)).isAncestorOf(field.body)


def test_nothing_that_is_shown_becomes_a_change(qtbot: QtBot, panel: TweakPanel) -> None:
    with qtbot.assertNotEmitted(panel.params_changed):
        panel.set_params({})
        for field in panel.form.fields.values():
            field.editor.main.setFocus()
    assert panel.params() == {}


@pytest.mark.parametrize("name", PRESETS)
def test_a_jobs_params_come_back_as_they_came(panel: TweakPanel, name: str) -> None:
    panel.set_params(PRESETS[name])
    assert MatteParams.of(panel.params()) == MatteParams.of(PRESETS[name])
    assert set(panel.params()) <= set(PRESETS[name])


def test_a_typed_value_is_set_and_its_label_bold_until_it_is_reset(qtbot: QtBot, panel: TweakPanel) -> None:
    type_into(qtbot, panel, "seed", "42")
    field = panel.form.fields["seed"]
    assert panel.params() == {**JOB, "seed": 42} and field.label.font().bold()
    width = field.label.width()
    press(panel, field.menu(), "Reset to 0")
    assert panel.params() == JOB and not field.label.font().bold() and field.label.width() == width
    assert field.editor.text_field().text() == "0"


def test_a_default_that_is_typed_again_is_no_change(qtbot: QtBot, panel: TweakPanel) -> None:
    panel.set_params({})
    type_into(qtbot, panel, "black_point", "0.2")
    assert panel.params() == {"black_point": 0.2}
    type_into(qtbot, panel, "black_point", "0.0980")  # as the field shows 25/255
    assert panel.params() == {}


def test_edges_are_told_with_every_key_stroke_and_need_no_render(qtbot: QtBot, panel: TweakPanel) -> None:
    told: List[Edges] = []
    panel.edges_changed.connect(told.append)
    choose(qtbot, panel, "edge", "clamp")
    type_into(qtbot, panel, "black_point", "0.25")
    type_into(qtbot, panel, "gamma", "1.4")
    assert told[0] == Edges("clamp") and told[-1] == Edges("clamp", black_point=0.25, gamma=1.4)
    assert panel.difference.text() == "Only edges differ: the picture shows them already."
    assert "no model needed" in panel.form.edges.title()


def test_the_slider_of_gamma_has_1_in_its_middle_and_moves_the_number(qtbot: QtBot, panel: TweakPanel) -> None:
    (slider,) = panel.form.fields["gamma"].editor.findChildren(QtWidgets.QSlider)
    assert slider.value() == 500
    slider.setFocus()
    qtbot.keyClick(slider, QtCore.Qt.Key.Key_End)
    assert panel.params()["gamma"] == 5.0
    qtbot.keyClick(slider, QtCore.Qt.Key.Key_Home)
    assert panel.params()["gamma"] == 0.2


def test_other_params_say_that_they_are_seen_after_a_render(qtbot: QtBot, panel: TweakPanel) -> None:
    assert panel.difference.text() == "These are the values of the frames on the screen."
    type_into(qtbot, panel, "size", "640")
    choose(qtbot, panel, "noise_type", "gaussian")
    assert panel.difference.text() == "Render to see: Noise, Size."


def test_a_number_beyond_its_limits_is_told_in_the_params_words_and_not_corrected(qtbot: QtBot, panel: TweakPanel) -> None:
    type_into(qtbot, panel, "gamma", "0.001")
    assert note(panel, "gamma") == "Gamma takes 0.01 to 100, not 0.001."
    assert not panel.block_button.isEnabled() and not panel.copy_button.isEnabled()
    assert panel.reason.text() == panel.shot_button.toolTip() == note(panel, "gamma")
    type_into(qtbot, panel, "gamma", "2")
    assert note(panel, "gamma") == "" and panel.block_button.isEnabled() and panel.reason.text() == ""


def test_arrows_stay_within_the_limits(qtbot: QtBot, panel: TweakPanel) -> None:
    type_into(qtbot, panel, "denoise_steps", "3")
    qtbot.keyClick(panel.form.fields["denoise_steps"].editor.main, QtCore.Qt.Key.Key_Up)
    assert panel.params()["denoise_steps"] == 3
    type_into(qtbot, panel, "white_point", "0.995")
    qtbot.keyClick(panel.form.fields["white_point"].editor.main, QtCore.Qt.Key.Key_Up)
    assert panel.params()["white_point"] == 1.0


def test_values_that_do_not_go_together_are_told_at_one_of_them(qtbot: QtBot, panel: TweakPanel) -> None:
    told: List[Edges] = []
    panel.edges_changed.connect(told.append)
    type_into(qtbot, panel, "white_point", "0.05")
    assert "must be below the white point (0.05)" in note(panel, "black_point")
    assert all(edges.black_point < edges.white_point for edges in told)
    type_into(qtbot, panel, "num_overlap_frames", "5")
    type_into(qtbot, panel, "white_point", "0.9")
    assert note(panel, "num_overlap_frames") == ("Overlap frames is 5; with 8 frames per batch it can be 0 to 4.")


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("roi", "1,2,3", "Region takes four numbers x,y,r,t (left, bottom, right, top), not '1,2,3'."),
        ("roi", "9,0,3,8", "Region takes x,y,r,t with r greater than x and t greater than y, not '9,0,3,8'."),
        ("channels", "layer:", "Channels takes one of"),
    ],
)
def test_text_that_cannot_be_is_told_in_the_params_words(
    qtbot: QtBot, panel: TweakPanel, name: str, text: str, sentence: str
) -> None:
    type_into(qtbot, panel, name, text)
    assert note(panel, name).startswith(sentence)


def test_a_layer_can_be_typed_where_channels_are_chosen(qtbot: QtBot, panel: TweakPanel) -> None:
    type_into(qtbot, panel, "channels", "layer:matte")
    assert panel.params()["channels"] == "layer:matte" and note(panel, "channels") == ""


def test_an_overlap_that_is_left_alone_follows_the_window(qtbot: QtBot, panel: TweakPanel) -> None:
    panel.set_params({})
    overlap = panel.form.fields["num_overlap_frames"].editor.text_field()
    assert overlap is not None and overlap.text() == "auto"
    type_into(qtbot, panel, "num_frames_per_batch", "8")
    assert panel.params() == {"num_frames_per_batch": 8} and note(panel, "num_overlap_frames") == ""
    type_into(qtbot, panel, "num_overlap_frames", "6")
    assert note(panel, "num_overlap_frames") == "Overlap frames is 6; with 8 frames per batch it can be 0 to 4."
    type_into(qtbot, panel, "num_overlap_frames", "-1")
    assert panel.params() == {"num_frames_per_batch": 8}
    panel.set_params({"num_overlap_frames": "auto"})
    assert panel.params() == {}


def test_max_frames_can_be_left_open(qtbot: QtBot, panel: TweakPanel) -> None:
    field = panel.form.fields["max_frames"].editor.text_field()
    assert field is not None and field.text() == "no limit"
    type_into(qtbot, panel, "max_frames", "50")
    assert panel.params()["max_frames"] == 50
    type_into(qtbot, panel, "max_frames", "0")
    assert "max_frames" not in panel.params()


def test_keys_are_kept_shown_at_the_frame_and_can_become_one_value(qtbot: QtBot, panel: TweakPanel) -> None:
    keyed = {"gamma": {"1001": 1.0, "1011": 2.0}, "size": 512}
    told: List[Edges] = []
    panel.edges_changed.connect(told.append)
    panel.set_params(keyed)
    panel.set_frame(1006)
    field = panel.form.fields["gamma"]
    assert panel.params() == keyed and not field.editor.isEnabled()
    assert field.editor.text_field().text() == "1.500" and "2 keys" in note(panel, "gamma")
    assert told[-1].gamma == 1.5
    press(panel, field.menu(), "Use This Value for the Whole Shot")
    assert panel.params() == {"gamma": 1.5, "size": 512} and field.editor.isEnabled()


def test_the_block_on_the_screen_is_rendered_with_the_windows_as_they_are_set(qtbot: QtBot, panel: TweakPanel) -> None:
    with qtbot.waitSignal(panel.render_requested) as asked:
        qtbot.mouseClick(panel.block_button, QtCore.Qt.MouseButton.LeftButton)
    assert asked.args == [JOB, "1001-1006"]
    panel.set_frame(1010)
    type_into(qtbot, panel, "num_frames_per_batch", "10")
    with qtbot.waitSignal(panel.render_requested) as asked:
        qtbot.mouseClick(panel.block_button, QtCore.Qt.MouseButton.LeftButton)
    assert asked.args == [{**JOB, "num_frames_per_batch": 10}, "1009-1016"]
    with qtbot.waitSignal(panel.render_requested) as asked:
        qtbot.mouseClick(panel.shot_button, QtCore.Qt.MouseButton.LeftButton)
    assert asked.args[1] == "1001-1048"


def test_buttons_that_cannot_be_pressed_say_why(qtbot: QtBot, panel: TweakPanel) -> None:
    panel.set_frame(900)
    assert not panel.block_button.isEnabled() and panel.shot_button.isEnabled()
    assert panel.reason.text() == panel.block_button.toolTip() == "No frame of the shot is on the screen."
    panel.set_render_reason("The engine is gone.")
    assert not panel.shot_button.isEnabled() and panel.reason.text() == "The engine is gone."
    panel.set_node_name("")
    assert panel.copy_button.toolTip() == "The monitor was not opened from a node."


def test_a_job_whose_plates_are_in_a_host_is_not_rendered_from_here(panel: TweakPanel) -> None:
    job = JobState(
        number=1, client=7, state="done", position=0, plates="", mattes="", shot=(1, 8), frames="1-8", kept="",
        finished="1-8", done=8, total=8, stage="", seconds=1.0, rate=8.0, params={"gamma": 2.0},
    )  # fmt: skip
    panel.show_job(job)
    assert panel.params() == {"gamma": 2.0} and not panel.shot_button.isEnabled()
    assert "another program" in panel.reason.text()


def test_copy_gives_the_node_what_is_set(qtbot: QtBot, panel: TweakPanel) -> None:
    type_into(qtbot, panel, "layer", "beauty")
    assert panel.copy_button.text() == "&Copy to GVMMatte1"
    with qtbot.waitSignal(panel.copy_requested) as asked:
        qtbot.mouseClick(panel.copy_button, QtCore.Qt.MouseButton.LeftButton)
    assert asked.args == [{**JOB, "layer": "beauty"}]


def test_the_filter_leaves_what_holds_its_words(qtbot: QtBot, panel: TweakPanel) -> None:
    qtbot.keyClick(panel, QtCore.Qt.Key.Key_F, QtCore.Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(panel.form.filter, "gamma point")
    assert shown(panel) == []
    assert not panel.form.nothing.isHidden()
    panel.form.filter.clear()
    qtbot.keyClicks(panel.form.filter, "exr compression")
    assert shown(panel) == ["compression"]
    assert panel.form.tabs.tabText(panel.form.tabs.currentIndex()) == "Output"
    assert [panel.form.tabs.isTabEnabled(index) for index in range(3)] == [False, False, True]
    panel.form.filter.clear()
    assert len(shown(panel)) == len(panel.form.fields)


def test_changed_leaves_what_is_not_at_its_default(qtbot: QtBot, panel: TweakPanel) -> None:
    qtbot.mouseClick(panel.form.only_changed, QtCore.Qt.MouseButton.LeftButton)
    assert shown(panel) == ["num_frames_per_batch", "num_overlap_frames", "size"]


def test_a_preset_goes_on_top_and_reset_all_takes_everything_back(panel: TweakPanel) -> None:
    panel.presets.menu().aboutToShow.emit()
    press(panel, panel.presets.menu(), "low-memory")
    expected = {**JOB, **PRESETS["low-memory"]}
    assert MatteParams.of(panel.params()) == MatteParams.of(expected)
    press(panel, panel.presets.menu(), "Reset All")
    assert panel.params() == {}


def test_a_saved_preset_is_in_the_menu_and_gives_the_same_values(panel: TweakPanel, tmp_path: Path) -> None:
    path = tmp_path / "data" / "gvm-matte" / "presets" / "hair.json"
    panel.presets.save(str(path.with_suffix("")))
    assert json.loads(path.read_text()) == JOB
    panel.set_params({})
    panel.presets.menu().aboutToShow.emit()
    press(panel, panel.presets.menu(), "hair")
    assert panel.params() == JOB


def test_a_file_that_is_no_preset_is_told_and_changes_nothing(qtbot: QtBot, panel: TweakPanel, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text('{"gama": 2}')
    panel.presets.load(str(tmp_path / "bad.json"))
    (box,) = panel.window().findChildren(QtWidgets.QMessageBox)
    assert "there is no parameter gama" in box.text() and panel.params() == JOB
    box.close()


def test_the_wheel_over_a_field_without_the_keyboard_changes_nothing(qtbot: QtBot, panel: TweakPanel) -> None:
    spin = panel.form.fields["gamma"].editor.main
    panel.form.filter.setFocus()

    def turn() -> None:
        here = QtCore.QPointF(5, 5)
        event = QtGui.QWheelEvent(
            here, here, QtCore.QPoint(0, 0), QtCore.QPoint(0, 120), QtCore.Qt.MouseButton.NoButton,
            QtCore.Qt.KeyboardModifier.NoModifier, QtCore.Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QtWidgets.QApplication.sendEvent(spin, event)

    turn()
    assert panel.params() == JOB
    spin.setFocus()
    turn()
    assert panel.params()["gamma"] == 1.1


def test_a_path_is_set_as_it_is_typed(qtbot: QtBot, panel: TweakPanel) -> None:
    type_into(qtbot, panel, "core", "/plates/core.####.exr")
    assert panel.params()["core"] == "/plates/core.####.exr"


def test_a_field_can_be_brought_into_view(panel: TweakPanel) -> None:
    panel.form.filter.setText("gamma")
    panel.form.show_field("compression")
    assert panel.form.tabs.tabText(panel.form.tabs.currentIndex()) == "Output"
    assert panel.form.filter.text() == "" and panel.form.fields["compression"].editor.main.hasFocus()


def test_all_texts_are_translated_with_the_hosts_translator(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    class Loud(QtCore.QTranslator):
        def translate(self, context: str, text: str, disambiguation: str | None = None, n: int = -1) -> str:
            return text.upper()

    application, loud = QtWidgets.QApplication.instance(), Loud()
    assert application is not None
    application.installTranslator(loud)
    try:
        made = TweakPanel()
        qtbot.addWidget(made)
        words = [label.text() for label in made.findChildren(QtWidgets.QLabel)]
        words += [button.text() for button in made.findChildren(QtWidgets.QAbstractButton)]
        assert [word for word in words if word != word.upper()] == []
        assert BY_NAME["size"].label.upper() in words
    finally:
        application.removeTranslator(loud)
