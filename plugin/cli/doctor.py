"""`gvm-matte doctor`: whether everything is there that a render needs, and what to do where it is not.

`python -m gvm_matte.cli.doctor --json` is the same for a Python that may lack everything: the monitor asks so.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import Any, Callable, Iterator, List, Tuple

from .. import __version__
from ..core.errors import GvmMatteError, WeightsError
from ..core.findings import FAIL, OK, WARN, Finding, report, worst

PACKAGES = ("torch", "diffusers", "peft", "safetensors", "numpy", "OpenImageIO", "opencolorio", "av", "rich")
RING_BYTES = 1 << 30  # eight 4K RGB half plates and their alphas, with room
LITTLE_MEMORY = 6 << 30
INSTALL = "python3 install engine"
NAME_WEIGHTS = "export GVM_MODEL_BASE=/path/to/the/weights"


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser(
        "doctor",
        help="is everything there?",
        description="Looks at the environment, devices, weights, shared memory and the engine process. Exit code 1 if "
        "something is missing that every render needs.",
    )
    add_options(parser)
    parser.set_defaults(run=run)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the subcommand's options."""
    parser.add_argument("--model-base", default="", metavar="FOLDER", help="weights to look at")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument("--verbose", action="store_true", help="where errors come from")


def run(args: argparse.Namespace) -> int:
    """The subcommand."""
    findings: List[Finding] = []
    checks: Tuple[Callable[[argparse.Namespace], Iterator[Finding]], ...] = (
        packages, devices, weights, shared_memory, engine_process,
    )  # fmt: skip
    for check in checks:
        try:
            findings += check(args)
        except Exception as exc:  # a check that breaks is a finding, and the next ones still run
            findings.append(Finding(check.__name__.replace("_", " "), FAIL, f"could not be looked at: {exc!r}"))
    if args.json:
        print(report(findings, __version__))
    else:
        _show(findings)
    return 1 if worst(findings) == FAIL else 0


def _show(findings: List[Finding]) -> None:
    from rich.console import Console
    from rich.table import Table

    colours = {OK: "green", WARN: "yellow", FAIL: "red"}
    table = Table(box=None, pad_edge=False, show_header=False)
    for finding in findings:
        advice = f"\n→ {finding.advice}" if finding.advice else ""
        table.add_row(f"[{colours[finding.state]}]{finding.state}[/]", finding.subject, finding.found + advice)
    Console(highlight=False).print(table)


def packages(_: argparse.Namespace) -> Iterator[Finding]:
    """The engine environment's packages."""
    missing, there = [], []
    for name in PACKAGES:
        try:
            there.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        advice = "Run `python3 install engine`, or install what requirements.lock pins."
        yield Finding("environment", FAIL, f"missing: {', '.join(missing)}", advice, INSTALL)
    else:
        yield Finding("environment", OK, ", ".join(there))


def devices(_: argparse.Namespace) -> Iterator[Finding]:
    """What can compute, and its memory."""
    from ..engine.model.device import describe_devices

    found = describe_devices()
    for device in found:
        total, free = device.get("total"), device.get("free")
        memory = f", {_gib(free)} of {_gib(total)} free" if isinstance(total, int) and isinstance(free, int) else ""
        small = isinstance(total, int) and total < LITTLE_MEMORY and device["device"] != "cpu"
        advice = "Use the preset low-memory; the released model wants 8 GB or more." if small else ""
        yield Finding(f"device {device['device']}", WARN if small else OK, f"{device['name']}{memory}", advice)
    if all(device["device"] == "cpu" for device in found):
        yield Finding(
            "GPU", WARN, "none: the released model is very slow on the CPU",
            "With an NVIDIA card: check the driver with nvidia-smi, and that torch is a CUDA build.", "nvidia-smi",
        )  # fmt: skip


def weights(args: argparse.Namespace) -> Iterator[Finding]:
    """The weights that a render would take."""
    from ..engine.model.weights import find_weights

    try:
        files = find_weights(model_base=args.model_base)
    except WeightsError as exc:
        yield Finding("weights", FAIL, exc.message, "Name the folder with --model-base or $GVM_MODEL_BASE.", NAME_WEIGHTS)
        return
    state = WARN if files.is_builtin else OK
    advice = " ".join(files.notices)
    yield Finding("weights", state, f"{files.name}, type {files.kind}, {files.base} ({files.fingerprint[:12]})", advice,
                  NAME_WEIGHTS if files.is_builtin else "")  # fmt: skip


def shared_memory(_: argparse.Namespace) -> Iterator[Finding]:
    """Room for frame buffers, and in the folder for temporary files."""
    for name, folder in (("shared memory", "/dev/shm"), ("temporary folder", tempfile.gettempdir())):
        if not Path(folder).is_dir():
            yield Finding(name, OK, f"{folder} is not there on this system; frame buffers use the temporary folder")
            continue
        free = shutil.disk_usage(folder).free
        if not os.access(folder, os.W_OK):
            yield Finding(name, WARN, f"{folder} cannot be written", "Frame buffers use the other folder instead.")
        elif free < RING_BYTES:
            advice = f"Plates of 4K and more need about {_gib(RING_BYTES)}; free some, or enlarge the mount."
            mend = "sudo mount -o remount,size=4G /dev/shm" if folder == "/dev/shm" else ""
            yield Finding(name, WARN, f"{folder}: {_gib(free)} free", advice, mend)
        else:
            yield Finding(name, OK, f"{folder}: {_gib(free)} free")


def engine_process(_: argparse.Namespace) -> Iterator[Finding]:
    """Starts an engine, talks to it, ends it; and says whether a warm one runs."""
    from ..client import EngineProcess, find_warm_engine

    warm = find_warm_engine()
    if warm is not None:
        yield Finding("warm engine", OK, f"runs as process {warm.info.pid}")
        warm.close()
    started = time.monotonic()
    process = EngineProcess()
    try:
        engine = process.start()
        up = time.monotonic() - started
        began = time.monotonic()
        engine.ping(timeout=5.0)
        round_trip = time.monotonic() - began
        engine.close()
    except GvmMatteError as exc:
        advice = "Run `python3 install engine`; the log above says what is wrong."
        yield Finding("engine process", FAIL, str(exc), advice, INSTALL)
        return
    finally:
        process.stop()
    yield Finding("engine process", OK, f"answers {up:.2f} s after its start, a ping takes {round_trip * 1000:.1f} ms")


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"


def main() -> int:
    """The command alone: for the Python of an engine, which may lack what the whole command line needs."""
    parser = argparse.ArgumentParser(prog="python -m gvm_matte.cli.doctor")
    add_options(parser)
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
