"""Input colour: from a plate's values to what the model wants, display-referred R, G, B in [0, 1].

    which space ──► to linear light ──► × 2^exposure ──► the view ──► clipped to [0, 1]

Which space a plate is in, the first that answers:
    1. `input_colorspace`: `raw`, `srgb`, `scene_linear`, or any colour space, role or alias of the config
    2. the file's own statement, where it can be understood
    3. the config's file rules, where a person named the config and a rule other than its default matches
    4. the type of the pixels: floats are scene-linear, integers sRGB

The config is `ocio`, else `$OCIO`, else a built-in ACES studio config, pinned so that a matte stays what it is when the
library is updated. With that last one no person has said anything about working spaces, so the word `scene_linear` means
linear light with Rec.709 primaries: no primaries are changed, and its file rules (every EXR is ACES2065-1) are not asked.
As soon as a person names a config, `scene_linear` is that config's role.

What becomes of it:
    raw, data      display-referred: clipped, nothing else; exposure has no effect
    srgb           display-referred: as it is; with an exposure: linearised, multiplied, encoded again
    display        spaces that the config says are display-referred: to an sRGB display, then like `srgb`
    others         scene-referred: the view. `srgb` (default) is linear light with Rec.709 primaries, clipped to [0, 1],
                   through the sRGB curve; DISPLAY/VIEW is that view of the config, exposure applied in its scene_linear

Values above 1 are highlights: the view `srgb` clips them as a display would, a view of the config rolls them off or clips
as its author chose. Views never touch display-referred plates: a JPEG is not tone-mapped a second time.

    curves.py      what the curve words mean, in numpy; the pipeline applies the same on the device
    config.py      OpenColorIO's config: loading, names, views, file rules
    processor.py   one conversion of the config, over pixels
    transform.py   what is done to a plate: InputTransform
    spaces.py      from a colour space of the config to its InputTransform
    resolve.py     who decides: InputColour
"""

from .config import BUILTIN_CONFIG, list_spaces
from .curves import LARGEST, normalised
from .resolve import InputColour, resolve_input
from .transform import ACCEPTED, InputTransform

__all__ = [
    "ACCEPTED",
    "BUILTIN_CONFIG",
    "LARGEST",
    "InputColour",
    "InputTransform",
    "list_spaces",
    "normalised",
    "resolve_input",
]
