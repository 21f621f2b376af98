"""Copies of pictures: exact, from any stride, out of the way in time, and within their bound."""

from __future__ import annotations

import pytest
from gvm_matte.core.errors import FrameBufferError
from gvm_matte.core.image import Box
from gvm_matte.ui.picture.kept import KeptPicture, PictureCache
from page_kit import Sender, kept, ramp, steps

MIB_PICTURE = 512, 342  # 6 bytes a pixel: a little more than 1 MiB


@pytest.mark.parametrize(("width", "height", "pad"), [(1, 1, 0), (1, 1, 5), (7, 5, 0), (7, 5, 3), (64, 3, 1)])
def test_every_pixel_reads_out_as_it_was_sent(width: int, height: int, pad: int) -> None:
    picture = kept(width, height, pad=pad)

    for y in range(height):
        for x in range(width):
            assert picture.plate_at(x, y) == ramp(x, y)
            assert picture.alpha_at(x, y) == steps(x, y) / 65535
    assert not picture.holds(width, 0) and not picture.holds(0, -1)


def test_a_copy_outlives_its_view_and_its_engine() -> None:
    sender = Sender()
    view = sender.view(1001)
    picture = KeptPicture.of(view, job=1)
    view.release()
    for frame in (1002, 1003, 1004):  # the slot is written again
        sender.view(frame, plate=lambda x, y: (0, 0, 0)).release()
    sender.close()

    assert picture.plate_at(3, 2) == ramp(3, 2)
    assert picture.plate_image.pixelColor(3, 2).getRgb()[:3] == ramp(3, 2)


def test_a_view_that_was_released_is_an_error_and_no_crash() -> None:
    view = Sender().view(1001)
    view.release()

    with pytest.raises(FrameBufferError, match="Frame 1001 went away"):
        KeptPicture.of(view, job=1)


def test_a_view_that_is_smaller_than_it_says_is_an_error() -> None:
    view = Sender().view(1001)
    view.height += 1

    with pytest.raises(FrameBufferError, match="smaller than it says"):
        KeptPicture.of(view, job=1)
    view.release()


def test_a_reduced_picture_tells_where_its_pixels_lie_in_the_plate() -> None:
    picture = kept(4, 2, data=(-8, 100, 32, 120))

    assert picture.box == Box(-8, 100, 32, 120)
    assert picture.plate_pixel(0, 0) == (-3, 105)
    assert picture.plate_pixel(3, 1) == (27, 115)


def test_the_cache_keeps_to_its_bound_and_lets_the_farthest_frames_go() -> None:
    cache = PictureCache(mib=4)
    cache.attend(1010, [1])
    plain = kept(*MIB_PICTURE, alpha=lambda x, y: 0, plate=lambda x, y: (0, 0, 0))
    for frame in (1001, 1008, 1009, 1010, 1011):
        cache.put(_as(plain, 1, frame))

    assert cache.frames([1]) == [1009, 1010, 1011]
    assert cache.nbytes == 3 * plain.nbytes <= 4 << 20


def test_frames_behind_go_before_frames_ahead_and_other_jobs_before_both() -> None:
    cache = PictureCache(mib=3)
    cache.attend(1010, [1])
    plain = kept(*MIB_PICTURE, alpha=lambda x, y: 0, plate=lambda x, y: (0, 0, 0))
    cache.put(_as(plain, 7, 1010))
    cache.put(_as(plain, 1, 1009))
    cache.put(_as(plain, 1, 1011))
    assert cache.get(7, 1010) is None
    cache.put(_as(plain, 1, 1010))

    assert cache.frames([1]) == [1010, 1011]


def test_what_would_go_at_once_is_not_wanted() -> None:
    cache = PictureCache(mib=3)
    cache.attend(1010, [1])
    plain = kept(*MIB_PICTURE, alpha=lambda x, y: 0, plate=lambda x, y: (0, 0, 0))
    cache.put(_as(plain, 1, 1010))
    cache.put(_as(plain, 1, 1013))

    assert not cache.wants(1, 1014, plain.nbytes)
    assert not cache.wants(2, 1010, plain.nbytes)
    assert cache.wants(1, 1012, plain.nbytes)


def test_one_picture_is_kept_whatever_the_bound() -> None:
    cache = PictureCache(mib=0)
    cache.attend(1001, [1])
    cache.put(kept(frame=1001))

    assert len(cache) == 1
    cache.put(kept(frame=1002))
    assert cache.frames([1]) == [1001]


def test_a_newer_picture_of_a_frame_takes_the_place_of_the_older() -> None:
    cache = PictureCache()
    cache.put(kept(frame=1001))
    cache.put(kept(9, 3, frame=1001))

    found = cache.get(1, 1001)
    assert found is not None and found.width == 9 and cache.nbytes == found.nbytes


def _as(picture: KeptPicture, job: int, frame: int) -> KeptPicture:
    size = picture.width, picture.height, picture.box
    return KeptPicture(job, frame, True, *size, picture.plate, picture.plate_stride, picture.alpha, picture.alpha_stride)
