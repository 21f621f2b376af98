"""OpenColorIO's config: which one, what it calls things, and errors that say what it has.

Foreign errors end here: what OpenColorIO raises becomes a ParamError with its reason in one line.
"""

from __future__ import annotations

import contextlib
import difflib
import functools
import os
from typing import Any, Dict, Iterator, List, Tuple

import PyOpenColorIO as ocio  # type: ignore[import-untyped]

from ...core.errors import ParamError

BUILTIN_CONFIG = "ocio://studio-config-v5.0.0_aces-v2.1_ocio-v2.6"
"""What stands in where no config is named. `studio-config-latest` of opencolorio 2.6, by its own name: "latest" would be
another config after an update of the library."""

SCENE_LINEAR = "scene_linear"
CLOSEST = 3
"""Names that an error proposes."""

FOREIGN = (ocio.Exception, ocio.ExceptionMissingFile)
"""What OpenColorIO raises; to Python the second is not a kind of the first."""


@contextlib.contextmanager
def ocio_errors(what: str, *, name: str, path: str = "") -> Iterator[None]:
    """Turns OpenColorIO's errors into ParamError: "WHAT: its reason."

    Args:
        what: could not be done.
        name: of the parameter.
    """
    try:
        yield
    except FOREIGN as exc:
        reason = " ".join(str(exc).split()).rstrip(".")
        raise ParamError(f"{what}: {reason}.", name=name, path=path or None) from exc


@functools.lru_cache(maxsize=1)
def builtin_config() -> ocio.Config:
    """The built-in config; read only, shared by all."""
    return _loaded(BUILTIN_CONFIG)


def _loaded(source: str) -> ocio.Config:
    config = ocio.Config.CreateFromFile(source)
    config.setProcessorCacheFlags(ocio.PROCESSOR_CACHE_OFF)  # it would keep every exposure of an animated one
    return config


class ColourConfig:
    """A config. Reading only: safe from several threads.

    Args:
        ocio_name: a file or an `ocio://` name; empty: `$OCIO`, then the built-in one.

    Attributes:
        source: the file or the `ocio://` name.
        is_named: whether a person (or their `$OCIO`) chose it.
        config: OpenColorIO's own.

    Raises:
        ParamError: it cannot be loaded.
    """

    def __init__(self, ocio_name: str = "") -> None:
        asked, from_environment = ocio_name.strip(), os.environ.get("OCIO", "").strip()
        self.source = asked or from_environment or BUILTIN_CONFIG
        self.is_named = bool(asked or from_environment)
        if self.is_named:
            ocio.ClearAllCaches()  # else a look-up table that was saved again keeps its old values while the engine lives
        whose = "" if asked or not from_environment else " (of $OCIO)"
        with ocio_errors(f"The OpenColorIO config {self.source}{whose} cannot be loaded", name="ocio", path=self.source):
            self.config: ocio.Config = _loaded(self.source) if self.is_named else builtin_config()

    @property
    def text(self) -> str:
        """What the config says, whatever its file is called: to tell it from others."""
        return str(self.config.serialize()) if self.is_named else BUILTIN_CONFIG

    def space(self, name: str) -> ocio.ColorSpace:
        """The colour space of a name, role or alias; upper and lower case are the same. None: there is none."""
        return self.config.getColorSpace(name)

    def role(self, name: str) -> str:
        """The colour space of a role; "" where the config has no such role."""
        return str(self.config.getRoleColorSpace(name))

    def unknown_space(self, name: str, words: Tuple[str, ...]) -> ParamError:
        """An error that proposes names.

        Args:
            words: that are accepted with any config.
        """
        spaces: List[str] = list(self.config.getColorSpaceNames(ocio.SEARCH_REFERENCE_SPACE_ALL, ocio.COLORSPACE_ALL))
        aliases = [alias for space in spaces for alias in self.config.getColorSpace(space).getAliases()]
        names = [*words, *spaces, *self.config.getRoleNames(), *aliases]
        close = _closest(name, names)
        meant = f" Did you mean {close}?" if close else ""
        return ParamError(
            f'The input colour space "{name}" is not known: it is none of {", ".join(words)}, nor one of the {len(spaces)} '
            f"colour spaces of {self.source}, their roles and aliases.{meant} Leave it empty to go by the file.",
            name="input_colorspace",
        )

    def view(self, text: str) -> Tuple[str, str]:
        """The display and view that a text names: DISPLAY/VIEW, or VIEW of the default display; either may hold slashes.

        Raises:
            ParamError: there is none; it names those of the display.
        """
        default = str(self.config.getDefaultDisplay())
        candidates = [(default, text)]
        pieces = text.split("/")
        candidates += [("/".join(pieces[:n]), "/".join(pieces[n:])) for n in range(1, len(pieces))]
        displays = {str(name).casefold(): str(name) for name in self.config.getDisplaysAll()}
        known = default
        for display, view in candidates:
            found = displays.get(display.strip().casefold())
            if found is None:
                continue
            views = {str(name).casefold(): str(name) for name in self.config.getViews(found)}
            if view.strip().casefold() in views:
                return found, views[view.strip().casefold()]
            known = found
        raise ParamError(
            f'The input view "{text}" is not known to {self.source}. Choose srgb, or one of the display "{known}": '
            f"{_quoted(self.config.getViews(known))}; other displays (as DISPLAY/VIEW): "
            f"{_quoted(name for name in self.config.getDisplays() if name != known)}.",
            name="input_view",
        )

    def by_file_rules(self, path: str) -> str:
        """The colour space that a file rule gives a path; "" where only the default rule matches."""
        if not path or self.config.filepathOnlyMatchesDefaultRule(path):
            return ""
        return str(self.config.getColorSpaceFromFilepath(path)[0])


def list_spaces(ocio_name: str = "") -> Dict[str, Any]:
    """What there is to choose from, for menus and `gvm-matte info`. Only plain types.

    Args:
        ocio_name: as the parameter `ocio`.

    Returns:
        `config`: the file or `ocio://` name; `colorspaces`: {name, family, aliases, encoding, is_data} each; `roles`: role
        to colour space; `displays`: display to its views, the default ones first.

    Raises:
        ParamError: the config cannot be loaded.
    """
    found = ColourConfig(ocio_name)
    return {
        "config": found.source,
        "colorspaces": [
            {
                "name": space.getName(),
                "family": space.getFamily(),
                "aliases": list(space.getAliases()),
                "encoding": space.getEncoding(),
                "is_data": bool(space.isData()),
            }
            for space in found.config.getColorSpaces()
        ],
        "roles": dict(found.config.getRoles()),
        "displays": {display: list(found.config.getViews(display)) for display in found.config.getDisplays()},
    }


def _closest(name: str, names: List[str]) -> str:
    by_fold = {known.casefold(): known for known in reversed(names)}
    close = difflib.get_close_matches(name.casefold(), list(by_fold), n=CLOSEST, cutoff=0.5)
    return _quoted(by_fold[fold] for fold in close) if close else ""


def _quoted(names: Any) -> str:
    return ", ".join(f'"{name}"' for name in names) or "none"
