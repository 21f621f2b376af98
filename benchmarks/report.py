"""One table and one JSON object for each benchmark."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from .machine import one_line

Rows = Sequence[Sequence[str]]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that every benchmark has."""
    parser.add_argument("--json", action="store_true", help="JSON on stdout, the table on stderr")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the JSON to this file, too")


def deliver(result: dict[str, Any], options: argparse.Namespace, *, columns: Sequence[str], rows: Rows) -> None:
    """Prints the table, and the JSON where it was asked for.

    Args:
        result: has `benchmark` and `machine`.
        columns: headings; the first column is text, the others are numbers.
    """
    save(result, options)
    stream = sys.stderr if options.json else sys.stdout
    _table(result["benchmark"], one_line(result["machine"]), columns, rows, stream)
    if options.json:
        print(json.dumps(result, ensure_ascii=False, allow_nan=False), flush=True)


def save(result: dict[str, Any], options: argparse.Namespace) -> None:
    """Writes what there is so far to `--output`, so that a run that is stopped leaves its numbers."""
    if options.output is not None:
        text = json.dumps(result, ensure_ascii=False, allow_nan=False, indent=2)
        options.output.write_text(text + "\n", encoding="utf-8")


def _table(title: str, caption: str, columns: Sequence[str], rows: Rows, stream: TextIO) -> None:
    try:
        from rich.console import Console
        from rich.table import Table
    except ImportError:  # a bare machine with PyTorch and no more
        print(title, "\t".join(columns), *("\t".join(row) for row in rows), caption, sep="\n", file=stream, flush=True)
        return
    table = Table(title=title, caption=caption, title_justify="left", caption_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right")
    for row in rows:
        table.add_row(*row)
    Console(file=stream, width=None if stream.isatty() else 124).print(table)
