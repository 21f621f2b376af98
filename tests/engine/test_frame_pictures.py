"""Pictures on their way from the pipeline through the hub into a monitor's rings, without an engine around them."""

from __future__ import annotations

import queue
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Iterator, List, Optional, Type, TypeVar

import numpy as np
import OpenImageIO as oiio
import pytest
import torch
from gvm_matte.core.errors import FrameBufferError, PlateMissingError
from gvm_matte.core.image import Box
from gvm_matte.engine.colour import InputColour
from gvm_matte.engine.jobs.job import Rings
from gvm_matte.engine.jobs.status import EngineStatus
from gvm_matte.engine.pipeline.pictures import FramePictures
from gvm_matte.engine.pipeline.region import Region
from gvm_matte.engine.watch.hub import WatchHub
from gvm_matte.engine.watch.images import picture_size, resized, within
from gvm_matte.engine.watch.reading import DiskFrames
from gvm_matte.engine.watch.watcher import Watcher
from gvm_matte.params.fields import MatteParams
from gvm_matte.params.keys import ShotParams
from gvm_matte.protocol.frame_buffer import FrameRing
from gvm_matte.protocol.messages import Message
from gvm_matte.protocol.watching import EngineState, FrameState, Picture, PictureTaken

BOX = Box(0, 0, 12, 8)
M = TypeVar("M")


class Monitor:
    """A watcher in this process: what it is told, and what its rings hold."""

    def __init__(self, hub: WatchHub, *, slots: int = 4, longest: int = 0) -> None:
        self.told: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self.plates = FrameRing.create(slots=slots, slot_bytes=4 * 12 * 8)
        self.alphas = FrameRing.create(slots=slots, slot_bytes=2 * 12 * 8)
        rings = Rings(*(FrameRing.attach(ring.spec, _given(ring)) for ring in (self.plates, self.alphas)))
        self.watcher = Watcher(self.told.put, lambda: 0, rings, longest)
        self.hub = hub
        hub.add(self.watcher)

    def next(self, kind: Type[M]) -> M:
        deadline = time.monotonic() + 30
        while not isinstance(message := self.told.get(timeout=30), kind):
            assert time.monotonic() < deadline, f"there came no {kind.__name__}"
        return message

    def pixels(self, picture: Picture) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        info, plate = self.plates.open(picture.plate_slot, picture.plate_sequence)
        _, alpha = self.alphas.open(picture.alpha_slot, picture.alpha_sequence)
        shape = (info.box.height, info.box.width)
        return np.frombuffer(plate, np.uint8).reshape(*shape, 4), np.frombuffer(alpha, np.uint16).reshape(shape)

    def close(self) -> None:
        self.hub.remove(self.watcher)
        for ring in (self.plates, self.alphas, self.watcher):
            ring.close()


def _given(ring: FrameRing) -> Optional[int]:
    """The ring's descriptor, handed over."""
    handle, ring.handle = ring.handle, None
    return handle


@pytest.fixture
def hub() -> WatchHub:
    """The hub of an engine that does not run."""
    return WatchHub(EngineStatus())


@pytest.fixture
def monitors(hub: WatchHub) -> Iterator[List[Monitor]]:
    """Monitors to be closed."""
    made: List[Monitor] = []
    yield made
    for monitor in made:
        monitor.close()


def pictures(hub: WatchHub, again: Any = lambda frame: None, in_flight: int = 10) -> FramePictures:
    """Those of a job of frames 1 to 9."""
    region = Region(ShotParams.of({}), display=BOX, processed=BOX)
    return FramePictures(hub=hub, number=3, region=region, frames=range(1, 10), in_flight=in_flight, again=again)


def plate(value: float, channels: int = 3) -> torch.Tensor:
    return torch.full((1, channels, 8, 12), value)


def test_a_plate_that_went_by_unwatched_is_read_again(hub: WatchHub, monitors: List[Monitor]) -> None:
    asked: List[int] = []

    def again(frame: int) -> tuple[np.ndarray[Any, Any], Box]:
        asked.append(frame)
        return np.full((4, 12, 3), 200, np.uint8), Box(0, 4, 12, 8)

    job = pictures(hub, again)
    job.plate(1, plate(0.5), BOX)
    monitors.append(Monitor(hub))
    job.plate(2, plate(0.5), BOX)
    for frame in (1, 2):
        job.alpha(frame, torch.full((8, 12), 0.25))
    first, second = (monitors[0].next(Picture) for _ in range(2))
    assert asked == [1] and (first.frame, second.frame) == (1, 2)
    assert (monitors[0].pixels(first)[0][4:, :, :3] == 200).all() and not monitors[0].pixels(first)[0][:4, :, :3].any()
    assert (monitors[0].pixels(second)[0][..., :3] == 128).all()
    assert (monitors[0].pixels(second)[1] == 16384).all()


def test_a_plate_that_is_gone_is_black(hub: WatchHub, monitors: List[Monitor]) -> None:
    monitors.append(Monitor(hub))
    pictures(hub).alpha(1, torch.ones(8, 12))
    shown, alpha = monitors[0].pixels(monitors[0].next(Picture))
    assert not shown[..., :3].any() and (shown[..., 3] == 255).all() and (alpha == 65535).all()


def test_a_grey_plate_is_shown_grey(hub: WatchHub, monitors: List[Monitor]) -> None:
    monitors.append(Monitor(hub))
    job = pictures(hub)
    job.plate(1, plate(0.2, 1), BOX)
    job.alpha(1, torch.zeros(8, 12))
    assert (monitors[0].pixels(monitors[0].next(Picture))[0][..., :3] == 51).all()


def test_plates_that_take_too_much_memory_are_kept_smaller(hub: WatchHub, monitors: List[Monitor]) -> None:
    monitors.append(Monitor(hub))
    job = pictures(hub, in_flight=10**8)
    job.plate(1, plate(0.2), BOX)
    (kept,) = job._plates.values()
    assert kept().size < 8 * 12 * 3
    job.alpha(1, torch.zeros(8, 12))
    assert (monitors[0].pixels(monitors[0].next(Picture))[0][..., :3] == 51).all()  # at the picture's size again


def test_frames_that_are_not_delivered_are_not_kept(hub: WatchHub, monitors: List[Monitor]) -> None:
    monitors.append(Monitor(hub))
    job = pictures(hub)
    job.plate(10, plate(0.2), BOX)
    assert job._plates == {}


def test_nothing_is_made_without_a_monitor(hub: WatchHub) -> None:
    job = pictures(hub)
    job.plate(1, plate(0.2), BOX)
    job.alpha(1, torch.zeros(8, 12))
    assert job._plates == {} and hub._finished.empty() and not hub.watched


def test_a_picture_without_a_slot_follows_when_one_is_free_unless_a_newer_one_came(
    hub: WatchHub, monitors: List[Monitor]
) -> None:
    monitors.append(Monitor(hub, slots=1))
    job = pictures(hub)
    for frame in (1, 2, 3):
        job.alpha(frame, torch.full((8, 12), frame / 10))
        monitors[0].next(FrameState)
        if frame == 1:
            first = monitors[0].next(Picture)
    monitors[0].watcher.taken(PictureTaken(first.plate_slot, first.alpha_slot))
    second = monitors[0].next(Picture)
    assert (first.frame, second.frame) == (1, 3)
    assert second.mean == pytest.approx(0.3) and second.change == pytest.approx(0.1)


def test_a_change_is_known_between_neighbours_alone(hub: WatchHub, monitors: List[Monitor]) -> None:
    monitors.append(Monitor(hub, slots=8))
    job = pictures(hub)
    for frame in (1, 2, 4):
        job.alpha(frame, torch.full((8, 12), frame / 10))
    changes = [monitors[0].next(FrameState).change for _ in range(3)]
    assert changes == [-1.0, pytest.approx(0.1), -1.0]


def test_each_watcher_gets_its_own_size(hub: WatchHub, monitors: List[Monitor]) -> None:
    monitors += [Monitor(hub, longest=6), Monitor(hub)]
    assert hub.longest == 0
    job = pictures(hub)
    job.plate(1, plate(0.2), BOX)
    job.alpha(1, torch.full((8, 12), 0.5))
    shapes = [monitor.pixels(monitor.next(Picture))[1].shape for monitor in monitors]
    assert shapes == [(4, 6), (8, 12)]
    hub.remove(monitors[1].watcher)
    assert hub.longest == 6


def test_a_slot_that_is_not_out_is_not_taken_back(hub: WatchHub, monitors: List[Monitor]) -> None:
    monitors.append(Monitor(hub))
    with pytest.raises(FrameBufferError, match="was not out"):
        monitors[0].watcher.taken(PictureTaken(0, 0))


def test_the_hub_goes_on_after_a_picture_that_cannot_be_made(hub: WatchHub, monitors: List[Monitor]) -> None:
    def again(frame: int) -> None:
        raise ValueError("a device is lost")

    monitors.append(Monitor(hub, slots=1))
    job = pictures(hub, again)
    job.alpha(1, torch.zeros(8, 12))
    monitors[0].next(FrameState)
    job.plate(2, plate(0.2), BOX)
    job.alpha(2, torch.zeros(8, 12))
    assert monitors[0].next(Picture).frame == 2  # the only slot came back
    assert monitors[0].next(EngineState)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
@pytest.mark.parametrize("longest", [0, 6])
def test_pictures_from_a_gpu_are_those_from_the_cpu(hub: WatchHub, monitors: List[Monitor], longest: int) -> None:
    monitors.append(Monitor(hub, longest=longest))
    job = pictures(hub)
    shown = []
    values = torch.rand(1, 3, 8, 12, generator=torch.Generator().manual_seed(1))
    for frame, device in ((1, "cpu"), (2, "cuda")):
        job.plate(frame, values.to(device), BOX)
        job.alpha(frame, values[0, 0].to(device))
        shown.append(monitors[0].pixels(monitors[0].next(Picture)))
    for cpu, gpu, tolerance in zip(*shown, (1, 2)):
        assert np.abs(cpu.astype(int) - gpu.astype(int)).max() <= tolerance


# -- sizes and files


@pytest.mark.parametrize(
    ("size", "longest", "expected"),
    [
        ((1920, 1080), 960, (960, 540)),
        ((1080, 1920), 960, (540, 960)),
        ((96, 64), 960, (96, 64)),
        ((96, 64), 0, (96, 64)),
        ((5000, 1), 10, (10, 1)),
    ],
)
def test_pictures_are_never_enlarged(size: tuple[int, int], longest: int, expected: tuple[int, int]) -> None:
    assert picture_size(*size, longest) == expected


@pytest.mark.parametrize(("size", "room"), [((5120, 2700), 4096 * 2304), ((7, 9000), 1000), ((3, 3), 1), ((9000, 1), 10)])
def test_pictures_fit_into_their_slots(size: tuple[int, int], room: int) -> None:
    width, height = within(*size, room)
    assert 1 <= width * height <= room and width >= 1 and height >= 1


def test_reduction_is_a_mean() -> None:
    alpha = np.random.default_rng(4).random((64, 96), np.float32)
    assert resized(alpha, 24, 16).mean() == pytest.approx(alpha.mean(), abs=0.005)
    assert resized(np.full((64, 96, 3), 77, np.uint8), 25, 17).tolist() == np.full((17, 25, 3), 77).tolist()


def write(path: Path, pixels: np.ndarray[Any, Any], channels: List[str], datatype: str) -> None:
    """An image of a data window at (2,1) in a display window of 12 by 8."""
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], pixels.shape[2], datatype)
    spec.channelnames = channels
    if path.suffix == ".exr":
        spec.x, spec.y, spec.full_width, spec.full_height = 2, 1, 12, 8
    output = oiio.ImageOutput.create(str(path))
    assert output is not None and output.open(str(path), spec)
    assert output.write_image(np.ascontiguousarray(pixels)) and output.close()


@pytest.mark.parametrize("datatype", ["half", "float"])
@pytest.mark.parametrize("space", ["scene_linear", "srgb", "raw", "ACEScg"])
def test_a_plate_on_disk_is_shown_as_the_model_sees_it(tmp_path: Path, datatype: str, space: str) -> None:
    pixels = np.random.default_rng(5).normal(0.4, 0.5, (4, 6, 3)).astype(np.float16 if datatype == "half" else np.float32)
    write(tmp_path / "p.0007.exr", pixels, ["R", "G", "B"], datatype)
    exposure = 0.0 if space == "raw" else 0.5
    params = MatteParams(input_colorspace=space, exposure=exposure)
    shown, display = DiskFrames().plate(str(tmp_path / "p.####.exr"), 7, params)
    expected = InputColour(colorspace=space).resolve(hint="", dtype=pixels.dtype).apply(pixels, exposure)
    assert display == BOX and shown.shape == (8, 12, 3)
    assert np.abs(shown[1:5, 2:8] / 255 - expected).max() < 0.6 / 255 and not shown[5:].any() and not shown[:, 8:].any()


def test_a_matte_on_disk_is_found_in_whatever_channels_it_was_written(tmp_path: Path) -> None:
    values = np.random.default_rng(6).random((4, 6, 1), np.float32)
    pattern = str(tmp_path / "m.####.exr")
    for frame, names in ((1, ["A"]), (2, ["R", "G", "B", "A"]), (3, ["hair.A"])):
        write(tmp_path / f"m.{frame:04d}.exr", np.repeat(values, len(names), 2), names, "float")
        for channels in ("alpha", "rgba-premult", "layer:hair"):
            alpha = DiskFrames().matte(pattern, frame, MatteParams(channels=channels), BOX)
            assert alpha is not None and np.abs(alpha[1:5, 2:8] - values[..., 0]).max() < 1e-6
    assert DiskFrames().matte(pattern, 4, MatteParams(), BOX) is None
    assert DiskFrames().matte("", 1, MatteParams(), BOX) is None


def test_a_plate_that_is_not_there_is_named(tmp_path: Path) -> None:
    write(tmp_path / "p.0007.exr", np.zeros((4, 6, 3), np.float32), ["R", "G", "B"], "half")
    with pytest.raises(PlateMissingError, match=r"p\.0008\.exr"):
        DiskFrames().plate(str(tmp_path / "p.####.exr"), 8, MatteParams())


def test_files_are_shown_without_torch() -> None:
    script = "import sys, gvm_matte.engine.watch.reading, gvm_matte.engine.serving.server; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
