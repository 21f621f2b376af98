"""The script around a GVM Matte and the graph inside it, from their own nodes and connections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from gvm_matte.host import Host
from matplotlib.patches import Polygon
from node_picture_sheet import FAINT, MARGIN, NODE, SMALL, TEXT, WIDTH, Sheet

STAMP, HEIGHT = 176.0, 520.0  # a small picture's width, the height of everything
INSIDE, PIPE = "#2a2824", "#a0a0a0"
TILES = {"Read": "#6f7f8f", "Write": "#8f7a50", "Group": NODE, "Input": "#67558c", "Output": "#67558c",
         "Copy": "#3f6a9a", "Switch": "#3f7f6a", "TimeOffset": "#7f5f5f"}  # fmt: skip
LETTERS = {"Copy": "BA"}  # of a class whose inputs Nuke does not number

Image = npt.NDArray[Any]
Node = Any


@dataclass
class Tile:
    """A node of the graph in the picture: its box, and what is written or shown in it."""

    node: Node
    lines: list[str]
    x: float  # of its middle
    y: float  # of its top
    width: float
    height: float
    stamp: Image | None = None

    @property
    def bottom(self) -> float:
        """y of its lower edge."""
        return self.y + self.height


def tile(sheet: Sheet, node: Node, lines: list[str], x: float, y: float, stamp: Image | None = None) -> Tile:
    """A tile that is as large as what it holds."""
    width = max([108.0, *(sheet.wide(text, SMALL + 1 if index else TEXT) + 18 for index, text in enumerate(lines))])
    height = 10.0 + 15 * len(lines) + (STAMP * stamp.shape[0] / stamp.shape[1] + 6 if stamp is not None else 0.0)
    return Tile(node, lines, x, y, max(width, STAMP + 12.0 if stamp is not None else 0.0), height, stamp)


def notes(node: Node) -> Iterator[str]:
    """What follows the group's knobs: expressions, and paths with brackets."""
    for name, knob in node.knobs().items():
        if knob.hasExpression():
            yield f"{name} = {knob.toScript().strip('{}')}"
        elif knob.Class() == "File_Knob" and "[" in knob.getText():
            yield f"{name} = {knob.getText()}"


def inner_lines(node: Node) -> list[str]:
    """Name and class of a node inside, and what it takes from the knobs."""
    if node.Class() in ("Input", "Output"):
        return [f"{node.Class()}: {node.name()}" if node.Class() == "Input" else node.Class()]
    return [node.name(), node.Class(), *notes(node)]


def draw_tile(sheet: Sheet, shown: Tile) -> None:
    """The box, its words and its picture."""
    left = shown.x - shown.width / 2
    sheet.box(left, shown.y, shown.width, shown.height, fill=TILES.get(shown.node.Class(), "#5a5a5a"), edge="#111111", z=3)
    for index, text in enumerate(shown.lines):
        y = shown.y + 13 + 15 * index
        sheet.text(shown.x, y, text, colour="#e0e0e0" if index else "white", size=SMALL + 1 if index else TEXT, at="center")
    if shown.stamp is not None:
        tall = STAMP * shown.stamp.shape[0] / shown.stamp.shape[1]
        extent = (shown.x - STAMP / 2, shown.x + STAMP / 2, shown.bottom - 6, shown.bottom - 6 - tall)
        sheet.axes.imshow(shown.stamp, extent=extent, zorder=4, aspect="auto", interpolation="antialiased")


def draw_graph(sheet: Sheet, tiles: Sequence[Tile]) -> None:
    """The connections, then the nodes over them."""
    by_node = {id(one.node): one for one in tiles}
    for lower in tiles:
        above = [(index, by_node[id(lower.node.input(index))])
                 for index in range(lower.node.inputs()) if lower.node.input(index) is not None]  # fmt: skip
        paths = [(index, _path(upper, lower, tiles)) for index, upper in above]
        paths.sort(key=lambda item: item[1][-1][0])
        for place, (index, points) in enumerate(paths):
            x = lower.x + lower.width * ((place + 1) / (len(paths) + 1) - 0.5)
            sheet.line([*points, (x, lower.y - 4)], colour=PIPE, width=1.4)
            sheet.triangle(x, lower.y - 5, PIPE, 4.5)
            if len(paths) > 1:
                letters = LETTERS.get(lower.node.Class())
                beside = x + 11 if points[-1][0] < x else x - 11  # where the line does not come from
                sheet.text(beside, lower.y - 13, letters[index] if letters else str(index), colour=FAINT, at="center")
    for one in tiles:
        draw_tile(sheet, one)


def _path(upper: Tile, lower: Tile, tiles: Sequence[Tile]) -> list[tuple[float, float]]:
    """From a node downwards, around what stands in the way; the last step to the lower one is left out."""
    between = [one for one in tiles if upper.bottom < one.y and one.bottom < lower.y]
    blocking = [one for one in between if abs(_crossing(upper, lower, one) - one.x) < one.width / 2]
    if not blocking:
        return [(upper.x, upper.bottom)]
    side = max(one.x + one.width / 2 for one in blocking) + 20
    return [(upper.x, upper.bottom), (side, min(one.y for one in blocking) - 14), (side, blocking[-1].bottom + 14)]


def _crossing(upper: Tile, lower: Tile, one: Tile) -> float:
    """x of the straight line between two nodes, beside a third."""
    return float(np.interp(one.y + one.height / 2, (upper.bottom, lower.y), (upper.x, lower.x)))


def inside(sheet: Sheet, group: Node, x: float, y: float, width: float, height: float) -> list[Tile]:
    """The nodes inside a group, where they are in its own graph, stretched to fit."""
    nodes = group.nodes()
    sized = [tile(sheet, node, inner_lines(node), 0, 0) for node in nodes]
    across, down = [node.xpos() for node in nodes], [node.ypos() for node in nodes]
    last = max(one.width for one, place in zip(sized, across) if place == max(across)) / 2
    first = max(one.width for one, place in zip(sized, across) if place == min(across)) / 2
    low = max(one.height for one, place in zip(sized, down) if place == max(down))
    for one in sized:
        one.x = float(np.interp(one.node.xpos(), (min(across), max(across)), (x + first, x + width - last)))
        one.y = float(np.interp(one.node.ypos(), (min(down), max(down)), (y, y + height - low)))
    return sized


def draw_nodes(host: Host, read: Node, group: Node, write: Node, frame: int, path: Path) -> None:
    """The script on the left, the graph inside the node on the right."""
    sheet = Sheet(HEIGHT)
    label = host.autolabel(group) or group.name()
    stamps = picture(host, read, frame), picture(host, write, frame, alpha=True)
    left = 200.0
    plate = tile(sheet, read, [read.name(), f"frame {frame}"], left, 54, stamps[0])
    matte = tile(sheet, group, label.split("\n"), left, plate.bottom + 52)
    written = tile(sheet, write, [write.name(), "alpha"], left, matte.bottom + 44, stamps[1])
    box = (420.0, 34.0, WIDTH - MARGIN - 420.0, HEIGHT - 34.0 - MARGIN)
    edge = matte.x + matte.width / 2
    corners = [(edge, matte.y), (box[0], box[1]), (box[0], box[1] + box[3]), (edge, matte.bottom)]
    sheet.axes.add_patch(Polygon(corners, closed=True, facecolor=INSIDE, zorder=0))
    sheet.box(*box, fill=INSIDE, edge=NODE, z=0)
    sheet.text(left, 20, "the script", colour=FAINT, at="center")
    sheet.text(box[0], 20, f"inside {group.name()}", colour=FAINT)
    draw_graph(sheet, [plate, matte, written])
    _open_inputs(sheet, group, matte)
    tiles = inside(sheet, group, box[0] + 24, box[1] + 20, box[2] - 48, box[3] - 40)
    draw_graph(sheet, tiles)
    for one in tiles:
        if one.node.Class() == "Input" and not one.node.dependent():
            sheet.text(one.x, one.bottom + 13, "to the engine alone", colour=FAINT, size=SMALL + 1, at="center")
    sheet.save(path)


def _open_inputs(sheet: Sheet, group: Node, shown: Tile) -> None:
    """Arrows with names for the inputs that nothing is connected to."""
    arrows = sorted(
        (node for node in group.nodes() if node.Class() == "Input"), key=lambda node: int(node["number"].value())
    )
    open_ones = [node.name() for index, node in enumerate(arrows) if group.input(index) is None]
    edge = shown.x - shown.width / 2
    for place, name in enumerate(open_ones):
        y = shown.y + shown.height / 2 + 18 * (place - (len(open_ones) - 1) / 2)
        sheet.line([(edge - 34, y), (edge, y)], colour=PIPE, width=1.4)
        sheet.text(edge - 40, y, name, colour=FAINT, at="right")


def picture(host: Host, node: Node, frame: int, *, alpha: bool = False) -> Image:
    """A node's image as a small picture: [h,w,3] with the sRGB curve, or its alpha."""
    found = host.picture(node, frame)
    if alpha:
        return np.repeat(np.clip(found.channel("rgba.alpha"), 0, 1)[..., None], 3, axis=-1)
    linear = np.clip(np.stack([found.channel(f"rgba.{name}") for name in ("red", "green", "blue")], axis=-1), 0, 1)
    shown: Image = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return shown
