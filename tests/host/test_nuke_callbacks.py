"""Callbacks come in Nuke's order and context; buttons, threads, progress, menus and the module's surface."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Iterator, List

import pytest
from gvm_matte.host import Host, NotInHostError, nuke
from host_kit import DATA

LOG: List[Any] = []


@pytest.fixture(autouse=True)
def log() -> Iterator[List[Any]]:
    LOG.clear()
    yield LOG
    LOG.clear()


def note(*what: Any) -> None:
    knob = nuke.thisKnob()
    LOG.append((*what, nuke.thisNode().name(), knob.name() if knob else None))


def say(word: str) -> None:
    LOG.append(word)


# -- registration and order


def test_the_knobs_code_runs_first_then_the_class_then_all(host: Host) -> None:
    host.session.namespace["say"] = say
    nuke.addKnobChanged(say, "star")
    nuke.addKnobChanged(say, "second", nodeClass="Grade")
    nuke.addKnobChanged(say, "third", nodeClass="Grade")
    nuke.addKnobChanged(say, "second", nodeClass="Grade")  # the same again: moves to the end
    nuke.addKnobChanged(say, "other", nodeClass="Blur")
    node = nuke.nodes.Grade(knobChanged="say('knob')")
    other = nuke.nodes.Grade()
    LOG.clear()
    node["white"].setValue(2)
    assert LOG == ["knob", "third", "second", "star"]
    nuke.addKnobChanged(say, "mine", nodeClass="Grade", node=node)
    LOG.clear()
    other["white"].setValue(2)
    node["white"].setValue(3)
    assert LOG == ["third", "second", "star", "knob", "third", "second", "mine", "star"]


def test_what_cannot_be_called_is_refused(host: Host) -> None:
    with pytest.raises(ValueError, match="callable"):
        nuke.addOnCreate("say('x')")
    with pytest.raises(ValueError, match="dictionary"):
        nuke.addOnCreate(say, (), 5)


def test_a_lambda_made_twice_is_registered_twice(host: Host) -> None:
    for _ in range(2):
        nuke.addOnCreate(lambda: say("made"), nodeClass="Dot")
        nuke.addOnCreate(say, "once", nodeClass="Dot")
    nuke.nodes.Dot()
    assert LOG == ["made", "made", "once"]


def test_a_load_creates_inner_nodes_before_their_group_and_ends_with_the_root(host: Host) -> None:
    nuke.addOnCreate(note, "create")
    nuke.addOnScriptLoad(note, "load")
    host.open(str(DATA / "nuke16_nested_groups.nk"))
    names = [entry[1] for entry in LOG]
    assert LOG[-1][1] == str(DATA / "nuke16_nested_groups.nk")
    assert names[:2] == ["Grey", "Bright"]
    assert names.index("Gain") < names.index("Inner") < names.index("Add") < names.index("Outer")
    assert [entry[0] for entry in LOG[-2:]] == ["create", "load"] and LOG[-1][1] == nuke.root().name()


def test_loading_sets_knobs_without_knob_changed_but_connects_with_it(host: Host) -> None:
    nuke.addKnobChanged(note, nodeClass="Grade")
    nuke.scriptReadText("Constant {\n inputs 0\n}\nGrade {\n white 3\n name G\n}\n")
    assert {entry[-1] for entry in LOG} <= {"inputChange"}
    grade: Any = nuke.toNode("G")
    LOG.clear()
    grade.setInput(0, None)
    grade.setInput(0, None)
    assert LOG == [("G", "inputChange")]


def test_a_group_is_destroyed_before_its_children(host: Host) -> None:
    group: Any = nuke.nodes.Group(name="G")
    with group:
        nuke.nodes.Dot(name="Inside")
    nuke.addOnDestroy(note, "gone")
    nuke.delete(group)
    assert [entry[1] for entry in LOG] == ["G", "Inside"]
    LOG.clear()
    nuke.addOnCreate(note, "back")
    nuke.undo()
    assert [entry[:2] for entry in LOG] == [("back", "Inside"), ("back", "G")]


def test_a_group_must_not_be_entered_while_a_script_is_read() -> None:
    """Inside Nuke it corrupts the loader without a word; here it is an error of the callback."""
    with Host() as host:
        nuke.addOnCreate(lambda: nuke.thisNode().begin(), nodeClass="Group")  # type: ignore[attr-defined]
        nuke.scriptReadText("Group {\n inputs 0\n name G\n}\nend_group\n")
        assert [str(one.error).split(" is entered")[0] for one in host.callback_errors] == ["G"]
        assert nuke.thisGroup() is nuke.root()
        group: Any = nuke.nodes.Group()
        group.end()
        assert len(host.callback_errors) == 1


def test_saving_and_closing_have_callbacks(host: Host, tmp_path: Path) -> None:
    nuke.addOnScriptSave(say, "save")
    nuke.addOnScriptClose(say, "close")
    nuke.scriptSaveAs(str(tmp_path / "a.nk"))
    nuke.scriptClear()
    assert LOG == ["save", "close"]


def test_a_callback_that_raises_does_not_stop_the_script(capsys: pytest.CaptureFixture[str]) -> None:
    with Host() as host:
        nuke.addOnCreate(lambda: 1 / 0, nodeClass="Dot")
        nuke.addOnCreate(say, "after", nodeClass="Dot")
        nuke.nodes.Dot(name="D")
        assert LOG == ["after"]
        (error,) = host.callback_errors
        assert (error.event, error.node) == ("onCreate", "D") and isinstance(error.error, ZeroDivisionError)
    assert "ZeroDivisionError" in capsys.readouterr().err


# -- knobChanged


def test_a_knob_changes_only_when_its_value_does(host: Host) -> None:
    node = nuke.nodes.Grade()
    nuke.addKnobChanged(note)
    node["white"].setValue(1)
    node["white"].setValue(2)
    node["white"].setValue(2)
    assert LOG == [("Grade1", "white")]


def test_a_panel_says_show_and_hide(gui: Host) -> None:
    nuke.addKnobChanged(note, nodeClass="Grade")
    node = nuke.nodes.Grade()
    node.showControlPanel()
    node.hideControlPanel()
    node.hideControlPanel()
    assert LOG == [("Grade1", "showPanel"), ("Grade1", "hidePanel")]


def test_the_older_rule_fires_for_open_panels_only() -> None:
    with Host(gui=True, knob_changed="panel"):
        node = nuke.nodes.Grade()
        always = nuke.Int_Knob("always")
        always.setFlag(nuke.KNOB_CHANGED_ALWAYS)
        node.addKnob(always)
        nuke.addKnobChanged(note)
        node["white"].setValue(2)
        always.setValue(1)
        node.showControlPanel()
        node["white"].setValue(3)
    assert [entry[-1] for entry in LOG] == ["always", "showPanel", "white"]


def test_a_knob_changed_does_not_call_itself(host: Host) -> None:
    node = nuke.nodes.Grade()
    loud = nuke.Int_Knob("loud")
    loud.setFlag(nuke.KNOB_CHANGED_RECURSIVE)
    node.addKnob(loud)

    def changed() -> None:
        note()
        nuke.thisNode()["black"].setValue(0.5)
        if nuke.thisKnob().name() == "white":
            nuke.thisNode()["loud"].setValue(7)

    nuke.addKnobChanged(changed)
    node["white"].setValue(2)
    assert [entry[-1] for entry in LOG] == ["white", "loud"]


# -- contexts


def test_a_button_runs_inside_its_group(host: Host) -> None:
    group: Any = nuke.nodes.Group(name="G")
    with group:
        nuke.nodes.Dot(name="Inside")
    nuke.nodes.Dot(name="Outside")
    host.session.namespace["say"] = say
    code = (
        "say(nuke.thisNode().name()); say(nuke.thisKnob().name()); say(nuke.thisGroup().name())\n"
        "say(nuke.toNode('Inside') is not None); say(nuke.toNode('Outside'))\n"
        "say(nuke.thisNode().parent().fullName()); say(nuke.nodes.Dot(name='New').fullName())\n"
    )
    group.addKnob(nuke.PyScript_Knob("go", "Go", code))
    with nuke.root():
        group["go"].execute()
    assert LOG == ["G", "go", "G", True, None, "root", "G.New"]
    assert nuke.thisNode() is nuke.root() and nuke.thisKnob() is None


def test_a_button_raises_what_its_code_raises(host: Host) -> None:
    node = nuke.nodes.NoOp()
    node.addKnob(nuke.PyScript_Knob("go", "Go", "raise KeyError('x')"))
    with pytest.raises(KeyError):
        node["go"].execute()  # type: ignore[attr-defined]
    assert nuke.thisKnob() is None


def test_labels_and_the_interface_are_asked_for(host: Host) -> None:
    node = nuke.nodes.Grade()
    nuke.addAutolabel(lambda: nuke.thisNode().name() + "!", nodeClass="Grade")
    host.session.namespace["note"] = note
    node["updateUI"].setValue("note()")
    host.update_ui()
    assert host.autolabel(node) == "Grade1!" and LOG == [("Grade1", None)]


# -- threads


def test_other_threads_may_only_queue(host: Host) -> None:
    def work() -> List[Any]:
        refused = []
        for call in (
            nuke.allNodes, nuke.root, lambda: nuke.nodes.Dot(), lambda: nuke.message("x"), lambda: nuke.ProgressTask("x"),
            lambda: nuke.Undo.begin("x"), lambda: node["white"].setValue(5), lambda: nuke.frame(),
            lambda: node.setName("x"),
        ):  # fmt: skip
            with pytest.raises(RuntimeError, match="only the main thread may"):
                call()
            refused.append(True)
        nuke.executeInMainThread(say, "queued")
        nuke.executeInMainThread(lambda a, b=0: say(a + b), ("b",), {"b": "c"})
        return refused

    node = nuke.nodes.Grade()
    assert len(host.run_thread(work)) == 9
    assert LOG == ["queued", "bc"] and node["white"].value() == [1] * 4


def test_an_exception_in_the_main_thread_is_printed(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    host.run_thread(lambda: nuke.executeInMainThread(lambda: 1 / 0))
    assert "ZeroDivisionError" in capsys.readouterr().err
    nuke.executeInMainThread(say, "later")
    assert LOG == []
    assert host.process_events() == 1 and LOG == ["later"]


def test_a_wait_for_what_never_happens_ends(host: Host) -> None:
    stop = threading.Event()
    with pytest.raises(TimeoutError, match=r"0\.05 s"):
        host.run_until(stop.is_set, timeout=0.05)


# -- progress and questions


def test_progress_is_seen_and_can_be_cancelled(host: Host) -> None:
    seen: List[Any] = []

    def watch(task: Any) -> None:
        seen.append((task.percent, task.texts[-1:]))
        if task.percent >= 50:
            task.cancel()

    host.on_progress = watch
    task = nuke.ProgressTask("Matte")
    task.setMessage("frame 1")
    for percent in range(0, 101, 25):
        if task.isCancelled():
            break
        task.setProgress(percent)
    assert seen[-1] == (50, ["frame 1"]) and host.progress == [task]
    with pytest.raises(TypeError):
        task.setProgress(0.5)  # type: ignore[arg-type]


def test_messages_are_kept_and_questions_need_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    with Host(answers={"getFilename": lambda prompt: f"/{prompt}.exr"}) as host:
        nuke.message("hello")
        assert nuke.getFilename("where") == "/where.exr"
        assert host.messages == [("message", "hello"), ("getFilename", "where")]
    with Host(), pytest.raises(RuntimeError, match=r"no answer to nuke\.getFilename"):
        nuke.getFilename("where")
    assert "hello" in capsys.readouterr().out


# -- menus and the surface


def test_menus_are_objects_in_a_gui_session(gui: Host) -> None:
    menu = nuke.menu("Nodes").addMenu("GVM", icon="gvm.png")
    menu.addCommand("GVM Matte", lambda: say("made"), "ctrl+g", icon="gvm.png")
    nuke.menu("Nodes").addCommand("GVM/Tools/Clean", "import builtins")
    assert nuke.menu("Nodes").findItem("GVM") is menu
    item: Any = nuke.menu("Nodes").findItem("GVM/GVM Matte")
    item.invoke()
    nuke.menu("Nodes").findItem("GVM/Tools/Clean").invoke()
    assert LOG == ["made"] and [one.name() for one in menu.items()] == ["GVM Matte", "Tools"]
    menu.addCommand("GVM Matte", "pass")
    assert len(menu.items()) == 2
    with pytest.raises(RuntimeError, match="no menu"):
        nuke.menu("Nope")


def test_menus_are_an_error_outside_the_gui(host: Host) -> None:
    with pytest.raises(RuntimeError, match="GUI"):
        nuke.menu("Nodes")


def test_what_the_host_lacks_is_named(host: Host) -> None:
    with pytest.raises(NotInHostError, match=r"has no nuke\.activeViewer"):
        nuke.activeViewer()
    assert not hasattr(nuke, "activeViewer")
    import nukescripts  # type: ignore[import-not-found, unused-ignore]

    nukescripts.panels.registerWidgetAsPanel("a.Panel", "GVM", "gvm.panel")
    assert host.panels == [{"widget": "a.Panel", "name": "GVM", "id": "gvm.panel", "create": False}]
    with pytest.raises(AttributeError, match=r"has no nukescripts\.PythonPanel"):
        _ = nukescripts.PythonPanel


def test_the_module_says_which_nuke_it_is() -> None:
    with Host(version="16.1 v3", gui=True):
        assert (nuke.NUKE_VERSION_MAJOR, nuke.NUKE_VERSION_MINOR, nuke.NUKE_VERSION_RELEASE) == (16, 1, 3)
        assert nuke.NUKE_VERSION_STRING == "16.1v3" and nuke.GUI is True
    with Host():
        assert nuke.GUI is False


def test_every_name_of_the_surface_is_one_of_nukes(host: Host) -> None:
    stubs = Path(nuke.__file__).parents[3] / ".venv"
    found = sorted(stubs.glob("lib/python*/site-packages/nuke-stubs/*.pyi"))
    if not found:
        pytest.skip("types-nuke is not installed here")
    text = "\n".join(path.read_text(encoding="utf-8") for path in found)
    ours = {  # what the stubs lack and Nuke has, or what is the host's own name for a class without one
        "KNOB_CHANGED_ALWAYS",
        "HIDDEN",
    }
    missing = [name for name in nuke.__all__ if name not in ours and f" {name}(" not in text and f"\n{name}:" not in text
               and f"\nclass {name}:" not in text and f"\n{name} =" not in text]  # fmt: skip
    assert missing == []
    assert all(hasattr(nuke, name) for name in nuke.__all__)


def test_the_host_takes_the_module_over_and_gives_it_back() -> None:
    code = (
        "import sys\nfrom gvm_matte.host import Host\n"
        "assert 'nuke' not in sys.modules and 'numpy' not in sys.modules\n"
        "with Host() as host:\n import nuke\n assert nuke.nodes.Dot() in nuke.allNodes()\n"
        "assert 'nuke' not in sys.modules\nprint('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "False"), done.stderr
