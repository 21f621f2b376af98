"""What is compared with the engine, in a process as the engine's own: its environment, and a session to itself.

Systems share out cores by session, so programs of one session would not compete with an engine on equal terms. The first
line of stdin is the work (JSON, `Work`), every further line the name of a run; each is answered by a line of JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gvm_matte.client import engine_environment
from gvm_matte.core.frames import BlockPlan
from gvm_matte.params.fields import MatteParams

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from torch import Tensor

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Work:
    """Which plates become mattes where, and how.

    Args:
        params: of `MatteParams`, by name; `model_base` is set.
        plates, mattes: folders; plates are `plate.N.exr`, N from `first` to `last`.
        make: "tiny" or "small" for a random model that is made in `model_base` first; empty: it is there.
    """

    params: dict[str, Any]
    plates: str
    mattes: str
    first: int
    last: int
    make: str = ""

    @property
    def plan(self) -> BlockPlan:
        """The engine's own."""
        return BlockPlan.of(MatteParams.of(self.params), (self.first, self.last))


class Side:
    """The process, from the benchmark's side; a context manager that ends it."""

    def __init__(self, work: Work) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.side"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**engine_environment(), "PYTHONPATH": str(ROOT)}, cwd=ROOT, start_new_session=True,
        )  # fmt: skip
        self.facts = self._ask(json.dumps(asdict(work)))

    def _ask(self, line: str) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def seconds(self, name: str) -> float:
        """How long one run of `baseline` or `model` took."""
        return float(self._ask(name)["seconds"])

    def __enter__(self) -> Side:
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.kill()
        self._process.communicate()


class Runs:
    """Inside the process: both models loaded, plates prepared for the one that runs alone."""

    def __init__(self, work: Work) -> None:
        from gvm_matte.core.image import Box
        from gvm_matte.engine.colour import resolve_input
        from gvm_matte.engine.model.device import resolve_device, resolve_precision
        from gvm_matte.engine.model.matting import load_model
        from gvm_matte.engine.model.weights import find_weights
        from gvm_matte.engine.pipeline.prepare import Preparer
        from gvm_matte.engine.pipeline.region import Region
        from gvm_matte.params.keys import ShotParams

        from .baseline import PlainModel
        from .models import write_random_model

        if work.make:
            write_random_model(Path(work.params["model_base"]), tiny=work.make == "tiny")
        self._work, self._params = work, MatteParams.of(work.params)
        device = resolve_device(self._params.device)
        dtype = resolve_precision(self._params.precision, device)
        self._plain = PlainModel.load(Path(self._params.model_base), device=device, dtype=dtype)
        files = find_weights(model_base=self._params.model_base)
        self._model = load_model(files, device=device, dtype=dtype)
        first = self.read(work.first)
        box = Box(0, 0, first.shape[1], first.shape[0])
        shot = ShotParams(self._params, {})
        region = Region(shot, display=box, processed=box)
        preparer = Preparer(params=shot, region=region, pixel_aspect=1.0, device=device)
        linear = resolve_input("", hint="scene_linear", dtype="float16")
        frames = range(work.first, work.last + 1)
        self._prepared: dict[int, Tensor] = {
            frame: preparer.plate(frame, self.read(frame), box, linear) for frame in frames
        }
        self.facts = {"device": str(device), "precision": str(dtype), "model_size": preparer.model_size}

    def read(self, frame: int) -> npt.NDArray[Any]:
        """A plate from its file."""
        from . import exr

        return exr.read(Path(self._work.plates) / f"plate.{frame}.exr")

    def write(self, frame: int, matte: npt.NDArray[np.float16]) -> None:
        """A matte to its file."""
        from . import exr

        exr.write(Path(self._work.mattes) / f"matte.{frame}.exr", matte[..., None], ("A",))

    def take(self, frame: int) -> Tensor:
        """A plate that lies prepared: what the window runner asks of a feed."""
        return self._prepared[frame]

    def baseline(self) -> None:
        """The whole shot as a straightforward program does it."""
        from .baseline import run

        size, cap = self._params.size, self._params.max_resolution
        run(self._plain, self._work.plan, size=size, max_resolution=cap, read=self.read, write=self.write)

    def model(self) -> None:
        """The whole shot through the engine's model alone: alphas go nowhere."""
        import torch
        from gvm_matte.engine.pipeline.windows import WindowRunner

        runner = WindowRunner(
            model=self._model,
            params=self._params,
            plan=self._work.plan,
            plates=self,
            noise=None,
            stage=lambda _: None,
        )
        for _, alpha in runner.alphas(range(self._work.first, self._work.last + 1)):
            if alpha.is_cuda:
                torch.cuda.synchronize()  # else the clock stops before the GPU


def main() -> None:
    """Serves one benchmark until its stdin ends."""
    from .timing import clock

    runs = Runs(Work(**json.loads(sys.stdin.readline())))
    print(json.dumps(runs.facts), flush=True)
    works = {"baseline": runs.baseline, "model": runs.model}
    for line in sys.stdin:
        print(json.dumps({"seconds": clock(works[line.strip()])}), flush=True)


if __name__ == "__main__":
    main()
