"""What a compositor sets for a shot, through a real engine: keys, region, garbage and core, exposure, foreground, detail.

Compared with the same shot's mattes without any of it, or with the formula in numpy.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Callable, Dict, List, Sequence

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio
import pytest
from gvm_matte.client import MatteJob, MatteSession, PlateData
from gvm_matte.core.errors import GvmMatteError, PlateMissingError, UsageError
from gvm_matte.core.image import Box
from gvm_matte.protocol.frame_buffer import SlotInfo
from gvm_matte.protocol.messages import Surveyed
from gvm_matte.protocol.parts import Sink, Source
from support import PARAMS, case, read_matte, write_plates

FRAMES = range(1001, 1018)
SIZE = (64, 96)
Pixels = npt.NDArray[Any]
Render = Callable[..., Path]


@pytest.fixture
def render(session: MatteSession, svd_plates: str, tmp_path: Path) -> Render:
    """Renders the parity case's shot with these parameters on top, into a folder of its own."""

    def run(*, plates: str = svd_plates, folder: str = "mattes", frames: str = "", **params: Any) -> Path:
        sink = Sink(str(tmp_path / folder / "m.####.exr"))
        session.render(MatteJob(Source("files", plates), sink, frames=frames, params={**PARAMS, **params}))
        return tmp_path / folder

    return run


def alpha_of(folder: Path, frame: int) -> Pixels:
    return read_matte(folder / f"m.{frame}.exr")


def channels_of(path: Path) -> Dict[str, Pixels]:
    image = oiio.ImageInput.open(str(path))
    assert image is not None, oiio.geterror()
    pixels = image.read_image("float")
    names: Sequence[str] = image.spec().channelnames
    image.close()
    return {name: pixels[..., index] for index, name in enumerate(names)}


def write_masks(folder: Path, masks: Sequence[Pixels], names: Sequence[str] = ("A",)) -> str:
    folder.mkdir()
    for frame, mask in zip(FRAMES, masks):
        spec = oiio.ImageSpec(mask.shape[1], mask.shape[0], len(names), "float")
        spec.channelnames = tuple(names)
        output = oiio.ImageOutput.create("x.exr")
        assert output is not None and output.open(str(folder / f"k.{frame}.exr"), spec)
        values = mask[..., None] if mask.ndim == 2 else mask
        assert output.write_image(np.ascontiguousarray(values, np.float32)) and output.close()
    return str(folder / "k.####.exr")


def bars(width: int) -> List[Pixels]:
    """A soft bar that moves by a pixel a frame."""
    masks = []
    for index in range(len(FRAMES)):
        mask = np.zeros(SIZE, np.float32)
        mask[:, 10 + index : 10 + index + width] = 1.0
        mask[:, 9 + index] = 0.5
        masks.append(mask)
    return masks


def test_edges_and_gamma_follow_their_keys(render: Render, whole: Path) -> None:
    keys = {"black_point": {"1001": 0.0, "1017": 0.32}, "gamma": {"1001-1005": 1.0, "1009": 2.0}}
    found = render(edge="rescale", white_point=0.8, **keys)
    for frame in FRAMES:
        black = 0.02 * (frame - 1001)
        gamma = float(np.interp(frame, [1005, 1009], [1.0, 2.0]))
        expected = np.clip((alpha_of(whole, frame) - black) / (0.8 - black), 0, 1) ** (1 / gamma)
        np.testing.assert_allclose(alpha_of(found, frame), expected, atol=1e-6)


def test_a_key_makes_stale_the_frames_that_it_changes_and_no_others(
    session: MatteSession, svd_plates: str, tmp_path: Path
) -> None:
    def run(last: float) -> List[int]:
        params = {**PARAMS, "edge": "rescale", "white_point": {"1001": 0.9, "1010": 0.9, "1017": last}}
        job = MatteJob(Source("files", svd_plates), Sink(str(tmp_path / "m.####.exr")), params=params)
        return list(session.render(job).written)

    assert run(0.7) == list(FRAMES)
    assert run(0.7) == []
    assert run(0.8) == list(range(1011, 1018))


def test_core_forces_1_and_garbage_0_and_wins(render: Render, whole: Path, tmp_path: Path) -> None:
    core, garbage = bars(20), [np.flipud(mask) * (np.arange(64)[:, None] > 32) for mask in bars(40)]
    folders = {
        "core": write_masks(tmp_path / "core", core),
        "garbage": write_masks(tmp_path / "garbage", [np.dstack([m * 0, m]) for m in garbage], ("R", "holdout.G")),
    }
    found = render(garbage_channel="holdout.G", **folders)
    for index, frame in enumerate(FRAMES):
        expected = np.maximum(alpha_of(whole, frame), core[index]) * (1 - garbage[index])
        np.testing.assert_allclose(alpha_of(found, frame), expected, atol=1e-6)


def test_one_image_as_garbage_serves_every_frame(render: Render, whole: Path, tmp_path: Path) -> None:
    write_masks(tmp_path / "garbage", bars(30)[:1])
    found = render(garbage=str(tmp_path / "garbage" / "k.1001.exr"), frames="1001,1017")
    for frame in (1001, 1017):
        np.testing.assert_allclose(alpha_of(found, frame), alpha_of(whole, frame) * (1 - bars(30)[0]), atol=1e-6)


def test_a_changed_garbage_matte_makes_its_frame_stale(session: MatteSession, svd_plates: str, tmp_path: Path) -> None:
    garbage = write_masks(tmp_path / "garbage", bars(30))

    def run() -> List[int]:
        params = {**PARAMS, "garbage": garbage}
        sink = Sink(str(tmp_path / "m" / "m.####.exr"))
        return list(session.render(MatteJob(Source("files", svd_plates), sink, params=params)).written)

    assert run() == list(FRAMES)
    write_masks(tmp_path / "other", bars(50))
    (tmp_path / "other" / "k.1004.exr").replace(tmp_path / "garbage" / "k.1004.exr")
    assert run() == [1004]


def test_a_mask_that_lacks_a_frame_fails_before_anything_is_rendered(render: Render, tmp_path: Path) -> None:
    core = write_masks(tmp_path / "core", bars(30))
    (tmp_path / "core" / "k.1007.exr").unlink()
    with pytest.raises(PlateMissingError, match=r"The core matte lacks frames: .*k\.1007\.exr"):
        render(core=core)
    assert not (tmp_path / "mattes").exists()


def test_a_mask_of_another_size_is_named(render: Render, tmp_path: Path) -> None:
    core = write_masks(tmp_path / "core", [mask[:32] for mask in bars(30)])
    with pytest.raises(UsageError, match=r"core matte .*is 96x32 at 0,0, the plates are 96x64 at 0,0"):
        render(core=core)


def test_the_region_is_what_the_model_gives_for_its_crop_alone(render: Render, tmp_path: Path) -> None:
    _, tensors = case("svd_windows")
    rgb = tensors["rgb"].transpose(0, 2, 3, 1)
    # a box of 48x32 pixels and its margin of 8 on each side is a crop of 64x48: rows 8 to 56, columns 16 to 80
    cropped = write_plates(tmp_path / "cropped", rgb[:, 8:56, 16:80])
    alone = render(plates=cropped, folder="alone", size=64)
    region = render(roi="24,16,72,48", folder="region", size=64)
    for frame in (1001, 1008, 1017):
        found = alpha_of(region, frame)
        assert found.shape == (32, 48)
        np.testing.assert_array_equal(found[2:-2, 2:-2], alpha_of(alone, frame)[10:-10, 10:-10])
        assert (found[0] <= alpha_of(alone, frame)[8, 8:-8]).all() and found[0].max() < 0.5
    image = oiio.ImageInput.open(str(region / "m.1001.exr"))
    assert image is not None
    spec = image.spec()
    assert (spec.x, spec.y, spec.width, spec.height) == (24, 16, 48, 32)
    assert (spec.full_x, spec.full_y, spec.full_width, spec.full_height) == (0, 0, 96, 64)


def test_exposure_shows_the_model_a_brighter_plate(render: Render, tmp_path: Path) -> None:
    _, tensors = case("svd_windows")
    rgb = tensors["rgb"].transpose(0, 2, 3, 1)
    brighter = write_plates(tmp_path / "brighter", rgb * np.float32(2.0))
    params = {"input_colorspace": "scene_linear", "frames": "1001-1004"}
    expected = render(plates=brighter, folder="expected", **params)
    found = render(exposure=1.0, folder="found", **params)
    plain = render(folder="plain", **params)
    for frame in range(1001, 1005):
        np.testing.assert_array_equal(alpha_of(found, frame), alpha_of(expected, frame))
        assert np.abs(alpha_of(found, frame) - alpha_of(plain, frame)).max() > 0.01


def test_an_exposure_with_keys_makes_stale_the_windows_that_it_reaches(
    session: MatteSession, svd_plates: str, tmp_path: Path
) -> None:
    def run(last: float) -> List[int]:
        params = {**PARAMS, "input_colorspace": "srgb", "exposure": {"1001-1016": 0.0, "1017": last}}
        job = MatteJob(Source("files", svd_plates), Sink(str(tmp_path / "m.####.exr")), params=params)
        return list(session.render(job).written)

    assert run(1.0) == list(FRAMES)
    stale = run(2.0)
    assert stale and stale[-1] == 1017 and stale[0] > 1001 and stale == list(range(stale[0], 1018))


def test_rgba_holds_the_plates_own_colours_where_alpha_is_1(render: Render, whole: Path) -> None:
    rgb = case("svd_windows")[1]["rgb"].transpose(0, 2, 3, 1)
    edge = {"edge": "clamp", "black_point": 0.3, "white_point": 0.45}
    straight = render(channels="rgba-unpremult", folder="straight", **edge)
    premult = render(channels="rgba-premult", folder="premult", **edge)
    alone = render(folder="alone", **edge)
    solid = 0
    for index, frame in enumerate(FRAMES):
        one, other = channels_of(straight / f"m.{frame}.exr"), channels_of(premult / f"m.{frame}.exr")
        assert list(one) == list(other) == ["R", "G", "B", "A"]
        alpha = alpha_of(alone, frame)
        for place, name in enumerate("RGB"):
            np.testing.assert_allclose(other[name], one[name] * alpha, atol=1e-6)
            np.testing.assert_array_equal(one[name][alpha == 1], rgb[index, ..., place][alpha == 1])
        np.testing.assert_array_equal(one["A"], alpha)
        np.testing.assert_array_equal(other["A"], alpha)
        solid += int((alpha == 1).sum())
    assert solid > 100


def test_a_layer_holds_the_alpha_under_its_name(render: Render, whole: Path) -> None:
    found = render(channels="layer:gvm", frames="1003")
    channels = channels_of(found / "m.1003.exr")
    assert list(channels) == ["gvm.A"]
    np.testing.assert_array_equal(channels["gvm.A"], alpha_of(whole, 1003))


def test_guided_upsampling_differs_only_where_plates_are_larger_than_the_model(render: Render, whole: Path) -> None:
    same = render(upsample="guided", folder="same", frames="1001-1004")
    np.testing.assert_array_equal(alpha_of(same, 1001), alpha_of(whole, 1001))
    plain = render(size=32, max_resolution=48, folder="plain", frames="1001-1004")
    guided = render(size=32, max_resolution=48, upsample="guided", folder="guided", frames="1001-1004")
    difference = np.abs(alpha_of(guided, 1001) - alpha_of(plain, 1001))
    assert alpha_of(guided, 1001).shape == SIZE
    assert difference.max() > 0.001 and difference.mean() < 0.1


def test_plates_out_of_buffers_give_the_same_foreground_as_files(
    session: MatteSession, render: Render, tmp_path: Path
) -> None:
    rgb = case("svd_windows")[1]["rgb"].transpose(0, 2, 3, 1).astype(np.float32)
    rgb[3, 5:9, 5:9] = np.nan  # what is no number shall not come out as a colour either
    written = write_plates(tmp_path / "plates", rgb)
    files = render(plates=written, channels="rgba-premult", frames="1001-1012", folder="files")

    def plate(frame: int) -> PlateData:
        return PlateData(np.ascontiguousarray(rgb[frame - 1001], np.float32), Box(0, 0, 96, 64), 3, "float")

    taken: Dict[int, Pixels] = {}
    job = MatteJob(
        Source("buffers", display=(0, 0, 96, 64)),
        Sink(str(tmp_path / "pushed" / "m.####.exr"), buffers=True),
        frames="1001-1012",
        shot=(1001, 1017),
        params={**PARAMS, "channels": "rgba-premult"},
    )

    def take(frame: int, info: SlotInfo, payload: memoryview) -> None:
        taken[frame] = np.frombuffer(payload, np.float32).reshape(SIZE).copy()

    session.render(job, plates=plate, take_alpha=take)
    for frame in range(1001, 1013):
        one, other = (channels_of(folder / f"m.{frame}.exr") for folder in (files, tmp_path / "pushed"))
        for name in "RGBA":
            np.testing.assert_array_equal(one[name], other[name])
        np.testing.assert_array_equal(taken[frame], one["A"])


def test_a_proxy_among_the_plates_is_refused_before_anything_is_rendered(render: Render, tmp_path: Path) -> None:
    rgb = case("svd_windows")[1]["rgb"].transpose(0, 2, 3, 1)
    plates = write_plates(tmp_path / "plates", [*rgb[:9], rgb[9][::2, ::2], rgb[10], rgb[11][::2, ::2]])
    with pytest.raises(GvmMatteError, match=r"frame 1010 is 48x32 at 0,0, the shot is 96x64"):
        render(plates=plates)
    assert not (tmp_path / "mattes").exists()


# what is asked for, the output, the exit code that the command makes of it, words of the sentence
WRONG: Dict[str, tuple[Dict[str, Any], str, int, str]] = {
    "no such layer": ({"layer": "diffuse"}, "m.####.exr", 1, "diffuse"),
    "no such colour space": ({"input_colorspace": "acescgg"}, "m.####.exr", 2, "ACEScg"),
    "no such view": ({"input_view": "Cinema"}, "m.####.exr", 2, "Cinema"),
    "no such config": ({"ocio": "/nowhere/config.ocio"}, "m.####.exr", 2, "/nowhere/config.ocio"),
    "a region outside": ({"roi": "500,0,600,50"}, "m.####.exr", 2, "outside the picture"),
    "half a region": ({"roi": "5,5"}, "m.####.exr", 2, "x,y,r,t"),
    "no such garbage matte": ({"garbage": "/nowhere/g.####.exr"}, "m.####.exr", 1, "/nowhere"),
    "a garbage channel that is not there": ({"garbage": "{plates}", "garbage_channel": "matte"}, "m.####.exr", 1, "matte"),
    "premultiplied PNG": ({"channels": "rgba-premult"}, "m.####.png", 2, "PNG"),
    "a layer without a name": ({"channels": "layer:"}, "m.####.exr", 2, "layer:NAME"),
    "another kind of image": ({}, "m.####.tga", 2, "m.####.tga"),
}


@pytest.mark.parametrize(("params", "output", "code", "said"), WRONG.values(), ids=list(WRONG))
def test_what_cannot_be_meant_is_one_clear_sentence(
    params: Dict[str, Any], output: str, code: int, said: str, session: MatteSession, svd_plates: str, tmp_path: Path
) -> None:
    given = {name: value.format(plates=svd_plates) for name, value in params.items()}
    job = MatteJob(Source("files", svd_plates), Sink(str(tmp_path / "out" / output)), params={**PARAMS, **given})
    with pytest.raises(GvmMatteError) as caught:
        session.render(job)
    assert isinstance(caught.value, UsageError) == (code == 2), caught.value.code
    assert said in str(caught.value) and "Traceback" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("movies", "said"), [({"alpha": "a.avi"}, "a.avi"), ({"violet": "a.mp4"}, "violet")])
def test_movies_that_cannot_be_made_are_refused_at_once(
    movies: Dict[str, str], said: str, session: MatteSession, svd_plates: str, tmp_path: Path
) -> None:
    paths = {kind: str(tmp_path / name) for kind, name in movies.items()}
    job = MatteJob(Source("files", svd_plates), Sink(str(tmp_path / "m.####.exr"), movies=paths), params=PARAMS)
    with pytest.raises(UsageError, match=said):
        session.render(job)
    assert list(tmp_path.iterdir()) == []


def test_a_survey_tells_what_is_fresh_stale_and_why(session: MatteSession, svd_plates: str, tmp_path: Path) -> None:
    plates = tmp_path / "plates"
    shutil.copytree(Path(svd_plates).parent, plates)
    pattern, source = str(tmp_path / "m" / "m.####.exr"), Source("files", str(plates / "plate.####.exr"))

    def survey(**params: Any) -> Surveyed:
        events: List[Any] = []
        job = MatteJob(source, Sink(pattern), params={**PARAMS, **params}, dry_run=True)
        session.render(job, on_event=events.append)
        (found,) = [event for event in events if isinstance(event, Surveyed)]
        return found

    assert survey() == Surveyed(survey().job - 1, "", "", "1001-1017", {})
    session.render(MatteJob(source, Sink(pattern), frames="1001-1010", params=PARAMS))
    half = survey()
    assert (half.fresh, half.stale, half.missing, half.reasons) == ("1001-1010", "", "1011-1017", {})

    edged = survey(edge="rescale", gamma={"1001-1004": 1.0, "1005": 2.0}, existing="overwrite")
    assert (edged.fresh, edged.stale) == ("", "1001-1010")
    assert edged.reasons == {"edge": "1001-1010", "gamma": "1005-1010"}

    (plates / "plate.1009.exr").touch()
    write_plates(tmp_path / "m", [np.zeros((8, 8, 3))], first=1010)
    (tmp_path / "m" / "plate.1010.exr").replace(tmp_path / "m" / "m.1010.exr")
    touched = survey()
    # the first block is 1001-1006, from the window 1001-1008; the second's window begins with 1007
    assert (touched.fresh, touched.stale) == ("1001-1006", "1007-1010")
    assert touched.reasons == {"plates": "1007-1009", "not ours": "1010"}


def test_a_garbage_matte_is_not_overwritten_whatever_the_way_to_it(
    session: MatteSession, svd_plates: str, tmp_path: Path
) -> None:
    garbage = write_masks(tmp_path / "garbage", bars(30))
    (tmp_path / "link").symlink_to(tmp_path / "garbage")
    job = MatteJob(
        Source("files", svd_plates), Sink(str(tmp_path / "link" / "k.####.exr")), params={**PARAMS, "garbage": garbage}
    )
    with pytest.raises(UsageError, match="would overwrite the garbage matte"):
        session.render(job)
