"""What a farm job was made with, held against what a worker has: mattes of two versions or weights do not go together.

A farm has many computers, and they are not upgraded at once. A task names the version of GVM Matte and the weights that
its job was made with, and fails where it finds others, before anything is rendered. So does a task of a job that asked for
GPUs where there is none: `auto` would take the processor there, whose mattes have another precision than all the others.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any, MutableMapping

from ... import __version__
from ...core.errors import VersionMismatchError, WeightsMismatchError
from ...params.keys import ShotParams

_SHOWN = 8  # digits of a fingerprint
_GPU = "mps" if sys.platform == "darwin" else "cuda"  # what `auto` takes on this kind of computer, if it takes a GPU


def add_needs(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    group = parser.add_argument_group("what a farm job was made with", "a worker that has others fails its tasks")
    group.add_argument("--needs-version", default="", metavar="V", help="of GVM Matte")
    group.add_argument("--needs-weights", default="", metavar="TYPE-HASH", help="as `gvm-matte farm bundle` names them")
    group.add_argument("--needs-gpu", action="store_true", help="--device auto takes a GPU, and no CPU where there is none")


def check_needs(args: argparse.Namespace, params: MutableMapping[str, Any]) -> None:
    """Holds a task's needs against what is here.

    Args:
        params: of the task. Where it needs a GPU and the device is `auto`, the device becomes this computer's GPU: the
            engine, which knows what there is, then says what is wrong with it.

    Raises:
        VersionMismatchError, WeightsMismatchError: another version, or other weights; says which and what to do.
        WeightsError: there are none here, or broken ones.
        ParamError: wrong parameters.
    """
    if args.needs_version and args.needs_version != __version__:
        raise VersionMismatchError(
            f"This worker has GVM Matte {__version__}, and the job was made with {args.needs_version}: their mattes do not "
            f"go together. Install {args.needs_version} on the worker, or make the job again with {__version__}."
        )
    if args.needs_gpu and params.get("device", "auto") == "auto":
        params["device"] = _GPU
    if not args.needs_weights:
        return
    base = ShotParams.of(params).base
    words, name, path = weights_of(base.model_base, base.unet_base, base.lora_base, base.pretrain_type)
    if words != args.needs_weights:
        raise WeightsMismatchError(
            f"This worker has the weights {name} ({_short(words)}) in {path}, and the job was made with others "
            f"({_short(args.needs_weights)}): their mattes do not go together. Put the same weights there, or make the job "
            "again.",
            path=path,
        )


def weights_of(model_base: str, unet_base: str, lora_base: str, pretrain_type: str) -> tuple[str, str, str]:
    """(`svd-` and 32 hex digits, name, folder) of the weights that such parameters mean here; nothing is loaded.

    Raises:
        WeightsError: there are none, or broken ones.
    """
    from ...engine.model.weights import find_weights

    files = find_weights(model_base=model_base, unet_base=unet_base, lora_base=lora_base, pretrain_type=pretrain_type)
    return f"{files.kind}-{files.fingerprint}", files.name, str(files.base)


def _short(words: str) -> str:
    kind, _, digits = words.partition("-")
    return f"{kind} {digits[:_SHOWN]}"
