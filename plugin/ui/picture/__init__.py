"""The monitor's picture page: finished frames, looked at, compared and played. `page` is where to begin to read."""

from .page import PicturePage

__all__ = ["PicturePage"]
