"""`addUserKnob {ID name [l label] [t tooltip] [±FLAG…] [T text | M {items} | R min max | n N] [±FLAG…]}`.

Flags stand before or after T, M, R and n. What is not known is kept in `extra` and written back at the end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import List, Optional, Tuple

from .words import Word, quote, split_list

# The host's class for an id (those of Nuke 12 to 17); a knob of another id (5, 9, 35, 37 …) carries its text.
KNOB_CLASSES = {
    1: "String_Knob", 2: "File_Knob", 3: "Int_Knob", 4: "Enumeration_Knob", 6: "Boolean_Knob", 7: "Double_Knob",
    8: "Double_Knob", 10: "ChannelMask_Knob", 11: "Channel_Knob", 12: "XY_Knob", 13: "XYZ_Knob", 14: "WH_Knob",
    15: "BBox_Knob", 17: "Format_Knob", 18: "Color_Knob", 19: "AColor_Knob", 20: "Tab_Knob", 22: "PyScript_Knob",
    25: "Text_Knob", 26: "Text_Knob", 28: "String_Knob", 32: "Script_Knob", 41: "Link_Knob",
    43: "Multiline_Eval_String_Knob", 68: "Enumeration_Knob", 80: "Disable_Knob", 83: "Enumeration_Knob",
    85: "EditableEnumeration_Knob", 86: "ColorSpace_Knob",
}  # fmt: skip


@dataclass(frozen=True)
class UserKnob:
    """One `addUserKnob`; None means that the line does not say."""

    id: int
    name: str
    label: Optional[str] = None
    tooltip: Optional[str] = None
    text: Optional[str] = None  # T
    items: Optional[Tuple[str, ...]] = None  # M
    range: Optional[Tuple[float, float]] = None  # R
    n: Optional[int] = None
    flags: Tuple[str, ...] = ()  # "+STARTLINE", "-STARTLINE", …
    extra: Tuple[Word, ...] = ()
    source: Optional[Word] = field(default=None, compare=False)  # how the script that was read has it

    def written(self) -> Word:
        """As it was read, else as Nuke writes it, in its braces; a divider's name is `""`."""
        if self.source is not None:
            return self.source
        parts = [str(self.id), quote(self.name)]
        parts += ["l " + quote(self.label)] if self.label is not None else []
        parts += ["t " + quote(self.tooltip)] if self.tooltip is not None else []
        parts += list(self.flags)
        parts += ["T " + quote(self.text)] if self.text is not None else []
        if self.items is not None:
            parts.append("M {" + " ".join(quote(item) for item in self.items) + "}")
        parts += [f"R {self.range[0]:.10g} {self.range[1]:.10g}"] if self.range is not None else []
        parts += [f"n {self.n}"] if self.n is not None else []
        parts += [word.source for word in self.extra]
        return Word.braces(" ".join(parts))


def parse_user_knob(line: Word) -> Optional[UserKnob]:
    """Reads the braced word behind `addUserKnob`; None if it has no id and name (then the line is kept as it is)."""
    words = split_list(line.text)
    if not words or not words[0].text.isdigit():
        return None
    found = UserKnob(int(words[0].text), words[1].text if len(words) > 1 else "", source=line)
    return _with_attributes(found, words[2:])


def _with_attributes(knob: UserKnob, words: List[Word]) -> UserKnob:
    values = dict(vars(knob))
    flags: List[str] = []
    extra: List[Word] = []
    at = 0
    while at < len(words):
        key, left = words[at].text, len(words) - at - 1
        following = words[at + 1].text if left else ""
        if key[:1] in "+-" and key[1:].isidentifier():
            flags.append(key)
            at += 1
        elif key in _TEXTS and left:
            values[_TEXTS[key]] = following
            at += 2
        elif key == "M" and left:
            values["items"] = tuple(word.text for word in split_list(following))
            at += 2
        elif key == "R" and left >= 2 and _numbers(words[at + 1 : at + 3]) is not None:
            values["range"] = _numbers(words[at + 1 : at + 3])
            at += 3
        elif key == "n" and _whole(following):
            values["n"] = int(following)
            at += 2
        else:
            extra.append(words[at])
            at += 1
    values.update(flags=tuple(flags), extra=tuple(extra))
    return UserKnob(**values)


_TEXTS = {"l": "label", "t": "tooltip", "T": "text"}


def _whole(text: str) -> bool:
    return text.lstrip("-").isdigit()


def _numbers(words: List[Word]) -> Optional[Tuple[float, float]]:
    try:
        return float(words[0].text), float(words[1].text)
    except ValueError:
        return None
