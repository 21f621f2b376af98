"""`gvm-matte --data_dir VIDEO --output_dir FOLDER …`: the reference program's command line, as its users know it.

The same flags, the same defaults where a default is not a fault (the seed is fixed, and the type of the weights is read
from them). Mattes go to FOLDER/NAME/NAME.####.exr, numbered from the plates' own frames.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ..client import MatteJob
from ..protocol import Sink, Source
from .options import add_params, params_of
from .render import add_output, render


def build_parser() -> argparse.ArgumentParser:
    """The parser of the command without a subcommand."""
    parser = argparse.ArgumentParser(prog="gvm-matte", description="The reference program's command line.")
    parser.add_argument("--data-dir", required=True, metavar="VIDEO", help="video (mp4, mkv, gif, mov) or sequence")
    parser.add_argument("--output-dir", required=True, metavar="FOLDER", help="folder for the results")
    parser.add_argument(
        "--output-image-seq-only", action="store_true", help="image sequence alone: what this version writes in any case"
    )
    add_params(parser)
    add_output(parser)
    parser.set_defaults(run=run)
    return parser


def run(args: argparse.Namespace) -> int:
    """The command."""
    name = sequence_name(args.data_dir)
    pattern = str(Path(args.output_dir, name, f"{name}.####.exr"))
    render(MatteJob(source=Source("files", args.data_dir), sink=Sink(pattern), params=params_of(args)), args)
    return 0


def sequence_name(path: str) -> str:
    """What results are called: the file's name without ending and frame field."""
    stem = Path(path).stem
    return stem.rstrip("#@").removesuffix("%04d").rstrip("._-") or "matte"
