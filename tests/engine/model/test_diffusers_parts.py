"""What an engine's start imports, and that diffusers is whole where it is imported before or afterwards."""

from __future__ import annotations

import subprocess
import sys

PARTS = "from gvm_matte.engine.model import diffusers_parts as parts; "
# Behind networks and mixins that the engine has no use for; together they take longer to import than all the rest.
HEAVY = ("torch._dynamo", "sympy", "peft", "transformers", "scipy", "diffusers.hooks")


def output_of(script: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-B", "-W", "error::ImportWarning", "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_start_imports_neither_other_networks_nor_the_compiler_nor_adapters() -> None:
    found = output_of("import gvm_matte.engine.pipeline.renderer, sys; print(*sorted(sys.modules))").split()
    assert "diffusers.models.unets.unet_spatio_temporal_condition" in found
    assert set(HEAVY) & set(found) == set()
    others = {name for name in found if name.startswith("diffusers.models.transformers.")}
    assert len(others) <= 4, others  # the one for frames, and those for pictures that a VAE's file mentions


def test_ordinary_imports_afterwards_get_all_of_diffusers_with_the_same_classes() -> None:
    script = PARTS + (
        "import diffusers, peft, torch, transformers\n"
        "import diffusers.models.transformers, diffusers.models.unets, diffusers.hooks, scipy.stats\n"
        "from diffusers.models.transformers import Transformer2DModel, FluxTransformer2DModel\n"
        "from diffusers.loaders import lora_base\n"
        "from diffusers.utils import torch_utils\n"
        "assert diffusers.UNetSpatioTemporalConditionModel is parts.UNetSpatioTemporalConditionModel\n"
        "assert diffusers.models.unets.UNetSpatioTemporalConditionModel is parts.UNetSpatioTemporalConditionModel\n"
        "assert diffusers.models.autoencoders.AutoencoderKLTemporalDecoder is parts.AutoencoderKLTemporalDecoder\n"
        "assert diffusers.AutoencoderKLTemporalDecoder is parts.AutoencoderKLTemporalDecoder\n"
        "assert diffusers.FlowMatchEulerDiscreteScheduler is parts.FlowMatchEulerDiscreteScheduler\n"
        "frames = diffusers.models.transformers.transformer_temporal\n"
        "assert frames.TransformerSpatioTemporalModel is parts.TransformerSpatioTemporalModel\n"
        "assert diffusers.models.transformers.transformer_2d.Transformer2DModel is Transformer2DModel\n"
        "assert issubclass(diffusers.UNet2DConditionModel, diffusers.loaders.PeftAdapterMixin)\n"
        "assert hasattr(diffusers.hooks, 'apply_group_offloading') and callable(diffusers.StableDiffusionPipeline)\n"
        # names that were postponed are the real ones' equals
        "assert issubclass(transformers.CLIPTextModel, (int, lora_base.PreTrainedModel))\n"
        "assert not issubclass(torch.nn.Linear, lora_base.PreTrainedModel)\n"
        "net = torch.nn.Sequential(torch.nn.Linear(2, 2))\n"
        "peft.LoraModel(net, peft.LoraConfig(target_modules=['0']), 'default')\n"
        "assert isinstance(net[0], lora_base.BaseTunerLayer) and not isinstance(net, lora_base.BaseTunerLayer)\n"
        "assert torch_utils.maybe_allow_in_graph is torch.compiler.allow_in_graph\n"
        "steps = diffusers.FlowMatchEulerDiscreteScheduler(use_beta_sigmas=True)\n"
        "steps.set_timesteps(4); print(len(steps.timesteps))\n"
    )
    assert output_of(script) == "4"


def test_after_an_ordinary_import_the_parts_are_its_classes() -> None:
    script = (
        "import diffusers, diffusers.models.transformers\n"
        "from diffusers import AutoencoderKLTemporalDecoder as Vae, UNetSpatioTemporalConditionModel as UNet\n"
        "from diffusers.models.attention_processor import Attention\n" + PARTS + "\n"
        "assert (parts.AutoencoderKLTemporalDecoder, parts.UNetSpatioTemporalConditionModel) == (Vae, UNet)\n"
        "assert parts.Attention is Attention and type(diffusers.models.transformers).__name__ == 'module'\n"
        "print(Vae.__module__)"
    )
    assert output_of(script) == "diffusers.models.autoencoders.autoencoder_kl_temporal_decoder"
