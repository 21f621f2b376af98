"""The demo's render: plates out of EXR files into the engine's ring, alphas out of the other ring, mattes on the disk."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import gvm_matte
import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio
from gvm_matte.client import MatteJob, MatteSession, PlateData, RenderResult
from gvm_matte.errors import PlateUnreadableError
from gvm_matte.frame_buffer import SlotInfo
from gvm_matte.image import Box
from gvm_matte.paths import frame_path
from gvm_matte.protocol import Message, Progress, Sink, Source

from .demo_options import DemoOptions
from .sample_plate import FIRST, HEIGHT, WIDTH, plate_pattern

BUILTIN = Path(gvm_matte.__file__).resolve().parent / "engine" / "builtin"
NUMPY = {"half": np.float16, "float": np.float32}


@dataclass(frozen=True)
class DemoRender:
    """What came of it.

    Attributes:
        alphas: by frame, [h,w] half, as they came through shared memory.
        pattern: of the matte files.
        start_seconds: until the engine was up and had its model.
        render_seconds: from there to the last matte on the disk.
    """

    alphas: dict[int, npt.NDArray[np.float16]]
    pattern: str
    start_seconds: float
    render_seconds: float
    device: str
    model: str
    result: RenderResult

    @property
    def frames_per_second(self) -> float:
        """Over the rendering, without the engine's start."""
        return len(self.alphas) / max(self.render_seconds, 1e-6)


def render_mattes(folder: Path, options: DemoOptions, *, show: Callable[[str, int], None]) -> DemoRender:
    """Renders the sample plate on an engine of its own.

    Args:
        folder: of the demo.
        show: told the stage and the frames that are done.

    Raises:
        GvmMatteError: no weights, no engine, no room: says what to do.
    """
    display = Box(0, 0, WIDTH, HEIGHT)
    pattern = str(folder / "mattes" / "matte.####.exr")
    job = MatteJob(
        source=Source("buffers", display=display.as_tuple, colorspace="scene_linear"),
        sink=Sink(path=pattern, buffers=True),
        frames=f"{FIRST}-{FIRST + options.frames - 1}",
        params={
            "model_base": str(options.model_base or BUILTIN),
            "num_frames_per_batch": 8,
            "num_overlap_frames": 2,
            "decode_chunk_size": 8,
            "num_interp_frames": 1,
            "size": options.size,
            "max_resolution": max(512, options.size),
            "input_colorspace": "scene_linear",
            "device": options.device,
        },
    )
    alphas: dict[int, npt.NDArray[np.float16]] = {}
    began: list[float] = []

    def read_plate(frame: int) -> PlateData:
        path = frame_path(plate_pattern(folder), frame)
        image = oiio.ImageInput.open(path)
        pixels = None if image is None else image.read_image(oiio.HALF)  # [h,w,3] half: what the file holds
        if pixels is None:
            raise PlateUnreadableError(f"{path} cannot be read.", frame=frame, path=path)
        return PlateData(np.ascontiguousarray(pixels), display, 3, "half")

    def take_alpha(frame: int, info: SlotInfo, pixels: memoryview) -> None:
        flat = np.frombuffer(pixels, NUMPY[info.dtype])
        alphas[frame] = flat.reshape(info.box.height, info.box.width).copy()  # the slot goes back after this call

    def on_event(message: Message) -> None:
        if isinstance(message, Progress):
            if message.stage != "loading" and not began:
                began.append(time.monotonic())
            show(message.stage, message.done)

    started = time.monotonic()
    with (folder / "engine.log").open("w", encoding="utf-8") as log:

        def write_log(line: str) -> None:
            log.write(line + "\n")
            log.flush()

        with MatteSession(log=write_log) as session:
            engine = session.engine()
            result = session.render(job, plates=read_plate, take_alpha=take_alpha, on_event=on_event)
            ended = time.monotonic()
            status = engine.status()
    ready = began[0] if began else started
    return DemoRender(alphas, pattern, ready - started, ended - ready, status.device, status.model, result)
