"""The node's life, step by step, for whoever has Nuke: prints PASS or FAIL for each step.

    nuke -t tests/nuke_smoke.py [FOLDER]              in a terminal session; the exit code is the number of failures
    exec(open("…/tests/nuke_smoke.py").read())        in the GUI's script editor

It needs the plug-in on NUKE_PATH and an engine (GVM_ENGINE_PYTHON names its Python). It makes its plates and its script in
FOLDER (default: a new temporary one), and clears the script that is open, so save yours first. The test suite runs the same
file in the embedded host.
"""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

import nuke

FIRST, LAST = 1001, 1010
SMALL = {
    "num_frames_per_batch": 4, "num_overlap_frames": 1, "decode_chunk_size": 4, "size": 64, "max_resolution": 96,
}  # fmt: skip


class Smoke:
    """The steps share a folder and a script; each may rely on those before it."""

    def __init__(self, folder: str) -> None:
        import gvm_matte.nodes as gvm

        self.gvm = gvm
        self.folder = folder.replace("\\", "/")
        self.script = f"{self.folder}/smoke.nk"

    @property
    def node(self) -> Any:
        """The first node that was made."""
        return nuke.toNode("GVMMatte1")

    def expect(self, found: object, wanted: object) -> None:
        """Fails with both where they differ."""
        if found != wanted:
            raise AssertionError(f"found {found!r}, expected {wanted!r}")

    def text(self, node: Any, *parts: str) -> None:
        """Fails where the node's state does not say this."""
        said = self.gvm.look(node).text
        missing = [part for part in parts if part not in said]
        if missing:
            raise AssertionError(f"the state is {said!r}, without {missing}")

    # -- the steps, in this order

    def step_01_plates_are_written_by_nuke(self) -> None:
        nuke.scriptClear()
        nuke.root()["name"].setValue(self.script)
        nuke.root()["first_frame"].setValue(FIRST)
        nuke.root()["last_frame"].setValue(LAST)
        nuke.addFormat("96 64 0 0 96 64 1 gvm_smoke")
        board = nuke.nodes.CheckerBoard2(format="gvm_smoke", boxsize="16 16")
        moved = nuke.nodes.Transform(inputs=[board])
        moved["translate"].setExpression("frame-1000", 0)
        write = nuke.nodes.Write(inputs=[moved], file=f"{self.folder}/plates/p.%04d.exr", file_type="exr")
        write["create_directories"].setValue(True)
        nuke.execute(write, FIRST, LAST, 1)
        for made in (write, moved, board):
            nuke.delete(made)
        self.expect(len(os.listdir(f"{self.folder}/plates")), LAST - FIRST + 1)

    def step_02_create_makes_a_group_of_stock_nodes(self) -> None:
        read = nuke.nodes.Read(file=f"{self.folder}/plates/p.%04d.exr", first=FIRST, last=LAST)
        read["origfirst"].setValue(FIRST)
        read["origlast"].setValue(LAST)
        node = self.gvm.create(read)
        for name, value in SMALL.items():
            node[name].setValue(value)
        self.expect([node.Class(), node.name()], ["Group", "GVMMatte1"])
        stock = {"Input", "Read", "TimeOffset", "Copy", "Switch", "Output"}
        self.expect({one.Class() for one in node.nodes()}, stock)  # type: ignore[attr-defined]
        self.expect(node.input(0).name(), read.name())

    def step_03_the_range_is_the_plates(self) -> None:
        self.expect([int(self.node.firstFrame()), int(self.node.lastFrame())], [FIRST, LAST])
        self.expect(self.gvm.look(self.node).kind, "empty")

    def step_04_without_a_matte_the_plate_passes(self) -> None:
        nuke.frame(FIRST)
        self.expect(self.node.sample("rgba.red", 8, 8), self.node.input(0).sample("rgba.red", 8, 8))

    def step_05_a_wrong_value_is_told_in_the_node(self) -> None:
        self.node["gamma"].setValue(500)
        self.expect("Gamma takes" in str(self.node["problem"].value()), True)
        self.node["gamma"].setValue(1)
        self.expect(str(self.node["problem"].value()).strip(), "")

    def step_06_one_block_is_rendered(self) -> None:
        nuke.frame(FIRST)
        made = self.gvm.render_block(self.node, wait=True)
        self.expect(made.frames, (1001, 1002, 1003))
        self.text(self.node, "Partial", "1004-1010")

    def step_07_the_rest_is_rendered_and_fresh(self) -> None:
        made = self.gvm.render(self.node, wait=True)
        self.expect(sorted(made.kept), [1001, 1002, 1003])
        self.text(self.node, "Fresh: 1001-1010")

    def step_08_the_matte_is_shown(self) -> None:
        nuke.frame(1005)
        self.expect("rgba.alpha" in self.node.channels(), True)
        self.expect(0.0 <= self.node.sample("rgba.alpha", 40, 30) <= 1.0, True)

    def step_09_a_changed_knob_makes_it_stale(self) -> None:
        self.node["gamma"].setValue(1.3)
        self.text(self.node, "Stale: 1001-1010", "Gamma changed")

    def step_10_undo_takes_the_knob_back(self) -> None:
        nuke.undo()
        self.expect(round(float(self.node["gamma"].value()), 3), 1.0)
        self.text(self.node, "Fresh")

    def step_11_an_animated_knob_goes_out_as_keys(self) -> None:
        self.node.readKnobs("gamma {{curve L x1001 1 x1010 2}}")
        made = self.gvm.render(self.node, [1001], wait=True)
        self.expect(sorted(made.order.params["gamma"]), ["1001", "1010"])
        self.node["gamma"].clearAnimated()
        self.node["gamma"].setValue(1)
        self.gvm.render(self.node, wait=True)

    def step_12_saved_and_opened_it_knows_what_it_holds(self) -> None:
        nuke.scriptSaveAs(self.script, 1)
        nuke.scriptClear()
        nuke.scriptOpen(self.script)
        self.text(self.node, "Fresh: 1001-1010")

    def step_13_a_copy_has_its_own_path(self) -> None:
        for one in nuke.selectedNodes():
            one.setSelected(False)
        self.node.setSelected(True)
        clip = f"{self.folder}/copy.nk"
        nuke.nodeCopy(clip)
        self.node.setSelected(False)
        copy = nuke.nodePaste(clip)
        self.expect(copy["gvm_id"].value() == self.node["gvm_id"].value(), False)
        self.expect(self.gvm.output_pattern(copy) == self.gvm.output_pattern(self.node), False)  # type: ignore[arg-type]
        nuke.delete(copy)

    def step_14_a_branch_is_rendered_while_the_engine_works(self) -> None:
        grade = nuke.nodes.Grade(inputs=[self.node.input(0)])
        grade["multiply"].setValue(0.5)
        self.node.setInput(0, grade)
        self.text(self.node, "Stale")
        self.gvm.render(self.node, wait=True)
        self.text(self.node, "Fresh: 1001-1010")
        grade["multiply"].setValue(0.6)
        self.text(self.node, "Stale: 1001-1010", "what is upstream changed")
        grade["multiply"].setValue(0.5)
        self.expect(len(self.gvm.render(self.node, wait=True).kept), LAST - FIRST + 1)
        self.expect([one.name() for one in self.node.nodes() if one.Class() == "Write"], [])

    def step_15_a_time_offset_shifts_what_is_shown(self) -> None:
        grade = self.node.input(0)
        shift = nuke.nodes.TimeOffset(inputs=[grade.input(0)])
        shift["time_offset"].setValue(-1000)
        self.node.setInput(0, shift)
        made = self.gvm.render(self.node, wait=True)
        self.expect([made.frames[0], made.frames[-1], made.order.offset], [1, 10, -1000])
        self.text(self.node, "Fresh: 1-10")
        self.node.setInput(0, grade.input(0))
        nuke.delete(shift)
        nuke.delete(grade)

    def step_16_a_write_downstream_asks_for_what_is_missing(self) -> None:
        self.gvm.render(self.node, wait=True)
        folder = os.path.dirname(self.gvm.output_pattern(self.node))
        sorted(Path(folder).glob("*.exr"))[4].unlink()
        self.node["before_render"].setValue("if missing")
        write = nuke.nodes.Write(inputs=[self.node], file=f"{self.folder}/comp/c.%04d.exr", file_type="exr")
        write["create_directories"].setValue(True)
        write["channels"].setValue("rgba")
        nuke.execute(write, 1005, 1005, 1)
        nuke.delete(write)
        self.text(self.node, "Fresh: 1001-1010")

    def step_17_cancel_ends_a_render(self) -> None:
        if not nuke.GUI:
            return  # a terminal session's render comes back when it is done
        self.node["denoise_steps"].setValue(3)
        made = self.gvm.render(self.node)
        self.gvm.cancel(self.node)
        self.expect(made.finished.wait(30), True)
        self.node["denoise_steps"].setValue(1)

    def step_18_settings_go_out_and_come_back(self) -> None:
        kept = self.gvm.settings(self.node)
        other = self.gvm.create(self.node.input(0))
        self.gvm.apply_settings(other, kept)
        self.expect(self.gvm.settings(other), kept)
        nuke.delete(other)

    def step_19_the_menu_has_its_entry(self) -> None:
        if nuke.GUI:
            self.expect(nuke.menu("Nodes").findItem("GVM/GVM Matte") is not None, True)


def run(folder: str) -> list[str]:
    """Runs all steps; gives the names of those that failed."""
    smoke = Smoke(folder)
    failed = []
    for name in sorted(name for name in dir(smoke) if name.startswith("step_")):
        title = name[len("step_00_") :].replace("_", " ")
        try:
            getattr(smoke, name)()
            print(f"PASS  {title}", flush=True)
        except Exception as exc:
            failed.append(name)
            print(f"FAIL  {title}: {exc}", flush=True)
            traceback.print_exc()
    where = f"Nuke {nuke.NUKE_VERSION_STRING}, {'GUI' if nuke.GUI else 'terminal'}"
    print(f"{where}: {len(failed)} steps failed. Files are in {folder}.", flush=True)
    return failed


def _folder() -> str:
    given = [word for word in sys.argv[1:] if Path(word).is_dir()]
    return given[-1] if given else tempfile.mkdtemp(prefix="gvm_smoke_")


if __name__ == "__main__":
    _failed = run(_folder())
    if not nuke.GUI:
        sys.exit(len(_failed))
