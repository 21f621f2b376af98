"""A farm job, complete and checked: the shot, which blocks of it, the parameters, and what the farm is asked for.

It is kept as `gvm_job.json` in the bundle, where `status` and `pickup` find it again.
"""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Dict, Mapping, Optional, Tuple

from .. import __version__
from ..core.errors import ParamError, UsageError
from ..core.frames import BlockPlan, FrameRange
from ..params.fields import BY_NAME
from ..params.keys import ShotParams
from ..params.spec import FARM
from .blocks import blocks_of, frames_of_blocks
from .settings import FarmSettings

JOB_VERSION = 1
NAME_LENGTH = 128
_UNFIT = re.compile(r"[\x00-\x1f\x7f{}]+")  # control characters, and what a template would read as a format string


@dataclass(frozen=True)
class FarmScript:
    """A script whose node has a branch for a plate: each task opens it and renders the branch, too.

    Attributes:
        path: of the script; node: full name of its GVM Matte.
        reads: patterns and paths of what the branch reads.
    """

    path: str
    node: str
    reads: Tuple[str, ...] = ()


@dataclass(frozen=True)
class FarmJob:
    """Mattes to be rendered on a farm. Paths are absolute, on the computer that submits.

    Args:
        name: what people see; output: pattern of the mattes.
        input: pattern of the plates; empty where `script` renders them.
        shot: (first, last).
        frames: what is asked for; empty: the shot. It is rounded out to blocks.
        params: values for `keys.ShotParams.of`.
        script: None where the plates are on disk.
        made_by: version of GVM Matte; weights: `svd-` and their fingerprint. A worker with others fails its tasks; empty:
            any will do.

    Raises:
        UsageError: no name or path, a shot that runs backwards, or a parameter that farms do not know.
        ParamError, FrameRangeError: as `ShotParams.of` and `FrameRange.parse`; or frames outside the shot.
    """

    name: str
    input: str
    output: str
    shot: Tuple[int, int]
    frames: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    settings: FarmSettings = field(default_factory=FarmSettings)
    script: Optional[FarmScript] = None
    made_by: str = __version__
    weights: str = ""

    def __post_init__(self) -> None:
        if not self.output or not (self.input or self.script):
            raise UsageError("A farm job needs its plates and where its mattes go.")
        if not self.title:
            raise UsageError("A farm job needs a name.")
        for name in self.params:
            if name in BY_NAME and FARM not in BY_NAME[name].faces:
                raise ParamError(f"{BY_NAME[name].label} (`{name}`) is not for farm jobs.", name=name)
        _ = self.blocks

    @property
    def title(self) -> str:
        """The name as farms take it: at most 128 characters, nothing that a template would expand."""
        return _UNFIT.sub(" ", self.name).strip()[:NAME_LENGTH]

    @cached_property
    def shot_params(self) -> ShotParams:
        """The parameters over the shot."""
        return ShotParams.of(self.params)

    @cached_property
    def plan(self) -> BlockPlan:
        """The shot's blocks."""
        return BlockPlan.of(self.shot_params.base, self.shot)

    @cached_property
    def blocks(self) -> Tuple[int, ...]:
        """First frames of the blocks to render; `max_frames` cuts what is asked for, before it is rounded out."""
        frames = FrameRange.parse(self.frames) or FrameRange.between(*self.shot)
        return blocks_of(self.plan, frames.frames[: self.shot_params.base.max_frames])

    @property
    def rounded(self) -> FrameRange:
        """The frames that will be there: what was asked for, rounded out to blocks."""
        return frames_of_blocks(self.plan, self.blocks)

    def replace(self, **values: Any) -> FarmJob:
        """A copy with other values."""
        return dataclasses.replace(self, **values)

    def as_json(self) -> str:
        """As it is kept in a bundle."""
        fields = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        script = None if self.script is None else dataclasses.asdict(self.script)
        fields.update(settings=dataclasses.asdict(self.settings), params=dict(self.params), script=script)
        return json.dumps({"version": JOB_VERSION, **fields}, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str, where: str) -> FarmJob:
        """What `as_json` wrote; `where` names it in errors.

        Raises:
            UsageError: it is no farm job, or one of another version.
        """
        try:
            raw: Dict[str, Any] = json.loads(text)
            version = raw.pop("version")
            if version != JOB_VERSION:
                raise UsageError(
                    f"{where} is a farm job of version {version}; this is for version {JOB_VERSION}.", path=where
                )
            settings = {**raw.pop("settings")}
            settings["command"] = tuple(settings["command"])
            first, last = raw.pop("shot")
            script = raw.pop("script", None)
            if script is not None:
                script = FarmScript(**{**script, "reads": tuple(script["reads"])})
            return cls(**raw, shot=(first, last), settings=FarmSettings(**settings), script=script)
        except (ValueError, TypeError, KeyError, AttributeError) as exc:
            raise UsageError(f"{where} is no farm job ({exc}). Make the bundle again.", path=where) from exc
