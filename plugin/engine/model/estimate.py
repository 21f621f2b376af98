"""How much memory a model will take at given settings, before anything is loaded.

The networks are run on torch's `meta` device, whose tensors have sizes but no contents, and every storage that the run
makes is counted while it lives. So the figure follows the weights' own configs, the window and the decode group; it
takes seconds whatever their size. What libraries take for themselves (a CUDA context, cuDNN's workspaces) is not in it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Optional

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from .decoders import AlphaDecoder
from .networks import NetworkConfig, build_unet, build_vae
from .savings import constant_cross_attention, save_in_unet
from .tensor_files import read_component
from .weights import WeightFiles


@dataclass(frozen=True)
class MemoryEstimate:
    """Bytes on the model's device.

    Attributes:
        weights: of both networks, as they are computed with.
        encode, denoise, decode: what each stage holds at its most, besides the weights.
    """

    weights: int
    encode: int
    denoise: int
    decode: int

    @property
    def peak(self) -> int:
        """The most at any time."""
        return self.weights + max(self.encode, self.denoise, self.decode)


class Storages(TorchDispatchMode):
    """Counts the bytes of storages that were made under it and still live."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0
        self._known: dict[int, int] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Optional[dict[str, Any]] = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, Tensor):
                self._count(leaf)
        return result

    def _count(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self._known:
            return
        self._known[key] = storage.nbytes()
        self.now += self._known[key]
        self.most = max(self.most, self.now)
        weakref.finalize(storage, self._forget, key)

    def _forget(self, key: int) -> None:
        self.now -= self._known.pop(key, 0)


@torch.inference_mode()
def estimate_memory(
    files: WeightFiles, *, dtype: torch.dtype, width: int, height: int, window: int, group: int, encode_batch: int = 1
) -> MemoryEstimate:
    """Runs the three stages without contents.

    Args:
        width, height: that the model sees, padding included.
        window, group: frames in a pass of the UNet and of the decoder.
        encode_batch: frames in a pass of the encoder.
    """
    vae_files, unet_files = read_component(files.vae), read_component(files.unet)
    config = NetworkConfig(files.kind, unet_files.config, vae_files.config, {})
    vae, unet = build_vae(config.vae), build_unet(config.kind, config.unet)
    constant_cross_attention(unet)
    save_in_unet(unet)
    decoder = AlphaDecoder(vae.decoder)
    for network in (vae, unet, decoder):
        nn.Module.to(network, "meta", dtype)  # the method of diffusers brings adapters' libraries along
    channels, scale = int(vae.config.latent_channels), 2 ** (len(vae.config.block_out_channels) - 1)
    small = (height // scale, width // scale)
    return MemoryEstimate(
        weights=sum(map(_bytes, (vae.encoder, vae.quant_conv, decoder, unet))),
        encode=_most(lambda: vae.encoder(_empty(encode_batch, 3, height, width, dtype=dtype))),
        denoise=_most(lambda: unet(_empty(1, window, 2 * channels, *small, dtype=dtype), torch.tensor(0.0))),
        decode=_most(lambda: decoder(_empty(group, channels, *small, dtype=dtype))),
    )


def _empty(*shape: int, dtype: torch.dtype) -> Tensor:
    return torch.empty(shape, dtype=dtype, device="meta")


def _bytes(network: nn.Module) -> int:
    return sum(parameter.numel() * parameter.element_size() for parameter in network.parameters())


def _most(run: Callable[[], object]) -> int:
    with Storages() as storages:
        run()
    return storages.most
