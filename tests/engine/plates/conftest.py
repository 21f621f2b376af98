"""Writers of small real files: images through OpenImageIO, clips through PyAV."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Callable, Mapping, Optional, Sequence, Tuple

import av
import numpy as np
import OpenImageIO as oiio
import pytest

WriteImage = Callable[..., Path]
WriteClip = Callable[..., Path]
WriteParts = Callable[..., Path]


@pytest.fixture
def write_image(tmp_path: Path) -> WriteImage:
    """write(name, pixels=None, …) → path; without pixels a 12x8 ramp that differs with `seed`."""

    def write(
        name: str,
        pixels: Optional[np.ndarray[Any, Any]] = None,
        *,
        seed: int = 0,
        channels: Sequence[str] = ("R", "G", "B"),
        datatype: str = "half",
        origin: Tuple[int, int] = (0, 0),
        display: Optional[Tuple[int, int, int, int]] = None,
        attributes: Mapping[str, Any] = {},
        tile: int = 0,
        channel_types: Sequence[str] = (),
    ) -> Path:
        if pixels is None:
            pixels = np.random.default_rng(seed).random((8, 12, len(channels)), dtype=np.float32)
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], pixels.shape[2], datatype)
        spec.channelnames = tuple(channels)
        spec.x, spec.y = origin
        x, y, width, height = display or (*origin, pixels.shape[1], pixels.shape[0])
        spec.full_x, spec.full_y, spec.full_width, spec.full_height = x, y, width, height
        spec.tile_width = spec.tile_height = tile
        spec.channelformats = tuple(oiio.TypeDesc(name) for name in channel_types)
        _add_attributes(spec, attributes)
        output = oiio.ImageOutput.create(str(path))
        assert output is not None and output.open(str(path), spec), output.geterror()
        assert output.write_image(pixels) and output.close(), output.geterror()
        return path

    return write


@pytest.fixture
def write_parts(tmp_path: Path) -> WriteParts:
    """write(name, parts) → path of an EXR of several parts, each (attributes, channels, level of all its pixels)."""

    def write(name: str, parts: Sequence[Tuple[Mapping[str, Any], Sequence[str], float]]) -> Path:
        path = tmp_path / name
        specs = []
        for attributes, channels, _ in parts:
            spec = oiio.ImageSpec(6, 4, len(channels), "half")
            spec.channelnames = tuple(channels)
            _add_attributes(spec, attributes)
            specs.append(spec)
        output = oiio.ImageOutput.create(str(path))
        assert output.open(str(path), specs), output.geterror()
        for number, (spec, (_, _, level)) in enumerate(zip(specs, parts)):
            assert number == 0 or output.open(str(path), spec, "AppendSubimage"), output.geterror()
            assert output.write_image(np.full((4, 6, spec.nchannels), level, np.float32)), output.geterror()
        assert output.close()
        return path

    return write


def _add_attributes(spec: oiio.ImageSpec, attributes: Mapping[str, Any]) -> None:
    """Plain values, or (type, value)."""
    for key, value in attributes.items():
        if isinstance(value, tuple):
            spec.attribute(key, oiio.TypeDesc(value[0]), value[1])
        else:
            spec.attribute(key, value)


def _frame_level(number: int) -> int:
    """The grey of frame `number` (from 1) of a clip: 6 apart, so that compression does not blur which is which."""
    return 10 + 6 * (number - 1)


@pytest.fixture
def write_clip(tmp_path: Path) -> WriteClip:
    """write(name, codec, …) → path of a clip whose frame n is grey of `10 + 6·(n − 1)`, its top left quarter white."""

    def write(
        name: str,
        codec: str,
        *,
        pixel_format: str = "yuv420p",
        frames: int = 24,
        size: Tuple[int, int] = (64, 48),
        keyframe_every: Optional[int] = None,
        b_frames: int = 0,
        times_ms: Optional[Sequence[int]] = None,
        rotation: Optional[int] = None,
        options: Mapping[str, str] = {},
        container_options: Mapping[str, str] = {},
    ) -> Path:
        path = tmp_path / name
        width, height = size
        with av.open(str(path), "w", options=dict(container_options)) as container:
            stream = container.add_stream(codec, rate=24, options=dict(options))
            stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
            stream.codec_context.time_base = Fraction(1, 1000) if times_ms else Fraction(1, 24)
            stream.codec_context.max_b_frames = b_frames
            if keyframe_every:
                stream.codec_context.gop_size = keyframe_every
            if rotation is not None:
                stream.set_display_rotation(rotation)
            for place in range(frames):
                picture = np.full((height, width, 3), _frame_level(place + 1), np.uint8)
                picture[: height // 2, : width // 2] = 255
                frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format=pixel_format)
                frame.time_base = stream.codec_context.time_base
                frame.pts = times_ms[place] if times_ms else place
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path

    return write
