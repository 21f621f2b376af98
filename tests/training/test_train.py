"""Training's own promises: runs that repeat and can be resumed, a network that the engine computes alike, an heir."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKLTemporalDecoder
from gvm_matte.engine.model.matting import load_model
from gvm_matte.engine.model.savings import Idle
from gvm_matte.engine.model.unet import SvdUNet
from gvm_matte.engine.model.weights import find_weights
from safetensors.torch import save_file

from training import data
from training.curves import read_log
from training.data import Fronts, Shape, batch
from training.export import export, load
from training.inherit import Earlier, hint_for, inherit, start_from
from training.network import CELL, MatteNetwork, spelled_alpha, with_cpu_layout, without_cross_attention
from training.train import Run

BEGUN = Path(__file__).resolve().parents[2] / "training" / "begun"
EARLIER_VAE: dict[str, Any] = {
    "block_out_channels": (32, 32, 64, 64), "down_block_types": ("DownEncoderBlock2D",) * 4, "latent_channels": 64,
    "layers_per_block": 1, "scaling_factor": 1.0,
}  # fmt: skip
EARLIER_UNET: dict[str, Any] = {
    "in_channels": 128, "out_channels": 64, "block_out_channels": (64, 96, 96, 96), "layers_per_block": 1,
    "num_attention_heads": (2, 3, 3, 3), "cross_attention_dim": 32, "transformer_layers_per_block": 1,
}  # fmt: skip


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


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the earlier layout with random weights."""
    torch.manual_seed(5)
    folder = tmp_path_factory.mktemp("earlier")
    unet = without_cross_attention(SvdUNet(**EARLIER_UNET))
    for name, network, config in (
        ("vae", AutoencoderKLTemporalDecoder(**EARLIER_VAE), EARLIER_VAE), ("unet", unet, EARLIER_UNET),
    ):  # fmt: skip
        (folder / name).mkdir()
        (folder / name / "config.json").write_text(json.dumps(config), encoding="utf-8")
        save_file(network.state_dict(), folder / name / "diffusion_pytorch_model.safetensors")
    return folder


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


def test_an_heir_computes_a_level_as_the_earlier_model_did(earlier: Path) -> None:
    torch.manual_seed(2)
    network, before = MatteNetwork(), Earlier(earlier).unet
    taken = inherit(network, earlier)
    assert taken > 0.9 * sum(p.numel() for p in network.parameters() if p.requires_grad)
    x, images = torch.randn(2, 96, 6, 8), torch.zeros(1, 2)
    temb = network.unet.embed_time(torch.tensor([999.0]), x, 2)
    old_temb = before.embed_time(torch.tensor([999.0]), x, 2)
    context = torch.zeros(2, 1, 32)
    for mine, old in ((network.unet.down_blocks[4], before.down_blocks[2]), (network.unet.mid_block, before.mid_block)):
        given = {"encoder_hidden_states": context, "image_only_indicator": images}
        ours, theirs = mine(x, temb=temb, **given), old(x, temb=old_temb, **given)
        ours, theirs = (out[0] if isinstance(out, tuple) else out for out in (ours, theirs))
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


def test_a_run_starts_from_a_model_of_its_own_layout_as_it_is(tmp_path: Path) -> None:
    torch.manual_seed(7)
    export(MatteNetwork(), tmp_path / "model")
    run = Run(options(tmp_path / "run", start_from=str(tmp_path / "model")))
    expected = load(tmp_path / "model").state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in run.network.state_dict().items())
    assert hint_for(run.network, str(tmp_path / "model")) is None


def test_the_model_to_go_on_from_is_of_the_layout_that_is_trained() -> None:
    network = MatteNetwork()
    start_from(network, BEGUN)
    assert hint_for(network, str(BEGUN)) is None
    with torch.inference_mode():
        alpha = network(torch.zeros(1, 1, 3, 64, 64))
    assert float(alpha.abs().max()) < 0.5  # nothing stands in an empty frame


def test_a_hint_draws_the_first_common_level_towards_the_earlier_model_s(earlier: Path) -> None:
    torch.manual_seed(2)
    network = with_cpu_layout(MatteNetwork())
    start_from(network, earlier)
    hint, plate = hint_for(network, str(earlier)), torch.rand(1, 2, 3, 64, 64)
    assert hint is not None
    optimizer, losses = torch.optim.Adam(network.parameters(), 1e-3), []
    for _ in range(6):
        network.latent(plate)
        loss = hint.loss(plate)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.9 * losses[0]
