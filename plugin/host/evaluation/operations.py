"""One function for each class of node: its knobs, at the frame that is evaluated, to an operation on pixels.

A function gets the node and a `pull`: `pull(0)` is the picture at input 0, None if nothing is connected there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Tuple

from ..errors import RenderError
from ..nuke import state
from ..nuke.defaults import SHUFFLE_KNOBS
from ..pixels import Format, Picture, ops

if TYPE_CHECKING:
    from ..nuke.node import Node

Pull = Callable[[int], Optional[Picture]]
COLOURS = ("red", "green", "blue", "alpha")
_SIDES = {"A side": "A", "B side": "B"}


def pixel_format(found: Any) -> Format:
    """The `nuke` module's format as the pixels' own."""
    return Format(
        found.width(), found.height(), found.pixelAspect(), found.x(), found.y(), found.r(), found.t(), found.name()
    )


def root_format() -> Format:
    """The script's format."""
    return pixel_format(state.current().root.format())


def _value(node: Node, name: str) -> Any:
    return node[name].value()


def _colour(node: Node, name: str) -> Tuple[float, ...]:
    """Red, green, blue and alpha of a colour knob."""
    knob: Any = node[name]
    return tuple(knob.array())


def _channel(node: Node, name: str) -> str:
    """A channel knob's one channel; one that is switched off (`-rgba.alpha`) is `none`."""
    text = str(node[name].value()).strip("{} ")
    return "none" if text.startswith("-") or text in ("", "false") else {"alpha": "rgba.alpha"}.get(text, text)


def _format(node: Node, name: str) -> Format:
    return pixel_format(node[name].value())


def _masking(node: Node, pull: Pull) -> Dict[str, Any]:
    """mix, mask, mask_channel and invert_mask.

    The mask is `maskChannelMask` of the mask input; where that is not connected, `maskChannelInput` of the first input.
    (The two knobs' parts are read off public scripts.)
    """
    mask = pull(node._spec.mask)
    channel = _channel(node, "maskChannelInput" if mask is None else "maskChannelMask")
    if mask is None and channel != "none":
        mask = pull(0)
    if mask is None or channel == "none":
        return {"mix": float(_value(node, "mix"))}
    return {
        "mix": float(_value(node, "mix")),
        "mask": mask,
        "mask_channel": channel,
        "invert_mask": bool(_value(node, "invert_mask")),
    }


def _input(pull: Pull, index: int = 0) -> Picture:
    found = pull(index)
    return ops.empty(root_format()) if found is None else found


# -- channels


def _copy(node: Node, pull: Pull) -> Picture:
    a, b = pull(1), _input(pull)
    if a is None:
        return b
    pairs = [(_channel(node, f"from{n}"), _channel(node, f"to{n}")) for n in range(4)]
    pairs += [(name, name) for name in a.channels if name in _layer_names(node, "channels", a)]
    bbox = _value(node, "bbox")
    return ops.copy(a, b, pairs=pairs, bbox=_SIDES.get(bbox, bbox), **_masking(node, pull))


def _layer_names(node: Node, knob: str, picture: Picture) -> List[str]:
    """The picture's channels that a channel knob's words name."""
    words = [word for word in str(_value(node, knob)).split() if not word.startswith("-") and word != "none"]
    names = {"rgb": COLOURS[:3], "rgba": COLOURS, "alpha": COLOURS[3:]}
    wanted = {f"rgba.{colour}" for word in words for colour in names.get(word, ())}
    return [
        name
        for name in picture.channels
        if name in wanted or any(word in ("all", name, name.split(".")[0]) for word in words)
    ]


def _in_layer(picture: Optional[Picture], layer: str, colour: str) -> str:
    """The channel that stands at a colour's place in a layer."""
    if layer in ("rgba", "rgb", "alpha"):
        return "rgba.alpha" if layer == "alpha" else f"rgba.{colour}"
    own = [name for name in (picture.channels if picture is not None else ()) if name.split(".")[0] == layer]
    if f"{layer}.{colour}" in own or not own:
        return f"{layer}.{colour}"
    place = COLOURS.index(colour)
    return own[place] if place < len(own) else "black"


def _out_layer(layer: str, colour: str) -> Optional[str]:
    if layer in ("none", "false", ""):
        return None
    if layer in ("rgba", "rgb", "alpha"):
        wanted = {"rgba": COLOURS, "rgb": COLOURS[:3], "alpha": COLOURS[3:]}[layer]
        return f"rgba.{colour}" if colour in wanted else None
    if layer == "depth":
        return "depth.Z" if colour == "red" else None
    return f"{layer}.{colour}"


def _mappings(
    node: Node, first: Optional[Picture], second: Optional[Picture]
) -> Tuple[Mapping[str, str], Mapping[str, str]]:
    """Out channel → in channel, from `in`'s picture and from `in2`'s."""
    from_first: Dict[str, str] = {}
    from_second: Dict[str, str] = {}
    for index, knob in enumerate(SHUFFLE_KNOBS):
        out = _out_layer(str(_value(node, "out" if index < 4 else "out2")), COLOURS[index % 4])
        source = str(_value(node, knob))
        if out is None:
            continue
        if source in ("black", "white"):
            from_first[out] = source
        elif source.endswith("2"):
            from_second[out] = _in_layer(second, str(_value(node, "in2")), source[:-1])
        else:
            from_first[out] = _in_layer(first, str(_value(node, "in")), source)
    return from_first, from_second


def _shuffle(node: Node, pull: Pull) -> Picture:
    picture = _input(pull)
    from_first, from_second = _mappings(node, picture, picture)
    return ops.shuffle(picture, mapping={**from_first, **from_second})


def _shuffle_copy(node: Node, pull: Pull) -> Picture:
    b, a = _input(pull), pull(1)
    other = a if a is not None else ops.empty(b.format)
    from_a, from_b = _mappings(node, other, b)
    return ops.shuffle_copy(other, b, from_a=from_a, from_b=from_b, bbox="union" if a is not None else "B")


def _shuffle2(node: Node, pull: Pull) -> Picture:
    """`mappings` is a count, then for each: in channel, in1 or in2 (0, 1), place; out channel, out1 or out2, place.

    `black` and `white` stand for an in channel; `fromInput1 {{1} A}` says that in1 is input 1. (Read off public scripts.)
    """
    b, a = _input(pull), pull(1)
    sides = [str(node[name].value()).strip().startswith("{1}") for name in ("fromInput1", "fromInput2")]
    words = str(node["mappings"].getText()).split()[1:]
    if len(words) % 6:
        raise RenderError(f"{node.fullName()}: its mappings are none that the host can read.", node=node.fullName())
    from_a: Dict[str, str] = {}
    from_b: Dict[str, str] = {}
    for at in range(0, len(words), 6):
        source, which, _, out = words[at : at + 4]
        side = from_a if which in ("0", "1") and sides[int(which)] else from_b
        side[out] = source
    if a is None or not from_a:
        nothing = dict.fromkeys(from_a, "black")  # that input is not connected
        return ops.shuffle(b, mapping={**from_b, **nothing})
    return ops.shuffle_copy(a, b, from_a=from_a, from_b=from_b)


def _remove(node: Node, pull: Pull) -> Picture:
    picture = _input(pull)
    knobs = ("channels", "channels2", "channels3", "channels4")
    named = {name for knob in knobs for name in _layer_names(node, knob, picture)}
    keep = _value(node, "operation") == "keep"
    left = {name: values for name, values in picture.channels.items() if (name in named) == keep}
    return Picture(picture.format, picture.bbox, left, picture.metadata)


# -- merging and colour


def _merge(node: Node, pull: Pull) -> Picture:
    merged = _input(pull)
    masking = _masking(node, pull)
    bbox = _value(node, "bbox")
    for index in [1, *range(3, max(node.inputs(), 3))]:
        a = pull(index)
        if a is None:
            continue
        merged = ops.merge(
            a, merged,
            operation=_value(node, "operation"), bbox=_SIDES.get(bbox, bbox), also_merge=_value(node, "also_merge"),
            a_channels=_value(node, "Achannels"), b_channels=_value(node, "Bchannels"), output=_value(node, "output"),
            **masking,
        )  # fmt: skip
    return merged


def _premult(node: Node, pull: Pull) -> Picture:
    operation = ops.premult if node.Class() == "Premult" else ops.unpremult
    return operation(
        _input(pull), channels=_value(node, "channels"), alpha=_channel(node, "alpha"), invert=_value(node, "invert")
    )


def _grade(node: Node, pull: Pull) -> Picture:
    colours: Dict[str, Any] = {
        name: _colour(node, name) for name in ("blackpoint", "whitepoint", "black", "white", "multiply", "add", "gamma")
    }
    switches: Dict[str, Any] = {name: bool(_value(node, name)) for name in ("reverse", "black_clamp", "white_clamp")}
    return ops.grade(
        _input(pull), channels=_value(node, "channels"), unpremult=_channel(node, "unpremult"), **colours, **switches,
        **_masking(node, pull),
    )  # fmt: skip


def _multiply(node: Node, pull: Pull) -> Picture:
    return ops.multiply(
        _input(pull),
        value=_colour(node, "value"),
        channels=_value(node, "channels"),
        unpremult=_channel(node, "unpremult"),
        **_masking(node, pull),
    )


def _invert(node: Node, pull: Pull) -> Picture:
    return ops.invert(
        _input(pull), channels=_value(node, "channels"), clamp=bool(_value(node, "clamp")), **_masking(node, pull)
    )


def ocio_config() -> str:
    """The path of the script's OCIO configuration; "" for the environment's."""
    root = state.current().root
    knob: Any = root["customOCIOConfigPath"]
    custom = root["colorManagement"].value() == "OCIO" and root["OCIO_config"].value() == "custom"
    return str(knob.evaluate()) if custom else ""


def _colorspace(node: Node, pull: Pull) -> Picture:
    if node.input(node._spec.mask) is not None:
        raise RenderError(
            f"{node.fullName()}: the embedded host evaluates {node.Class()} without a mask.", node=node.fullName()
        )
    names = ("colorspace_in", "colorspace_out") if node.Class() == "Colorspace" else ("in_colorspace", "out_colorspace")
    source, target = (str(_value(node, name)) for name in names)
    return ops.colorspace(_input(pull), source, target, config=ocio_config(), channels=_value(node, "channels"))


# -- geometry


def _crop(node: Node, pull: Pull) -> Picture:
    knob: Any = node["box"]
    switches = {name: bool(_value(node, name)) for name in ("reformat", "intersect", "crop")}
    return ops.crop(_input(pull), box=knob.array(), softness=float(_value(node, "softness")), **switches)


def _reformat(node: Node, pull: Pull) -> Picture:
    picture = _input(pull)
    kind, resize = _value(node, "type"), _value(node, "resize")
    if kind == "to format":
        target = _format(node, "format")
    elif kind == "to box":
        target = ops.box_format(
            picture.format, width=_value(node, "box_width"), height=_value(node, "box_height"),
            fixed=bool(_value(node, "box_fixed")), pixel_aspect=float(_value(node, "box_pixel_aspect")), resize=resize,
        )  # fmt: skip
    else:
        across, up = _colour(node, "scale")
        target, resize = ops.scaled_format(picture.format, (across, up)), "distort"
    switches = {name: bool(_value(node, name)) for name in ("center", "flip", "flop", "black_outside", "pbb")}
    return ops.reformat(picture, format=target, resize=resize, filter=_value(node, "filter"), **switches)


def _transform(node: Node, pull: Pull) -> Picture:
    translate, scale, center = (_colour(node, name) for name in ("translate", "scale", "center"))
    return ops.transform(
        _input(pull), translate=(translate[0], translate[1]), scale=(scale[0], scale[1]), center=(center[0], center[1]),
        rotate=float(_value(node, "rotate")), filter=_value(node, "filter"),
        black_outside=bool(_value(node, "black_outside")),
    )  # fmt: skip


# -- sources


def _constant(node: Node, pull: Pull) -> Picture:
    return ops.constant(_format(node, "format"), color=_colour(node, "color"), channels=_value(node, "channels"))


def _checkerboard(node: Node, pull: Pull) -> Picture:
    """Without Nuke's lines between the boxes and through the centre."""
    colours: Dict[str, Any] = {f"color{n}": _colour(node, f"color{n}") for n in range(4)}
    width, height = _colour(node, "boxsize")
    return ops.checkerboard(_format(node, "format"), boxsize=(int(width), int(height)), **colours)


def _through(node: Node, pull: Pull) -> Picture:
    return _input(pull)


OPERATIONS: Dict[str, Callable[[Node, Pull], Picture]] = {
    "Dot": _through, "NoOp": _through, "Output": _through, "Viewer": _through, "FrameRange": _through, "Write": _through,
    "Copy": _copy, "Shuffle": _shuffle, "Shuffle2": _shuffle2,
    "ShuffleCopy": _shuffle_copy, "Remove": _remove, "Merge2": _merge,
    "Premult": _premult, "Unpremult": _premult, "Grade": _grade, "Multiply": _multiply, "Invert": _invert,
    "Colorspace": _colorspace, "OCIOColorSpace": _colorspace, "Crop": _crop, "Reformat": _reformat, "Transform": _transform,
    "Constant": _constant, "CheckerBoard2": _checkerboard,
}  # fmt: skip
