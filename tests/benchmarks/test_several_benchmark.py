"""The benchmark of several engines: what it simulates adds up."""

from __future__ import annotations

from gvm_matte.core.frames import BlockPlan

from benchmarks.several import simulate, simulations


def test_two_alike_take_one_window_more_and_steal_nothing() -> None:
    plan = BlockPlan(1, 26 * 48 + 6, 32, 6, 16)
    both = simulate(plan, (1.0, 1.0))
    assert (plan.count, both.windows, both.steals, both.seconds) == (48, 49, 0, 24.5)
    assert simulate(plan, (1.0,)).seconds == 48.0


def test_every_machine_is_faster_with_steals_and_none_beats_the_best() -> None:
    for row in simulations(48):
        assert row["times_one_without_steals"] <= row["times_one"] <= row["at_best"]
