"""The window's edge treatment against the engine's tensors, over every alpha that a ring can hold; and what each does."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gvm_matte.core.errors import ParamError
from gvm_matte.params.edges import EDGES, Single, edged
from gvm_matte.params.fields import BY_NAME, MatteParams
from gvm_matte.ui.kit.edges import Edges

EVERY = (np.arange(65536, dtype=np.float64) / 65535).astype(np.float32)
POINTS = [(25 / 255, 240 / 255), (0.0, 1.0), (0.0, 0.5), (0.31, 0.32), (0.9999, 1.0)]


def both(edges: Edges) -> tuple[np.ndarray, np.ndarray]:
    """Every alpha, treated here and by the engine."""
    points = {"black": edges.black_point, "white": edges.white_point, "gamma": edges.gamma}
    here = np.array([edges.value(alpha) for alpha in EVERY.tolist()], dtype=np.float32)
    return here, edged(torch.from_numpy(EVERY), edges.mode, **points).numpy()


@pytest.mark.parametrize("points", POINTS)
@pytest.mark.parametrize("mode", EDGES)
def test_every_alpha_has_the_engines_bits(mode: str, points: tuple[float, float]) -> None:
    here, engine = both(Edges(mode, *points))
    assert np.array_equal(here, engine)


@pytest.mark.parametrize("gamma", [0.2, 0.45, 1.8, 5.0])
@pytest.mark.parametrize("mode", EDGES)
def test_with_gamma_every_alpha_is_within_the_last_bit_of_the_engines(mode: str, gamma: float) -> None:
    here, engine = both(Edges(mode, gamma=gamma))
    assert np.max(np.abs(here.view(np.int32) - engine.view(np.int32))) <= 1


@pytest.mark.parametrize("gamma", [0.01, 0.2, 0.7, 1.0, 1.3, 2.2, 5.0, 100.0])
@pytest.mark.parametrize("points", POINTS)
@pytest.mark.parametrize("mode", EDGES)
def test_the_table_of_8_bits_is_the_engines(mode: str, points: tuple[float, float], gamma: float) -> None:
    edges = Edges(mode, *points, gamma)
    levels = torch.arange(256, dtype=torch.float64).div(255).to(torch.float32)
    treated = edged(levels, mode, black=points[0], white=points[1], gamma=gamma)
    engine = (treated.to(torch.float64) * 255 + 0.5).to(torch.uint8)
    assert edges.table() == bytes(engine.tolist())


def test_each_treatment_does_what_it_says() -> None:
    """The engine and the window run one formula, so what it gives is held here by numbers."""
    alphas = [0.0, 0.2, 0.25, 0.5, 0.75, 0.9, 1.0]
    expected = {
        "none": alphas, "clamp": [0.0, 0.0, 0.0, 0.5, 1.0, 1.0, 1.0], "rescale": [0.0, 0.0, 0.0, 0.5, 1.0, 1.0, 1.0],
    }  # fmt: skip
    assert set(expected) == set(EDGES) == set(BY_NAME["edge"].choices)  # a new one is held here, too
    for mode, values in expected.items():
        assert [Edges(mode, 0.25, 0.75).value(alpha) for alpha in alphas] == pytest.approx(values)
    between = {mode: Edges(mode, 0.25, 0.75).value(0.375) for mode in EDGES}
    assert between == {"none": 0.375, "clamp": 0.375, "rescale": 0.25}
    assert Edges("none", gamma=2.0).value(0.25) == 0.5


def test_an_unknown_treatment_is_an_error_and_never_the_raw_alpha() -> None:
    for alpha in (Single(0.5), torch.tensor([0.5])):
        with pytest.raises(ParamError, match="no edge treatment 'soft'; there are none, clamp, rescale"):
            edged(alpha, "soft", black=0.1, white=0.9, gamma=1.0)
    with pytest.raises(ParamError, match="soft"):
        Edges("soft").table()


def test_edges_come_from_a_jobs_params_with_the_defaults_where_nothing_is_named() -> None:
    assert Edges.of({}) == Edges.of_frame(MatteParams()) == Edges()
    assert Edges.of({"edge": "clamp", "gamma": 2.0, "size": 512}) == Edges("clamp", gamma=2.0)


def test_keyed_edges_are_those_of_the_frame() -> None:
    params = {"gamma": {"1001": 1.0, "1011": 2.0}, "black_point": 0.1}
    assert Edges.of(params).gamma == 1.0
    assert Edges.of(params, 1006) == Edges(black_point=0.1, gamma=1.5)


def test_a_black_point_above_the_white_point_is_refused() -> None:
    with pytest.raises(ParamError, match="must be below the white point"):
        Edges.of({"black_point": 0.8, "white_point": 0.2})
