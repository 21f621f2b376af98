"""`gvm-matte info`: what a file, a sequence or a folder of them is."""

from __future__ import annotations

import argparse
import json
from typing import Any, Dict, List

from rich.console import Console
from rich.table import Table


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser(
        "info",
        help="what a plate is",
        description="Range, gaps, size, windows, colour space and channels of a sequence, an image or a video; for a "
        "folder, the sequences in it.",
    )
    parser.add_argument("path", metavar="PATH", help="shot.####.exr, clip.mov, an image, or a folder")
    parser.add_argument("--view", default="", help="of a stereo plate")
    parser.add_argument("--layer", default="", help="of the plate, e.g. beauty")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument("--verbose", action="store_true", help="where errors come from")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """The subcommand."""
    from ..engine.plates import describe  # the image libraries take a moment

    found = describe(args.path, view=args.view, layer=args.layer)
    if args.json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return 0
    console = Console(highlight=False)
    items: List[Dict[str, Any]] = found.get("sequences", [found])
    for item in items:
        table = Table.grid(padding=(0, 2))
        for name, value in item.items():
            table.add_row(f"[bold]{name.replace('_', ' ')}[/]", _words(value))
        console.print(table)
        console.print()
    if not items:
        console.print(f"{args.path}: no sequence of images and no video in this folder.")
    return 0


def _words(value: Any) -> str:
    if value is None or value in ("", [], ()):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_words(content)}" for name, content in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_words(item) for item in value)
    return f"{value:,}" if isinstance(value, int) and abs(value) >= 1_000_000 else str(value)
