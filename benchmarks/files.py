"""Reading, colour and writing alone, against a plain threaded copy of the same files by OpenImageIO.

    files   the engine's own stages on EXR plates, the model replaced by a constant: read ahead, colour, resize to the
            model's size, back to the plate's size, edge treatment, EXR with digest and windows, synced and checked
    copy    as many threads, each reading a plate with OpenImageIO and writing it again as it is: three channels

A matte has one channel where its plate has three, so the copy writes more; it also computes nothing. Whether that evens
out is what the ratio tells.

    python -m benchmarks.files [--frames 100] [--plate 3840x2160] [--compression zips] [--json]
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from gvm_matte.engine.jobs.job import Job, Rings
from gvm_matte.engine.pipeline.plan import make_plan
from gvm_matte.engine.pipeline.renderer import READERS, preparer_of, render_mattes, second_reader
from gvm_matte.protocol.messages import Render
from gvm_matte.protocol.parts import Sink, Source
from torch import Tensor

from .exr import read, write, write_plates
from .machine import facts
from .report import add_options, deliver
from .timing import clock, ratio, spread, take_turns


class Constant:
    """Stands where the model is: takes plates, gives an alpha of 0.5, computes nothing."""

    device = torch.device("cpu")

    def encode(self, rgb: Tensor) -> Tensor:
        """[N,3,H,W] to [N,1,H,W]: of a latent's kind, without the work."""
        return torch.full_like(rgb[:, :1], 0.5)

    def denoise(self, latents: Tensor, *, steps: int, noise: object) -> Tensor:
        """As they came."""
        return latents

    def decode(self, latents: Tensor) -> Tensor:
        """As they came."""
        return latents


def engine_files(plates: str, folder: Path, options: argparse.Namespace) -> None:
    """One render through the engine's stages."""
    params = {"model_base": "", "compression": options.compression, "existing": "overwrite", "size": options.size,
              "upsample": options.upsample, "channels": options.channels}  # fmt: skip
    request = Render(1, Source("files", plates), Sink(str(folder / "m.####.exr")), params=params)
    job = Job(request=request, rings=Rings(), send=lambda message: None, forget=lambda number: None)
    with ExitStack() as cleanup:
        plan = make_plan(request, check=job.check, found=lambda request, files: None)
        cleanup.callback(plan.request.close)
        preparer = preparer_of(plan)
        again = second_reader(job, plan, preparer, cleanup)
        model: Any = Constant()
        render_mattes(job, plan, model, preparer, again=again, hub=None, done=lambda: None, cleanup=cleanup)


def copied_files(paths: Sequence[Path], folder: Path) -> None:
    """The copy, with as many threads as the engine reads with."""

    def copy(path: Path) -> None:
        write(folder / path.name, read(path), ("R", "G", "B"))

    folder.mkdir(exist_ok=True)
    with ThreadPoolExecutor(READERS) as pool:
        list(pool.map(copy, paths))


def main(arguments: Sequence[str] | None = None) -> None:
    """Reads the command line, measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--plate", default="3840x2160", metavar="WxH")
    parser.add_argument("--compression", default="zips", help="of the mattes; plates are ZIPS")
    parser.add_argument("--size", type=int, default=288, help="the model's shorter edge")
    parser.add_argument("--upsample", default="bilinear")
    parser.add_argument("--channels", default="alpha")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", help="where the files go (default: the temporary folder)")
    add_options(parser)
    options = parser.parse_args(arguments)
    width, height = (int(edge) for edge in options.plate.split("x"))
    machine = facts()
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        plates = write_plates(Path(scratch, "plates"), width=width, height=height, frames=options.frames)
        paths = sorted(Path(plates).parent.iterdir())
        mattes, copies = Path(scratch, "mattes"), Path(scratch, "copies")
        copied_files(paths[:2], copies)  # libraries are loaded, the plates are in the page cache
        engine_files(plates, mattes, options)

        def fresh(work: Any, folder: Path) -> float:
            shutil.rmtree(folder, ignore_errors=True)
            return clock(work)

        works = {
            "files": lambda: fresh(lambda: engine_files(plates, mattes, options), mattes),
            "copy": lambda: fresh(lambda: copied_files(paths, copies), copies),
        }
        seconds = take_turns(works, options.rounds)
    rates = {name: spread([options.frames / value for value in values]) for name, values in seconds.items()}
    result = {
        "benchmark": "files",
        "machine": machine,
        "settings": {
            name: getattr(options, name) for name in ("frames", "plate", "compression", "size", "upsample", "channels")
        },
        "frames_per_second": rates,
        "ratio_to_copy": ratio(seconds["files"], seconds["copy"]),
    }
    rows = [(name, f"{rate['median']:.2f}", f"{rate['min']:.2f} to {rate['max']:.2f}") for name, rate in rates.items()]
    rows.append(("ratio to copy", f"{result['ratio_to_copy']:.2f}", ""))
    deliver(result, options, columns=("", "frames/s", "spread"), rows=rows)


if __name__ == "__main__":
    main()
