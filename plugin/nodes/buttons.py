"""What the panel's buttons do. Errors become a message; each button says what it lacks where something is not installed."""

from __future__ import annotations

import importlib
from typing import Any, Callable, Dict, Optional

import nuke

from ..client import MatteSession
from ..core.errors import GvmMatteError, UsageError
from ..core.paths import frame_path
from ..params.presets import user_folder
from . import graph, matte_state, names, order, output, preset_menu, renders, values
from .matte_header import read_strings
from .monitored import MonitoredMatte


def press(name: str) -> None:
    """Does what a button of `nuke.thisNode()` says; an error is told in a message, never raised into Nuke."""
    node = nuke.thisNode()
    try:
        _BUTTONS[name](node)
    except (GvmMatteError, RuntimeError) as exc:  # the latter: Nuke's own, of an expression for instance
        nuke.message(f"{node.name()}: {values.words(exc)}")


def reload(node: nuke.Node) -> None:
    """Looks at the files again."""
    graph.reload(node)
    matte_state.show_problems(node)
    matte_state.quick(node)
    if nuke.GUI:
        matte_state.look_soon(node)
    else:
        matte_state.look(node)


def _render(node: nuke.Node) -> None:
    renders.render(node)


def _render_block(node: nuke.Node) -> None:
    renders.render_block(node)


def _cancel(node: nuke.Node) -> None:
    if not renders.cancel(node):
        raise UsageError("nothing renders here.")


def _monitor(node: nuke.Node) -> None:
    lacking = "The monitor comes with the folder gvm_matte/ui and needs PySide."
    _other("gvm_matte.ui", "open_monitor", lacking)(node=MonitoredMatte(node))


def _submit(node: nuke.Node) -> None:
    """Opens the submitter; without windows it saves the job beside the mattes, as a bundle that farms take."""
    lacking = "Submitting comes with the folder gvm_matte/farm."
    job_of, folder_of, write = (
        _other("gvm_matte.nodes.submitting", name, lacking) for name in ("job_of", "default_folder", "bundle_of")
    )
    window = _submitter()
    if window is not None:
        job, _ = job_of(node)
        shot = window.Shot(
            input=job.input, output=job.output, span=f"{job.shot[0]}-{job.shot[1]}", name=job.name, node=node.fullName(),
            script=str(nuke.root()["name"].value()), params=job.params,
        )  # fmt: skip
        blocks = job.settings.blocks_per_chunk
        window.open_submitter(shot, **({"blocks_per_chunk": blocks} if blocks > 1 else {}))  # 1: the knob was not touched
        return
    folder = folder_of(node)
    write(node, folder)
    nuke.message(
        f"The job is in {folder}. `gvm-matte farm submit {folder} --engine openjd` runs it on this computer; "
        f"`deadline bundle submit {folder}` sends it to a farm."
    )


def _submitter() -> Optional[Any]:
    """The submitter's module, where this session has windows and Qt; a terminal session does not even look."""
    if not nuke.GUI:
        return None
    try:
        module = importlib.import_module("gvm_matte.ui.submitter")
    except ImportError:
        return None
    return module if module.can_open() else None


def _other(module: str, function: str, lacking: str) -> Callable[..., Any]:
    """A function of a part that may not be there.

    Raises:
        UsageError: it is not.
    """
    try:
        return getattr(importlib.import_module(module), function)  # type: ignore[no-any-return]
    except (ImportError, AttributeError) as exc:
        raise UsageError(f"{lacking} Here it is missing: {exc}.") from exc


def _check_engine(node: nuke.Node) -> None:
    try:
        with MatteSession(warm=True) as session:
            status = session.engine().status()
        text = f"{status.state} on {status.device}, version {status.package}, process {status.pid}"
    except GvmMatteError as exc:
        text = f"No engine: {exc.message} Run `python3 install engine`, or set GVM_ENGINE_PYTHON."
    with names.untracked():
        node[names.ENGINE].setValue(text)


def _metadata(node: nuke.Node) -> None:
    taken = order.take(node)
    frame = int(nuke.frame())
    path = frame_path(taken.path, frame - taken.offset)
    strings = {key: value for key, value in read_strings(path).items() if key.startswith("gvm:")}
    nuke.message("\n".join([path, *(f"{key}: {value}" for key, value in sorted(strings.items()))] if strings else [
        f"{path} is not there, or not made by GVM Matte."
    ]))  # fmt: skip


def _choose_output(node: nuke.Node) -> None:
    path = nuke.getFilename("Mattes, with #### for the frame", "*.exr", output.raw(node))
    if path:
        node[names.OUTPUT].setValue(str(path))


def _save_preset(node: nuke.Node) -> None:
    path = _ask("Save preset as")
    if path is not None:
        preset_menu.save(node, path)


def _load_preset(node: nuke.Node) -> None:
    path = _ask("Load preset")
    if path is not None:
        preset_menu.load(node, path)


def _ask(what: str) -> Optional[str]:
    path = nuke.getFilename(what, "*.json", f"{user_folder()}/")
    if not path:
        return None
    return str(path) if str(path).endswith(".json") else f"{path}.json"


_BUTTONS: Dict[str, Callable[[nuke.Node], None]] = {
    "render": _render,
    "render_block": _render_block,
    "cancel": _cancel,
    "reload": reload,
    "monitor": _monitor,
    "submit": _submit,
    "check_engine": _check_engine,
    "metadata": _metadata,
    "choose_output": _choose_output,
    "save_preset": _save_preset,
    "load_preset": _load_preset,
}
