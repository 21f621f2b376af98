"""Names of devices, as the parameter `device` holds them: one, or a list for one engine each."""

from __future__ import annotations

import re
from typing import Tuple

from .errors import ParamError

MAX_DEVICES = 32
_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?")


def devices_of(text: str) -> Tuple[str, ...]:
    """The devices that a value of `device` names: one, or several with commas between them; one named twice counts twice.

    Raises:
        ParamError: no device has such a name, `auto` beside others, devices of two kinds, or too many.
    """
    names = tuple(name.strip() for name in text.split(","))
    wrong = [name for name in names if not _DEVICE.fullmatch(name)]
    if wrong:
        problem = f"takes auto, cpu, cuda, cuda:N or mps, or several like cuda:0,cuda:1, not {text!r}"
    elif len(names) > 1 and "auto" in names:
        problem = f"takes auto alone, since it chooses one device; name them all, like cuda:0,cuda:1, not {text!r}"
    elif len({name.partition(":")[0] for name in names}) > 1:
        problem = f"takes several devices of one kind, since mattes of two kinds differ, not {text!r}"
    elif len(names) > MAX_DEVICES:
        problem = f"takes up to {MAX_DEVICES} devices, not {len(names)}"
    else:
        return names
    raise ParamError(f"Device (--device) {problem}.", name="device")
