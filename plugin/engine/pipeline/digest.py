"""A digest of everything that a matte's file depends on, so that a file on disk can be trusted, or not.

It holds the parameters that change pixels or file, at the frame and, where they have keys and change what the model sees,
over its windows; the weights' fingerprint, the windows and the decode group that the frame falls into, what the plates of
those windows are (path, time, size), how they are read and how their colours are understood, and the garbage and core
mattes of the frame. Not in it: where the weights lie, the device, the rest of the shot.
"""

from __future__ import annotations

import hashlib
import json
from typing import Callable, Sequence

from ...core.frames import BlockPlan
from ...core.image import Box
from ...params.fields import MatteParams
from ...params.keys import ShotParams
from ...params.spec import FILE, PIXELS
from .region import Region

VERSION = 2  # raised when the same input comes out differently
NOT_PIXELS = {"model_base", "unet_base", "lora_base", "pretrain_type", "num_interp_frames", "mode", "area"}
RESOLVED = {"precision"}  # what the device makes of it counts, and is in the digest by itself
ONLY_GAUSSIAN = {"seed", "noise_file"}
BY_IDENTITY = {"garbage", "core", "ocio"}  # what these paths hold counts, not where they lie
SEEN_BY_MODEL = ("exposure", "roi")


def params_digest(params: MatteParams) -> dict[str, object]:
    """The parameters that a matte's file depends on; the seed only where noise is drawn."""
    left_out = NOT_PIXELS | RESOLVED | BY_IDENTITY | (set() if params.noise_type == "gaussian" else ONLY_GAUSSIAN)
    return {name: value for name, value in params.as_dict(PIXELS, FILE).items() if name not in left_out}


class Digester:
    """Digests for one job.

    Args:
        identity: of a frame's plate: changes when the plate does.
        masks: identities of garbage and core mattes by frame.
        precision: as resolved, e.g. `float32`.
        colour: what tells one OCIO config from another.
    """

    def __init__(
        self,
        *,
        plan: BlockPlan,
        params: ShotParams,
        fingerprint: str,
        precision: str,
        colour: str,
        region: Region,
        display: Box,
        identity: Callable[[int], str],
        masks: Sequence[Callable[[int], str]],
    ) -> None:
        self._plan, self._params, self._region = plan, params, region
        self._identity, self._masks = identity, masks
        self._known: dict[int, str] = {}
        self._precision = precision
        self._around = (VERSION, fingerprint), (colour, region.area.as_tuple, display.as_tuple, region.crop_size)

    def of(self, frame: int, precision: str = "") -> str:
        """32 hex digits.

        Args:
            precision: in which another device would compute; empty: this one's.
        """
        block, group = self._plan.group_of(frame)
        windows = [self._plan.block(index) for index in self._plan.windows_of(block, group)]
        spans = [(window.window_first - frame, window.window_last - frame, window.first - frame) for window in windows]
        before, after = self._around
        common = json.dumps([*before, precision or self._precision, *after])
        state = hashlib.blake2b(common.encode(), digest_size=16)
        params = json.dumps(params_digest(self._params.at(frame)), sort_keys=True)
        state.update(json.dumps([params, frame, spans, group[0] - frame, group[1] - frame]).encode())
        for plate in self._plan.plates_of(block, group):
            if plate not in self._known:
                self._known[plate] = self._identity(plate) + self._seen(plate)
            state.update(self._known[plate].encode("utf-8", "surrogateescape"))
        for mask in self._masks:
            state.update(mask(frame).encode("utf-8", "surrogateescape"))
        return state.hexdigest()

    def _seen(self, frame: int) -> str:
        """How the model sees a plate, where that changes over the shot."""
        if not any(name in self._params.keys for name in SEEN_BY_MODEL):
            return ""
        return f"|{self._params.at(frame).exposure!r}|{self._region.crop(frame).as_tuple}"
