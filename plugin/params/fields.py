"""Every parameter of GVM Matte, declared once.

Knobs, command line, farm jobs, presets and docs are made from what is here: a field of `MatteParams` is a parameter, and
its `ParamSpec` says how it is shown. `affects` says what a change of it makes stale:

    pixels   the matte's values: part of a frame's digest
    file     how the matte is stored: part of the digest too, since the file would differ
    work     how the work is done (device, resume): not part of it
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, Dict, Mapping, Optional, Tuple, get_type_hints

from ..core.devices import devices_of
from ..core.errors import ParamError
from .channels import CHOICES, Channels
from .edges import EDGES
from .spec import CLI, FILE, WORK, ParamSpec, param

OVERLAP = "num_overlap_frames"


def auto_overlap(window: int) -> int:
    """Frames that neighbouring windows share where the user named no number: half a window at most."""
    return min(6, window // 2)


matte, model, output = (partial(param, group=group) for group in ("Matte", "Model", "Output"))


@dataclass(frozen=True)
class MatteParams:
    """One job's parameters. Construction checks every value, alone and against the others, and resolves the overlap.

    Raises:
        ParamError: a value that the parameter cannot have, or an overlap of more than half a window.
    """

    # -- Matte
    mode: str = matte("matte", "Mode", choices=("matte",), help="What is computed; the released model knows mattes.")
    input_colorspace: str = matte(
        "",
        "Input colour space",
        help="Colour space of the plate: a name, role or alias of the OCIO config, srgb, or raw for display-referred "
        "values as they are. Empty: what the file says, then the config's file rules, then scene-linear for float files "
        "and sRGB for integer ones.",
    )
    ocio: str = matte(
        "",
        "OCIO config",
        kind="path",
        help="OpenColorIO config: a file, or a built-in one as ocio://NAME. Empty: $OCIO, then the built-in ACES studio "
        "config, with which scene_linear means linear light with Rec.709 primaries.",
    )
    input_view: str = matte(
        "srgb",
        "Input view",
        help="How scene-linear light becomes what the model sees: srgb is the plain sRGB curve, which clips above 1; or a "
        "view of the OCIO config as DISPLAY/VIEW, or VIEW of its default display. Plates that are display-referred "
        "already stay as they are.",
    )
    exposure: float = matte(
        0.0,
        "Exposure",
        span=(-20.0, 20.0),
        usual=(-4.0, 4.0),
        unit="stops",
        keyable=True,
        help="Brightens the plate before the view, for the model's eyes only: a subject in the dark is matted better.",
    )
    view: str = matte("", "View", help="View of a stereo plate (left, right). Empty: the file's own first or default view.")
    layer: str = matte("", "Layer", help="Layer of the plate to look at, e.g. beauty. Empty: R, G, B.")
    edge: str = matte(
        "rescale",
        "Edge treatment",
        choices=tuple(EDGES),
        keyable=True,
        help="; ".join(f"{name} {edge.help}" for name, edge in EDGES.items()) + ".",
    )
    black_point: float = matte(25 / 255, "Black point", span=(0.0, 1.0), keyable=True, help="Alpha up to here becomes 0.")
    white_point: float = matte(
        240 / 255, "White point", span=(0.0, 1.0), keyable=True, help="Alpha from here on becomes 1."
    )
    gamma: float = matte(
        1.0,
        "Gamma",
        span=(0.01, 100.0),
        usual=(0.2, 5.0),
        keyable=True,
        help="After the edge treatment alpha becomes alpha^(1/gamma): above 1 thickens soft edges, below 1 thins them.",
    )
    upsample: str = matte(
        "bilinear",
        "Upsampling",
        choices=("bilinear", "guided"),
        help="From the model's resolution to the plate's: bilinear, or guided by the plate's own edges and colours, for "
        "plates that are larger than the model's resolution.",
    )
    area: str = matte(
        "display",
        "Processed area",
        choices=("display", "data"),
        help="display processes the display window; data the union of the plates' data windows over the shot.",
    )
    roi: str = matte(
        "",
        "Region",
        kind="box",
        unit="pixels",
        keyable=True,
        help="Box x,y,r,t (left, bottom, right, top; from the bottom left of the display window, as in Nuke). Only it and "
        "a small margin go to the model, at the model's full resolution; outside it alpha is 0.",
    )
    garbage: str = matte(
        "",
        "Garbage matte",
        kind="path",
        help="Sequence, image or video whose 1 forces alpha to 0. It wins over the core matte.",
    )
    garbage_channel: str = matte(
        "", "Garbage channel", help="Channel of the garbage matte. Empty: A, else the grey one, else the first."
    )
    core: str = matte(
        "",
        "Core matte",
        kind="path",
        help="Sequence, image or video whose 1 forces alpha to 1 (holdout of the subject's inside).",
    )
    core_channel: str = matte(
        "", "Core channel", help="Channel of the core matte. Empty: A, else the grey one, else the first."
    )
    missing: str = matte(
        "error",
        "Missing plates",
        choices=("error", "black", "nearest"),
        help="What stands in for a plate that is missing or cannot be read: an error, black, or the nearest frame.",
    )
    # -- Model
    model_base: str = model(
        "",
        "Model folder",
        kind="path",
        help="Folder with vae/, unet/ and scheduler/. Empty: $GVM_MODEL_BASE, data/weights, the user's weights folder, "
        "then the built-in small model.",
    )
    unet_base: str = model(
        "", "UNet folder", kind="path", help="Folder that holds unet/, or the UNet's own. Empty: the model folder."
    )
    lora_base: str = model("", "LoRA folder", kind="path", help="Folder with a PEFT adapter. Empty: none.")
    pretrain_type: str = model(
        "auto",
        "Pretrained type",
        choices=("auto", "svd", "dav"),
        help="Which UNet the weights are for. auto reads it from the weights; naming the wrong one is an error.",
    )
    num_frames_per_batch: int = model(
        32,
        "Frames per batch",
        span=(1, 256),
        unit="frames",
        help="Temporal window: frames in one pass of the UNet. Takes the most memory: 4 for 8 GB, 8 for 12 GB, 12 for "
        "16 GB, 16 for 24 GB.",
    )
    num_overlap_frames: int = model(
        None,
        "Overlap frames",
        unset="auto",
        span=(0, 128),
        unit="frames",
        help="Frames that neighbouring windows share and blend; at most half the frames per batch. More hides seams. "
        "auto is 6, or half the window where that is less.",
    )
    num_interp_frames: int = model(
        16,
        "Interpolated frames",
        span=(0, 64),
        unit="frames",
        help="Frames between key frames, for weights that have an interpolation UNet (unet_interp/). The released "
        "weights have none, so there it has no effect.",
    )
    decode_chunk_size: int = model(
        16,
        "Decode group",
        span=(1, 256),
        unit="frames",
        help="Frames in one pass of the decoder. Lower it after the frames per batch when memory runs out.",
    )
    denoise_steps: int = model(
        1,
        "Denoise steps",
        span=(1, 3),
        help="Passes of the UNet. The released model is made for 1; 2 and 3 cost as many times the UNet's time.",
    )
    noise_type: str = model(
        "zeros",
        "Noise",
        choices=("zeros", "gaussian"),
        help="Start of the denoising. zeros for the released one-step model; gaussian is drawn per absolute frame.",
    )
    seed: int = model(
        0,
        "Seed",
        span=(0, 2**31 - 1),
        help="Start of the random numbers of gaussian noise; the same seed gives the same matte.",
    )
    noise_file: str = model(
        "",
        "Noise file",
        kind="path",
        faces=frozenset({CLI}),
        help="A safetensors file whose tensor `noise` [N,C,h,w] stands in for the random draw, one entry for each frame of "
        "the shot: to compare gaussian noise with another program.",
    )
    size: int = model(720, "Size", span=(32, 8192), unit="pixels", help="The model's shorter edge.")
    max_resolution: int = model(
        1024,
        "Max resolution",
        span=(32, 8192),
        unit="pixels",
        help="Cap on the model's longer edge. Lower it (960, 720, 512) for speed and memory.",
    )
    max_frames: Optional[int] = model(
        None,
        "Max frames",
        unset="no limit",
        span=(1, 10_000_000),
        unit="frames",
        affects=WORK,
        help="Stop after so many frames of what was asked for. The windows stay those of the whole shot, so a quick "
        "test shows the frames that the final render will have.",
    )
    device: str = model(
        "auto",
        "Device",
        affects=WORK,
        help="auto, cpu, cuda, cuda:N or mps. auto takes CUDA where there is one. Several of one kind with commas "
        "between them, such as cuda:0,cuda:1, share the shot's blocks: each has an engine of its own.",
    )
    precision: str = model(
        "auto",
        "Precision",
        choices=("auto", "fp32", "fp16", "bf16"),
        help="Number format of the computation. auto is fp16 on CUDA and fp32 elsewhere.",
    )
    # -- Output
    channels: str = output(
        "alpha",
        "Channels",
        kind="channels",
        choices=CHOICES,
        affects=FILE,
        help="What the file holds: alpha is A; rgba-premult and rgba-unpremult add the foreground's colours, estimated "
        "without the background's spill, in the plate's own colour space; layer:NAME is the alpha as NAME.A.",
    )
    datatype: str = output("half", "Data type", choices=("half", "float"), affects=FILE, help="16 or 32 bit float.")
    compression: str = output(
        "zips",
        "Compression",
        choices=("none", "rle", "zips", "zip", "piz", "dwaa", "dwab"),
        affects=FILE,
        help="EXR compression, all without loss for an alpha. zips reads fastest in Nuke.",
    )
    existing: str = output(
        "resume",
        "Existing frames",
        choices=("resume", "overwrite"),
        affects=WORK,
        help="resume keeps a frame on disk if its digest shows that it would come out the same; overwrite renders all.",
    )

    def __post_init__(self) -> None:
        checked = {spec.name: spec.check(getattr(self, spec.name)) for spec in SPECS}
        if checked[OVERLAP] is None:  # from here on it is a number: digests and headers hold what was rendered with
            checked[OVERLAP] = auto_overlap(checked["num_frames_per_batch"])
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        devices_of(self.device)
        if 2 * self.num_overlap_frames > self.num_frames_per_batch:
            raise ParamError(
                f"Overlap frames (--num-overlap-frames) is {self.num_overlap_frames}; with {self.num_frames_per_batch} "
                f"frames per batch it can be 0 to {self.num_frames_per_batch // 2}.",
                name="num_overlap_frames",
            )
        if self.black_point >= self.white_point:
            raise ParamError(
                f"The black point ({self.black_point:g}) must be below the white point ({self.white_point:g}).",
                name="black_point",
            )

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> MatteParams:
        """From names and values; what is not named has its default.

        Raises:
            ParamError: an unknown name, or a value that is not possible.
        """
        unknown = sorted(set(values) - set(BY_NAME))
        if unknown:
            raise ParamError(f"There is no parameter {', '.join(unknown)}.", name=unknown[0])
        return cls(**values)

    @property
    def file_channels(self) -> Channels:
        """What the matte's file holds, as `channels` says it."""
        return Channels.parse(self.channels)

    def as_dict(self, *affects: str) -> Dict[str, Any]:
        """Names and values, all of them or those that affect what is named (`pixels`, `file`, `work`)."""
        return {s.name: getattr(self, s.name) for s in SPECS if not affects or s.affects in affects}

    def replace(self, **values: Any) -> MatteParams:
        """A copy with other values."""
        return dataclasses.replace(self, **values)


def _specs() -> Tuple[ParamSpec, ...]:
    hints = get_type_hints(MatteParams)
    specs = []
    for item in fields(MatteParams):
        kind = int if hints[item.name] == Optional[int] else hints[item.name]
        specs.append(ParamSpec(name=item.name, type=kind, default=item.default, **item.metadata))
    return tuple(specs)


SPECS = _specs()
BY_NAME = {spec.name: spec for spec in SPECS}
