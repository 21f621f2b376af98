"""A digest of everything that a matte's file depends on, so that a file on disk can be trusted, or not.

It holds the parameters that change pixels or file, the weights' fingerprint, the windows and the decode group that the
frame falls into, what the plates of those windows are (path, time, size), and how they are read. Not in it: where the
weights lie, the device, the rest of the shot.
"""

from __future__ import annotations

import hashlib
import json
from typing import Callable

from ...frames import BlockPlan
from ...image import Box
from ...params import FILE, PIXELS, MatteParams

VERSION = 1  # raised when the same input comes out differently
NOT_PIXELS = {"model_base", "unet_base", "lora_base", "pretrain_type", "num_interp_frames", "mode", "area"}
ONLY_GAUSSIAN = {"seed", "noise_file"}


def params_digest(params: MatteParams) -> dict[str, object]:
    """The parameters that a matte's file depends on; the seed only where noise is drawn."""
    left_out = NOT_PIXELS | (set() if params.noise_type == "gaussian" else ONLY_GAUSSIAN)
    return {name: value for name, value in params.as_dict(PIXELS, FILE).items() if name not in left_out}


class Digester:
    """Digests for one job.

    Args:
        identity: of a frame's plate: changes when the plate does.
        precision: as resolved, e.g. `float32`.
        area, display: windows in the plate's coordinates.
    """

    def __init__(
        self, *, plan: BlockPlan, params: MatteParams, fingerprint: str, precision: str, area: Box, display: Box,
        identity: Callable[[int], str],
    ) -> None:  # fmt: skip
        self._plan = plan
        self._identity = identity
        self._known: dict[int, str] = {}
        self._common = json.dumps(
            [VERSION, params_digest(params), fingerprint, precision, area.as_tuple, display.as_tuple], sort_keys=True
        )

    def of(self, frame: int) -> str:
        """32 hex digits."""
        block, group = self._plan.group_of(frame)
        windows = [self._plan.block(index) for index in self._plan.windows_of(block, group)]
        spans = [(window.window_first - frame, window.window_last - frame, window.first - frame) for window in windows]
        state = hashlib.blake2b(self._common.encode(), digest_size=16)
        state.update(json.dumps([frame, spans, group[0] - frame, group[1] - frame]).encode())
        for plate in self._plan.plates_of(block, group):
            if plate not in self._known:
                self._known[plate] = self._identity(plate)
            state.update(self._known[plate].encode("utf-8", "surrogateescape"))
        return state.hexdigest()
