"""What the tests of sessions share: sources, a taker of alphas, jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, List

from gvm_matte.client import MatteJob, MatteSession, PlateData
from gvm_matte.protocol.frame_buffer import SlotInfo
from gvm_matte.protocol.parts import Sink, Source

Begin = Callable[..., MatteSession]
Plate = Callable[[int], PlateData]
BUFFERS = Source("buffers", display=(0, 0, 4, 2))
FILES = Source("files", path="/plates/a.####.exr")


class Taker:
    """Takes alphas: their first value by frame."""

    def __init__(self) -> None:
        self.values: Dict[int, float] = {}
        self.infos: Dict[int, SlotInfo] = {}

    def __call__(self, frame: int, info: SlotInfo, pixels: memoryview) -> None:
        assert frame not in self.values
        assert pixels.readonly and pixels.nbytes == info.nbytes
        self.infos[frame] = info
        self.values[frame] = pixels.cast("f")[0]


def to_files(folder: Path, frames: str = "1-6", **more: Any) -> MatteJob:
    return MatteJob(FILES, Sink(path=str(folder / "m.####.exr")), frames, **more)


def names(folder: Path) -> List[str]:
    return sorted(path.name for path in folder.iterdir())
