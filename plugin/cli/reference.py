"""`gvm-matte --data_dir VIDEO --output_dir FOLDER …`: the reference program's command line, as its users know it.

The same flags, the same defaults where a default is not a fault (the seed is fixed, and the type of the weights is read
from them). NAME is the input's, and results are what the reference's users expect, with mattes that a comp can use:

    FOLDER/NAME/NAME.####.exr      the mattes, numbered as the plates are
    FOLDER/NAME/NAME.mp4           the alpha as a grey video
    FOLDER/NAME/NAME_green.mp4     the plate over green

With `--output_image_seq_only` there are no videos.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from ..client import MatteJob
from ..protocol.parts import Sink, Source
from .options import add_params, params_of
from .render import add_output, render

_FIELD = re.compile(r"#+|@+|%0?\d*d")
_NUMBER = re.compile(r"[._-]-?\d+$")
VIDEOS = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".mxf", ".avi", ".gif")
_LAST_FIELD = re.compile(rf"({_FIELD.pattern})$")


def build_parser() -> argparse.ArgumentParser:
    """The parser of the command without a subcommand."""
    parser = argparse.ArgumentParser(prog="gvm-matte", description="The reference program's command line.")
    parser.add_argument("--data-dir", required=True, metavar="VIDEO", help="video (mp4, mkv, gif, mov) or sequence")
    parser.add_argument("--output-dir", required=True, metavar="FOLDER", help="folder for the results")
    parser.add_argument("--output-image-seq-only", action="store_true", help="the image sequence alone, no videos")
    add_params(parser)
    add_output(parser)
    parser.set_defaults(run=run)
    return parser


def run(args: argparse.Namespace) -> int:
    """The command."""
    name = sequence_name(args.data_dir)
    folder = Path(args.output_dir, name)
    movies = (
        {}
        if args.output_image_seq_only
        else {"alpha": str(folder / f"{name}.mp4"), "green": str(folder / f"{name}_green.mp4")}
    )
    sink = Sink(str(folder / f"{name}.####.exr"), movies=movies)
    render(MatteJob(source=Source("files", args.data_dir), sink=sink, params=params_of(args)), args)
    return 0


def sequence_name(path: str) -> str:
    """What results are called: the file's name without ending and frame field; what else looks like one becomes `_`."""
    stem = _LAST_FIELD.sub("", Path(path).stem).rstrip("._-")
    if Path(path).suffix.lower() not in VIDEOS:
        stem = _NUMBER.sub("", stem)  # of one image, which comes back with its number
    return _FIELD.sub("_", stem) or "matte"
