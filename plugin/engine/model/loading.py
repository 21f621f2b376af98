"""Tensors from files into networks that are on the meta device, one at a time, straight to where they shall be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from ...core.errors import WeightsCorruptError, WeightsMismatchError
from .tensor_files import PICKLE_SUFFIXES, Component, TensorInfo, load_pickle

Shapes = Mapping[str, tuple[int, ...]]


def shapes_of(network: nn.Module) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the tensors that a network wants."""
    return {name: tuple(one.shape) for name, one in network.state_dict().items()}


def check_names(found: Mapping[str, TensorInfo], layouts: Sequence[Shapes], what: str, folder: Path) -> None:
    """Whether the tensors are exactly those of one of `layouts`; the first is the one to which faults are told.

    Raises:
        WeightsMismatchError: missing, unexpected, or of another shape; names the first five of each and the count.
    """
    if not any(found.keys() == layout.keys() for layout in layouts):
        # a layout that is nearer to what is there makes for the shorter, truer list
        nearest = min(layouts, key=lambda layout: len(found.keys() ^ layout.keys()))
        faults = _list("missing", sorted(nearest.keys() - found.keys()))
        faults += _list("unexpected", sorted(found.keys() - nearest.keys()))
        raise WeightsMismatchError(
            f"The tensors in {folder} are not those of the {what} that its config.json describes: {'; '.join(faults)}.",
            path=str(folder),
        )
    wanted = next(layout for layout in layouts if found.keys() == layout.keys())
    wrong = [
        f"{name} {list(found[name].shape)} instead of {list(shape)}"
        for name, shape in sorted(wanted.items())
        if found[name].shape != shape
    ]
    if wrong:
        raise WeightsMismatchError(
            f"Tensors in {folder} do not fit the {what} that its config.json describes: "
            f"{'; '.join(_list('of another shape', wrong))}.",
            path=str(folder),
        )


def _list(label: str, names: Sequence[str]) -> list[str]:
    if not names:
        return []
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return [f"{len(names)} {label} ({', '.join(names[:5])}{more})"]


def read_tensors(component: Component) -> Iterator[tuple[str, Callable[[], Tensor]]]:
    """Name and reader of each tensor, file by file. A tensor that is not asked for is not read.

    Raises:
        WeightsCorruptError: a file changed since its header was checked.
    """
    for file in component.files:
        if file.suffix in PICKLE_SUFFIXES:
            for name, tensor in load_pickle(file).items():
                yield name, lambda tensor=tensor: tensor  # type: ignore[misc]
            continue
        try:
            with safe_open(file, "pt") as opened:
                for name in opened.keys():  # noqa: SIM118  (not a mapping)
                    yield name, lambda name=name: opened.get_tensor(name)  # type: ignore[misc]
        except (SafetensorError, OSError) as exc:
            raise WeightsCorruptError(f"{file} cannot be read: {exc}. Copy it again.", path=str(file)) from exc


def fill(
    network: nn.Module,
    component: Component,
    *,
    device: torch.device,
    dtype: torch.dtype,
    progress: Callable[[float], None],
) -> None:
    """Puts a component's tensors into `network`; those that it has no place for are not read from the disk.

    Args:
        network: on the meta device; each of its tensors becomes one of `dtype` on `device`.
        progress: called with the fraction of tensors that are there, 0 to 1.
    """
    wanted = shapes_of(network).keys()
    done = 0
    for name, read in read_tensors(component):
        if name not in wanted:
            continue
        owner, _, leaf = name.rpartition(".")
        # a copy, never the file's mapping: weights that are overwritten must not change or kill a running engine
        tensor = read().to(device=device, dtype=dtype, copy=True)
        setattr(network.get_submodule(owner), leaf, nn.Parameter(tensor, requires_grad=False))
        done += 1
        progress(done / len(wanted))
