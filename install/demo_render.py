"""The demo's render: examples/demo.nk in the embedded host, its node's mattes, its Write's comps; and a cross-check.

demo/demo.nk ─ node ─▶ engine reads demo/plates ─▶ demo/mattes
             └ Write ─▶ demo/comp
the first block again: plates through shared memory ─▶ the same engine ─▶ alphas through shared memory
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gvm_matte
import numpy as np
import numpy.typing as npt
from gvm_matte.cli.comp import engine as comp_engine
from gvm_matte.cli.comp import render as comp_render
from gvm_matte.cli.comp import script as comp_script
from gvm_matte.cli.progress import Follower
from gvm_matte.client import EngineChoice, MatteJob, MatteSession, PlateData
from gvm_matte.core.image import Box
from gvm_matte.core.paths import frame_path
from gvm_matte.images.opening import opened, read_channels
from gvm_matte.protocol.frame_buffer import SlotInfo
from gvm_matte.protocol.messages import Message, Progress
from gvm_matte.protocol.parts import Sink, Source

from .demo_options import DemoOptions
from .sample_plate import FIRST, HEIGHT, WIDTH, plate_pattern

BUILTIN = Path(gvm_matte.__file__).resolve().parent / "engine" / "builtin"
SCRIPT = Path(__file__).resolve().parent.parent / "examples" / "demo.nk"
NUMPY = {"half": np.float16, "float": np.float32}
Show = Callable[[str, str, int, int], None]  # what, stage, done, total


@dataclass(frozen=True)
class DemoRender:
    """What came of it.

    Attributes:
        frames: that were rendered.
        mattes, comps: patterns of the files.
        alphas: of the first block by frame, [h,w] half, as they came through shared memory.
        start_seconds: until the engine was up and had its model.
        render_seconds: from there to the last matte on the disk.
        comp_seconds: what the Write took.
        state: what the node says of its mattes afterwards.
        notices: what the engine had to say.
    """

    frames: tuple[int, ...]
    mattes: str
    comps: str
    alphas: dict[int, npt.NDArray[np.float16]]
    start_seconds: float
    render_seconds: float
    comp_seconds: float
    state: str
    device: str
    model: str
    notices: list[str]

    @property
    def frames_per_second(self) -> float:
        """Over the rendering, without the engine's start."""
        return len(self.frames) / max(self.render_seconds, 1e-6)


def render_demo(folder: Path, options: DemoOptions, *, show: Show) -> DemoRender:
    """Opens the script in the demo's folder, renders its node, executes its Write, on an engine of its own.

    Args:
        folder: of the demo.
        show: told what is rendered, the stage, and how many frames are done.

    Raises:
        GvmMatteError: no weights, no engine, no room: says what to do.
    """
    script = folder / "demo.nk"
    shutil.copyfile(SCRIPT, script)
    log = folder / "engine.log"
    log.unlink(missing_ok=True)
    started = time.monotonic()
    with (
        comp_script.opened(str(script)) as host,
        comp_engine.one_engine(EngineChoice.OWN, log=lambda text: log.write_text(text, encoding="utf-8")) as engine,
    ):
        assert engine is not None  # it was asked for one of its own
        import gvm_matte.nodes as gvm

        node = _set_up(options)
        made, ready, ended = _mattes(node, options.frames, show)
        comps, comp_seconds = _comps(host, options, show)
        alphas = _through_shared_memory(made.order, folder)
        status = engine.status()
        return DemoRender(
            made.frames, made.order.path, comps, alphas, ready - started, ended - ready, comp_seconds,
            gvm.look(node).text, status.device, status.model, made.notices,
        )  # fmt: skip


def _set_up(options: DemoOptions) -> Any:
    """What the command line says goes into the script's knobs, as a person would set them."""
    import nuke

    last = FIRST + options.frames - 1
    nuke.root()["last_frame"].setValue(last)
    read: Any = nuke.toNode("Read1")
    read["last"].setValue(last)
    node: Any = nuke.toNode("GVMMatte1")
    params = {
        "model_base": str(options.model_base or BUILTIN), "size": options.size, "device": options.device,
        "max_resolution": max(512, options.size), "existing": "overwrite",
    }  # fmt: skip
    comp_script.set_params([node], params)
    return node


def _mattes(node: Any, frames: int, show: Show) -> tuple[Any, float, float]:
    """The node's render, and when it had its model and when its last matte."""
    began: list[float] = []

    def heard(message: Message) -> None:
        if isinstance(message, Progress):
            if message.stage != "loading" and not began:
                began.append(time.monotonic())
            show("matte", message.stage, message.done, frames)

    show("matte", "loading", 0, frames)
    made = comp_render.mattes(node, None, Follower(), heard=heard)
    return made, began[0], time.monotonic()


def _comps(host: Any, options: DemoOptions, show: Show) -> tuple[str, float]:
    """Executes the Write as `nuke -x` does; gives its files' pattern and the seconds."""
    import nuke

    done = [0]

    def frame_done() -> None:
        done[0] += 1
        show("comp", "writing", done[0], options.frames)

    nuke.addAfterFrameRender(frame_done)
    began = time.monotonic()
    host.render_writes(range(FIRST, FIRST + options.frames))
    write: Any = nuke.toNode("Write1")
    return str(write["file"].getEvaluatedValue()).replace("%04d", "####"), time.monotonic() - began


def _through_shared_memory(order: Any, folder: Path) -> dict[int, npt.NDArray[np.float16]]:
    """The first block once more: plates and alphas by way of the rings, as a host without files on disk has them."""
    display = Box(0, 0, WIDTH, HEIGHT)
    job = MatteJob(
        source=Source("buffers", display=display.as_tuple, colorspace="scene_linear"),
        sink=Sink(buffers=True),
        frames=f"{order.span[0]}-{order.plan.block(0).last}",
        shot=order.span,
        params={**order.params, "input_colorspace": "scene_linear"},
    )
    alphas: dict[int, npt.NDArray[np.float16]] = {}

    def read_plate(frame: int) -> PlateData:
        path = frame_path(plate_pattern(folder), frame)
        with opened(path, frame) as image:
            pixels = read_channels(image, 0, 0, 3, "half", path=path, frame=frame)  # [h,w,3]: what the file holds
        return PlateData(np.ascontiguousarray(pixels), display, 3, "half")

    def take_alpha(frame: int, info: SlotInfo, pixels: memoryview) -> None:
        flat = np.frombuffer(pixels, NUMPY[info.dtype])
        alphas[frame] = flat.reshape(info.box.height, info.box.width).copy()  # the slot goes back after this call

    with MatteSession(warm=True) as session:
        session.render(job, plates=read_plate, take_alpha=take_alpha)
    return alphas
