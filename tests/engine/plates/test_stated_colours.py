"""What files say of their colours, told apart from what only their format suggests."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any, Callable, Dict, Tuple

import av
import numpy as np
import pytest
from gvm_matte.engine.plates import describe, open_plates

WriteImage = Callable[..., Path]

AP0 = (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767)
AP1 = (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)
REC709 = (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329)


@pytest.mark.parametrize(
    ("name", "datatype", "attributes", "hint"),
    [
        ("a.exr", "half", {}, ""),
        ("a.exr", "half", {"oiio:ColorSpace": "ACEScg"}, "lin_ap1_scene"),
        ("a.exr", "half", {"oiio:ColorSpace": "lin_rec709_scene"}, "lin_rec709_scene"),
        ("a.exr", "half", {"colorInteropID": "lin_ap1_scene"}, "lin_ap1_scene"),
        ("a.exr", "half", {"colorInteropID": "srgb_rec709_display"}, "srgb_rec709_display"),
        ("a.exr", "half", {"chromaticities": ("float[8]", AP0)}, "lin_ap0_scene"),
        ("a.exr", "half", {"chromaticities": ("float[8]", AP1)}, "lin_ap1_scene"),
        ("a.exr", "half", {"chromaticities": ("float[8]", REC709)}, ""),
        ("a.png", "uint8", {}, "srgb"),
        ("a.png", "uint16", {"oiio:ColorSpace": "lin_rec709_scene"}, "lin_rec709_scene"),
        ("a.png", "uint8", {"colorInteropID": "pq_rec2020_display"}, "pq_rec2020_display"),
        ("a.jpg", "uint8", {}, "srgb"),
        ("a.bmp", "uint8", {}, "srgb"),
        ("a.webp", "uint8", {}, "srgb"),
        ("a.ppm", "uint8", {}, "srgb"),
        ("a.hdr", "float", {}, "scene_linear"),
        ("a.tif", "uint8", {}, ""),
        ("a.tif", "float", {}, ""),
        ("a.tga", "uint8", {}, ""),
        ("a.dpx", "uint16", {}, ""),
        ("a.dpx", "uint16", {"oiio:ColorSpace": "KodakLog"}, "KodakLog"),
        ("a.dpx", "uint16", {"dpx:Transfer": "Logarithmic"}, "KodakLog"),
        ("a.dpx", "uint16", {"dpx:Transfer": "Linear"}, "lin_rec709_scene"),
    ],
)
def test_a_statement_is_reported_and_a_convention_is_a_role(
    write_image: WriteImage, name: str, datatype: str, attributes: Dict[str, Any], hint: str
) -> None:
    source = open_plates(str(write_image(name, datatype=datatype, attributes=attributes)))
    assert source.probe(1).colorspace == source.read(1).colorspace == hint


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _profile(name: bytes) -> bytes:
    """The least that is an ICC profile with a name: a header, and one tag of a description."""
    text = b"desc" + bytes(4) + struct.pack(">I", len(name) + 1) + name + bytes(1) + bytes(78)
    tags = struct.pack(">I", 1) + b"desc" + struct.pack(">II", 128 + 16, len(text))
    size = 128 + len(tags) + len(text)
    header = struct.pack(">I4sI4s4s4s", size, b"none", 0x02400000, b"mntr", b"RGB ", b"XYZ ") + bytes(12) + b"acsp"
    return header.ljust(128, b"\0") + tags + text


@pytest.mark.parametrize("name", ["a.jpg", "a.tif"])
@pytest.mark.parametrize(("stated", "hint"), [(b"Adobe RGB (1998)", "Adobe RGB (1998)"), (b"sRGB IEC61966-2.1", "srgb")])
def test_the_name_of_a_profile_is_a_statement(write_image: WriteImage, name: str, stated: bytes, hint: str) -> None:
    profile = np.frombuffer(_profile(stated), np.uint8)
    path = write_image(name, datatype="uint8", attributes={"ICCProfile": (f"uint8[{len(profile)}]", profile)})
    assert open_plates(str(path)).read(1).colorspace == hint


@pytest.mark.parametrize(
    ("chunk", "hint"),
    [
        ((b"sRGB", b"\0"), "srgb"),
        ((b"cICP", bytes([9, 16, 0, 1])), "pq_rec2020_display"),
        ((b"cICP", bytes([1, 13, 0, 1])), "srgb"),
        ((b"gAMA", struct.pack(">I", 45455)), "g22_rec709_scene"),
        ((b"gAMA", struct.pack(">I", 100000)), "lin_rec709_scene"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0].decode(),
)
def test_what_the_chunks_of_a_png_state(tmp_path: Path, chunk: Tuple[bytes, bytes], hint: str) -> None:
    header = struct.pack(">IIBBBBB", 4, 4, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x80" * 12) * 4)
    parts = (_chunk(b"IHDR", header), _chunk(*chunk), _chunk(b"IDAT", rows), _chunk(b"IEND", b""))
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    assert open_plates(str(path)).read(1).colorspace == hint


@pytest.mark.parametrize(
    ("transfer", "hint"), [(1, "srgb"), (2, "srgb"), (13, "srgb"), (8, "scene_linear"), (16, "pq_rec2020_display")]
)
def test_the_transfer_of_a_video(tmp_path: Path, transfer: int, hint: str) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p10le"
        stream.codec_context.color_trc = transfer
        frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 128, np.uint8), "rgb24").reformat(format="yuv420p10le")
        frame.color_trc, frame.pts = transfer, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with open_plates(str(path)) as source:
        assert source.probe(1).colorspace == source.read(1).colorspace == hint


def test_an_unknown_space_does_not_stop_a_description(write_image: WriteImage) -> None:
    path = write_image("a.exr", attributes={"colorInteropID": "house_log_v7"})
    assert describe(str(path))["colorspace_hint"] == "house_log_v7"
