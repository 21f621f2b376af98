"""Sources of plates and of masks, from paths as people write them."""

from __future__ import annotations

from ...core.errors import PlateMissingError, PlateUnreadableError, UsageError
from .channels import MaskPick, Pick, PlatePick
from .finding import find_plates, near
from .plate import PlateSource
from .sequence import ImageSequence, SingleImage, StillImage
from .video import VideoFile
from .video_mask import VideoMask


def open_plates(path: str, *, view: str = "", layer: str = "") -> PlateSource:
    """Opens an image sequence, a single image or a video.

    Args:
        path: a pattern with one frame field (`####`, `%04d`, `@@@@`), an image, a video (by its ending), or a folder with
            exactly one of these in it. A file that is there under exactly this name is that file, whatever characters the
            name holds.
        view: of a file that has several, `left`; empty for its default one.
        layer: whose R, G, B are the plate, `diffuse`; empty for the picture itself. Whether view and layer are there shows
            when a frame is opened.

    Raises:
        UsageError: a pattern with more than one frame field; a view or a layer of a video.
        PlateMissingError: nothing is there; the message names what is there instead.
        PlateUnreadableError: a folder with several sequences or none, one that cannot be listed, or a video that is empty,
            truncated or none.
    """
    kind, path = find_plates(path)
    pick = PlatePick(view, layer)
    if kind == "video":
        if view or layer:
            raise UsageError(
                f"{path} is a video, which has neither views nor layers; leave view and layer empty.", path=path
            )
        return VideoFile(path)
    return _sequence(path, pick) if kind == "sequence" else SingleImage(path, pick=pick)


def open_masks(path: str, *, channel: str = "") -> PlateSource:
    """Opens masks, garbage and core mattes: plates of exactly one channel, [h, w, 1].

    Args:
        path: as for `open_plates`. A single image serves every frame; of a video the luma is taken.
        channel: to read, `A`, `alpha`, `mask.a`, or a layer with an A, a grey or but one channel; empty for A, else Y, else
            the first. Whether it is there shows when a frame is opened.

    Raises:
        UsageError: a pattern with more than one frame field; a channel of a video.
        PlateMissingError, PlateUnreadableError: as `open_plates`.
    """
    kind, path = find_plates(path)
    pick = MaskPick(channel)
    if kind == "video":
        if channel:
            raise UsageError(f"{path} is a video, whose luma is the mask; leave the channel empty.", path=path)
        return VideoMask(path)
    return _sequence(path, pick) if kind == "sequence" else StillImage(path, pick=pick)


def _sequence(pattern: str, pick: Pick) -> ImageSequence:
    try:
        source = ImageSequence(pattern, pick=pick)
    except OSError as exc:
        reason = exc.strerror or str(exc)
        raise PlateUnreadableError(f"The folder of {pattern} cannot be listed ({reason}).", path=pattern) from exc
    if not source.frames:
        raise PlateMissingError(f"There is no frame of {pattern} on disk{near(pattern)}.", path=pattern)
    return source
