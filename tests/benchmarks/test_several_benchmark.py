"""The benchmark of several engines: what it simulates adds up."""

from __future__ import annotations

from benchmarks.several import simulations


def test_every_machine_is_faster_than_its_first_engine_and_none_beats_the_best() -> None:
    for row in simulations(48):
        assert 1.0 < row["times_one"] <= row["at_best"]
        assert row["windows"] == row["blocks"] + row["runs"] - 1
