"""What the node adds to a warm engine: Render Current Block through the node, against the same job asked for directly.

    python -m benchmarks.node [--rounds N] [--plate WxH] [--size N] [--model-base DIR]

Both ask the same warm engine for the same block of the same plates and write it anew every time. "Through the node" is the
button's function in a GUI session of the embedded host until the node shows the matte, event loop included. The difference
of the two is noisy where the machine is busy; the time that a render spends outside its call of the engine is not, so it
stands beside it. A branch is measured, too: there Nuke renders the plates meanwhile, and the engine waits for them.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from gvm_matte.client import MatteSession, stop_warm_engine
from gvm_matte.host import Host

from .exr import write_plates
from .machine import facts
from .report import add_options, deliver
from .timing import clock, spread, take_turns

WINDOW = 8
FIRST = 1001


def main() -> None:
    """Measures and prints."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="gn") as folder:
        os.environ["GVM_ENGINE_FILE"] = str(Path(folder, "engine.json"))
        try:
            seconds = _measure(Path(folder), options)
        finally:
            stop_warm_engine()
    outside = seconds.pop("outside")
    over = [node - engine for node, engine in zip(seconds["node"], seconds["engine"])]
    result = {
        "benchmark": "node", "machine": facts(), "plate": options.plate, "frames": WINDOW,
        "seconds": {name: spread(values) for name, values in seconds.items()}, "overhead": spread(over),
        "outside": spread(outside),
    }  # fmt: skip
    rows = [
        ["the job asked for directly", *_ms(seconds["engine"])],
        ["Render Current Block, plate from a Read", *_ms(seconds["node"])],
        ["Render Current Block, plate from a Grade", *_ms(seconds["branch"])],
        ["the node's overhead, as the difference (goal: 50 ms)", *_ms(over)],
        ["… as time outside the call of the engine", *_ms(outside)],
    ]
    deliver(result, options, columns=["", "median", "least", "most"], rows=rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--plate", default="320x192", metavar="WxH")
    parser.add_argument("--size", type=int, default=64, help="the model's shorter edge")
    parser.add_argument("--model-base", default="", help="default: as everywhere, in the end the built-in model")
    add_options(parser)
    return parser.parse_args()


def _measure(folder: Path, options: argparse.Namespace) -> dict[str, list[float]]:
    width, height = (int(number) for number in options.plate.split("x"))
    pattern = write_plates(folder / "plates", width=width, height=height, frames=WINDOW)
    with Host(gui=True) as host:
        import gvm_matte.nodes as gvm
        import nuke

        nuke.root()["name"].setValue(str(folder / "shot.nk"))
        read = nuke.nodes.Read(file=pattern, first=FIRST, last=FIRST + WINDOW - 1)
        nodes = [gvm.create(read), gvm.create(nuke.nodes.Grade(inputs=[read]))]
        for node in nodes:
            for name, value in {
                "num_frames_per_batch": WINDOW, "decode_chunk_size": WINDOW, "size": options.size,
                "existing": "overwrite", "model_base": options.model_base,
            }.items():  # fmt: skip
                node[name].setValue(value)
        nuke.frame(FIRST)
        _drain(host, 1.0)
        first = [_through(host, gvm, node) for node in nodes]  # loads the model; does not count
        job = first[0].order.job(range(FIRST, FIRST + WINDOW), {})
        outside: list[float] = []
        works: dict[str, Any] = {
            "engine": lambda: clock(lambda: _direct(job)),
            "node": lambda: _node(host, gvm, nodes[0], outside),
            "branch": lambda: _node(host, gvm, nodes[1], []),
        }
        found = take_turns(works, options.rounds)
        return {**found, "outside": outside}


def _direct(job: Any) -> None:
    with MatteSession(warm=True) as session:
        session.render(job)


def _node(host: Host, gvm: Any, node: Any, outside: list[float]) -> float:
    made: list[Any] = []
    seconds = clock(lambda: made.append(_through(host, gvm, node)))
    outside.append(seconds - made[0].engine_seconds)
    _drain(host, 0.6)  # the look afterwards is not part of the next round
    return seconds


def _through(host: Host, gvm: Any, node: Any) -> Any:
    made = gvm.render_block(node)
    host.run_until(lambda: not gvm.is_rendering(node), timeout=600.0)
    if made.error is not None:
        raise made.error
    return made


def _drain(host: Host, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        host.process_events(0.02)


def _ms(values: list[float]) -> list[str]:
    return [f"{value * 1e3:.1f} ms" for value in (statistics.median(values), min(values), max(values))]


if __name__ == "__main__":
    main()
