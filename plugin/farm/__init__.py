"""Farm jobs: Open Job Description bundles and OpenCue job specifications. Standard library alone; it runs inside Nuke.

    FarmJob ── template, parameter_values, asset_references ──▶ a bundle on disk ── openjd, deadline ──▶ farm
        └───── job specification (XML) ───────────────────────▶ cuebot

A task is some blocks of the shot's plan, named by their first frames, so any chunking and any pick-up gives the same
frames (`frames` says why).
"""

from .blocks import blocks_of, chunks, frames_of_blocks, parse_blocks, range_expression, repeated_share
from .bundle import read_bundle, write_bundle
from .job import FarmJob, FarmScript
from .opencue.job import opencue_xml
from .openjd.parameters import parameter_values
from .openjd.template import job_template
from .settings import FarmSettings

__all__ = [
    "FarmJob",
    "FarmScript",
    "FarmSettings",
    "blocks_of",
    "chunks",
    "frames_of_blocks",
    "job_template",
    "opencue_xml",
    "parameter_values",
    "parse_blocks",
    "range_expression",
    "read_bundle",
    "repeated_share",
    "write_bundle",
]
