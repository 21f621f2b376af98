"""Options of the command line, made from the parameters' one declaration.

Every long option works with `-` and with `_`: the reference's command line has underscores, other tools have hyphens.
"""

from __future__ import annotations

import argparse
import re
from typing import Any, Dict, List, Sequence

from ..core.errors import ParamError
from ..params.fields import SPECS
from ..params.presets import PRESETS, load_preset, read_params_file
from ..params.spec import CLI, ParamSpec

_NEGATIVE, _OPTION = re.compile(r"-\d"), re.compile(r"--[a-z-]+")
BY_HAND = {"existing"}  # has two flags of its own


def hyphened(argv: Sequence[str]) -> List[str]:
    """Underscores in option names become hyphens; values are left alone.

    A value that begins with a minus and a digit (`--frames -3-2`, `--roi -20,0,40,40`) is tied to its option, or
    argparse would take it for another one.
    """
    result: List[str] = []
    for index, word in enumerate(argv):
        if word == "--":
            return [*result, *argv[index:]]
        if _NEGATIVE.match(word) and result and _OPTION.fullmatch(result[-1]):
            result[-1] += f"={word}"
            continue
        if word.startswith("--"):
            name, equals, value = word.partition("=")
            word = name.replace("_", "-") + equals + value
        result.append(word)
    return result


def add_params(parser: argparse.ArgumentParser) -> None:
    """Adds an option for every parameter that the command line shows, in groups, and `--preset`."""
    parser.add_argument("--preset", metavar="NAME", help="values to begin with, options given beside it win: "
                        f"{', '.join(PRESETS)}, or NAME.json in $GVM_PRESET_PATH or your presets folder")  # fmt: skip
    text = "values by name, on top of the preset's; {frame: value} are keys over the shot"
    parser.add_argument("--params", metavar="FILE.json", dest="params_file", help=text)
    groups: Dict[str, argparse._ArgumentGroup] = {}
    for spec in SPECS:
        if CLI not in spec.faces or spec.name in BY_HAND:
            continue
        group = groups.setdefault(spec.group, parser.add_argument_group(spec.group.lower()))
        group.add_argument(
            spec.flag,
            dest=spec.name,
            default=argparse.SUPPRESS,
            type=reader(spec),
            choices=spec.choices or None if spec.kind != "channels" else None,
            metavar=_METAVARS.get(spec.kind) or (None if spec.choices else _METAVARS[spec.type]),
            help=_help(spec),
        )
    existing = parser.add_mutually_exclusive_group()
    text = "keep frames on disk that would come out the same (default)"
    existing.add_argument(
        "--resume", dest="existing", action="store_const", const="resume", default=argparse.SUPPRESS, help=text
    )
    existing.add_argument("--overwrite", dest="existing", action="store_const", const="overwrite",
                          default=argparse.SUPPRESS, help="render every frame")  # fmt: skip


_METAVARS: Dict[Any, str] = {int: "N", float: "X", str: "TEXT", "path": "PATH", "box": "X,Y,R,T", "channels": "CHANNELS"}


def reader(spec: ParamSpec) -> Any:
    """A conversion for argparse whose error is the parameter's own sentence."""

    def read(text: str) -> Any:
        try:
            value: Any = spec.type(text)
        except ValueError:
            value = text
        try:
            return spec.check(value)
        except ParamError as exc:
            raise argparse.ArgumentTypeError(exc.message) from exc

    return read


def _help(spec: ParamSpec) -> str:
    text = spec.help.replace("%", "%%")
    default = f"{spec.default:.4g}" if isinstance(spec.default, float) else spec.unset or spec.default
    return f"{text} (default {default})" if default != "" else text


def params_of(args: argparse.Namespace) -> Dict[str, Any]:
    """The parameters that were given: a preset's, then a file's, then those of options.

    Raises:
        ParamError: there is no such preset, or a file that cannot be used.
    """
    values = load_preset(args.preset) if args.preset else {}
    if args.params_file:
        values.update(read_params_file(args.params_file))
    values.update({spec.name: getattr(args, spec.name) for spec in SPECS if hasattr(args, spec.name)})
    return values
