"""Videos: numbering, order of reading, colours, damage. Each frame's grey tells its number."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

import av
import numpy as np
import pytest
from gvm_matte.core.errors import PlateError, PlateMissingError, PlateUnreadableError
from gvm_matte.core.image import Box
from gvm_matte.engine.plates import Plate, PlateSource, open_plates
from gvm_matte.engine.plates.video import VideoFile

WriteClip = Callable[..., Path]

X265 = {"x265-params": "log-level=none:open-gop=1:keyint=8:min-keyint=8"}
VARIABLE = [place * 40 + place % 3 * 9 for place in range(24)]
ALT_REF = {"auto-alt-ref": "1", "lag-in-frames": "16", "b:v": "200k"}
CLIPS: Dict[str, Dict[str, Any]] = {
    "h264_b.mp4": {"codec": "libx264", "b_frames": 3, "keyframe_every": 8},
    "mpeg4_b.mp4": {"codec": "mpeg4", "b_frames": 2, "keyframe_every": 6, "options": {"qmax": "2"}},
    "variable.mp4": {"codec": "libx264", "b_frames": 2, "times_ms": VARIABLE},
    "variable.mkv": {"codec": "libx264", "b_frames": 3, "keyframe_every": 7, "times_ms": VARIABLE},
    "open_gop.mp4": {"codec": "libx265", "b_frames": 3, "pixel_format": "yuv420p10le", "options": X265},
    "prores.mov": {"codec": "prores_ks", "pixel_format": "yuv422p10le"},
    "animation.mov": {"codec": "qtrle", "pixel_format": "rgb24"},
    "mpeg4.avi": {"codec": "mpeg4", "b_frames": 2, "keyframe_every": 6, "options": {"qmax": "2"}},
    "h264.avi": {"codec": "libx264", "b_frames": 2, "keyframe_every": 8},
    "vp9.webm": {"codec": "libvpx-vp9", "keyframe_every": 10, "options": ALT_REF},
    "vp8.webm": {"codec": "libvpx", "keyframe_every": 10, "options": ALT_REF},
    "lossless.mkv": {"codec": "ffv1", "keyframe_every": 5},
    "mpeg2.mxf": {"codec": "mpeg2video", "b_frames": 2, "keyframe_every": 6, "options": {"qmax": "2"}},
    "a.gif": {"codec": "gif", "pixel_format": "gray"},
    "mpeg2.mpg": {"codec": "mpeg2video", "b_frames": 2, "keyframe_every": 6, "options": {"qmax": "2"}},
    "h264.ts": {"codec": "libx264", "b_frames": 2, "keyframe_every": 8},
    "mpeg2.ts": {"codec": "mpeg2video", "b_frames": 2, "keyframe_every": 6, "options": {"qmax": "2"}},
    "h264.flv": {"codec": "libx264", "b_frames": 2, "keyframe_every": 8},
    "wmv2.wmv": {"codec": "wmv2", "options": {"qmax": "2"}},
    "raw.y4m": {"codec": "wrapped_avframe", "pixel_format": "yuv420p"},
    "mpeg4.3gp": {"codec": "mpeg4", "options": {"qmax": "2"}},
    "h264.m2ts": {"codec": "libx264", "b_frames": 2, "keyframe_every": 8},
    "ffv1.nut": {"codec": "ffv1"},
    "dnxhr.mov": {"codec": "dnxhd", "pixel_format": "yuv422p", "size": (256, 128), "options": {"profile": "dnxhr_hq"}},
    "mjpeg.mov": {"codec": "mjpeg", "pixel_format": "yuvj422p", "options": {"qmax": "2"}},
    "av1.mp4": {"codec": "libsvtav1"},
    "cineform.mov": {"codec": "cfhd", "pixel_format": "yuv422p10le", "size": (128, 96)},
}


def number_of(plate: Plate) -> int:
    """The number that the grey of the lower half stands for."""
    lower = plate.pixels[plate.pixels.shape[0] * 3 // 4 :].astype(np.float64)
    return round((lower.mean() / np.iinfo(plate.pixels.dtype).max * 255 - 10) / 6) + 1


@pytest.mark.parametrize("name", CLIPS)
def test_frames_count_from_one_in_the_order_in_which_they_are_shown(write_clip: WriteClip, name: str) -> None:
    source = open_plates(str(write_clip(name, **CLIPS[name])))
    assert isinstance(source, VideoFile)
    assert source.frames == tuple(range(1, 25))
    plates = [source.read(frame) for frame in source.frames]
    assert [plate.frame for plate in plates] == list(source.frames)
    assert [number_of(plate) for plate in plates] == list(source.frames)
    assert source._decoder.decoded_count == 24, "an ascending read decodes each frame once"


@pytest.mark.parametrize("name", CLIPS)
def test_any_order_gives_the_same_pixels(write_clip: WriteClip, name: str) -> None:
    path = str(write_clip(name, **CLIPS[name]))
    with open_plates(path) as ascending:
        expected = {frame: ascending.read(frame).pixels.copy() for frame in ascending.frames}
    order = [*random.Random(3).choices(list(expected), k=40), 24, 1, 23, 2, 2]
    with open_plates(path) as source:
        for frame in order:
            np.testing.assert_array_equal(source.read(frame).pixels, expected[frame], err_msg=f"frame {frame}")


def test_a_jump_ahead_starts_at_a_keyframe(write_clip: WriteClip) -> None:
    source = open_plates(str(write_clip("a.mkv", "ffv1", keyframe_every=4)))
    assert isinstance(source, VideoFile)
    assert number_of(source.read(2)) == 2
    before = source._decoder.decoded_count
    assert number_of(source.read(23)) == 23
    assert source._decoder.decoded_count - before <= 4


def test_threads_take_turns(write_clip: WriteClip) -> None:
    source = open_plates(str(write_clip("a.mp4", "libx264", b_frames=2, keyframe_every=6)))
    with ThreadPoolExecutor(4) as pool:
        assert [number_of(plate) for plate in pool.map(source.read, source.frames)] == list(source.frames)


@pytest.mark.parametrize(("turn", "white"), [(90, (-1, 0)), (-90, (0, -1)), (180, (-1, -1))])
def test_a_rotated_clip_stands_upright(write_clip: WriteClip, turn: int, white: tuple[int, int]) -> None:
    """The white quarter, top left in the coded picture, goes counterclockwise with the angle."""
    source = open_plates(str(write_clip("a.mov", "libx264", rotation=turn)))
    plate = source.read(1)
    assert source.probe(1).data == plate.data == (Box(0, 0, 64, 48) if turn == 180 else Box(0, 0, 48, 64))
    assert plate.pixels.shape == (plate.data.height, plate.data.width, 3)
    assert plate.pixels[white[0], white[1]].min() > 240


def write_flat(
    path: Path, values: List[int], *, pixel_format: str, matrix: Optional[int], span: int, size: tuple[int, int]
) -> None:
    """One lossless frame of Y, U, V."""
    deep = pixel_format.endswith("le")
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = *size, pixel_format
        frame = av.VideoFrame(*size, pixel_format)
        for plane, value in zip(frame.planes, values):
            kind = np.uint16 if deep else np.uint8
            plane.update(np.full(plane.buffer_size // kind().itemsize, value, kind).tobytes())
        for tagged in (stream.codec_context, frame):
            tagged.color_range = span
            if matrix is not None:
                tagged.colorspace = matrix
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def expected_rgb(values: List[int], *, bits: int, weights: tuple[float, float], full: bool) -> np.ndarray[Any, Any]:
    """From the definition of BT.601, BT.709 and BT.2020: weights of red and blue in Y."""
    kr, kb = weights
    scale = 2 ** (bits - 8)
    luma, u, v = values[0], values[1] - 128 * scale, values[2] - 128 * scale
    top = 2**bits - 1
    y, cb, cr = (luma / top, u / top, v / top) if full else ((luma / scale - 16) / 219, u / scale / 224, v / scale / 224)
    red, blue = y + 2 * (1 - kr) * cr, y + 2 * (1 - kb) * cb
    return np.clip([red, (y - kr * red - kb * blue) / (1 - kr - kb), blue], 0, 1)


BT601, BT709, BT2020 = (0.299, 0.114), (0.2126, 0.0722), (0.2627, 0.0593)


@pytest.mark.parametrize(
    ("matrix", "height", "weights"),
    [(1, 48, BT709), (5, 48, BT601), (6, 48, BT601), (9, 48, BT2020), (None, 48, BT601), (None, 720, BT709)],
)
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(("pixel_format", "bits"), [("yuv420p", 8), ("yuv422p10le", 10), ("yuv444p12le", 12)])
def test_the_matrix_and_range_of_the_stream_are_used(
    tmp_path: Path,
    matrix: Optional[int],
    height: int,
    weights: tuple[float, float],
    full: bool,
    pixel_format: str,
    bits: int,
) -> None:
    path = tmp_path / "a.mkv"
    for base in ([120, 90, 180], [235, 128, 128], [16, 128, 128], [255, 128, 128]):
        values = [value * 2 ** (bits - 8) for value in base]
        write_flat(path, values, pixel_format=pixel_format, matrix=matrix, span=2 if full else 1, size=(64, height))
        plate = open_plates(str(path)).read(1)
        assert plate.pixels.dtype == (np.uint8 if bits == 8 else np.uint16)
        seen = plate.pixels[height // 2, 32] / np.iinfo(plate.pixels.dtype).max
        np.testing.assert_allclose(
            seen,
            expected_rgb(values, bits=bits, weights=weights, full=full),
            atol=1.5 / 255 if bits == 8 else 1 / (2**bits - 1),
        )


def test_what_the_header_tells(write_clip: WriteClip) -> None:
    info = open_plates(str(write_clip("a.mov", "prores_ks", pixel_format="yuv422p10le"))).probe(3)
    assert (info.frame, info.dtype, info.fps, info.colorspace) == (3, "uint16", (24, 1), "srgb")
    assert info.compression.startswith("prores") and info.pixel_aspect == 1.0


def test_frames_outside_are_missing(write_clip: WriteClip) -> None:
    source = open_plates(str(write_clip("a.mp4", "libx264")))
    for frame in (0, -1, 25):
        with pytest.raises(PlateMissingError, match="1 to 24"):
            source.read(frame)
    assert source.check_frames([24, 25], policy="nearest") == {24: 24, 25: 24}
    assert source.identity(1) == source.read(1).source_id != source.identity(2)


@pytest.mark.parametrize("content", [b"", b"no video at all\n" * 300])
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.gif", "a.avi"])
def test_a_file_that_is_no_video(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(PlateUnreadableError, match="empty" if not content else "no video"):
        open_plates(str(tmp_path / name))


def test_a_sound_file_has_no_frames(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), layout="mono")
        frame.rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(PlateUnreadableError, match="no picture"):
        open_plates(str(tmp_path / "a.mkv"))


def test_an_interrupted_recording_without_its_index_is_an_error(write_clip: WriteClip) -> None:
    path = write_clip("a.mp4", "libx264")
    path.write_bytes(path.read_bytes()[:-400])  # the index (moov) is at the end
    with pytest.raises(PlateUnreadableError):
        open_plates(str(path))


def readable(source: PlateSource) -> Dict[int, int]:
    """frame → number seen, of the frames that can be read."""
    seen = {}
    for frame in source.frames:
        try:
            seen[frame] = number_of(source.read(frame))
        except PlateError as exc:
            assert exc.frame == frame
    return seen


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
def test_a_truncated_clip_gives_what_it_holds_under_the_right_numbers(write_clip: WriteClip, name: str) -> None:
    path = write_clip(name, "ffv1", keyframe_every=1, container_options={"movflags": "faststart"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    source = open_plates(str(path))
    assert source.last >= 8
    seen = readable(source)
    assert 8 <= len(seen) <= 16
    assert all(frame == number for frame, number in seen.items())


def test_a_damaged_frame_is_an_error_and_shifts_nothing(write_clip: WriteClip) -> None:
    path = write_clip("a.mov", "prores_ks", pixel_format="yuv422p10le")
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        place, size = packets[9].pos, packets[9].size
    content = bytearray(path.read_bytes())
    content[place : place + size] = bytes(size)
    path.write_bytes(bytes(content))
    source = open_plates(str(path))
    assert len(source.frames) == 24
    assert readable(source) == {frame: frame for frame in range(1, 25) if frame != 10}
    with pytest.raises(PlateUnreadableError, match="damaged"):
        source.read(10)


@pytest.mark.parametrize("name", ["sh:010 é.mp4", "http:x.mp4", "concat:a|b.mp4", "%03d.mp4"])
def test_names_are_never_taken_for_addresses(write_clip: WriteClip, name: str) -> None:
    plain = write_clip("a.mp4", "libx264", frames=2)
    path = plain.rename(plain.with_name(name))
    assert number_of(open_plates(str(path)).read(2)) == 2


def test_a_closed_source_can_be_closed_again(write_clip: WriteClip) -> None:
    source = open_plates(str(write_clip("a.mp4", "libx264", frames=3)))
    assert source.read(1).frame == 1
    source.close()
    source.close()
