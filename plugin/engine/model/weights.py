"""Which weights a job uses: where they are looked for, what they are, and whether they fit what was asked.

Layout, as diffusers writes it: `vae/`, `unet/` and `scheduler/` in one folder. What is described here has been looked
at by its headers and configs alone (a few milliseconds); `loading.py` puts the tensors into the networks.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import WeightsCorruptError, WeightsMismatchError, WeightsMissingError
from ...core.paths import application_data
from .tensor_files import Component, fingerprint, has_tensors, looked_for, read_component, read_header, read_json

BUILTIN = Path(__file__).resolve().parents[1] / "builtin"
BUILTIN_NAME = "built-in"
ENVIRONMENT = "GVM_MODEL_BASE"
SOURCE = (
    "The weights are geyongtao/gvm on Hugging Face, about 5 GB; check the licence first "
    "(BSD-2 academic or CC BY-NC-SA 4.0, sources differ)."
)
KINDS = ("svd", "dav")
ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_FILES = (
    "pytorch_lora_weights.safetensors",
    "pytorch_lora_weights.pt",
    "pytorch_lora_weights.bin",
    "adapter_model.safetensors",
    "adapter_model.pt",
    "adapter_model.bin",
)
# `_class_name` in a UNet's config.json, as diffusers, Depth Any Video and this package write it.
CLASS_KINDS = {
    "UNetSpatioTemporalConditionModel": "svd",
    "SvdUNet": "svd",
    "UNetSpatioTemporalRopeConditionModel": "dav",
    "DavUNet": "dav",
}
VAE_CLASS = "AutoencoderKLTemporalDecoder"


@dataclass(frozen=True)
class WeightFiles:
    """A set of weights, found and described, not loaded.

    Attributes:
        base: the folder that the search ended in.
        vae, unet: the networks' own folders.
        scheduler: folder with `scheduler_config.json`, or None for a default flow matching scheduler.
        lora: folder with a PEFT adapter, or None.
        kind: `svd` or `dav`.
        fingerprint: 32 hex digits over tensors and configs, for headers and digests (see `tensor_files.fingerprint`).
        name: for people: the folder's name, or `built-in`.
        notices: sentences that the user should read once.
    """

    base: Path
    vae: Path
    unet: Path
    scheduler: Path | None
    lora: Path | None
    kind: str
    fingerprint: str
    name: str
    notices: tuple[str, ...] = ()

    @property
    def is_builtin(self) -> bool:
        """Whether this is the small model that comes with the package."""
        return self.name == BUILTIN_NAME


def user_folder() -> Path:
    """Where a user keeps weights for all projects: the platform's own place for application data."""
    return application_data() / "weights"


def default_search() -> tuple[Path, ...]:
    """The folders that are searched, in order, when neither a flag nor $GVM_MODEL_BASE names one."""
    return Path("data", "weights"), user_folder(), BUILTIN


def find_weights(
    *,
    model_base: str = "",
    unet_base: str = "",
    lora_base: str = "",
    pretrain_type: str = "auto",
    search: Sequence[Path] | None = None,
) -> WeightFiles:
    """The weights for a job.

    Args:
        model_base: folder with `vae/`, `unet/`, `scheduler/`. Empty: $GVM_MODEL_BASE, else the first folder of `search`
            that holds weights. A folder that was named must hold them: nothing else is taken in its place.
        unet_base: a folder that holds `unet/`, or the UNet's own folder. Empty: `unet/` in the base.
        lora_base: folder of a PEFT adapter. The UNet's own folder without an adapter in it is let pass with a notice.
        pretrain_type: `svd`, `dav`, or `auto` for what config and tensors say.
        search: folders for an empty `model_base`, in order; $GVM_MODEL_BASE is not looked at where it is given.

    Raises:
        WeightsMissingError: no weights, no config, a shard or an adapter that is not there; names each path.
        WeightsCorruptError: a file is truncated or not what its name says.
        WeightsMismatchError: the config, the tensors and `pretrain_type` contradict each other.
    """
    if pretrain_type not in ("auto", *KINDS):
        raise WeightsMismatchError(f'The pretrain type is "auto", "svd" or "dav", not "{pretrain_type}".')

    # 1. the folders
    base, named = _base(model_base, search)
    vae_folder = base / "vae"
    unet_folder = _unet_folder(unet_base, base)
    scheduler = base / "scheduler" if (base / "scheduler" / "scheduler_config.json").is_file() else None
    builtin = base.resolve() == BUILTIN.resolve() and not unet_base
    notices: list[str] = []
    if builtin and not named:
        notices.append(f"No weights were named or found, so the small built-in model is used. {SOURCE}")

    # 2. what is in them
    vae, unet = _component("VAE", vae_folder), _component("UNet", unet_folder)
    if vae.config.get("_class_name", VAE_CLASS) != VAE_CLASS:
        raise WeightsMismatchError(
            f"{vae_folder / 'config.json'} describes a {vae.config['_class_name']}; Generative Video Matting decodes with "
            f"an {VAE_CLASS}. {SOURCE}",
            path=str(vae_folder),
        )
    vae.tensors()
    kind = _kind(unet, pretrain_type, notices)
    lora = _lora_folder(lora_base, unet_folder, notices)

    # 3. what they are called
    labelled = [(f"vae/{path.name}", path) for path in (vae_folder / "config.json", *vae.files)]
    labelled += [(f"unet/{path.name}", path) for path in (unet_folder / "config.json", *unet.files)]
    if scheduler is not None:
        read_json(scheduler / "scheduler_config.json")
        labelled.append(("scheduler/scheduler_config.json", scheduler / "scheduler_config.json"))
    if lora is not None:
        labelled += [(f"lora/{path.name}", path) for path in (lora / ADAPTER_CONFIG, adapter_file(lora))]
    name = BUILTIN_NAME if builtin else base.resolve().name
    return WeightFiles(
        base, vae_folder, unet_folder, scheduler, lora, kind, fingerprint(labelled), name, notices=tuple(notices)
    )


def _base(model_base: str, search: Sequence[Path] | None) -> tuple[Path, bool]:
    """The folder, and whether the user named it."""
    origin = "--model-base"
    if not model_base and search is None:
        model_base, origin = os.environ.get(ENVIRONMENT, ""), f"${ENVIRONMENT}"
    if model_base:
        base = Path(model_base).expanduser()
        if not base.is_dir():
            raise WeightsMissingError(f"{origin} names {base}, and there is no such folder. {SOURCE}", path=str(base))
        return base, True
    folders = default_search() if search is None else search
    for base in folders:
        # half a set is taken too, and then reported: falling through to other weights would hide a broken copy
        if any(has_tensors(base / name) for name in ("vae", "unet")):
            return base, False
    looked = "\n".join(f"  {path}" for base in folders for path in looked_for(base / "unet")[:1])
    raise WeightsMissingError(
        f"There are no weights. Looked for, in this order:\n{looked}\n{SOURCE} "
        f"Put vae/, unet/ and scheduler/ into one of these folders, or name yours with --model-base or ${ENVIRONMENT}."
    )


def _unet_folder(unet_base: str, base: Path) -> Path:
    if not unet_base:
        return base / "unet"
    folder = Path(unet_base).expanduser()
    for candidate in (folder / "unet", folder):
        if has_tensors(candidate):
            return candidate
    looked = "\n".join(f"  {path}" for one in (folder / "unet", folder) for path in looked_for(one))
    raise WeightsMissingError(f"--unet-base {folder} holds no UNet. Looked for:\n{looked}\n{SOURCE}", path=str(folder))


def _component(what: str, folder: Path) -> Component:
    try:
        return read_component(folder)
    except WeightsMissingError as exc:
        raise WeightsMissingError(f"The {what} is not complete. {exc.message}\n{SOURCE}", path=exc.path) from exc


def _kind(unet: Component, asked: str, notices: list[str]) -> str:
    """`svd` or `dav`. The tensors decide, since only one of the two networks can hold them."""
    count = sum("time_pos_embed." in name for name in unet.tensors())
    held = "svd" if count else "dav"
    evidence = f"{unet.files[0].name} has {count or 'no'} time_pos_embed tensors, as {held} has"
    if asked not in ("auto", held):
        raise WeightsMismatchError(
            f"--pretrain-type {asked} was asked for, but in {unet.folder} {evidence}. "
            f"Pass --pretrain-type {held}, or auto.",
            path=str(unet.folder),
        )
    name = unet.config.get("_class_name")
    declared = CLASS_KINDS.get(str(name)) if name is not None else held
    if declared == held:
        return held
    says = f"{unet.folder / 'config.json'} says {name}" + (f", which is {declared}" if declared else "")
    if asked == held:
        notices.append(f"{says}; {evidence}: taken for {held}, as asked.")
        return held
    raise WeightsMismatchError(
        f"{says}, but {evidence}. Pass --pretrain-type {held} to go by the tensors.", path=str(unet.folder)
    )


def adapter_file(folder: Path) -> Path:
    """The file that holds the adapter's tensors.

    Raises:
        WeightsMissingError: there is none.
    """
    for name in ADAPTER_FILES:
        if (folder / name).is_file():
            return folder / name
    looked = "\n".join(f"  {folder / name}" for name in ADAPTER_FILES)
    raise WeightsMissingError(f"There is no LoRA adapter in {folder}. Looked for:\n{looked}", path=str(folder))


def _lora_folder(lora_base: str, unet: Path, notices: list[str]) -> Path | None:
    if not lora_base:
        return None
    folder = Path(lora_base).expanduser()
    if not folder.is_dir():
        raise WeightsMissingError(f"--lora-base names {folder}, and there is no such folder.", path=str(folder))
    names = {path.name for path in folder.iterdir()}
    if not names & {ADAPTER_CONFIG, *ADAPTER_FILES} and folder.resolve() == unet.resolve():
        # the guide's first use case names the UNet's own folder: an adapter may lie in there, or be merged already
        notices.append(f"--lora-base {folder} is the UNet's own folder and holds no adapter: the UNet is used as it is.")
        return None
    path = adapter_file(folder)
    if ADAPTER_CONFIG not in names:
        raise WeightsMissingError(
            f"{folder / ADAPTER_CONFIG} is missing: without it the adapter's rank and scale are unknown.", path=str(folder)
        )
    config = read_json(folder / ADAPTER_CONFIG)
    if str(config.get("peft_type", "LORA")).upper() != "LORA":
        raise WeightsMismatchError(
            f"{folder / ADAPTER_CONFIG} is a {config['peft_type']} adapter, not LoRA.", path=str(path)
        )
    if not read_header(path):
        raise WeightsCorruptError(f"{path} holds no tensors. Copy it again.", path=str(path))
    return folder
