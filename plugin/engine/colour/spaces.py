"""From a colour space of the config to what is done to plates in it.

The view `srgb` needs to know what red, green and blue are. A config says so by its interchange roles (or a space that
OpenColorIO recognises without them), through which its spaces reach the built-in config's "Linear Rec.709 (sRGB)". A
config that says nothing of the sort is taken at its scene_linear role, and the transform's note tells.
"""

from __future__ import annotations

from typing import Optional, Tuple

import PyOpenColorIO as ocio  # type: ignore[import-untyped]

from ...core.errors import ParamError
from .config import FOREIGN, SCENE_LINEAR, ColourConfig, builtin_config, ocio_errors
from .processor import Conversion, curve_transform
from .transform import InputTransform

LINEAR_REC709 = "Linear Rec.709 (sRGB)"
SRGB_SCENE = "sRGB Encoded Rec.709 (sRGB)"
SRGB_DISPLAY = "sRGB - Display"
SRGB_VIEW = "srgb"
DISPLAY_REFERRED = "display"


class Spaces:
    """Makes transforms for one config and view.

    Args:
        config: whose spaces these are.
        view: display and view; None: the plain sRGB curve.
    """

    def __init__(self, config: ColourConfig, view: Optional[Tuple[str, str]]) -> None:
        self._config = config
        self._view = view
        self._builtin = builtin_config()

    def transform(self, space: ocio.ColorSpace) -> InputTransform:
        """The transform for plates in a space.

        Raises:
            ParamError: the config cannot convert it.
        """
        name = str(space.getName())
        what = f'{self._config.source} cannot convert the colour space "{name}"'
        with ocio_errors(what, name="input_colorspace", path=self._config.source):
            if space.isData():
                return InputTransform(name, "", "none", "", "none")
            if space.getReferenceSpaceType() == ocio.REFERENCE_SPACE_DISPLAY:
                return self._displayed(name)
            return self._plain(name) if self._view is None else self._viewed(name, self._view)

    def generic(self) -> InputTransform:
        """The transform for linear light with Rec.709 primaries, where no space is named.

        Raises:
            ParamError: the view is one of a config that has no role scene_linear.
        """
        if self._view is None:
            return InputTransform(SCENE_LINEAR, SRGB_VIEW, "srgb", "", "srgb")
        if self._config.is_named:
            raise ParamError(
                f"{self._config.source} has no role scene_linear, so its views cannot be reached from linear plates: "
                "name their colour space.",
                name="input_colorspace",
            )
        with ocio_errors(f"The view {'/'.join(self._view)} cannot be computed", name="input_view"):
            return self._viewed(LINEAR_REC709, self._view, called=SCENE_LINEAR)

    def _displayed(self, name: str) -> InputTransform:
        """Display-referred already: colorimetrically to an sRGB display; no view of the config may touch it."""
        coded = self._to_builtin(name, SRGB_DISPLAY)
        if coded is None:
            note = f'{self._config.source} does not say what "{name}" is in absolute terms: its values are taken as sRGB.'
            return InputTransform(name, "", DISPLAY_REFERRED, note, DISPLAY_REFERRED)
        if self._is_nothing(coded):
            return InputTransform(name, "", DISPLAY_REFERRED, "", DISPLAY_REFERRED)
        decode = curve_transform(ocio.TRANSFORM_DIR_FORWARD)
        return self._converted(name, "", ocio.GroupTransform([coded, decode]), curve_transform(ocio.TRANSFORM_DIR_INVERSE))

    def _plain(self, name: str) -> InputTransform:
        """Scene-referred: linear Rec.709 through the sRGB curve."""
        note = ""
        coded, light = self._to_builtin(name, SRGB_SCENE), self._to_builtin(name, LINEAR_REC709)
        if light is None:
            note = (
                f"{self._config.source} has no interchange roles, so its primaries are not known: its scene_linear is "
                "taken as linear Rec.709."
            )
            light = self._config.config.getProcessor(name, SCENE_LINEAR).createGroupTransform()
        if self._is_nothing(light):
            return InputTransform(name, SRGB_VIEW, "srgb", note, "srgb")
        if coded is not None and self._is_nothing(coded):
            return InputTransform(name, SRGB_VIEW, DISPLAY_REFERRED, note, DISPLAY_REFERRED)
        return self._converted(name, SRGB_VIEW, light, curve_transform(ocio.TRANSFORM_DIR_INVERSE), note=note)

    def _viewed(self, name: str, view: Tuple[str, str], *, called: str = "") -> InputTransform:
        """Scene-referred: scene_linear, where exposure is applied, through the config's view."""
        light, no_exposure = None, ""
        source = self._config.role(SCENE_LINEAR)
        if source:
            light = self._config.config.getProcessor(name, source).createGroupTransform()
        else:
            source = name
            no_exposure = f"{self._config.source} has no role scene_linear to apply an exposure in; set it to 0."
        shown = ocio.DisplayViewTransform(source, *view)
        return self._converted(called or name, "/".join(view), light, shown, no_exposure=no_exposure)

    def _converted(
        self,
        name: str,
        view: str,
        light: Optional[ocio.Transform],
        shown: ocio.Transform,
        *,
        note: str = "",
        no_exposure: str = "",
    ) -> InputTransform:
        conversion = Conversion(self._config.config, to_light=light, to_display=shown, no_exposure=no_exposure)
        return InputTransform(name, view, conversion.key, note, "", conversion)

    def _to_builtin(self, name: str, target: str) -> Optional[ocio.GroupTransform]:
        """From a space of the config to one of the built-in config, by a space that both know; None: there is none."""
        mine, builtin = self._config.config, self._builtin
        try:
            own, theirs = ocio.Config.IdentifyInterchangeSpace(mine, name, builtin, target)
        except FOREIGN:
            return None
        return ocio.Config.GetProcessorFromConfigs(mine, name, own, builtin, target, theirs).createGroupTransform()

    def _is_nothing(self, transform: ocio.Transform) -> bool:
        processor = self._config.config.getProcessor(transform)
        return bool(processor.getOptimizedProcessor(ocio.OPTIMIZATION_DEFAULT).isNoOp())
