"""Every parameter of GVM Matte, declared once.

Knobs, command line, farm jobs, presets and docs are made from what is here: a field of `MatteParams` is a parameter, and
its `ParamSpec` says how people see it. `affects` says what a change of it makes stale:

    pixels   the matte's values: part of a frame's digest
    file     how the matte is stored: part of the digest too, since the file would differ
    work     how the work is done (device, resume): not part of it
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field, fields
from typing import Any, Dict, FrozenSet, Mapping, Optional, Tuple, get_type_hints

from .errors import ParamError

CLI, KNOB, FARM = "cli", "knob", "farm"
ALL_FACES = frozenset({CLI, KNOB, FARM})
PIXELS, FILE, WORK = "pixels", "file", "work"
DEFAULT_OVERLAP = 6


@dataclass(frozen=True)
class ParamSpec:
    """How one parameter is shown and checked. Ranges are inclusive; `None` means no limit."""

    name: str
    type: type
    default: Any
    group: str
    label: str
    help: str
    minimum: Optional[float] = None
    maximum: Optional[float] = None
    choices: Tuple[str, ...] = ()
    optional: bool = False  # None is a value: "not set"
    unit: str = ""
    affects: str = PIXELS
    faces: FrozenSet[str] = ALL_FACES

    @property
    def flag(self) -> str:
        """The long option of the command line."""
        return "--" + self.name.replace("_", "-")

    def check(self, value: Any) -> Any:
        """The value in this parameter's type.

        Raises:
            ParamError: wrong type, out of range, or not one of the choices; the message says what is possible.
        """
        if value is None and self.optional:
            return None
        if self.type is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, self.type) or (self.type is int and isinstance(value, bool)):
            raise self._error(value, f"takes {_TYPE_WORDS[self.type]}")
        if self.choices and value not in self.choices:
            raise self._error(value, f"takes one of {', '.join(self.choices)}")
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            low, high = self.minimum, self.maximum
            if not math.isfinite(value) or (low is not None and value < low) or (high is not None and value > high):
                raise self._error(value, f"takes {_range_words(low, high)}{' ' + self.unit if self.unit else ''}")
        return value

    def _error(self, value: object, what: str) -> ParamError:
        return ParamError(f"{self.label} ({self.flag}) {what}, not {value!r}.", name=self.name)


_TYPE_WORDS = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}


def _range_words(low: Optional[float], high: Optional[float]) -> str:
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    return f"{low:g} or more" if low is not None else f"{high:g} or less"


def param(default: Any, *, group: str, label: str, help: str, **more: Any) -> Any:
    """A field of `MatteParams` with what its `ParamSpec` needs."""
    return field(default=default, metadata={"group": group, "label": label, "help": help, **more})


@dataclass(frozen=True)
class MatteParams:
    """One job's parameters. Construction checks every value, alone and against the others.

    Raises:
        ParamError: a value that the parameter cannot have, or an overlap of more than half a window.
    """

    # -- Matte
    mode: str = param(
        "matte", group="Matte", label="Mode", choices=("matte",), help="What is computed; the released model knows mattes."
    )
    input_colorspace: str = param(
        "",
        group="Matte",
        label="Input colour space",
        help="Colour space of the plate: scene_linear, srgb, or raw for display-referred values as they are. "
        "Empty: from the file, else scene-linear for float files and sRGB for integer ones.",
    )
    edge: str = param(
        "rescale",
        group="Matte",
        label="Edge treatment",
        choices=("none", "clamp", "rescale"),
        help="none leaves the model's alpha as it is; clamp sets what is below the black point to 0 and above the white "
        "point to 1; rescale stretches the range between them to 0–1, which keeps hair and motion blur soft.",
    )
    black_point: float = param(
        25 / 255, group="Matte", label="Black point", minimum=0.0, maximum=1.0, help="Alpha up to here becomes 0."
    )
    white_point: float = param(
        240 / 255, group="Matte", label="White point", minimum=0.0, maximum=1.0, help="Alpha from here on becomes 1."
    )
    area: str = param(
        "display",
        group="Matte",
        label="Processed area",
        choices=("display", "data"),
        help="display processes the display window; data the union of the plates' data windows over the shot.",
    )
    missing: str = param(
        "error",
        group="Matte",
        label="Missing plates",
        choices=("error", "black", "nearest"),
        help="What stands in for a plate that is missing or cannot be read: an error, black, or the nearest frame.",
    )
    # -- Model
    model_base: str = param(
        "",
        group="Model",
        label="Model folder",
        help="Folder with vae/, unet/ and scheduler/. Empty: $GVM_MODEL_BASE, data/weights, the user's weights folder, "
        "then the built-in small model.",
    )
    unet_base: str = param(
        "", group="Model", label="UNet folder", help="Folder that holds unet/, or the UNet's own. Empty: the model folder."
    )
    lora_base: str = param("", group="Model", label="LoRA folder", help="Folder with a PEFT adapter. Empty: none.")
    pretrain_type: str = param(
        "auto",
        group="Model",
        label="Pretrained type",
        choices=("auto", "svd", "dav"),
        help="Which UNet the weights are for. auto reads it from the weights; naming the wrong one is an error.",
    )
    num_frames_per_batch: int = param(
        32,
        group="Model",
        label="Frames per batch",
        minimum=1,
        maximum=256,
        unit="frames",
        help="Temporal window: frames in one pass of the UNet. Takes the most memory: 4 for 8 GB, 8 for 12 GB, 12 for "
        "16 GB, 16 for 24 GB.",
    )
    num_overlap_frames: int = param(
        DEFAULT_OVERLAP,
        group="Model",
        label="Overlap frames",
        minimum=0,
        maximum=128,
        unit="frames",
        help="Frames that neighbouring windows share and blend; at most half the frames per batch. More hides seams. "
        "Left alone it is 6, or half the window where that is less.",
    )
    num_interp_frames: int = param(
        16,
        group="Model",
        label="Interpolated frames",
        minimum=0,
        maximum=64,
        unit="frames",
        help="Frames between key frames, for weights that have an interpolation UNet (unet_interp/). The released "
        "weights have none, so there it has no effect.",
    )
    decode_chunk_size: int = param(
        16,
        group="Model",
        label="Decode group",
        minimum=1,
        maximum=256,
        unit="frames",
        help="Frames in one pass of the decoder. Lower it after the frames per batch when memory runs out.",
    )
    denoise_steps: int = param(
        1,
        group="Model",
        label="Denoise steps",
        minimum=1,
        maximum=3,
        help="Passes of the UNet. The released model is made for 1; 2 and 3 cost as many times the UNet's time.",
    )
    noise_type: str = param(
        "zeros",
        group="Model",
        label="Noise",
        choices=("zeros", "gaussian"),
        help="Start of the denoising. zeros for the released one-step model; gaussian is drawn per absolute frame.",
    )
    seed: int = param(
        0,
        group="Model",
        label="Seed",
        minimum=0,
        maximum=2**31 - 1,
        help="Start of the random numbers of gaussian noise; the same seed gives the same matte.",
    )
    noise_file: str = param(
        "",
        group="Model",
        label="Noise file",
        faces=frozenset({CLI}),
        help="A safetensors file whose tensor `noise` [N,C,h,w] stands in for the random draw, one entry for each frame of "
        "the shot: to compare gaussian noise with another program.",
    )
    size: int = param(
        720, group="Model", label="Size", minimum=32, maximum=8192, unit="pixels", help="The model's shorter edge."
    )
    max_resolution: int = param(
        1024,
        group="Model",
        label="Max resolution",
        minimum=32,
        maximum=8192,
        unit="pixels",
        help="Cap on the model's longer edge. Lower it (960, 720, 512) for speed and memory.",
    )
    max_frames: Optional[int] = param(
        None,
        group="Model",
        label="Max frames",
        minimum=1,
        maximum=10_000_000,
        unit="frames",
        affects=WORK,
        help="Stop after so many frames of what was asked for. The windows stay those of the whole shot, so a quick "
        "test shows the frames that the final render will have.",
    )
    device: str = param(
        "auto",
        group="Model",
        label="Device",
        affects=WORK,
        help="auto, cpu, cuda, cuda:N or mps. auto takes CUDA where there is one.",
    )
    precision: str = param(
        "auto",
        group="Model",
        label="Precision",
        choices=("auto", "fp32", "fp16", "bf16"),
        help="Number format of the computation. auto is fp16 on CUDA and fp32 elsewhere.",
    )
    # -- Output
    channels: str = param(
        "alpha", group="Output", label="Channels", choices=("alpha",), affects=FILE, help="What the EXR holds: alpha is A."
    )
    datatype: str = param(
        "half", group="Output", label="Data type", choices=("half", "float"), affects=FILE, help="16 or 32 bit float."
    )
    compression: str = param(
        "zips",
        group="Output",
        label="Compression",
        choices=("none", "rle", "zips", "zip", "piz", "dwaa", "dwab"),
        affects=FILE,
        help="EXR compression, all without loss for an alpha. zips reads fastest in Nuke.",
    )
    existing: str = param(
        "resume",
        group="Output",
        label="Existing frames",
        choices=("resume", "overwrite"),
        affects=WORK,
        help="resume keeps a frame on disk if its digest shows that it would come out the same; overwrite renders all.",
    )

    def __post_init__(self) -> None:
        for spec in SPECS:
            object.__setattr__(self, spec.name, spec.check(getattr(self, spec.name)))
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
        """From names and values; what is not named has its default, and the overlap fits itself to the window.

        Raises:
            ParamError: an unknown name, or a value that is not possible.
        """
        unknown = sorted(set(values) - set(BY_NAME))
        if unknown:
            raise ParamError(f"There is no parameter {', '.join(unknown)}.", name=unknown[0])
        given = dict(values)
        window = given.get("num_frames_per_batch", BY_NAME["num_frames_per_batch"].default)
        if "num_overlap_frames" not in given and isinstance(window, int):
            given["num_overlap_frames"] = min(DEFAULT_OVERLAP, max(window, 0) // 2)
        return cls(**given)

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
        optional = hints[item.name] == Optional[int]
        kind = int if optional else hints[item.name]
        specs.append(ParamSpec(name=item.name, type=kind, default=item.default, optional=optional, **item.metadata))
    return tuple(specs)


SPECS = _specs()
BY_NAME = {spec.name: spec for spec in SPECS}

# The five use cases of the model's usage guide, by the names that people see.
PRESETS: Dict[str, Dict[str, Any]] = {
    "basic": {
        "num_frames_per_batch": 8, "num_interp_frames": 1, "num_overlap_frames": 1, "denoise_steps": 1,
        "decode_chunk_size": 8, "max_resolution": 960,
    },
    "low-memory": {
        "num_frames_per_batch": 4, "num_interp_frames": 1, "num_overlap_frames": 1, "denoise_steps": 1,
        "decode_chunk_size": 4, "max_resolution": 720, "size": 512,
    },
    "high-quality": {
        "num_frames_per_batch": 16, "num_interp_frames": 2, "num_overlap_frames": 2, "denoise_steps": 3,
        "decode_chunk_size": 16, "max_resolution": 1280,
    },
    "quick-test": {
        "num_frames_per_batch": 8, "max_frames": 50, "denoise_steps": 1, "decode_chunk_size": 8, "max_resolution": 720,
    },
    "image-sequence": {
        "num_frames_per_batch": 8, "denoise_steps": 1, "decode_chunk_size": 8, "max_resolution": 960,
    },
}  # fmt: skip


def preset(name: str) -> Dict[str, Any]:
    """A preset's values.

    Raises:
        ParamError: there is no such preset; the message names those that there are.
    """
    if name not in PRESETS:
        raise ParamError(f"There is no preset {name!r}; there are {', '.join(PRESETS)}.", name="preset")
    return dict(PRESETS[name])
