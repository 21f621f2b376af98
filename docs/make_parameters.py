"""Writes docs/parameters.md from the declaration in plugin/params/fields.py: `python docs/make_parameters.py`."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from gvm_matte.params.fields import SPECS
from gvm_matte.params.presets import PRESETS
from gvm_matte.params.spec import PIXELS, WORK, ParamSpec

PAGE = Path(__file__).resolve().parent / "parameters.md"
FLAGS = {"existing": "--resume` and `--overwrite"}  # where the command line has another way to say it
HEAD = """\
# Parameters

Made by `python docs/make_parameters.py` from `plugin/params/`; do not edit. Each parameter is a knob of the node, an
option of `gvm-matte render` (`--like-this`; `--like_this` works too) and a name in presets and farm jobs (`like_this`).

*Changes* says what a new value makes stale: **pixels** (the matte's values) and **file** (how it is stored) make a frame on
disk out of date; **work** (how it is computed) does not. What *can have keys* may change over the shot: in a
parameter file (`--params`) its value is an object of `{frame: value}`
([how](plates_and_mattes.md#keys-over-the-shot)).
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for group, specs in groupby(SPECS, key=lambda spec: spec.group):
        parts.append(f"## {group}\n")
        parts.extend(_section(spec) for spec in specs)
    parts.append("## Presets\n\n" + _presets())
    return "\n".join(parts)


def _section(spec: ParamSpec) -> str:
    facts = [f"default {_default(spec)}"]
    if spec.choices:
        more = " or `layer:NAME` (letters, digits, `_`)" if spec.kind == "channels" else ""
        facts.append("one of " + ", ".join(f"`{choice}`" for choice in spec.choices) + more)
    if spec.kind == "box":
        facts.append("a box `x,y,r,t`; one that begins with a minus as `--roi=-20,0,940,540`")
    if spec.minimum is not None or spec.maximum is not None:
        facts.append(_range(spec))
    changes = {PIXELS: "pixels", WORK: "work"}.get(spec.affects, "file")
    if spec.keyable:
        facts.append("can have keys")
    facts.append(f"changes **{changes}**")
    return f"### `{FLAGS.get(spec.name, spec.flag)}` ({spec.label})\n\n{spec.help}\n\n{'; '.join(facts)}.\n"


def _default(spec: ParamSpec) -> str:
    if spec.default == "":
        return "*not set*"
    if spec.default is None:
        return f"`{spec.unset}`"
    return f"`{spec.default:.4g}`" if isinstance(spec.default, float) else f"`{spec.default}`"


def _range(spec: ParamSpec) -> str:
    unit = f" {spec.unit}" if spec.unit else ""
    low, high = spec.minimum, spec.maximum
    if low is not None and high is not None:
        return f"{low:g} to {_plain(high)}{unit}"
    return f"{_plain(low)}{unit} or more" if low is not None else f"{_plain(high or 0)}{unit} or less"


def _plain(number: float) -> str:
    return f"{int(number)}" if number == int(number) else f"{number:g}"


def _presets() -> str:
    """One column a preset, one row a parameter that any of them sets."""
    names = [spec.name for spec in SPECS if any(spec.name in values for values in PRESETS.values())]
    lines = ["| | " + " | ".join(f"`{preset}`" for preset in PRESETS) + " |", "|---|" + "---|" * len(PRESETS)]
    for name in names:
        cells = " | ".join(str(values.get(name, "")) for values in PRESETS.values())
        lines.append(f"| `{name}` | {cells} |")
    return "\n".join(lines) + "\n\nAn empty cell leaves the default. What is given beside a preset wins over it.\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE)
