"""Words of the command line before argparse sees them."""

from __future__ import annotations

from typing import List

import pytest
from gvm_matte.cli.options import hyphened


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--max_frames", "5"], ["--max-frames", "5"]),
        (["--max_frames=a_b"], ["--max-frames=a_b"]),
        (["--input", "my_plates"], ["--input", "my_plates"]),
        (["--frames", "-3-2"], ["--frames=-3-2"]),
        (["--shot_range", "-10--1", "--json"], ["--shot-range=-10--1", "--json"]),
        (["--roi", "-20,0,40,40"], ["--roi=-20,0,40,40"]),
        (["--roi=0,0,4,4", "-5"], ["--roi=0,0,4,4", "-5"]),
        (["--", "--a_b", "-5"], ["--", "--a_b", "-5"]),
    ],
)
def test_options_are_spelt_with_hyphens_and_keep_their_negative_values(words: List[str], found: List[str]) -> None:
    assert hyphened(words) == found
