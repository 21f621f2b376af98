"""The demo's script and its render, in another folder and on a few frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenImageIO as oiio
from gvm_matte.core.paths import frame_path
from gvm_matte.host import Host

from install.demo_options import parse
from install.demo_render import SCRIPT, render_demo
from install.sample_plate import generate


def read(path: str) -> np.ndarray:
    image = oiio.ImageInput.open(path)
    assert image is not None, path
    return np.asarray(image.read_image(oiio.FLOAT))


def test_the_script_is_free_of_places_and_saved_as_it_is_read(tmp_path: Path) -> None:
    text = SCRIPT.read_text(encoding="utf-8")
    assert " name /" not in text and text.count("[file dirname \\[value root.name]]") == 3
    with Host() as host:
        import gvm_matte.nodes as gvm

        host.open(str(SCRIPT))
        (node,) = gvm.every_node()
        assert node.fullName() == "GVMMatte1"
        host.save(str(tmp_path / "again.nk"))
    again = (tmp_path / "again.nk").read_text(encoding="utf-8")
    assert sorted(again.replace(f" name {tmp_path / 'again.nk'}\n", "").split()) == sorted(text.split())


def test_the_demo_renders_its_script_in_the_embedded_host(scratch: Path, tmp_path: Path) -> None:
    generate(tmp_path, 3, advance=lambda: None)
    told = set()
    options = parse(["--frames", "3", "--size", "64"])
    render = render_demo(tmp_path, options, show=lambda what, stage, done, total: told.add((what, done)))
    assert render.frames == (1001, 1002, 1003) and {("matte", 3), ("comp", 3)} <= told
    assert render.state == "Fresh: 1001-1003." and "built-in" in render.model
    assert sorted(render.alphas) == [1001, 1002, 1003]
    for frame in render.frames:
        matte, comp = read(frame_path(render.mattes, frame))[..., 0], read(frame_path(render.comps, frame))
        assert np.array_equal(matte, render.alphas[frame].astype(np.float32))
        assert comp.shape == (540, 960, 4) and comp[..., 3].min() == 1  # over an opaque board
        board = comp[0, 0, 0]
        assert board < 0.2 and matte[0, 0] < 0.1
    assert (tmp_path / "demo.nk").read_bytes() == SCRIPT.read_bytes()
    assert "listens" in (tmp_path / "engine.log").read_text(encoding="utf-8")
