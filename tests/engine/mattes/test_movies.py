"""Movies of mattes: what comes back out of them, and that they are there whole or not at all."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Dict, List, Tuple

import av
import numpy as np
import pytest
from gvm_matte.core.errors import CancelledError, MatteWriteError, ParamError
from gvm_matte.engine.mattes import check_movie, write_movie
from gvm_matte.engine.mattes.movie import MovieWriter
from gvm_matte.engine.plates import open_plates
from gvm_matte.params.movies import MOVIES

NAMES = {"alpha": "m.mp4", "green": "m_green.mp4", "prores": "m.mov"}
LEVEL = 1 / 255
WIDTH, HEIGHT = 96, 64


def ramp(frame: int = 0) -> np.ndarray[Any, Any]:
    """[h, w] from 0 to 1 over the width, a little steeper with each frame."""
    x = np.linspace(0, 1 + frame / 100, WIDTH, dtype=np.float32)
    return np.clip(x, 0, 1)[None].repeat(HEIGHT, 0)


def grey(value: float) -> np.ndarray[Any, Any]:
    return np.full((HEIGHT, WIDTH), value, np.float32)


def flat(*rgb: float) -> np.ndarray[Any, Any]:
    return np.broadcast_to(np.array(rgb, np.float32), (HEIGHT, WIDTH, 3))


def make(folder: Path, kind: str, **options: Any) -> Path:
    """Three frames of ramps over grey."""
    path = folder / NAMES[kind]
    write_movie(kind, str(path), **{"frames": [1, 2, 3], "matte": ramp, "plate": lambda _: flat(0.5, 0.5, 0.5), **options})
    return path


def frames_of(path: Path) -> List[np.ndarray[Any, Any]]:
    """[h, w, 3] in [0, 1], as the reader of plates gives them."""
    with open_plates(str(path)) as source:
        plates = [source.read(frame).pixels for frame in source.frames]
    return [pixels / np.float64(np.iinfo(pixels.dtype).max) for pixels in plates]


def alphas_of(path: Path) -> List[np.ndarray[Any, Any]]:
    """[h, w] code values of 10 bit: the decoder gives the alpha with more."""
    with av.open(str(path)) as container:
        found = []
        for frame in container.decode(video=0):
            plane, bits = frame.planes[3], frame.format.components[3].bits
            rows = np.frombuffer(memoryview(plane), np.uint16).reshape(-1, plane.line_size // 2)
            found.append(rows[: frame.height, : frame.width] >> (bits - 10))
        return found


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize("value", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_a_grey_comes_back_as_it_was(kind: str, value: float, tmp_path: Path) -> None:
    alpha = grey(value if kind == "alpha" else 1)
    for found in frames_of(make(tmp_path, kind, matte=lambda _: alpha, plate=lambda _: flat(value, value, value))):
        assert np.abs(found - value).max() <= LEVEL


def test_a_ramp_of_alpha_comes_back_to_a_level_or_two(tmp_path: Path) -> None:
    for frame, found in enumerate(frames_of(make(tmp_path, "alpha")), 1):
        difference = np.abs(found - ramp(frame)[..., None])
        assert difference.mean() <= LEVEL and difference.max() <= 4 * LEVEL


@pytest.mark.parametrize(
    ("alpha", "rgb"), [(1.0, (0.8, 0.3, 0.1)), (0.0, (0.8, 0.3, 0.1)), (0.25, (0.8, 0.4, 0.0)), (0.5, (1.0, 1.0, 1.0))]
)
def test_green_is_the_reference_s_composite_on_display_referred_values(
    alpha: float, rgb: Tuple[float, float, float], tmp_path: Path
) -> None:
    path = make(tmp_path, "green", matte=lambda _: grey(alpha), plate=lambda _: flat(*rgb))
    expected = np.array(rgb) * alpha + np.array((0, 1, 0)) * (1 - alpha)
    assert np.abs(frames_of(path)[1] - expected).max() <= 2 * LEVEL


def test_green_keeps_an_edge_where_it_is(tmp_path: Path) -> None:
    """Colours stored at half the size must not move against the brightness."""
    edge = grey(0)
    edge[:, 40:] = 1
    found = frames_of(make(tmp_path, "green", matte=lambda _: edge, plate=lambda _: flat(1, 1, 1)))[1]
    assert np.abs(found[:, :38] - (0, 1, 0)).max() <= 4 * LEVEL and np.abs(found[:, 42:] - 1).max() <= 4 * LEVEL


def test_prores_holds_the_alpha_to_its_last_bit_and_colours_unmultiplied(tmp_path: Path) -> None:
    path = make(tmp_path, "prores", plate=lambda _: flat(0.8, 0.3, 0.1))
    for frame, found in enumerate(alphas_of(path), 1):
        assert np.abs(found - ramp(frame).astype(np.float64) * 1023).max() <= 0.5 + 1e-3
    for found in frames_of(path):  # also where the alpha is 0
        assert np.abs(found - (0.8, 0.3, 0.1)).max() <= LEVEL
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.profile == "4444"


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize("fps", [(30000, 1001), (24000, 1001), (25, 1), (60, 1)])
def test_rate_aspect_and_colour_tags(tmp_path: Path, kind: str, fps: Tuple[int, int]) -> None:
    with av.open(str(make(tmp_path, kind, fps=fps, pixel_aspect=2.0, frames=range(1, 12)))) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == Fraction(*fps) and stream.sample_aspect_ratio == 2
        times = [frame.pts * stream.time_base for frame in container.decode(stream)]
        assert times == [number / Fraction(*fps) for number in range(11)]
        context = stream.codec_context
        limited, bt709 = 1, 1
        assert (context.color_range, context.colorspace) == (limited, bt709)
        assert (context.color_primaries, context.color_trc) == (bt709, bt709)


@pytest.mark.parametrize("fps", [None, (0, 1), (24, 0)])
def test_without_a_rate_that_is_one_it_is_24(fps: Any, tmp_path: Path) -> None:
    with av.open(str(make(tmp_path, "alpha", fps=fps))) as container:
        assert container.streams.video[0].average_rate == 24


@pytest.mark.parametrize(("kind", "size"), [("alpha", (96, 64)), ("green", (96, 64)), ("prores", (95, 63))])
def test_odd_sizes_are_made_even_where_the_codec_needs_it(tmp_path: Path, kind: str, size: Tuple[int, int]) -> None:
    path = make(
        tmp_path, kind, matte=lambda frame: ramp(frame)[:63, :95], plate=lambda _: ramp()[:63, :95, None].repeat(3, -1)
    )
    found = frames_of(path)[0]
    assert found.shape[1::-1] == size
    if kind == "alpha":
        assert np.abs(found[:63, :95] - ramp(1)[:63, :95, None]).max() <= 4 * LEVEL
        assert np.abs(found[-1, -1] - found[-2, -2]).max() <= 2 * LEVEL


def test_frames_are_written_ascending_and_gaps_close(tmp_path: Path) -> None:
    asked: List[int] = []
    done: List[int] = []

    def matte(frame: int) -> np.ndarray[Any, Any]:
        asked.append(frame)
        return grey(frame / 40)

    path = make(tmp_path, "alpha", frames=[21, 1, 20, -3, 2], matte=matte, progress=done.append)
    assert asked == [-3, 1, 2, 20, 21] and done == [1, 2, 3, 4, 5]
    means = [found.mean() for found in frames_of(path)]
    assert np.abs(np.array(means) - np.clip(np.array(asked) / 40, 0, 1)).max() <= LEVEL


@pytest.mark.parametrize("kind", NAMES)
def test_a_movie_that_is_cancelled_or_fails_leaves_the_old_one(tmp_path: Path, kind: str) -> None:
    path = make(tmp_path, kind)
    before = path.read_bytes()
    done: List[int] = []

    def check() -> None:
        if len(done) == 2:
            raise CancelledError("The job was cancelled.")

    with pytest.raises(CancelledError):
        make(tmp_path, kind, check=check, progress=done.append)
    with pytest.raises(KeyError):
        make(tmp_path, kind, matte=lambda frame: {1: ramp(), 2: ramp()}[frame])
    with pytest.raises(ValueError, match=r"frame 3 of .* is not 96x64"):
        make(tmp_path, kind, matte=lambda frame: ramp() if frame < 3 else ramp()[1:])
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_asked_for(tmp_path: Path) -> None:
    for kind, name in (
        ("alpha", "m.exr"),
        ("green", "m"),
        ("prores", "m.mp4"),
        ("gif", "m.gif"),
        ("alpha", "bad\udcff.mp4"),
    ):
        with pytest.raises(ParamError):
            check_movie(kind, str(tmp_path / name))
    with pytest.raises(ValueError, match="at least one frame"):
        make(tmp_path, "alpha", frames=[])
    with pytest.raises(ValueError, match="needs plates"):
        make(tmp_path, "green", plate=None)
    assert list(tmp_path.iterdir()) == []


def test_an_encoder_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MOVIES, "prores", replace(MOVIES["prores"], encoders={"prores_none": {}}))
    with pytest.raises(ParamError, match=r"no encoder prores_none\. Install PyAV"):
        make(tmp_path, "prores")
    assert list(tmp_path.iterdir()) == []


def test_without_h264_it_is_mpeg4(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MOVIES, "alpha", replace(MOVIES["alpha"], encoders={"h264_none": {}, "mpeg4": {}}))
    path = make(tmp_path, "alpha")
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.name == "mpeg4"
    difference = np.abs(np.stack(frames_of(path)) - np.stack([ramp(frame)[..., None] for frame in (1, 2, 3)]))
    assert difference.mean() <= 2 * LEVEL


def test_names_that_ffmpeg_would_take_for_something_else(tmp_path: Path) -> None:
    for name in ("sh:010.mp4", "a %d ü.mp4", "m.MOV"):
        write_movie("alpha", str(tmp_path / "new" / name), [1], matte=ramp)
        assert len(frames_of(tmp_path / "new" / name)) == 1


def test_a_folder_of_that_name_and_a_file_for_a_folder(tmp_path: Path) -> None:
    (tmp_path / "m.mp4").mkdir()
    (tmp_path / "file").write_text("no folder")
    for path, cause in ((tmp_path / "m.mp4", "folder of that name"), (tmp_path / "file" / "m.mp4", "folder")):
        with pytest.raises(MatteWriteError, match=cause) as caught:
            write_movie("alpha", str(path), [1], matte=ramp)
        assert str(path) in str(caught.value)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file", "m.mp4"]


def test_a_size_that_the_encoder_does_not_take(tmp_path: Path) -> None:
    with pytest.raises(MatteWriteError, match="libx264 does not take 20000x16 pixels"):
        write_movie("alpha", str(tmp_path / "m.mp4"), [1], matte=lambda _: np.zeros((16, 20000), np.float32))
    assert list(tmp_path.iterdir()) == []


def noise(frame: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(frame).random((HEIGHT, WIDTH), dtype=np.float32)


@pytest.mark.parametrize("kind", NAMES)
def test_a_full_disk_leaves_nothing_and_says_so(tiny_disk: Path, kind: str) -> None:
    with pytest.raises(MatteWriteError, match=r"No space left.*Free some space"):
        make(tiny_disk, kind, frames=range(60), matte=noise, plate=lambda frame: noise(frame)[..., None].repeat(3, -1))
    assert list(tiny_disk.iterdir()) == []


def test_the_disk_that_fills_at_the_last_byte(tiny_disk: Path) -> None:
    """Room for some, not for all: what is already there grows, so that failures at closing are met too."""
    whole = make(tiny_disk, "prores").stat().st_size
    (tiny_disk / NAMES["prores"]).unlink()
    outcomes: Dict[bool, int] = {True: 0, False: 0}
    ballast = tiny_disk / "ballast"
    for free in range(4096, whole + 3 * 4096, 4096):
        ballast.write_bytes(bytes(65536 - free))
        try:
            made = len(frames_of(make(tiny_disk, "prores"))) == 3
        except MatteWriteError:
            made = False
        outcomes[made] += 1
        assert {one.name for one in tiny_disk.iterdir()} == {"ballast", *([NAMES["prores"]] if made else [])}
        (tiny_disk / NAMES["prores"]).unlink(missing_ok=True)
    assert outcomes[True] and outcomes[False]


IN_A_CHILD = """
import sys, resource, numpy as np
from gvm_matte.engine.mattes import write_movie
from gvm_matte.core.errors import MatteWriteError
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
def noise(frame):
    return np.random.default_rng(frame).random((64, 96), dtype=np.float32)
try:
    write_movie("alpha", sys.argv[1], range(60), matte=noise)
except MatteWriteError as exc:
    print(exc)
    sys.exit(7)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_file_that_may_not_grow_leaves_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", IN_A_CHILD, str(tmp_path / "m.mp4")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 7, done.stderr
    assert "File too large" in done.stdout and list(tmp_path.iterdir()) == []


def test_a_writer_may_be_used_by_itself(tmp_path: Path) -> None:
    with MovieWriter(str(tmp_path / "m.mov"), kind="prores", width=WIDTH, height=HEIGHT, fps=(25, 1)) as writer:
        for frame in range(3):
            writer.add(ramp(frame), flat(0.1, 0.2, 0.3))
        assert writer.count == 3 and not (tmp_path / "m.mov").exists()
    assert len(alphas_of(tmp_path / "m.mov")) == 3
