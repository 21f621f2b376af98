"""What the submitter's tests share."""

from __future__ import annotations

import shlex
from typing import Callable

from gvm_matte.ui.submitter import SubmitterDialog
from support import PARAMS, cli_command

SMALL = {**PARAMS, "size": 32, "max_resolution": 32, "decode_chunk_size": 8}  # blocks of 6 frames, in windows of 8
WORKER = shlex.join(cli_command())  # what starts gvm-matte on a worker
MakeDialog = Callable[..., SubmitterDialog]
