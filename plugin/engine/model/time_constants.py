"""What a UNet computes for the timestep and for the frames' positions: once for each, and kept.

A window has one timestep, and inference uses a handful of them. What each resnet adds for it is computed at the first
window; the same holds for the frames' positions in the window.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from .diffusers_parts import ResnetBlock2D, TemporalResnetBlock

Embed = Callable[[Tensor, Tensor, int], Tensor]
MAX_TABLES = 16  # (timestep, window length) pairs that are kept: 3.5 MB each at full size in half precision


class TimeTable(nn.Module):
    """Stands for a resnet's `time_emb_proj`: what it gave for the timestep that is current."""

    def __init__(self, projection: nn.Linear, per_window: bool) -> None:
        super().__init__()
        self.projection = projection
        self.per_window = per_window
        self.rows: dict[tuple[float, int], Tensor] = {}
        self.current: Tensor | None = None

    def fill(self, key: tuple[float, int], activated: Tensor) -> None:
        """Computes the row of `key` from the activated time embedding [F,T], in the shape that the resnet uses."""
        self.rows[key] = self.projection(activated[None] if self.per_window else activated)

    def forward(self, _: Tensor) -> Tensor:
        """[F,C] for a spatial resnet, [1,F,C] for a temporal one."""
        assert self.current is not None
        return self.current


class TimeConstants:
    """The tables of a UNet's resnets, and which of their rows is current."""

    def __init__(self, unet: nn.Module) -> None:
        self.tables: list[TimeTable] = []
        for module in unet.modules():
            if isinstance(module, (ResnetBlock2D, TemporalResnetBlock)) and module.time_emb_proj is not None:
                table = TimeTable(module.time_emb_proj, isinstance(module, TemporalResnetBlock))
                module.time_emb_proj = table
                self.tables.append(table)

    def select(self, embed: Embed, timestep: Tensor, like: Tensor, frames: int) -> Tensor:
        """Makes (timestep, frames) current, computing its rows the first time.

        The tables are filled for all frames of the window, though the rows are equal: a matrix product over F rows may
        round otherwise than one over a single row, and the result shall be diffusers' own to the last bit.

        Args:
            embed: the UNet's `embed_time`.
            timestep: [] or [1]; on the CPU, or reading it waits for the device.
            like: a tensor of the model's device and dtype.

        Returns:
            [F,1] of zeros, for the blocks to pass down where they passed the embedding.
        """
        key = (float(timestep), frames)
        if self.tables and key not in self.tables[0].rows:
            # outside inference mode: the rows outlive it
            with torch.inference_mode(False), torch.no_grad():
                if len(self.tables[0].rows) >= MAX_TABLES:
                    for table in self.tables:
                        table.rows.clear()
                activated = nn.functional.silu(embed(torch.tensor(key[0]), like, frames))
                for table in self.tables:
                    table.fill(key, activated)
        for table in self.tables:
            table.current = table.rows[key]
        return like.new_zeros(frames, 1)


class FramePositions(nn.Module):
    """Stands for `time_pos_embed`: the embedding of the frames' positions, kept by window length."""

    def __init__(self, sinusoid: nn.Module, embedding: nn.Module) -> None:
        super().__init__()
        self.sinusoid, self.embedding = sinusoid, embedding
        self.rows: dict[int, Tensor] = {}

    def forward(self, positions: Tensor) -> Tensor:
        """[F,1] of positions 0, 1, … (one window) to [F,C]."""
        frames = positions.shape[0]
        if frames not in self.rows:
            with torch.inference_mode(False), torch.no_grad():
                if len(self.rows) >= MAX_TABLES:
                    self.rows.clear()
                # counted anew, since positions have been cast to the model's dtype on their way
                counted = torch.arange(frames, device=positions.device)
                self.rows[frames] = self.embedding(self.sinusoid(counted).to(positions.dtype))
        return self.rows[frames]


class PositionNumbers(nn.Module):
    """Stands for the sinusoids before `time_pos_embed`: passes the numbers on."""

    def forward(self, positions: Tensor) -> Tensor:
        """[F] to [F,1]."""
        return positions[:, None]
