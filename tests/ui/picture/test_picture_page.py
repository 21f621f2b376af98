"""The picture page, driven as a person does: keys, clicks, drags, and pictures that come as an engine sends them."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Iterator, List, Tuple

import pytest
from gvm_matte.protocol.watching import FrameState
from gvm_matte.ui.kit.edges import Edges
from gvm_matte.ui.kit.qt import QtCore, QtGui, QtWidgets
from gvm_matte.ui.picture import PicturePage
from gvm_matte.ui.picture.display import View
from gvm_matte.ui.picture.shot import Mark
from page_kit import Sender, job, ramp, steps
from pytestqt.qtbot import QtBot

Key = QtCore.Qt.Key
SHOT = "1001-1006"


@pytest.fixture
def page(qtbot: QtBot) -> Iterator[PicturePage]:
    """A page on a shot of six frames."""
    QtWidgets.QApplication.setStyle("Fusion")
    made = PicturePage()
    qtbot.addWidget(made)
    made.resize(1000, 640)
    made.show()
    made.show_job(job(shot=(1001, 1006), frames=SHOT))
    yield made
    made.close()


@pytest.fixture
def sender() -> Iterator[Sender]:
    """An engine with pictures of 40 by 20; at the end it has all its slots again."""
    made = Sender(40, 20)
    yield made
    assert made.out == 0
    made.close()


def press(qtbot: QtBot, page: PicturePage, key: QtCore.Qt.Key, *more: QtCore.Qt.KeyboardModifier) -> None:
    """A key, with the keyboard on the picture."""
    page.canvas.setFocus()
    modifiers = more[0] if more else QtCore.Qt.KeyboardModifier.NoModifier
    qtbot.keyClick(page.canvas, key, modifiers)


def colours(page: PicturePage) -> Callable[[int, int], Tuple[int, int, int]]:
    """What is on the canvas, by its pixels."""
    image = page.canvas.grab().toImage()

    def at(x: int, y: int) -> Tuple[int, int, int]:
        found = image.pixelColor(x, y)
        return found.red(), found.green(), found.blue()

    return at


def middle(page: PicturePage, x: int, y: int) -> QtCore.QPoint:
    """Where a pixel of the picture is on the canvas."""
    left, top = page.canvas.mapping.origin
    zoom = page.canvas.mapping.zoom
    return QtCore.QPoint(int(left + (x + 0.5) * zoom), int(top + (y + 0.5) * zoom))


def fill(page: PicturePage, sender: Sender, *frames: int, job_number: int = 1) -> None:
    for frame in frames:
        page.add(sender.view(frame, job=job_number))


def test_a_picture_is_shown_as_it_comes_and_its_slots_go_back(page: PicturePage, sender: Sender) -> None:
    page.set_view(View.PLATE)
    for frame in (1001, 1002, 1003, 1004, 1005):  # more than there are slots
        page.add(sender.view(frame))
        assert sender.out == 0

    assert page.frame == 1005
    at = colours(page)
    for x, y in ((0, 0), (39, 19), (17, 8)):
        place = middle(page, x, y)
        assert at(place.x(), place.y()) == ramp(x, y)


def test_every_frame_that_is_followed_is_painted_however_fast_they_come(page: PicturePage, sender: Sender) -> None:
    painted: List[int] = []
    page.canvas.painted.connect(painted.append)
    fill(page, sender, 1001, 1002, 1003, 1004)  # without a turn of the loop between them

    assert [frame for frame in (1001, 1002, 1003, 1004) if frame in painted] == [1001, 1002, 1003, 1004]


def test_an_engine_that_dies_takes_no_picture_along(page: PicturePage) -> None:
    sender = Sender(40, 20)
    page.add(sender.view(1001))
    dead = sender.view(1002)
    dead.release()
    sender.close()
    page.add(dead)
    page.go_to(1001)
    page.add(dead)
    page.set_view(View.CHECKER)

    place = middle(page, 17, 8)
    assert page.frame == 1001 and colours(page)(place.x(), place.y()) != (0, 0, 0)


def test_what_comes_while_somebody_looks_elsewhere_is_kept_and_not_shown(page: PicturePage, sender: Sender) -> None:
    fill(page, sender, 1001, 1002)
    page.go_to(1001)
    fill(page, sender, 1003)

    assert page.frame == 1001
    assert page.cache.frames([1]) == [1001, 1002, 1003]
    assert not page.commands["follow"].isChecked()
    page.commands["follow"].trigger()
    assert page.frame == 1003


def test_edges_change_the_picture_at_once(page: PicturePage, sender: Sender) -> None:
    fill(page, sender, 1001)
    page.set_view(View.ALPHA)
    edges = Edges("rescale", 0.3, 0.7)
    page.set_edges(edges)

    at = colours(page)
    for x, y in ((0, 0), (1, 0), (2, 0), (3, 0), (5, 0)):
        place = middle(page, x, y)
        assert at(place.x(), place.y())[0] == edges.table()[int(steps(x, y) / 257 + 0.5)]


@pytest.mark.parametrize(
    ("key", "view"),
    [(Key.Key_1, View.PLATE), (Key.Key_2, View.ALPHA), (Key.Key_3, View.OVERLAY), (Key.Key_4, View.CHECKER),
     (Key.Key_5, View.COLOUR), (Key.Key_6, View.PICTURE)],
)  # fmt: skip
def test_each_view_has_a_key(qtbot: QtBot, page: PicturePage, key: QtCore.Qt.Key, view: View) -> None:
    press(qtbot, page, Key.Key_1)
    press(qtbot, page, key)

    assert page.display_bar.display.view is view
    assert page.display_bar.view.currentData() == view.value


def test_frames_have_keys(qtbot: QtBot, page: PicturePage, sender: Sender) -> None:
    seen: List[int] = []
    page.frame_changed.connect(seen.append)
    for key in (Key.Key_End, Key.Key_Left, Key.Key_Home, Key.Key_Left, Key.Key_Right, Key.Key_Right):
        press(qtbot, page, key)

    assert seen == [1006, 1005, 1001, 1002, 1003]
    assert page.transport.frame.value() == page.timeline.slider.value() == 1003


def test_a_number_is_typed_into_its_field_and_is_no_command(qtbot: QtBot, page: PicturePage) -> None:
    view = page.display_bar.display.view
    field = page.transport.frame
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "1004")
    qtbot.keyClick(field, Key.Key_Return)

    assert page.frame == 1004
    assert page.display_bar.display.view is view


def test_exposure_has_keys(qtbot: QtBot, page: PicturePage) -> None:
    press(qtbot, page, Key.Key_BracketRight)
    press(qtbot, page, Key.Key_BracketRight)
    assert page.display_bar.display.exposure == 0.5
    press(qtbot, page, Key.Key_BracketLeft)
    assert page.display_bar.display.exposure == 0.25
    press(qtbot, page, Key.Key_X)
    assert page.display_bar.display.exposure == 0.0


def test_zoom_has_keys(qtbot: QtBot, page: PicturePage, sender: Sender) -> None:
    fill(page, sender, 1001)
    fitted = page.canvas.mapping
    press(qtbot, page, Key.Key_0)
    assert page.canvas.mapping.zoom == 1.0
    for _ in range(4):
        press(qtbot, page, Key.Key_Plus)
    assert page.canvas.mapping.zoom == 2.0
    press(qtbot, page, Key.Key_Minus)
    assert page.canvas.mapping.zoom == pytest.approx(2**0.75)
    before = page.canvas.mapping.x
    press(qtbot, page, Key.Key_Left, QtCore.Qt.KeyboardModifier.ShiftModifier)
    assert page.canvas.mapping.x > before
    press(qtbot, page, Key.Key_F)
    assert page.canvas.mapping == fitted


def test_the_wheel_zooms_about_the_cursor(page: PicturePage, sender: Sender) -> None:
    fill(page, sender, 1001)
    place = middle(page, 30, 5)
    before = page.canvas.mapping
    wheel(page, place, 120)

    after = page.canvas.mapping
    assert after.zoom > before.zoom
    assert after.pixel(place.x(), place.y()) == (30, 5)


def wheel(page: PicturePage, at: QtCore.QPoint, delta: int) -> None:
    buttons, modifiers = QtCore.Qt.MouseButton.NoButton, QtCore.Qt.KeyboardModifier.NoModifier
    event = QtGui.QWheelEvent(
        QtCore.QPointF(at), QtCore.QPointF(page.canvas.mapToGlobal(at)), QtCore.QPoint(), QtCore.QPoint(0, delta), buttons,
        modifiers, QtCore.Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QtWidgets.QApplication.sendEvent(page.canvas, event)


def drag(qtbot: QtBot, page: PicturePage, start: QtCore.QPoint, end: QtCore.QPoint) -> None:
    left = QtCore.Qt.MouseButton.LeftButton
    qtbot.mousePress(page.canvas, left, pos=start)
    move(page, end)
    qtbot.mouseRelease(page.canvas, left, pos=end)


def move(page: PicturePage, to: QtCore.QPoint) -> None:
    event = QtGui.QMouseEvent(
        QtCore.QEvent.Type.MouseMove, QtCore.QPointF(to), QtCore.QPointF(page.canvas.mapToGlobal(to)),
        QtCore.Qt.MouseButton.NoButton, QtCore.Qt.MouseButton.LeftButton, QtCore.Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QtWidgets.QApplication.sendEvent(page.canvas, event)


def test_dragging_pans_by_as_much_and_a_double_click_fits_again(qtbot: QtBot, page: PicturePage, sender: Sender) -> None:
    fill(page, sender, 1001)
    fitted = page.canvas.mapping
    drag(qtbot, page, QtCore.QPoint(300, 200), QtCore.QPoint(340, 170))

    assert (page.canvas.mapping.x - fitted.x, page.canvas.mapping.y - fitted.y) == (40, -30)
    qtbot.mouseDClick(page.canvas, QtCore.Qt.MouseButton.LeftButton, pos=QtCore.QPoint(300, 200))
    assert page.canvas.mapping == fitted


def test_the_pixel_under_the_cursor_is_read_out_raw_and_after_edges(page: PicturePage, sender: Sender) -> None:
    page.add(sender.view(1001, data=(100, 200, 140, 220)))
    edges = Edges("rescale", 0.1, 0.9)
    page.set_edges(edges)
    move(page, middle(page, 2, 0))

    alpha = steps(2, 0) / 65535
    red, green, blue = ramp(2, 0)
    words = page.transport.readout.text().split()
    assert words[:4] == ["x", "102", "y", "200"]
    assert words[4:8] == ["RGB", str(red), str(green), str(blue)]
    assert words[8:] == ["A", f"{alpha:.5f}", "→", f"{edges.value(alpha):.5f}"]
    page.canvas.left.emit()
    assert page.transport.readout.text() == ""


def test_a_wipe_shows_b_right_of_its_line_with_the_edges_of_then(page: PicturePage, sender: Sender) -> None:
    page.set_view(View.ALPHA)
    page.add(sender.view(1001, alpha=lambda x, y: 30000))
    page.set_edges(Edges("none"))
    page.keep_as_b()
    page.set_edges(Edges("rescale", 0.0, 0.5))

    at = colours(page)
    left, right = middle(page, 4, 10), middle(page, 35, 10)
    assert at(left.x(), left.y())[0] == Edges("rescale", 0.0, 0.5).table()[117]
    assert at(right.x(), right.y())[0] == 117
    move(page, right)
    assert page.transport.readout.text().endswith("→ 0.45777")


def test_a_wipe_compares_two_renders_of_a_frame(page: PicturePage, sender: Sender) -> None:
    page.set_view(View.ALPHA)
    page.add(sender.view(1001, alpha=lambda x, y: 0))
    page.keep_as_b()
    page.show_job(job(2, shot=(1001, 1006), frames=SHOT))
    page.add(sender.view(1001, job=2, alpha=lambda x, y: 65535))

    at = colours(page)
    left, right = middle(page, 4, 10), middle(page, 35, 10)
    assert (at(left.x(), left.y())[0], at(right.x(), right.y())[0]) == (255, 0)
    page.commands["wipe"].trigger()
    assert colours(page)(right.x(), right.y())[0] == 255


def test_the_wipe_line_is_dragged_and_moved_by_keys(qtbot: QtBot, page: PicturePage, sender: Sender) -> None:
    fill(page, sender, 1001)
    press(qtbot, page, Key.Key_B)
    assert page.canvas.wiping and page.commands["wipe"].isChecked()
    line = middle(page, 20, 10) - QtCore.QPoint(int(page.canvas.mapping.zoom / 2), 0)
    drag(qtbot, page, line, line + QtCore.QPoint(round(page.canvas.mapping.zoom * 10), 0))
    assert page.canvas.wipe == pytest.approx(0.75, abs=0.01)

    before = page.canvas.wipe
    press(qtbot, page, Key.Key_Left, QtCore.Qt.KeyboardModifier.ControlModifier)
    assert page.canvas.wipe == pytest.approx(before - 0.02)
    press(qtbot, page, Key.Key_W)
    assert not page.canvas.wiping


def test_without_a_b_there_is_no_wipe(qtbot: QtBot, page: PicturePage, sender: Sender) -> None:
    fill(page, sender, 1001)
    press(qtbot, page, Key.Key_W)

    assert not page.canvas.wiping
    assert not page.findChild(QtWidgets.QCheckBox, "wipe_switch").isEnabled()


def test_a_click_on_the_strip_goes_to_the_frame_there(qtbot: QtBot, page: PicturePage) -> None:
    strip = page.timeline.strip
    for frame in (1001, 1004, 1006, 1002):
        place = QtCore.QPoint(round(page.timeline.x_of(frame)), strip.height() // 2)
        qtbot.mouseClick(strip, QtCore.Qt.MouseButton.LeftButton, pos=place)
        assert page.frame == frame


def test_the_strip_lies_under_the_sliders_handle(page: PicturePage) -> None:
    slider, strip = page.timeline.slider, page.timeline.strip
    for frame in (1001, 1004, 1006):
        slider.setValue(frame)
        option = QtWidgets.QStyleOptionSlider()
        slider.initStyleOption(option)
        style = QtWidgets.QStyle
        handle = slider.style().subControlRect(
            style.ComplexControl.CC_Slider, option, style.SubControl.SC_SliderHandle, slider
        )
        centre = strip.mapFrom(page, slider.mapTo(page, handle.center()))
        assert abs(centre.x() - page.timeline.x_of(frame)) <= 1


def test_states_that_never_pause_do_not_put_the_marks_off(qtbot: QtBot, page: PicturePage) -> None:
    timer = QtCore.QTimer()
    timer.timeout.connect(lambda: page.job_changed(job(shot=(1001, 1006), frames=SHOT, finished="1001-1003")))
    timer.start(5)
    qtbot.waitUntil(lambda: page.timeline.words(1003).startswith("Frame 1003: done"))
    timer.stop()
    assert page.timeline.words(1001).startswith("Frame 1001: done") and "done" not in page.timeline.words(1004)


def test_a_followed_frame_far_from_the_others_is_kept_and_shown(qtbot: QtBot) -> None:
    page = PicturePage(cache_mib=1)
    qtbot.addWidget(page)
    large = Sender(300, 200)
    page.show_job(job(shot=(1001, 2000), frames="1001-2000"))
    for frame in (1001, 1002, 1003, 1900):
        page.add(large.view(frame, plate=lambda x, y: (1, 2, 3), alpha=lambda x, y: 4))

    assert page.frame == 1900 and page.cache.get(1, 1900) is not None
    large.close()


def test_marks_differ_in_shape_and_not_in_colour_alone(qtbot: QtBot, page: PicturePage) -> None:
    page.job_changed(
        job(shot=(1001, 1006), frames="1001-1002,1006", finished="1001-1002", state="failed", missing_plates="")
    )
    page.survey("", "1003", "1004")
    qtbot.waitUntil(lambda: len(page.shot.marks()) == 5 and page.timeline.strip._marks == page.shot.marks())

    image = page.timeline.strip.grab().toImage()

    def painted(frame: int) -> List[str]:
        """Which of the mark's rows differ from the ground, left of the middle and at the middle."""
        found = []
        ground = image.pixelColor(round(page.timeline.x_of(1005)) - 5, 1)
        for y in (1, 4, 8):
            x = round(page.timeline.x_of(frame)) - 20
            found.append("#" if image.pixelColor(x, y) != ground else ".")
        return found

    assert painted(1002) == ["#", "#", "#"]
    assert painted(1003) == [".", ".", "#"]
    assert painted(1004) == [".", ".", "#"] or painted(1004) == [".", ".", "."]  # hollow: its frame alone
    assert painted(1006) == [".", ".", "."]  # a cross in the middle
    cross = round(page.timeline.x_of(1006))
    assert len({image.pixelColor(x, 4).name() for x in range(cross - 4, cross + 4)}) > 1
    assert page.shot.marks()[1006] is Mark.FAILED


def test_the_next_frame_worth_a_look_has_a_key(qtbot: QtBot, page: PicturePage) -> None:
    page.survey("1001-1006", "", "")
    for frame in range(1001, 1007):
        page.frame_done(FrameState(1, frame, 0.3, 0.2 if frame == 1004 else 0.001))
    page.job_changed(job(shot=(1001, 1006), frames=SHOT, missing_plates="1006"))
    page.go_to(1001)
    qtbot.waitUntil(lambda: page.timeline.trouble() == [1004, 1006])

    press(qtbot, page, Key.Key_N)
    assert page.frame == 1004
    press(qtbot, page, Key.Key_N)
    assert page.frame == 1006
    press(qtbot, page, Key.Key_P)
    assert page.frame == 1004
    assert "changes more than the shot does" in page.timeline.words(1004)
    assert page.timeline.words(1006).startswith("Frame 1006: failed")


def test_a_frame_that_is_not_there_is_asked_for_once_the_slider_rests(qtbot: QtBot, page: PicturePage) -> None:
    asked: List[Tuple[int, int]] = []
    page.frame_wanted.connect(lambda number, frame: asked.append((number, frame)))
    for frame in (1002, 1003, 1004, 1005):
        page.timeline.slider.setValue(frame)
    qtbot.waitUntil(lambda: bool(asked))

    assert asked == [(1, 1005)]
    assert page.canvas._sides[0].message == "Frame 1005 is being read …"


def test_what_comes_from_disk_is_shown_and_gives_way_to_the_raw_alpha(
    qtbot: QtBot, page: PicturePage, sender: Sender
) -> None:
    page.set_view(View.ALPHA)
    page.go_to(1002)
    with qtbot.waitSignal(page.frame_wanted):
        pass
    page.set_edges(Edges("rescale", 0.0, 0.5))
    page.add(sender.view(1002, job=0, request=5, raw=False, alpha=lambda x, y: 30000))
    place = middle(page, 20, 10)
    assert colours(page)(place.x(), place.y())[0] == 117  # the matte's edges are its own

    page.add(sender.view(1002, alpha=lambda x, y: 30000))
    assert colours(page)(place.x(), place.y())[0] == Edges("rescale", 0.0, 0.5).table()[117]
    page.add(sender.view(1002, job=0, request=6, raw=False, alpha=lambda x, y: 0))
    assert colours(page)(place.x(), place.y())[0] == Edges("rescale", 0.0, 0.5).table()[117]


def test_another_engines_job_of_the_same_number_is_another_job(page: PicturePage, sender: Sender) -> None:
    fill(page, sender, 1001)
    page.new_engine()
    page.show_job(job(1, shot=(1001, 1006), frames=SHOT, plates="/other.exr", mattes="/other_matte.exr"))

    assert page.canvas._sides[0].picture is None
    fill(page, sender, 1003)
    assert page.canvas._sides[0].picture is not None


def test_play_shows_frames_that_are_there_in_order(qtbot: QtBot, page: PicturePage, sender: Sender) -> None:
    fill(page, sender, 1001, 1002, 1005)
    page.go_to(1001)
    page.set_rate(100.0)
    seen: List[int] = []
    page.frame_changed.connect(seen.append)
    press(qtbot, page, Key.Key_L)
    qtbot.waitUntil(lambda: len(seen) >= 7)
    press(qtbot, page, Key.Key_L)

    assert not page.playback.playing
    there = [1001, 1002, 1005]
    assert set(seen) == set(there)


def test_playing_fetches_what_was_rendered_from_disk_one_frame_at_a_time(
    qtbot: QtBot, page: PicturePage, sender: Sender
) -> None:
    page.show_job(job(2, "done", shot=(1001, 1006), frames=SHOT, finished="1001-1003", mattes="/m/other.####.exr"))
    asked: List[int] = []
    page.frame_wanted.connect(lambda _, frame: asked.append(frame))
    page.go_to(1001)
    page.toggle_play()
    assert asked == [1002]
    for frame in (1002, 1003, 1001):
        page.add(sender.view(frame, job=0, request=frame, raw=False))

    assert asked == [1002, 1003, 1001]
    assert page.cache.frames([2]) == [1001, 1002, 1003]


def test_this_block_is_asked_for(qtbot: QtBot, page: PicturePage) -> None:
    page.go_to(1003)
    with qtbot.waitSignal(page.block_wanted) as asked:
        press(qtbot, page, Key.Key_R)

    assert asked.args == [1003]


def test_a_background_is_read_on_a_thread_and_shown(
    qtbot: QtBot, page: PicturePage, sender: Sender, tmp_path: Path
) -> None:
    page.add(sender.view(1001, alpha=lambda x, y: 0))
    image = QtGui.QImage(5000, 2500, QtGui.QImage.Format.Format_RGB32)
    image.fill(QtGui.QColor(12, 34, 56))
    assert image.save(str(tmp_path / "wall.png"))
    with qtbot.waitSignal(page.display_bar.backdrop_read, timeout=20000) as read:
        page.display_bar.set_backdrop(str(tmp_path / "wall.png"))

    assert read.args[0].width() == 4096
    place = middle(page, 20, 10)
    assert colours(page)(place.x(), place.y()) == (12, 34, 56)
    assert page.display_bar.file_name.text() == "wall.png"


def test_a_background_that_is_no_picture_is_named(qtbot: QtBot, page: PicturePage, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no picture", encoding="utf-8")
    with qtbot.waitSignal(page.display_bar.failed) as failed:
        page.display_bar.set_backdrop(str(path))

    assert failed.args[0].startswith("notes.txt cannot be shown as a background")
    assert "Choose a picture such as a PNG" in failed.args[0]


def test_everything_that_takes_the_keyboard_has_a_name(page: PicturePage) -> None:
    taking = [one for one in page.findChildren(QtWidgets.QWidget) if one.focusPolicy() & QtCore.Qt.FocusPolicy.TabFocus]
    named = [one for one in taking if one.window() is page and not one.objectName().startswith("qt_")]  # Qt's own parts
    assert len(named) > 15
    for widget in named:
        assert widget.accessibleName() or (isinstance(widget, QtWidgets.QAbstractButton) and widget.text()), widget


def test_tab_goes_through_the_page_from_the_top_left_to_the_bottom_right(page: PicturePage) -> None:
    found, widget = [], page.display_bar.view.nextInFocusChain()
    while widget is not page.display_bar.view:
        if (
            widget.focusPolicy() & QtCore.Qt.FocusPolicy.TabFocus
            and widget.isVisibleTo(page)
            and widget.focusProxy() is None
        ):
            found.append(widget)
        widget = widget.nextInFocusChain()

    rows = [round(one.mapTo(page, one.rect().center()).y()) // 20 for one in found]
    assert len(found) > 12 and rows == sorted(rows)


def test_a_page_that_is_hidden_plays_nothing(page: PicturePage, sender: Sender) -> None:
    fill(page, sender, 1001, 1002)
    page.toggle_play()
    assert page.playback.playing
    page.hide()

    assert not page.playback.playing


def test_every_key_is_in_a_tool_tip(page: PicturePage) -> None:
    for name, made in page.commands.items():
        if not made.shortcut().isEmpty():
            assert made.shortcut().toString(QtGui.QKeySequence.SequenceFormat.NativeText) in made.toolTip(), name
    keys = [made.shortcut().toString() for made in page.commands.values()]
    assert len(keys) == len(set(keys))


def test_a_bound_holds_however_many_frames_come(qtbot: QtBot, sender: Sender) -> None:
    page = PicturePage(cache_mib=1)
    qtbot.addWidget(page)
    large = Sender(300, 200)  # 360,000 bytes
    page.show_job(job(shot=(1001, 1030), frames="1001-1030"))
    for frame in range(1001, 1031):
        page.add(large.view(frame, plate=lambda x, y: (1, 2, 3), alpha=lambda x, y: 4))

    assert page.cache.nbytes <= 1 << 20
    assert page.cache.frames([1]) == [1029, 1030]
    assert large.out == 0
    large.close()
