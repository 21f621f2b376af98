"""What `gvm-matte doctor` finds, as values and as JSON: for the command that looks, and for windows that show it.

The looking is done in the engine's own Python, since a host has neither torch nor the weights: the monitor runs
`command(python)` and reads what it prints with `read_report`.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, Dict, Iterable, List

from .errors import ProtocolError

OK, WARN, FAIL = "ok", "warn", "fail"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        state: ok, warn or fail.
        advice: what to do, in a sentence; empty where there is nothing to do.
        command: what to type for it in a terminal; empty where that is no command.
    """

    subject: str
    state: str
    found: str
    advice: str = ""
    command: str = ""


def worst(findings: Iterable[Finding]) -> str:
    """fail where something is missing that every render needs, else ok."""
    return FAIL if any(finding.state == FAIL for finding in findings) else OK


def report(findings: List[Finding], version: str) -> str:
    """Findings as JSON."""
    raw = {"version": version, "state": worst(findings), "findings": [dataclasses.asdict(one) for one in findings]}
    return json.dumps(raw, ensure_ascii=False, indent=2)


def read_report(text: str) -> List[Finding]:
    """Findings out of `report`'s text.

    Raises:
        ProtocolError: it is none.
    """
    try:
        raw: Dict[str, Any] = json.loads(text)
        found = [Finding(**{name: str(value) for name, value in one.items()}) for one in raw["findings"]]
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise ProtocolError("The engine's Python did not say what it found; see its own words.") from exc
    if any(one.state not in (OK, WARN, FAIL) for one in found):
        raise ProtocolError("The engine's Python reported a state that is not known; install the same version there.")
    return found


def command(python: str) -> List[str]:
    """The command that looks, in this Python; it needs the package there, and nothing else to begin with."""
    return [python, "-m", "gvm_matte.cli.doctor", "--json"]
