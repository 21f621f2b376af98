"""Generative Video Matting as three calls: plates to latents, a window of latents to alpha latents, those to alpha.

    plates [N,3,H,W] --encode--> [N,C,h,w] --denoise (one window)--> [F,C,h,w] --decode (one group)--> alpha [G,1,H,W]

Which frames make a window or a decode group is the pipeline's business. H/h = W/w is 8 for every released VAE.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ...core.errors import ParamError, UsageError, WeightsMismatchError
from .decoders import AlphaDecoder, RgbDecoder
from .diffusers_parts import (
    Attention,
    Downsample2D,
    ResnetBlock2D,
    SpatioTemporalResBlock,
    TransformerSpatioTemporalModel,
    Upsample2D,
)
from .loading import check_names, fill, shapes_of
from .memory import check_finite, explained
from .networks import NetworkConfig, build_scheduler, build_unet, build_vae
from .savings import constant_cross_attention, leave_out_idle_layers, save_in_unet, work_in_place
from .tensor_files import read_component, read_json
from .unet import SvdUNet
from .weights import WeightFiles

Progress = Callable[[str, float], None]
# Layers before which a cancel is looked for: each is a small part of a second, also at full size on a GPU.
_CANCEL_POINTS = (
    SpatioTemporalResBlock,
    TransformerSpatioTemporalModel,
    ResnetBlock2D,
    Downsample2D,
    Upsample2D,
    Attention,
)
# Elements of a single image's activations up to which torch convolves on the CPU by other code than for a batch, with
# other rounding (a rule in its choice of kernels).
_SMALL_INPUT = 20480


def _never() -> None:
    """No cancel."""


class CancelPoint:
    """What the hooks of the layers call; apart from the model, so that no layer refers back to it."""

    def __init__(self) -> None:
        self.check: Callable[[], None] = _never

    def __call__(self, *_: object) -> None:
        self.check()


class MattingModel:
    """A loaded model. Not thread-safe: one caller at a time.

    Attributes:
        latent_channels: C.
        downscale: H/h, 8 for every released VAE.
        device, dtype: where and in which precision it computes; latents have this dtype.
        files: what it was loaded from.
        memory_settings: current values of num_frames_per_batch, decode_chunk_size and max_resolution, for the advice
            that an `OutOfMemoryError` gives; the pipeline sets them.
    """

    def __init__(
        self,
        *,
        files: WeightFiles,
        config: NetworkConfig,
        unet: SvdUNet,
        vae: Any,
        savings: bool,
    ) -> None:
        first = next(unet.parameters())
        self.files, self.device, self.dtype = files, first.device, first.dtype
        self.latent_channels = int(vae.config.latent_channels)
        self.downscale = 2 ** (len(vae.config.block_out_channels) - 1)
        self.memory_settings: Mapping[str, int] = {}
        self._scaling = float(vae.config.scaling_factor)
        self._scheduler_config = dict(config.scheduler)
        self._last_timestep = float(build_scheduler(config.scheduler).config.num_train_timesteps - 1)
        if savings:
            save_in_unet(unet)
            leave_out_idle_layers(vae)
            for network in (unet, vae):
                work_in_place(network)
        self._unet, self._encoder, self._quant_conv = unet, vae.encoder, vae.quant_conv
        self._decoder: nn.Module = AlphaDecoder(vae.decoder) if savings else RgbDecoder(vae.decoder)
        self._cancel = CancelPoint()
        for network in (self._unet, self._encoder, self._decoder):
            for module in network.modules():
                if isinstance(module, _CANCEL_POINTS):
                    module.register_forward_pre_hook(self._cancel)
        if self.device.type == "cuda" or self.dtype == torch.bfloat16 or files.is_builtin:
            self._channels_last()

    def _channels_last(self) -> None:
        """The order of axes in which matrix units take convolutions; in the other they reorder for every layer.

        Measured on CPUs: bf16 1.7 times as fast where there are units for it; the built-in model, whose layers are narrow,
        1.2 times in fp32. Other weights in fp32 stay as the reference computes them: the other order rounds otherwise.
        """
        for network in (self._unet, self._encoder, self._decoder):
            for module in network.modules():
                if isinstance(module, nn.Conv2d):
                    module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last)

    @property
    def check_cancelled(self) -> Callable[[], None]:
        """Called before every layer; what it raises ends the computation and comes out of encode, denoise or decode."""
        return self._cancel.check

    @check_cancelled.setter
    def check_cancelled(self, check: Callable[[], None]) -> None:
        self._cancel.check = check

    @torch.inference_mode()
    def encode(self, rgb: Tensor) -> Tensor:
        """Plates to latents, each frame by itself.

        On the CPU one frame at a time, so that a frame's latent does not depend on its neighbours in the call to the
        last bit; on a GPU all N at once.

        Args:
            rgb: [N,3,H,W], display-referred, in [0,1], H and W multiples of `downscale`; any device and precision.

        Returns:
            [N,C,h,w] on the model's device, times the VAE's scaling factor.

        Raises:
            UsageError: H or W is no multiple.
            OutOfMemoryError: the device is full.
        """
        if rgb.shape[-1] % self.downscale or rgb.shape[-2] % self.downscale:
            raise UsageError(f"The model takes sizes that are multiples of {self.downscale}, not {tuple(rgb.shape[-2:])}.")
        with explained(self.device, self.memory_settings):
            # in float32 at least: half precision would round a plate before it is seen
            wide = torch.promote_types(self.dtype, torch.float32)
            frames = (rgb.to(self.device, wide) * 2 - 1).to(self.dtype)
            if self.device.type == "cpu":
                return torch.cat([self._encode_alone(frame) for frame in frames])
            return self._encode(frames)

    def _encode_alone(self, frame: Tensor) -> Tensor:
        """[3,H,W] to [1,C,h,w]."""
        smallest = self._encoder.conv_out.in_channels * frame[0].numel() // self.downscale**2
        if smallest > _SMALL_INPUT:
            return self._encode(frame[None])
        # so small an image costs next to nothing twice, and then rounds as it does among others
        return self._encode(frame.expand(2, -1, -1, -1))[:1]

    def _encode(self, frames: Tensor) -> Tensor:
        moments: Tensor = self._quant_conv(self._encoder(frames))  # [N,2C,h,w]: mean and log-variance
        return moments[:, : self.latent_channels] * self._scaling

    @torch.inference_mode()
    def denoise(self, latents: Tensor, *, steps: int, noise: Tensor | None = None) -> Tensor:
        """One window of plate latents to alpha latents.

        Args:
            latents: [F,C,h,w] from `encode`, the frames of one window in order.
            steps: passes of the UNet, at least 1.
            noise: None for `zeros`: the first latent is zero, every timestep the last of training, and each output is the
                next latent. Else [F,C,h,w] of normal noise for `gaussian`: flow matching steps of diffusers' scheduler.

        Returns:
            [F,C,h,w] on the model's device, in its dtype.

        Raises:
            UsageError: a single frame of at most 64×64 pixels.
            ParamError: less than one step; or fp16 overflowed (`name` is `precision`).
            WeightsCorruptError: the result is not finite though the precision is wide enough.
            OutOfMemoryError: the device is full.
        """
        if steps < 1:
            raise ParamError(f"denoise_steps is 1 or more, not {steps}.", name="denoise_steps")
        if len(latents) == 1 and max(latents.shape[-2:]) <= 2 ** (len(self._unet.down_blocks) - 1):
            # the innermost layer would see one pixel of one frame, and nothing to normalise it by
            raise UsageError("A single frame this small cannot be matted: make size or max_resolution larger.")
        with explained(self.device, self.memory_settings):
            plate = latents.to(self.device, self.dtype)
            result = self._zeros(plate, steps) if noise is None else self._gaussian(plate, steps, noise)
            check_finite(result, "window's latent")
            return result

    def _pass(self, latent: Tensor, plate: Tensor, timestep: Tensor) -> Tensor:
        result: Tensor = self._unet(torch.cat((latent, plate), dim=1)[None], timestep)  # [1,F,2C,h,w]
        return result[0]

    def _zeros(self, plate: Tensor, steps: int) -> Tensor:
        latent, timestep = torch.zeros_like(plate), torch.tensor(self._last_timestep)
        for _ in range(steps):
            latent = self._pass(latent, plate, timestep)
        return latent

    def _gaussian(self, plate: Tensor, steps: int, noise: Tensor) -> Tensor:
        scheduler = build_scheduler(self._scheduler_config)
        try:
            scheduler.set_timesteps(steps, device="cpu")  # timesteps are looked at by the host
        except ValueError as exc:
            raise WeightsMismatchError(f"The scheduler's config cannot be used for gaussian noise: {exc}") from exc
        latent = noise.to(self.device, self.dtype)
        for timestep in scheduler.timesteps:
            velocity = self._pass(latent, plate, timestep)
            latent = scheduler.step(velocity, timestep, latent, return_dict=False)[0].to(self.dtype)
        return latent

    @torch.inference_mode()
    def decode(self, latents: Tensor) -> Tensor:
        """One decode group to alpha. The decoder is temporal: which frames share a group changes the result.

        Args:
            latents: [G,C,h,w] from `denoise`.

        Returns:
            [G,1,H,W] float32 in [0,1] on the model's device.

        Raises:
            ParamError, WeightsCorruptError, OutOfMemoryError: as `denoise`.
        """
        with explained(self.device, self.memory_settings):
            rgb = self._decoder(latents.to(self.device, self.dtype) / self._scaling)  # [G,1,H,W], nominally in [-1,1]
            check_finite(rgb, "decoded alpha")
            return torch.clamp(rgb.to(torch.float32) * 0.5 + 0.5, 0.0, 1.0)


def load_model(
    files: WeightFiles,
    *,
    device: torch.device,
    dtype: torch.dtype,
    progress: Progress = lambda what, fraction: None,
    savings: bool = True,
) -> MattingModel:
    """Loads weights; only tensors that are used leave the disk.

    Args:
        progress: called with what is being done and the fraction of it that is done.
        savings: False leaves diffusers' modules as they are, to measure against.

    Raises:
        WeightsMissingError, WeightsCorruptError: the files changed since they were found.
        WeightsMismatchError: tensors that do not fit the configs, or an adapter that does not fit the UNet.
        OutOfMemoryError: the device cannot hold the weights.
    """
    # 1. the networks, without weights
    vae_files, unet_files = read_component(files.vae), read_component(files.unet)
    scheduler = read_json(files.scheduler / "scheduler_config.json") if files.scheduler else {}
    config = NetworkConfig(files.kind, unet_files.config, vae_files.config, scheduler)
    vae, unet = build_vae(config.vae), build_unet(config.kind, config.unet)
    _check_channels(vae, unet, files)

    # 2. whether the files hold what they want; a UNet may be stored with its cross-attention constant already
    whole, stored = shapes_of(unet), unet_files.tensors()
    constant_cross_attention(unet)
    check_names(stored, (whole, shapes_of(unet)), "UNet", files.unet)
    check_names(vae_files.tensors(), (shapes_of(vae),), "VAE", files.vae)
    if not savings and stored.keys() == whole.keys():
        unet = build_unet(config.kind, config.unet)

    # 3. the tensors
    with explained(device, {}):
        fill(vae, vae_files, device=device, dtype=dtype, progress=lambda done: progress("Loading the VAE", done))
        fill(unet, unet_files, device=device, dtype=dtype, progress=lambda done: progress("Loading the UNet", done))
        if files.lora is not None:
            from .lora import merge_adapter

            progress("Merging the LoRA adapter", 0.0)
            merge_adapter(unet, files.lora, whole)
            progress("Merging the LoRA adapter", 1.0)
        return MattingModel(files=files, config=config, unet=unet, vae=vae, savings=savings)


def _check_channels(vae: Any, unet: SvdUNet, files: WeightFiles) -> None:
    channels, wanted = vae.config.latent_channels, unet.config.in_channels
    if wanted != 2 * channels or unet.config.out_channels != channels:
        raise WeightsMismatchError(
            f"The VAE in {files.vae} has latents of {channels} channels, but the UNet in {files.unet} takes {wanted} "
            f"and gives {unet.config.out_channels}: it should take {2 * channels} and give {channels}. "
            f"They are not of one model.",
            path=str(files.unet),
        )
