"""Draws docs/images/farm_cost.png: python docs/make_farm_plot.py

It is the picture of `gvm-matte farm cost --shot-range 1001-2000 --workers 1,4,16 --plot …`: the model alone, no clock.
"""

from __future__ import annotations

from pathlib import Path

from gvm_matte.cli.main import main

PICTURE = Path(__file__).resolve().parent / "images" / "farm_cost.png"
WORDS = ("farm", "cost", "--shot-range", "1001-2000", "--workers", "1,4,16")

if __name__ == "__main__":
    raise SystemExit(main([*WORDS, "--plot", str(PICTURE)]))
