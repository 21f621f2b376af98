"""Copy, Shuffle, ShuffleCopy, Premult, Unpremult."""

from __future__ import annotations

import numpy as np
import pytest
from gvm_matte.core.errors import ParamError
from gvm_matte.host.pixels import ops
from gvm_matte.host.pixels.boxes import BBox
from hypothesis import given, settings
from picture_kit import RGBA, boxes, flat, noise, picture


def test_copy_brings_as_alpha_into_b_and_shares_the_rest() -> None:
    plate, matte = noise((0, 0, 4, 3), names=RGBA[:3]), noise((0, 0, 4, 3), seed=5)
    copied = ops.copy(matte, plate, pairs=[("rgba.red", "rgba.alpha"), ("none", "rgba.green"), ("rgba.blue", "none")])
    assert np.shares_memory(copied.channels["rgba.alpha"], matte.channels["rgba.red"])
    assert all(copied.channels[name] is plate.channels[name] for name in RGBA[:3])


@pytest.mark.parametrize(
    ("bbox", "expected"),
    [("union", (0, 0, 4, 3)), ("intersection", (1, 1, 3, 2)), ("A", (1, 1, 5, 2)), ("B", (0, 0, 3, 3))],
)
def test_copy_follows_the_bbox_knob(bbox: str, expected: BBox) -> None:
    a, b = noise((1, 1, 4, 2) if bbox == "union" else (1, 1, 5, 2)), noise((0, 0, 3, 3), seed=3)
    copied = ops.copy(a, b, pairs=[("rgba.alpha", "rgba.alpha")], bbox=bbox)
    assert copied.bbox == expected
    np.testing.assert_array_equal(copied.channels["rgba.alpha"], a.channel("rgba.alpha", expected))
    np.testing.assert_array_equal(copied.channels["rgba.red"], b.channel("rgba.red", expected))


def test_a_masked_copy_shows_b_elsewhere() -> None:
    a, b = flat({"rgba.red": 1}), flat({"rgba.alpha": 0.5})
    copied = ops.copy(
        a, b, pairs=[("rgba.red", "rgba.alpha")], mask=picture({"rgba.red": [[1, 0.5]]}), mask_channel="rgba.red"
    )
    assert copied.channel("rgba.alpha", (0, 0, 3, 1)).tolist() == [[1, 0.75, 0.5]]


def test_shuffle_moves_channels_black_and_white() -> None:
    source = flat({"rgba.red": 0.1, "rgba.green": 0.2, "rgba.blue": 0.3, "uv.u": 0.7})
    mapping = {
        "rgba.red": "rgba.green",
        "rgba.green": "rgba.red",
        "rgba.alpha": "white",
        "rgba.blue": "black",
        "new.a": "uv.v",
    }
    shuffled = ops.shuffle(source, mapping=mapping)
    found = {name: round(float(values[0, 0]), 6) for name, values in shuffled.channels.items()}
    assert found == {"rgba.red": 0.2, "rgba.green": 0.1, "rgba.blue": 0, "rgba.alpha": 1, "uv.u": 0.7, "new.a": 0}
    assert shuffled.channels["rgba.red"] is source.channels["rgba.green"]


def test_a_shuffle_into_a_name_without_layer_is_refused() -> None:
    with pytest.raises(ParamError, match='"alpha"'):
        ops.shuffle(flat({"rgba.red": 1}), mapping={"alpha": "rgba.red"})


def test_shuffle_copy_takes_from_both() -> None:
    a, b = flat({"rgba.red": 0.1}, (0, 0, 2, 2)), flat({"rgba.red": 0.2, "rgba.green": 0.4}, (1, 1, 4, 3))
    mixed = ops.shuffle_copy(
        a, b, from_a={"rgba.alpha": "rgba.red"}, from_b={"rgba.blue": "rgba.green", "rgba.alpha": "white"}
    )
    assert mixed.bbox == (0, 0, 4, 3)
    assert mixed.channel("rgba.alpha", (0, 0, 4, 1))[0].tolist() == [np.float32(0.1), np.float32(0.1), 0, 0]
    assert mixed.channel("rgba.blue", (3, 2, 4, 3)) == np.float32(0.4)
    assert mixed.channel("rgba.red", (3, 2, 4, 3)) == np.float32(0.2)


def test_premult_and_unpremult_leave_the_alpha_alone() -> None:
    source = picture({"rgba.red": [[0.8, 0.8, 0.8]], "rgba.alpha": [[0.5, 0, 2]], "depth.Z": [[3, 3, 3]]})
    product = ops.premult(source, channels="all")
    np.testing.assert_allclose(product.channels["rgba.red"], [[0.4, 0, 1.6]], rtol=1e-6)
    assert product.channels["depth.Z"].tolist() == [[1.5, 0, 6]]
    assert product.channels["rgba.alpha"] is source.channels["rgba.alpha"]
    assert ops.premult(source).channels["depth.Z"] is source.channels["depth.Z"]


def test_unpremult_leaves_a_pixel_without_alpha_as_it_is() -> None:
    source = picture({"rgba.red": [[0.8, 0.8, 0.8]], "rgba.alpha": [[0.5, 0, 2]]})
    np.testing.assert_allclose(ops.unpremult(source).channels["rgba.red"], [[1.6, 0.8, 0.4]], rtol=1e-6)


def test_premult_by_one_minus_the_alpha() -> None:
    source = picture({"rgba.red": [[0.8, 0.8]], "rgba.alpha": [[0.25, 1]]})
    np.testing.assert_allclose(ops.premult(source, invert=True).channels["rgba.red"], [[0.6, 0]], rtol=1e-6)
    np.testing.assert_allclose(ops.unpremult(source, invert=True).channels["rgba.red"], [[0.8 / 0.75, 0.8]], rtol=1e-6)


def test_an_alpha_that_is_not_there_is_black_and_none_does_nothing() -> None:
    source = flat({"rgba.red": 0.5})
    assert not ops.premult(source).channels["rgba.red"].any()
    assert (ops.unpremult(source).channels["rgba.red"] == 0.5).all()
    assert ops.premult(source, alpha="none") is source


@settings(deadline=None, max_examples=40)
@given(boxes())
def test_premult_undoes_unpremult_where_there_is_alpha(box: BBox) -> None:
    source = noise(box, seed=4)
    back = ops.premult(ops.unpremult(source))
    lit = source.channels["rgba.alpha"] > 0
    np.testing.assert_allclose(back.channels["rgba.red"][lit], source.channels["rgba.red"][lit], rtol=1e-6)
