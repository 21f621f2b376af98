"""Who decides which colour space a plate is in: the parameters, the file, the config's file rules, the pixels' type."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import threading
from typing import Dict, List, Optional, Tuple, Union

import numpy as np
import numpy.typing as npt

from .config import SCENE_LINEAR, ColourConfig
from .spaces import DISPLAY_REFERRED, SRGB_VIEW, Spaces
from .transform import ACCEPTED, InputTransform

_STATED = {
    "linear": SCENE_LINEAR,
    "rec709": "srgb",  # a video's code values: seen as they are, like those of a movie file
}
"""What OpenImageIO's readers say in words that need not be a config's: a config that knows them goes first."""

_UNSAID = "unknown"
"""The interop name by which a file says that it does not say."""

_FINISHED = ("srgb_rec709_scene", "srgb_rec709_display")
"""Interop names of sRGB code values. A file that states them holds a finished picture: like `srgb`, without a view."""


class InputColour:
    """How a job reads its plates. Safe to use from several threads.

    Args:
        ocio: a config's file or `ocio://` name; empty: `$OCIO`, then the built-in one.
        colorspace: of the plates: a word of `ACCEPTED`, or a colour space, role or alias of the config, upper and lower
            case being the same; empty: each plate's own.
        view: from scene-linear to display: "srgb", DISPLAY/VIEW, or VIEW of the default display.

    Attributes:
        config_id: a hash for a frame's digest, of the config's text and of the job's processor with its tables; the same
            on all machines. "" where no config can matter. Not in it, since it is known only plate by plate: the tables of
            spaces that single files state; the transform's `key` has them.

    Raises:
        ParamError: a config that cannot be loaded, or a name that it does not know.
    """

    def __init__(self, *, ocio: str = "", colorspace: str = "", view: str = SRGB_VIEW) -> None:
        self._config = ColourConfig(ocio)
        wanted = view.strip()
        found = None if wanted.casefold() in ("", SRGB_VIEW) else self._config.view(wanted)
        self._view = SRGB_VIEW if found is None else "/".join(found)
        self._spaces = Spaces(self._config, found)
        self._known: Dict[Tuple[str, str, str], InputTransform] = {}
        self._lock = threading.Lock()
        self._asked: Optional[InputTransform] = None
        name = colorspace.strip()
        if name:
            self._asked = self._named(name)
            if self._asked is None:
                raise self._config.unknown_space(name, ACCEPTED)
        self.config_id = self._id()

    def resolve(self, *, hint: str, dtype: Union[str, npt.DTypeLike], path: str = "") -> InputTransform:
        """What is done to a plate.

        Args:
            hint: the file's own statement: a word of `ACCEPTED`, a name that the config may know, or "".
            dtype: of the plate's pixels.
            path: of the plate's file, for the config's file rules.

        Raises:
            ParamError: the config cannot convert the space.
        """
        if self._asked is not None:
            return self._asked
        kind = np.dtype(dtype).kind
        rule = self._config.by_file_rules(path) if self._config.is_named else ""
        hint = "" if hint.strip().casefold() == _UNSAID else hint.strip()
        key = (hint, "f" if kind == "f" else "i", rule)
        with self._lock:  # frames come from several threads, and the second should not do the first one's work
            if key not in self._known:
                self._known[key] = self._decided(hint, key[1], rule)
            return self._known[key]

    def describe(self) -> Dict[str, str]:
        """What a matte's header keeps: `ocio`, `ocio_id` and `input_view`; the space is the transform's `name`."""
        return {"ocio": self._config.source, "ocio_id": self.config_id, "input_view": self._view}

    def _id(self) -> str:
        job = self._asked
        if job is None and (self._config.role(SCENE_LINEAR) or not self._config.is_named):
            job = self._word(SCENE_LINEAR)  # also: a view that cannot be computed shows here, not at the first plate
        open_to_files = self._asked is None and self._config.is_named
        if job is not None and job.curve and not open_to_files:
            return ""  # a curve is what it is, whatever config its name came from
        told = "\n".join((self._config.text, job.key if job else "", self._view))
        return hashlib.sha256(told.encode()).hexdigest()[:32]

    def _decided(self, hint: str, kind: str, rule: str) -> InputTransform:
        ignored: List[str] = []
        for name, whose, lookup in ((hint, "The file states", self._stated), (rule, "A file rule gives", self._named)):
            found = lookup(name) if name else None
            if found is not None:
                return _noted(found, ignored)
            if name:
                ignored.append(f'{whose} the colour space "{name}", which {self._config.source} does not know.')
        found = self._word(SCENE_LINEAR if kind == "f" else "srgb")
        assert found is not None  # both are words
        return _noted(found, ignored)

    def _stated(self, hint: str) -> Optional[InputTransform]:
        """The transform that a file's own words mean; None: they cannot be understood."""
        space = self._config.space(hint)
        names = [hint] if space is None else [hint, *space.getAliases()]
        if any(name.casefold() in _FINISHED for name in names):
            return self._word("srgb")
        return self._named(hint) or self._word(_STATED.get(hint.casefold(), ""))

    def _named(self, name: str) -> Optional[InputTransform]:
        """The transform of a word or of a name of the config; None: neither."""
        word = self._word(name.casefold())
        if word is not None:
            return word
        space = self._config.space(name)
        return None if space is None else self._spaces.transform(space)

    def _word(self, word: str) -> Optional[InputTransform]:
        """The transform of a word that is accepted with any config; None: it is none."""
        if word == "raw":
            return InputTransform("raw", "", "none", "", "none")
        if word == "srgb":
            return InputTransform("srgb", "", DISPLAY_REFERRED, "", DISPLAY_REFERRED)
        if word != SCENE_LINEAR:
            return None
        role = self._config.role(SCENE_LINEAR) if self._config.is_named else ""
        if role:
            return self._spaces.transform(self._config.space(role))
        return self._spaces.generic()


@functools.lru_cache(maxsize=32)
def _plain(colorspace: str) -> InputColour:
    return InputColour(colorspace=colorspace)


def resolve_input(colorspace: str, *, hint: str, dtype: Union[str, npt.DTypeLike]) -> InputTransform:
    """How a plate is read with the default config and view: `InputColour.resolve` for those who have no job.

    Raises:
        ParamError: a name that is not known, or a config in `$OCIO` that cannot be loaded.
    """
    return _plain(colorspace).resolve(hint=hint, dtype=dtype)


def _noted(transform: InputTransform, ignored: List[str]) -> InputTransform:
    """The same transform, its note saying what was not understood."""
    if not ignored:
        return transform
    chosen = f"The plates are read as {transform.name}: set input_colorspace if that is wrong."
    note = " ".join(text for text in (*ignored, chosen, transform.note) if text)
    return dataclasses.replace(transform, note=note)
