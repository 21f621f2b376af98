"""Draws the pictures of the node in README.md and node.md: `python docs/make_node_pictures.py`.

Nothing in them is written down here: the node is made in the embedded host by `gvm_matte.nodes.create`, and its own knobs,
inner nodes and connections are drawn. The plates are those of `python3 install demo`; the node renders four of them with the
built-in model. Takes under a minute on two cores.
"""

from __future__ import annotations

import io
import math
import os
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import dropwhile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from gvm_matte.client import stop_warm_engine
from gvm_matte.host import Host
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyBboxPatch, Polygon
from PIL import Image as Pillow

with Host():  # the module is there while a host is
    import gvm_matte.nodes as gvm
    import nuke

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
PLATES = ROOT / "demo" / "plates" / "plate.####.exr"
FRAMES, FRAME = (1009, 1012), 1010  # one window of four frames, of which one is shown
STAMP, HEIGHT = 176.0, 520.0  # a small picture's width, the height of the graph
QUICK = {"size": 288, "num_frames_per_batch": 4, "num_overlap_frames": 2}
WIDTH, DPI, COLOURS = 1300, 100, 128
PAPER, PANEL, FIELD, BUTTON, LINE = "#1e1e1e", "#323232", "#222222", "#4a4a4a", "#555555"
INK, FAINT, LIT = "#c8c8c8", "#8a8a8a", "#f0a030"
ROW, LABEL_GAP, TAB_GAP, GAP, MARGIN, TEXT, SMALL = 24.0, 8.0, 16.0, 5.0, 12.0, 8.3, 6.2
NUMBERS = ("Int_Knob", "Double_Knob", "BBox_Knob")
TILES = {"Read": "#6f7f8f", "Write": "#8f7a50", "Group": "#b07820", "Input": "#67558c", "Output": "#67558c",
         "Copy": "#3f6a9a", "Switch": "#3f7f6a", "TimeOffset": "#7f5f5f"}  # fmt: skip
PIPES = {"Copy": "BA"}  # the letters of a class whose inputs Nuke does not number

Image = npt.NDArray[Any]
Knob = Any  # the stubs give every knob as the base class
Node = Any


class Sheet:
    """A picture in pixels, y downwards, and what is drawn on it."""

    def __init__(self, height: float) -> None:
        self.figure = Figure(figsize=(WIDTH / DPI, height / DPI), dpi=DPI, facecolor=PAPER)
        self.renderer: Any = FigureCanvasAgg(self.figure).get_renderer()
        self.axes = self.figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self.axes.set(xlim=(0, WIDTH), ylim=(height, 0))
        self.axes.set_axis_off()

    def wide(self, text: str, size: float = TEXT) -> float:
        """A text's width in pixels."""
        width, _, _ = self.renderer.get_text_width_height_descent(text, FontProperties(size=size), False)
        return float(width)

    def cut(self, text: str, room: float) -> str:
        """The text, or as much of it as there is room for."""
        if self.wide(text) <= room:
            return text
        while text and self.wide(text + "…") > room:
            text = text[:-1]
        return text + "…"

    def text(self, x: float, y: float, text: str, *, colour: str = INK, size: float = TEXT, at: str = "left") -> None:
        """One line, its middle at y."""
        self.axes.text(x, y, text, color=colour, size=size, ha=at, va="center_baseline", parse_math=False)

    def box(self, x: float, y: float, width: float, height: float, *, fill: str, edge: str = "none", z: float = 1) -> None:
        """A rounded box."""
        style = "round,pad=0,rounding_size=3"
        self.axes.add_patch(FancyBboxPatch((x, y), width, height, boxstyle=style, facecolor=fill, edgecolor=edge, zorder=z))

    def line(self, points: Sequence[tuple[float, float]], *, colour: str = LINE, width: float = 1.0) -> None:
        """A line through points."""
        self.axes.plot(*zip(*points), color=colour, linewidth=width, solid_joinstyle="round")

    def triangle(self, x: float, y: float, colour: str = INK, size: float = 4.0) -> None:
        """A triangle that points down, its middle at (x, y)."""
        corners = [(x - size, y - size / 2), (x + size, y - size / 2), (x, y + size / 2)]
        self.axes.add_patch(Polygon(corners, closed=True, facecolor=colour, zorder=4))

    def save(self, path: Path) -> None:
        """Writes it with a palette: less than half of the bytes."""
        with io.BytesIO() as whole:
            self.figure.savefig(whole, format="png")
            picture = Pillow.open(whole).convert("RGB")
        palette = picture.quantize(COLOURS, method=Pillow.Quantize.MEDIANCUT, kmeans=2)
        picture.quantize(palette=palette, dither=Pillow.Dither.NONE).save(path, optimize=True)
        print(path, picture.size, path.stat().st_size)


# -- the panel


@dataclass
class Tab:
    """A tab's lines: knobs that stand beside each other."""

    label: str
    lines: list[list[Knob]] = field(default_factory=list)


def tabs(node: Node) -> list[Tab]:
    """What a panel shows of a node's own knobs."""
    found: list[Tab] = []
    for knob in dropwhile(lambda knob: knob.Class() != "Tab_Knob", node.allKnobs()):
        if not knob.visible():
            continue
        if knob.Class() == "Tab_Knob":
            found.append(Tab(knob.label()))
        elif knob.getFlag(nuke.STARTLINE) or is_divider(knob) or not found[-1].lines:
            found[-1].lines.append([knob])
        else:
            found[-1].lines[-1].append(knob)
    return [tab for tab in found if tab.lines]


def is_divider(knob: Knob) -> bool:
    """Whether it is a line across the panel."""
    return bool(knob.Class() == "Text_Knob" and not knob.label() and not str(knob.value()))


def target(knob: Knob) -> Knob:
    """The knob whose value is shown: a link shows another's."""
    return knob.getLinkedKnob() if knob.Class() == "Link_Knob" else knob


class Panel:
    """One tab as a properties panel of its own."""

    def __init__(self, sheet: Sheet, tab: Tab, names: Sequence[str]) -> None:
        self.sheet, self.tab, self.names = sheet, tab, names
        labels = [line[0].label() for line in tab.lines if line[0].Class() != "PyScript_Knob"]
        self.start = MARGIN + max(map(sheet.wide, labels), default=0.0) + LABEL_GAP  # where the knobs begin
        widest = max(self.start + self._taken(line) for line in tab.lines) + MARGIN
        self.least = max(widest, 2 * MARGIN + sum(sheet.wide(name) + TAB_GAP for name in names) - TAB_GAP)
        self.width = self.least

    def _taken(self, line: Sequence[Knob]) -> float:
        return sum(self._inline(line, knob) + self._least(knob) + GAP for knob in line) - GAP

    def _inline(self, line: Sequence[Knob], knob: Knob) -> float:
        """Width of a label beside its knob, which the first of a line has on the left."""
        shown = knob is not line[0] and knob.Class() != "PyScript_Knob"
        return self.sheet.wide(knob.label()) + 2 * GAP if shown else 0.0

    def _least(self, knob: Knob) -> float:
        """The width that a knob needs; those of `_grows` take more."""
        shown, name = target(knob), target(knob).Class()
        if name == "PyScript_Knob":
            return self.sheet.wide(knob.label()) + 14
        if hasattr(shown, "values"):
            return max(map(self.sheet.wide, shown.values())) + 32
        if name == "Boolean_Knob":
            return 16.0
        return {"Int_Knob": 64.0, "Double_Knob": 180.0, "BBox_Knob": 260.0, "Text_Knob": 200.0}.get(name, 130.0)

    @staticmethod
    def _grows(knob: Knob) -> bool:
        return target(knob).Class() in ("String_Knob", "File_Knob", "Text_Knob", "Double_Knob")

    def _words(self, knob: Knob) -> list[str]:
        text = str(knob.value()).strip()
        letters = max(10, int((self.width - self.start - MARGIN) / self.sheet.wide("n") * 1.05))
        return textwrap.wrap(text, letters) or [""]

    def _tall(self, line: Sequence[Knob]) -> float:
        if is_divider(line[0]):
            return 11.0
        return max(ROW, *(15.0 * len(self._words(k)) + 8 if k.Class() == "Text_Knob" else ROW for k in line))

    @property
    def height(self) -> float:
        """In pixels, at the width that was set."""
        return 2 * ROW + 2 * MARGIN + sum(map(self._tall, self.tab.lines))

    def draw(self, x: float, y: float, title: str) -> None:
        """Draws it: the node's name, the tabs' names, and the lines."""
        sheet = self.sheet
        sheet.box(x, y, self.width, self.height, fill=PANEL)
        sheet.box(x, y, self.width, ROW, fill="#3d3d3d")
        sheet.box(x + 8, y + 7, 10, 10, fill=TILES["Group"])
        sheet.text(x + 26, y + ROW / 2, title)
        at = x + MARGIN
        for name in self.names:
            sheet.text(at, y + ROW * 1.5, name, colour=INK if name == self.tab.label else FAINT)
            if name == self.tab.label:
                sheet.line([(at - 3, y + 2 * ROW - 3), (at + sheet.wide(name) + 3, y + 2 * ROW - 3)], colour=LIT, width=2)
            at += sheet.wide(name) + TAB_GAP
        top = y + 2 * ROW + MARGIN
        for line in self.tab.lines:
            self._line(line, x, top)
            top += self._tall(line)

    def _line(self, line: Sequence[Knob], x: float, y: float) -> None:
        if is_divider(line[0]):
            self.sheet.line([(x + MARGIN, y + 5.5), (x + self.width - MARGIN, y + 5.5)])
            return
        if line[0].Class() != "PyScript_Knob":
            self.sheet.text(x + self.start - LABEL_GAP, y + ROW / 2, line[0].label(), at="right")
        growing = sum(map(self._grows, line))
        spare = (self.width - MARGIN - self.start - self._taken(line)) / growing if growing else 0.0
        at = x + self.start
        for knob in line:
            inline = self._inline(line, knob)
            ink = INK if knob.enabled() else "#707070"
            if inline:
                self.sheet.text(at + GAP, y + ROW / 2, knob.label(), colour=ink)
            width = self._least(knob) + (spare if self._grows(knob) else 0.0)
            self._knob(knob, at + inline, y, width, ink)
            at += inline + width + GAP

    def _knob(self, knob: Knob, x: float, y: float, width: float, ink: str) -> None:
        shown, middle = target(knob), y + ROW / 2
        name = shown.Class()
        if name == "PyScript_Knob":
            self.sheet.box(x, y + 2, width, ROW - 5, fill=BUTTON, edge="#2a2a2a")
            self.sheet.text(x + width / 2, middle, knob.label(), at="center")
        elif hasattr(shown, "values"):
            self.sheet.box(x, y + 2, width, ROW - 5, fill=BUTTON if name == "Enumeration_Knob" else FIELD, edge="#2a2a2a")
            self.sheet.text(x + 7, middle, str(shown.value()), colour=ink)
            self.sheet.triangle(x + width - 11, middle)
        elif name == "Boolean_Knob":
            self.sheet.box(x, y + 5, 14, 14, fill=FIELD, edge=LINE)
            if shown.value():
                self.sheet.line([(x + 3, middle), (x + 6, middle + 4), (x + 11, middle - 4)], colour=INK, width=1.6)
        elif name == "Text_Knob":
            for number, text in enumerate(self._words(shown)):
                self.sheet.text(x, middle + 15 * number, text, colour=LIT if knob.getFlag(nuke.DO_NOT_WRITE) else ink)
        elif name in NUMBERS:
            self._numbers(shown, x, y, width, ink)
        else:
            room = width - (22 if name == "File_Knob" else 0)
            self._field(x, y, room, shown.getText(), ink)
            if name == "File_Knob":
                self.sheet.box(x + room + 4, middle - 4, 15, 9, fill=FAINT)
                self.sheet.box(x + room + 4, middle - 6, 7, 5, fill=FAINT)

    def _field(self, x: float, y: float, width: float, text: str, ink: str) -> None:
        self.sheet.box(x, y + 2, width, ROW - 5, fill=FIELD, edge="#2a2a2a")
        self.sheet.text(x + 6, y + ROW / 2, self.sheet.cut(text, width - 10), colour=ink)

    def _numbers(self, knob: Knob, x: float, y: float, width: float, ink: str) -> None:
        """Fields, a Double's slider with its range, and the button of knobs that can be animated."""
        if knob.Class() == "BBox_Knob":
            for letter, value in zip("xyrt", knob.value()):
                self.sheet.text(x, y + ROW / 2, letter, colour=FAINT)
                self._field(x + 11, y, 44, f"{value:g}", ink)
                x, width = x + 60, width - 60
        else:
            self._field(x, y, 64, f"{knob.value():.4g}", ink)
        if knob.Class() == "Double_Knob":
            low, high, left, right = knob.min(), knob.max(), x + 80, x + width - 32
            self.sheet.line([(left, y + 9), (right, y + 9)], width=2)
            for part in np.linspace(0, 1, 5):
                tick = left + part * (right - left)
                self.sheet.line([(tick, y + 9), (tick, y + 13)])
            for place, number in ((left, low), (right, high)):
                self.sheet.text(place, y + 18, f"{number:g}", colour=FAINT, size=SMALL, at="center")
            share = min(max((knob.value() - low) / (high - low), 0.0), 1.0)
            self.sheet.box(left + share * (right - left) - 3, y + 3, 6, 12, fill=INK, z=3)
        if knob.Class() != "Int_Knob" and not knob.getFlag(nuke.NO_ANIMATION):
            steps = np.linspace(0, 1, 20)
            curve = [(x + width - 15 + 13 * step, y + ROW / 2 - 1 + 4 * math.cos(math.pi * step)) for step in steps]
            self.sheet.line(curve, colour=FAINT, width=1.3)


def draw_panel(node: Node, path: Path) -> None:
    """The tabs, one beside or below another."""
    sheet = Sheet(100)
    shown = tabs(node)
    panels = [Panel(sheet, tab, [other.label for other in shown]) for tab in shown]
    most = 1.15 * max(panel.height for panel in panels)
    columns: list[list[Panel]] = []
    for panel in panels:
        if columns and sum(other.height + MARGIN for other in columns[-1]) + panel.height <= most:
            columns[-1].append(panel)
        else:
            columns.append([panel])
    spare = WIDTH - MARGIN * (len(columns) + 1) - sum(max(panel.least for panel in column) for column in columns)
    for column in columns:
        width = max(panel.least for panel in column) + spare / len(columns)
        for panel in column:
            panel.width = width
    sheet = Sheet(2 * MARGIN + max(sum(panel.height + MARGIN for panel in column) - MARGIN for column in columns))
    x = MARGIN
    for column in columns:
        y = MARGIN
        for panel in column:
            panel.sheet = sheet
            panel.draw(x, y, node.name())
            y += panel.height + MARGIN
        x += column[0].width + MARGIN
    sheet.save(path)


# -- the graph


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
            sheet.line([*points, (x, lower.y - 4)], colour="#a0a0a0", width=1.4)
            sheet.triangle(x, lower.y - 5, "#a0a0a0", 4.5)
            if len(paths) > 1:
                letters = PIPES.get(lower.node.Class())
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
    first = max(first, *(one.width / 2 for one, place in zip(sized, across) if place == min(across)))
    low = max(one.height for one, place in zip(sized, down) if place == max(down))
    for one in sized:
        one.x = float(np.interp(one.node.xpos(), (min(across), max(across)), (x + first, x + width - last)))
        one.y = float(np.interp(one.node.ypos(), (min(down), max(down)), (y, y + height - low)))
    return sized


def draw_nodes(host: Host, read: Node, group: Node, write: Node, path: Path) -> None:
    """The script on the left, the graph inside the node on the right."""
    sheet = Sheet(HEIGHT)
    label = host.autolabel(group) or group.name()
    stamps = picture(host, read), picture(host, write, alpha=True)
    left = 200.0
    plate = tile(sheet, read, [read.name(), f"frame {FRAME}"], left, 54, stamps[0])
    matte = tile(sheet, group, label.split("\n"), left, plate.bottom + 52)
    written = tile(sheet, write, [write.name(), "alpha"], left, matte.bottom + 44, stamps[1])
    box = (420.0, 34.0, WIDTH - MARGIN - 420.0, HEIGHT - 34.0 - MARGIN)
    edge = matte.x + matte.width / 2
    corners = [(edge, matte.y), (box[0], box[1]), (box[0], box[1] + box[3]), (edge, matte.bottom)]
    sheet.axes.add_patch(Polygon(corners, closed=True, facecolor="#2a2824", zorder=0))
    sheet.box(*box, fill="#2a2824", edge=TILES["Group"], z=0)
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
        sheet.line([(edge - 34, y), (edge, y)], colour="#a0a0a0", width=1.4)
        sheet.text(edge - 40, y, name, colour=FAINT, at="right")


def picture(host: Host, node: Node, *, alpha: bool = False) -> Image:
    """A node's image as a small picture: [h,w,3] with the sRGB curve, or its alpha."""
    found = host.picture(node, FRAME)
    if alpha:
        return np.repeat(np.clip(found.channel("rgba.alpha"), 0, 1)[..., None], 3, axis=-1)
    linear = np.clip(np.stack([found.channel(f"rgba.{name}") for name in ("red", "green", "blue")], axis=-1), 0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


# -- the script


def main() -> None:
    """Draws both."""
    with tempfile.TemporaryDirectory() as scratch, Host() as host:
        os.environ["GVM_ENGINE_FILE"] = str(Path(scratch) / "engine.json")  # an engine of its own
        os.environ.pop("GVM_PRESET_PATH", None)
        os.environ["XDG_DATA_HOME"] = scratch  # without the presets of whoever runs this
        host.save(str(Path(scratch) / "sh010.nk"))
        read = nuke.nodes.Read(name="Read1")
        file: Any = read["file"]
        file.fromUserText(f"{PLATES.as_posix()} 1001-1048")
        node: Node = gvm.create(read)
        write = nuke.nodes.Write(name="Write1")
        write.setInput(0, node)
        gvm.look(node)
        draw_panel(node, IMAGES / "node_panel.png")
        try:
            for name, value in {**QUICK, "range": "custom", "range_first": FRAMES[0], "range_last": FRAMES[1]}.items():
                node[name].setValue(value)
            gvm.render(node, wait=True)
        finally:
            stop_warm_engine()
        held = gvm.state_of(node)
        if held.kind != "fresh":
            sys.exit(f"The node has no fresh matte to draw: {held.text}")
        draw_nodes(host, read, node, write, IMAGES / "node_graph.png")


if __name__ == "__main__":
    main()
