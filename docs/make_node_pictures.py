"""Draws the pictures of the node in docs/node.md: `python docs/make_node_pictures.py`.

Nothing in them is written down here: the embedded host makes the node as Nuke would, and its own knobs, inner nodes and
connections are drawn. The plates are those of `python3 install demo`; the node renders four of them with the built-in
model. Takes about ten seconds on two cores.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from gvm_matte.client import stop_warm_engine
from gvm_matte.host import Host
from node_picture_graph import draw_nodes
from node_picture_panel import draw_panel

with Host():  # the module is there while a host is
    import gvm_matte.nodes as gvm
    import nuke

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
PLATES = ROOT / "demo" / "plates" / "plate.####.exr"
FRAMES, FRAME = (1009, 1012), 1010  # one window of four frames, of which one is shown
QUICK = {"size": 288, "num_frames_per_batch": 4, "num_overlap_frames": 2}


def main() -> None:
    """Draws both."""
    with tempfile.TemporaryDirectory() as scratch, Host() as host:
        os.environ["GVM_ENGINE_FILE"] = str(Path(scratch) / "engine.json")  # an engine of its own
        os.environ.pop("GVM_PRESET_PATH", None)
        os.environ["XDG_DATA_HOME"] = scratch  # without the presets of whoever runs this
        host.save(str(Path(scratch) / "sh010.nk"))
        read = nuke.nodes.Read(name="Read1")
        file: Any = read["file"]
        file.fromUserText(f"{PLATES.as_posix()} 1001-1048")
        node: Any = gvm.create(read)
        write = nuke.nodes.Write(name="Write1")
        write.setInput(0, node)
        gvm.look(node)
        draw_panel(node, IMAGES / "node_panel.png")
        try:
            for name, value in {**QUICK, "range": "custom", "range_first": FRAMES[0], "range_last": FRAMES[1]}.items():
                node[name].setValue(value)
            gvm.render(node, wait=True)
        finally:
            stop_warm_engine()
        held = gvm.state_of(node)
        if held.kind != "fresh":
            sys.exit(f"The node has no fresh matte to draw: {held.text}")
        draw_nodes(host, read, node, write, FRAME, IMAGES / "node_graph.png")


if __name__ == "__main__":
    main()
