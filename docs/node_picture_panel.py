"""A node's own knobs as Nuke's properties panel shows them: one panel for each tab, side by side."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import dropwhile
from pathlib import Path
from typing import Any

import numpy as np
from gvm_matte.host import nuke
from node_picture_sheet import FAINT, INK, LINE, LIT, MARGIN, NODE, SMALL, WIDTH, Sheet

PANEL, FIELD, BUTTON, RIM, OFF = "#323232", "#222222", "#4a4a4a", "#2a2a2a", "#707070"
ROW, LABEL_GAP, TAB_GAP, GAP = 24.0, 8.0, 16.0, 5.0  # pixels
NUMBERS = ("Int_Knob", "Double_Knob", "BBox_Knob")

Knob = Any
Node = Any


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
        sheet.box(x + 8, y + 7, 10, 10, fill=NODE)
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
            ink = INK if knob.enabled() else OFF
            if inline:
                self.sheet.text(at + GAP, y + ROW / 2, knob.label(), colour=ink)
            width = self._least(knob) + (spare if self._grows(knob) else 0.0)
            self._knob(knob, at + inline, y, width, ink)
            at += inline + width + GAP

    def _knob(self, knob: Knob, x: float, y: float, width: float, ink: str) -> None:
        shown, middle = target(knob), y + ROW / 2
        name = shown.Class()
        if name == "PyScript_Knob":
            self.sheet.box(x, y + 2, width, ROW - 5, fill=BUTTON, edge=RIM)
            self.sheet.text(x + width / 2, middle, knob.label(), at="center")
        elif hasattr(shown, "values"):
            self.sheet.box(x, y + 2, width, ROW - 5, fill=BUTTON if name == "Enumeration_Knob" else FIELD, edge=RIM)
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
        self.sheet.box(x, y + 2, width, ROW - 5, fill=FIELD, edge=RIM)
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


def columns(panels: Sequence[Panel]) -> list[list[Panel]]:
    """Panels in order, below each other where the picture is not wide enough, as low as that allows."""
    tallest = max(panel.height for panel in panels)
    while True:
        found: list[list[Panel]] = []
        for panel in panels:
            if found and sum(other.height + MARGIN for other in found[-1]) + panel.height <= tallest:
                found[-1].append(panel)
            else:
                found.append([panel])
        spare = WIDTH - MARGIN - sum(max(panel.least for panel in column) + MARGIN for column in found)
        if spare >= 0 or len(found) == 1:
            break
        tallest += ROW
    for column in found:
        width = max(panel.least for panel in column) + spare / len(found)
        for panel in column:
            panel.width = width
    return found


def draw_panel(node: Node, path: Path) -> None:
    """The tabs, one beside or below another."""
    shown = tabs(node)
    names, measure = [tab.label for tab in shown], Sheet(ROW)
    placed = columns([Panel(measure, tab, names) for tab in shown])
    sheet = Sheet(MARGIN + max(sum(panel.height + MARGIN for panel in column) for column in placed))
    x = MARGIN
    for column in placed:
        y = MARGIN
        for panel in column:
            panel.sheet = sheet
            panel.draw(x, y, node.name())
            y += panel.height + MARGIN
        x += column[0].width + MARGIN
    sheet.save(path)
