"""Every class of node that the host knows: its knobs with their defaults, and its inputs. One row a knob.

A row is (name, class of knob, default); for choices the default is (items, choice). Classes that are not here are carried
as they are: their knobs are text, and only the knobs of `COMMON` mean something.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Tuple

Row = Tuple[str, str, Any]


@dataclass(frozen=True)
class NodeSpec:
    """A class of node. `mask` is the index of its mask input, -1 without one.

    `unevaluated` names knobs that change pixels in Nuke and not here: one that is set is an error. `carried` names knobs
    that change none; their text is kept. A knob that is in neither and has no row is an error where the node is evaluated.
    """

    rows: Tuple[Row, ...] = ()
    min_inputs: int = 1
    max_inputs: int = 1
    mask: int = -1
    disable: bool = True
    outputs: bool = True
    unevaluated: str = ""
    carried: str = ""

    def without(self) -> Tuple[str, ...]:
        """The knobs that must be at their defaults."""
        return tuple(self.unevaluated.split())


_CODE = ("onCreate", "onDestroy", "knobChanged", "updateUI", "autolabel")
_RENDER_CODE = ("beforeRender", "beforeFrameRender", "afterFrameRender", "afterRender", "renderProgress")
COMMON: Tuple[Row, ...] = (
    ("name", "String_Knob", ""), ("help", "Multiline_Eval_String_Knob", ""),
    *((name, "PythonKnob", "") for name in _CODE),
    ("label", "Multiline_Eval_String_Knob", ""), ("icon", "File_Knob", ""), ("note_font", "String_Knob", "Verdana"),
    ("note_font_size", "Double_Knob", 11), ("note_font_color", "Unsigned_Knob", 0), ("tile_color", "Unsigned_Knob", 0),
    ("gl_color", "Unsigned_Knob", 0), ("hide_input", "Boolean_Knob", False), ("cached", "Boolean_Knob", False),
    ("selected", "Boolean_Knob", False), ("xpos", "Int_Knob", 0), ("ypos", "Int_Knob", 0),
    ("bookmark", "Boolean_Knob", False), ("postage_stamp", "Boolean_Knob", False), ("indicators", "Unsigned_Knob", 0),
    ("dope_sheet", "Boolean_Knob", False), ("useLifetime", "Boolean_Knob", False),
    ("lifetimeStart", "Double_Knob", 0), ("lifetimeEnd", "Double_Knob", 0),
)  # fmt: skip
CARRIED = "postage_stamp_frame rootNodeUpdated panel"  # what every class has besides
OLD_NAMES = {("FrameHold", "first_frame"): "firstFrame"}  # as Nuke, the host takes a script's old name for the new one
NODE_OWN = ("selected", "xpos", "ypos")  # what a clone does not share

_ON_ERROR = (("error", "black", "checkerboard", "nearest frame"), "error")
_OUTSIDE = (("hold", "loop", "bounce", "black"), "hold")
_FILTER = (("Impulse", "Cubic", "Keys", "Simon", "Rifman", "Mitchell", "Parzen", "Notch", "Lanczos4", "Sinc4"), "Cubic")
_MERGE = ("atop", "average", "copy", "difference", "disjoint-over", "divide", "exclusion", "from", "hypot", "in", "mask",
          "matte", "max", "min", "minus", "multiply", "out", "over", "plus", "screen", "stencil", "under",
          "xor")  # fmt: skip
_SOURCES = ("red", "green", "blue", "alpha", "black", "white", "red2", "green2", "blue2", "alpha2")
SHUFFLE_KNOBS = _SOURCES[:8]  # four for the layer `out`, then four for `out2`; their names mean nothing else
_MIX: Tuple[Row, ...] = (
    ("maskChannelInput", "Channel_Knob", "none"),
    ("maskChannelMask", "Channel_Knob", "rgba.alpha"),
    ("inject", "Boolean_Knob", False),
    ("invert_mask", "Boolean_Knob", False),
    ("fringe", "Boolean_Knob", False),
    ("mix", "Double_Knob", 1),
)
_FILE_TYPES = (
    ("", "abc", "cin", "dpx", "exr", "hdr", "jpeg", "mov", "mxf", "pic", "png", "sgi", "targa", "tiff", "xpm", "yuv"),
    "",
)
_COMPRESSION = (
    ("none", "Zip (1 scanline)", "Zip (16 scanlines)", "PIZ Wavelet (32 scanlines)", "RLE", "B44", "B44A", "DWAA", "DWAB"),
    "Zip (1 scanline)",
)
_UNPREMULT: Tuple[Row, ...] = (("unpremult", "Channel_Knob", "none"), ("invert_unpremult", "Boolean_Knob", False))
_MASK = "maskFromFlag process_mask"
_REVERSE: Row = ("reverse_transform", "Boolean_Knob", False)  # of the OCIO conversion inside Read and Write
_KEYS: Tuple[Row, ...] = tuple((f"{kind}{n}", "EvalString_Knob", "") for n in (1, 2, 3, 4) for kind in ("key", "value"))
_KEY_NAMES = " ".join(row[0] for row in _KEYS)
# A file type's own knobs, which a Write has once its type is known: those that change no pixel, and what a JPEG is told.
_FILE_KNOBS = "_jpeg_quality first_part heroview interleave write_hash"
_COLOUR: Tuple[Row, ...] = (
    ("colorspace", "ColorSpace_Knob", (("default",), "default")),
    ("premultiplied", "Boolean_Knob", False),
    ("raw", "Boolean_Knob", False),
)
_ROUNDING: Row = ("rounding_mode", "Enumeration_Knob", (("Whole frames", "Fractional time"), "Whole frames"))
_PATH_MASK = "enable_path_mask inject_mask mask_patterns path_mask_group"

SPECS: Dict[str, NodeSpec] = {
    "Root": NodeSpec((
        ("frame", "Int_Knob", 1), ("first_frame", "Int_Knob", 1), ("last_frame", "Int_Knob", 100),
        ("lock_range", "Boolean_Knob", False), ("fps", "Double_Knob", 24),
        ("format", "Format_Knob", "2048 1556 0 0 2048 1556 1 2K_Super_35(full-ap)"),
        ("proxy", "Boolean_Knob", False), ("proxy_type", "Enumeration_Knob", (("format", "scale"), "format")),
        ("proxy_format", "Format_Knob", "1024 778 0 0 1024 778 1 1K_Super_35(full-ap)"),
        ("proxy_scale", "Double_Knob", 0.5),
        ("project_directory", "File_Knob", ""), ("views", "String_Knob", "main #ffffff"),
        ("colorManagement", "Enumeration_Knob", (("Nuke", "OCIO"), "Nuke")),
        ("OCIO_config", "EditableEnumeration_Knob", (("nuke-default", "custom"), "nuke-default")),
        ("customOCIOConfigPath", "File_Knob", ""), ("workingSpaceLUT", "ColorSpace_Knob", (("linear",), "linear")),
        ("monitorLut", "ColorSpace_Knob", (("sRGB",), "sRGB")), ("int8Lut", "ColorSpace_Knob", (("sRGB",), "sRGB")),
        ("int16Lut", "ColorSpace_Knob", (("sRGB",), "sRGB")), ("logLut", "ColorSpace_Knob", (("Cineon",), "Cineon")),
        ("floatLut", "ColorSpace_Knob", (("linear",), "linear")),
        *((name, "PythonKnob", "") for name in ("onScriptLoad", "onScriptSave", "onScriptClose", *_RENDER_CODE)),
    ), 0, 0, disable=False, outputs=False),
    "Group": NodeSpec((), 0, 0, carried="window disable_group_view export_as_gizmo "
                      "group_view_position lock_connections mapsize show_group_view"),
    "Gizmo": NodeSpec((), 0, 0),
    "LiveGroup": NodeSpec((("file", "File_Knob", ""), ("published", "Boolean_Knob", False)), 0, 0),
    "Input": NodeSpec((("number", "Int_Knob", 0),), 0, 0, disable=False),
    "Output": NodeSpec((), 1, 1, disable=False),
    "Dot": NodeSpec((), 1, 1, disable=False),
    "NoOp": NodeSpec(),
    "BackdropNode": NodeSpec((("bdwidth", "Int_Knob", 80), ("bdheight", "Int_Knob", 80), ("z_order", "Double_Knob", 0)),
                             0, 0, disable=False, outputs=False),
    "StickyNote": NodeSpec((), 0, 0, disable=False, outputs=False),
    "Viewer": NodeSpec((("frame_range", "String_Knob", ""), ("input_number", "Int_Knob", 0)), 0, 10,
                       disable=False, outputs=False),
    "Read": NodeSpec((
        ("file_type", "Enumeration_Knob", _FILE_TYPES), ("file", "File_Knob", ""), ("proxy", "File_Knob", ""),
        ("format", "Format_Knob", ""), ("proxy_format", "Format_Knob", ""), ("first", "Int_Knob", 1),
        ("last", "Int_Knob", 1), ("before", "Enumeration_Knob", _OUTSIDE), ("after", "Enumeration_Knob", _OUTSIDE),
        ("frame_mode", "Enumeration_Knob", (("expression", "start at", "offset"), "expression")),
        ("frame", "String_Knob", ""), ("origfirst", "Int_Knob", 1), ("origlast", "Int_Knob", 1),
        ("origset", "Boolean_Knob", False), ("on_error", "Enumeration_Knob", _ON_ERROR), ("reload", "PyScript_Knob", ""),
        ("version", "Int_Knob", 0), ("localizationPolicy", "Enumeration_Knob", (("on", "auto", "on demand", "off"), "off")),
        ("auto_alpha", "Boolean_Knob", False), ("sequence", "Multiline_Eval_String_Knob", ""), _REVERSE,
        *_COLOUR, *_KEYS,
    ), 0, 0, unevaluated=f"auto_alpha sequence reverse_transform {_KEY_NAMES}",
    carried="container_codec edit_num in_colorspace localizationPriority out_colorspace metadatafilter "
    "metadatafiltermode rescan_range shownmetadata swap updateLocalization"),
    "Write": NodeSpec((
        ("channels", "ChannelMask_Knob", "rgb"), ("file", "File_Knob", ""), ("proxy", "File_Knob", ""),
        ("file_type", "Enumeration_Knob", _FILE_TYPES),
        ("datatype", "Enumeration_Knob", (("8 bit", "10 bit", "16 bit", "16 bit half", "32 bit float"), "16 bit half")),
        ("compression", "EditableEnumeration_Knob", _COMPRESSION), ("autocrop", "Boolean_Knob", False),
        ("metadata", "EditableEnumeration_Knob", (("no metadata", "default metadata", "all metadata"), "default metadata")),
        ("create_directories", "Boolean_Knob", False), ("first", "Int_Knob", 1), ("last", "Int_Knob", 1),
        ("use_limit", "Boolean_Knob", False), ("reading", "Boolean_Knob", False), ("checkHashOnRead", "Boolean_Knob", True),
        ("render_order", "Double_Knob", 1), ("views", "String_Knob", "main"), ("version", "Int_Knob", 0),
        ("transformType", "Enumeration_Knob", (("colorspace", "display"), "colorspace")),
        ("Render", "PyScript_Knob", ""), _REVERSE, *_COLOUR, *_KEYS, *((name, "PythonKnob", "") for name in _RENDER_CODE),
    ), unevaluated=f"transformType reverse_transform {_KEY_NAMES}",
    carried="allowGPUAcceleration channel_selector display executing frame frame_mode gain gamma in_colorspace invert "
    "ocioColorspace ocioDisplay ocioLayer ocioView on_error out_colorspace read_all_lines reload saturation swap view "
    f"{' '.join(f'{row[0]}_Display' for row in _KEYS)} {_FILE_KNOBS}"),
    "Copy": NodeSpec((
        ("from0", "Channel_Knob", "rgba.alpha"), ("to0", "Channel_Knob", "rgba.alpha"),
        *((f"{side}{n}", "Channel_Knob", "none") for n in (1, 2, 3) for side in ("from", "to")),
        ("channels", "ChannelMask_Knob", "none"), ("bbox", "Enumeration_Knob",
                                                  (("union", "intersection", "A side", "B side"), "B side")),
        *_UNPREMULT, *_MIX,
    ), 2, 2, mask=2, unevaluated="unpremult invert_unpremult", carried=f"{_MASK} metainput rangeinput"),
    "Shuffle": NodeSpec((
        ("in", "Channel_Knob", "rgba"), ("in2", "Channel_Knob", "none"), ("out", "Channel_Knob", "rgba"),
        ("out2", "Channel_Knob", "none"),
        *((name, "Enumeration_Knob", (_SOURCES, name)) for name in SHUFFLE_KNOBS),
    )),
    "Shuffle2": NodeSpec((
        ("in1", "Channel_Knob", "rgba"), ("in2", "Channel_Knob", "none"), ("out1", "Channel_Knob", "rgba"),
        ("out2", "Channel_Knob", "none"), ("fromInput1", "Obsolete_Knob", "{0} B"),
        ("fromInput2", "Obsolete_Knob", "{0} B"),
        ("mappings", "String_Knob", ""),
    ), 1, 2, carried="shuffle"),
    "ShuffleCopy": NodeSpec((
        ("in", "Channel_Knob", "rgba"), ("in2", "Channel_Knob", "rgba"), ("out", "Channel_Knob", "rgba"),
        ("out2", "Channel_Knob", "none"),
        *((name, "Enumeration_Knob", (_SOURCES, {"red": "red2", "green": "green2", "blue": "blue2"}.get(name, name)))
          for name in SHUFFLE_KNOBS),
    ), 2, 2),
    "Merge2": NodeSpec((
        ("operation", "Enumeration_Knob", (_MERGE, "over")), ("Achannels", "ChannelMask_Knob", "rgba"),
        ("Bchannels", "ChannelMask_Knob", "rgba"), ("output", "ChannelMask_Knob", "rgba"),
        ("also_merge", "ChannelMask_Knob", "none"), ("metainput", "Enumeration_Knob", (("B", "A", "All"), "B")),
        ("bbox", "Enumeration_Knob", (("union", "intersection", "A", "B"), "union")),
        ("screen_alpha", "Boolean_Knob", False), ("sRGB", "Boolean_Knob", False), *_MIX,
    ), 2, 102, mask=2, unevaluated="screen_alpha sRGB", carried=f"{_MASK} rangeinput"),
    "Premult": NodeSpec((("channels", "ChannelMask_Knob", "rgb"), ("alpha", "Channel_Knob", "rgba.alpha"),
                         ("invert", "Boolean_Knob", False))),
    "Unpremult": NodeSpec((("channels", "ChannelMask_Knob", "rgb"), ("alpha", "Channel_Knob", "rgba.alpha"),
                           ("invert", "Boolean_Knob", False))),
    "Grade": NodeSpec((
        ("channels", "ChannelMask_Knob", "rgb"), ("blackpoint", "AColor_Knob", 0), ("whitepoint", "AColor_Knob", 1),
        ("black", "AColor_Knob", 0), ("white", "AColor_Knob", 1), ("multiply", "AColor_Knob", 1), ("add", "AColor_Knob", 0),
        ("gamma", "AColor_Knob", 1), ("reverse", "Boolean_Knob", False), ("black_clamp", "Boolean_Knob", True),
        ("white_clamp", "Boolean_Knob", False), ("mix_luminance", "Double_Knob", 0), *_UNPREMULT, *_MIX,
    ), 1, 1, mask=1, unevaluated="invert_unpremult mix_luminance", carried=f"enable_mix_luminance {_MASK}"),
    "Multiply": NodeSpec((("channels", "ChannelMask_Knob", "rgb"), ("value", "AColor_Knob", 1), *_UNPREMULT, *_MIX),
                         1, 1, mask=1, unevaluated="invert_unpremult", carried=f"{_MASK}"),
    "Invert": NodeSpec((("channels", "ChannelMask_Knob", "all"), ("clamp", "Boolean_Knob", False), *_UNPREMULT, *_MIX),
                       1, 1, mask=1, unevaluated="unpremult invert_unpremult", carried=f"{_MASK}"),
    "Crop": NodeSpec((("box", "BBox_Knob", (0, 0, 640, 480)), ("softness", "Double_Knob", 0),
                      ("reformat", "Boolean_Knob", False),
                      ("intersect", "Boolean_Knob", False), ("crop", "Boolean_Knob", True)), carried="preset reset"),
    "Reformat": NodeSpec((
        ("type", "Enumeration_Knob", (("to format", "to box", "scale"), "to format")), ("format", "Format_Knob", ""),
        ("box_width", "Int_Knob", 200), ("box_height", "Int_Knob", 200), ("box_fixed", "Boolean_Knob", False),
        ("box_pixel_aspect", "Double_Knob", 1), ("scale", "Scale_Knob", 1),
        ("resize", "Enumeration_Knob", (("none", "width", "height", "fit", "fill", "distort"), "width")),
        ("center", "Boolean_Knob", True), ("flip", "Boolean_Knob", False), ("flop", "Boolean_Knob", False),
        ("turn", "Boolean_Knob", False), ("filter", "Enumeration_Knob", _FILTER), ("clamp", "Boolean_Knob", False),
        ("black_outside", "Boolean_Knob", False), ("pbb", "Boolean_Knob", False),
    ), unevaluated="turn clamp"),
    "Transform": NodeSpec((
        ("translate", "XY_Knob", 0), ("rotate", "Double_Knob", 0), ("scale", "Scale_Knob", 1), ("skewX", "Double_Knob", 0),
        ("skewY", "Double_Knob", 0), ("skew_order", "Enumeration_Knob", (("XY", "YX"), "XY")), ("center", "XY_Knob", 0),
        ("invert_matrix", "Boolean_Knob", False), ("filter", "Enumeration_Knob", _FILTER), ("clamp", "Boolean_Knob", False),
        ("black_outside", "Boolean_Knob", True), ("motionblur", "Double_Knob", 0), ("shutter", "Double_Knob", 0.5),
    ), unevaluated="skewX skewY invert_matrix clamp motionblur", carried="matrix shuttercustomoffset shutteroffset"),
    "Constant": NodeSpec((("channels", "ChannelMask_Knob", "rgb"), ("color", "AColor_Knob", 0),
                          ("format", "Format_Knob", ""),
                          ("first", "Int_Knob", 1), ("last", "Int_Knob", 1)), 0, 0),
    "CheckerBoard2": NodeSpec((
        ("format", "Format_Knob", ""), ("boxsize", "WH_Knob", 64), ("color0", "AColor_Knob", 0.1),
        ("color1", "AColor_Knob", 0.5),
        ("color2", "AColor_Knob", 0.1), ("color3", "AColor_Knob", 0.5), ("linecolor", "AColor_Knob", 1),
        ("linewidth", "WH_Knob", 0), ("centerlinecolor", "AColor_Knob", (1, 1, 0, 1)), ("centerlinewidth", "WH_Knob", 3),
    ), 0, 0, unevaluated="linewidth"),
    "Switch": NodeSpec((("which", "Double_Knob", 0),), 1, 100),
    "FrameRange": NodeSpec((("first_frame", "Int_Knob", 1), ("last_frame", "Int_Knob", 100)), carried="reset time"),
    "TimeOffset": NodeSpec((("time_offset", "Int_Knob", 0), ("reverse_input", "Boolean_Knob", False), _ROUNDING),
                           unevaluated="reverse_input rounding_mode", carried=f"dtime_offset time {_PATH_MASK}"),
    "FrameHold": NodeSpec((("firstFrame", "Double_Knob", 0), ("increment", "Int_Knob", 0), _ROUNDING),
                          unevaluated="rounding_mode", carried=f"setToCurrentFrame {_PATH_MASK}"),
    "Colorspace": NodeSpec((
        ("channels", "ChannelMask_Knob", "rgb"), ("colorspace_in", "ColorSpace_Knob", (("Linear",), "Linear")),
        ("colorspace_out", "ColorSpace_Knob", (("Linear",), "Linear")), ("bradford_matrix", "Boolean_Knob", False),
        *((f"{knob}_{side}", "EditableEnumeration_Knob", ((first,), first)) for side in ("in", "out")
          for knob, first in (("illuminant", "D65"), ("primary", "sRGB"))), *_UNPREMULT, *_MIX),
        1, 1, mask=1, unevaluated="bradford_matrix illuminant_in illuminant_out primary_in primary_out unpremult "
        "invert_unpremult maskChannelInput mix", carried=f"colormatrix {_MASK} swap"),
    "OCIOColorSpace": NodeSpec((
        ("channels", "ChannelMask_Knob", "rgb"), ("in_colorspace", "ColorSpace_Knob", (("scene_linear",), "scene_linear")),
        ("out_colorspace", "ColorSpace_Knob", (("scene_linear",), "scene_linear")), _REVERSE, *_KEYS, *_UNPREMULT, *_MIX),
        1, 1, mask=1, unevaluated=f"{_KEY_NAMES} unpremult invert_unpremult reverse_transform maskChannelInput mix",
        carried=f"libraryVersionInfo {_MASK} swap"),
    "Remove": NodeSpec((("operation", "Enumeration_Knob", (("remove", "keep"), "remove")),
                        *((name, "ChannelMask_Knob", "all" if name == "channels" else "none")
                          for name in ("channels", "channels2", "channels3", "channels4")))),
}  # fmt: skip
UNKNOWN = NodeSpec((), 0, 100)  # a class that is carried: it may have any inputs
