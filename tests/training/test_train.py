"""Training's own promises: runs that repeat and can be resumed, a network that the engine computes alike."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gvm_matte.engine.model.matting import load_model
from gvm_matte.engine.model.savings import Idle
from gvm_matte.engine.model.weights import find_weights

from training import data
from training.curves import read_log
from training.data import Fronts, Shape, batch
from training.export import export, load, mean_of
from training.network import CELL, MatteNetwork, spelled_alpha, with_cpu_layout
from training.train import Run


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    """As training computes on a CPU."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def small_clips(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both kinds of step, a few pixels large."""
    monkeypatch.setattr(data, "SPELLED", ((1.0, Shape(1, 2, 32, 64, True)),))
    monkeypatch.setattr(data, "WHOLE", ((0.5, Shape(2, 1, 64, 32)), (0.5, Shape(1, 2, 32, 32))))


def options(out: Path, **changed: Any) -> argparse.Namespace:
    """Of a run of four steps."""
    chosen = {
        "out": str(out), "minutes": 1.0, "steps": 4, "start_from": "", "resume": False, "device": "cpu", "threads": 1,
        "trainers": 1, "workers": 0, "photographs": "", "clips": 1, "rate": 1e-3, "bf16": False, "seed": 3,
        "check_clips": 1, "check_every": 60.0, "save_every": 60.0, **changed,
    }  # fmt: skip
    return argparse.Namespace(**chosen)


def weights(out: Path) -> dict[str, torch.Tensor]:
    """The network of a run's checkpoint, its average, and their step."""
    state = torch.load(out / "checkpoint.pt", weights_only=True)
    assert state["step"] == state["own"] == 4
    return {**state["network"], **{f"average.{name}": value for name, value in state["average"].items()}}


def test_a_run_that_was_stopped_and_resumed_is_the_run_that_was_not(tmp_path: Path) -> None:
    whole = Run(options(tmp_path / "whole"))
    start = {name: value.clone() for name, value in whole.network.state_dict().items()}
    whole.go()

    class Stopped(Run):
        @property
        def progress(self) -> float:
            if self.step == 2:
                self.stop()
            return super().progress

    Stopped(options(tmp_path / "parts")).go()
    state = torch.load(tmp_path / "parts" / "checkpoint.pt", weights_only=True)
    assert state["step"] == 2
    Run(options(tmp_path / "parts", resume=True)).go()

    first, second = weights(tmp_path / "whole"), weights(tmp_path / "parts")
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert any(not torch.equal(value, first[name]) for name, value in start.items())  # it did learn
    assert [record["step"] for record in read_log(tmp_path / "parts" / "log.jsonl")] == [2, 4]
    assert (tmp_path / "parts" / "curves.png").read_bytes().startswith(b"\x89PNG")
    other = Run(options(tmp_path / "other", seed=4))
    assert any(not torch.equal(value, start[name]) for name, value in other.network.state_dict().items())


def test_a_step_s_clips_do_not_depend_on_those_before_it() -> None:
    fronts = Fronts("", seed=9)
    for step in range(6):
        plate, alpha, spelled = batch(step, 0.2, fronts)
    again = batch(5, 0.2, Fronts("", seed=9))
    np.testing.assert_array_equal(plate, again[0])
    np.testing.assert_array_equal(alpha, again[1])
    assert spelled == again[2]
    assert batch(5, 0.2, Fronts("", seed=10))[0].tobytes() != plate.tobytes()


def test_the_engine_computes_what_training_trained(tmp_path: Path) -> None:
    torch.manual_seed(1)
    export(with_cpu_layout(MatteNetwork()), tmp_path)
    network = load(tmp_path)
    model = load_model(find_weights(model_base=str(tmp_path)), device=torch.device("cpu"), dtype=torch.float32)
    plate = torch.rand(3, 3, 64, 96)

    with torch.inference_mode():
        expected = network(plate[None])[0].clamp(0, 1)
        latents = model.encode(plate)
        alpha = model.decode(model.denoise(latents, steps=1))[:, 0]

    assert latents.shape == (3, 16, 64 // CELL, 96 // CELL)
    assert float(expected.std()) > 1e-3
    torch.testing.assert_close(alpha, expected, atol=1e-4, rtol=0)
    assert sum(isinstance(module, Idle) for module in model._encoder.modules()) == 3  # two resnets, one attention


def test_a_latent_spells_out_the_alpha_that_it_was_made_of() -> None:
    alpha = torch.rand(2, 3, 8, 12)
    cells = torch.nn.functional.pixel_unshuffle(alpha.flatten(0, 1)[:, None] * 2 - 1, CELL).unflatten(0, (2, 3))
    latent = torch.cat([cells, torch.full((2, 3, 12, 8 // CELL, 12 // CELL), 9.0)], 2)
    torch.testing.assert_close(spelled_alpha(latent), alpha)


def test_a_run_starts_from_a_model_of_its_own_layout_as_it_is(tmp_path: Path) -> None:
    torch.manual_seed(7)
    export(MatteNetwork(), tmp_path / "model")
    run = Run(options(tmp_path / "run", start_from=str(tmp_path / "model")))
    expected = load(tmp_path / "model").state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in run.network.state_dict().items())


def test_the_mean_of_models_is_theirs_weight_by_weight(tmp_path: Path) -> None:
    folders = [tmp_path / str(i) for i in range(3)]
    for i, folder in enumerate(folders):
        torch.manual_seed(i)
        export(MatteNetwork(), folder)
    found, parts = mean_of(folders).state_dict(), [load(folder).state_dict() for folder in folders]
    for name, value in found.items():
        torch.testing.assert_close(value, torch.stack([part[name] for part in parts]).mean(0), atol=1e-5, rtol=0)
