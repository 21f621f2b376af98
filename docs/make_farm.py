"""Writes the tables of farm engines into docs/farm.md, from the engines' own declarations: `python docs/make_farm.py`."""

from __future__ import annotations

from pathlib import Path

from gvm_matte.farm.engine import FarmEngine
from gvm_matte.farm.engines import ENGINES

PAGE = Path(__file__).resolve().parent / "farm.md"
MARK = "<!-- made by python docs/make_farm.py: {} -->\n"


def page(text: str) -> str:
    """The page with today's tables between its marks."""
    for name, table in (("engines", engines(text)), ("options", options())):
        mark = MARK.format(name)
        before, _, rest = text.partition(mark)
        _, _, after = rest.partition(mark)
        text = before + mark + table + mark + after
    return text


def engines(text: str) -> str:
    """What each engine does and needs; one with a section of its own in the page is linked to it."""
    rows = ["| `--engine` | | needs | exit codes |", "|---|---|---|---|"]
    for engine in ENGINES.values():
        link = f" ([below](#{engine.label.lower().replace(' ', '-')}))" if f"\n## {engine.label}\n" in text else ""
        codes = "; ".join(f"**{code}** {words}" for code, words in engine.exit_codes)
        rows.append(f"| `{engine.name}` | {engine.label}, by {engine.how}{link} | {engine.needs} | {codes} |")
    return "\n".join(rows) + "\n"


def options() -> str:
    """Every engine's options."""
    rows = ["| `--engine` | Option | | Not given |", "|---|---|---|---|"]
    rows += [row for engine in ENGINES.values() for row in _rows(engine)]
    return "\n".join(rows) + "\n"


def _rows(engine: FarmEngine) -> list[str]:
    found = []
    for option in engine.options:
        value = f" {option.metavar or option.name.upper()}" if option.type is str else ""
        found.append(f"| `{engine.name}` | `{option.flag}{value}` | {option.help} | {option.unset or engine.unset} |")
    return found


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
