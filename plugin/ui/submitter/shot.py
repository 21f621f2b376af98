"""What a submitter submits: plates and where their mattes go, or a script's node; and the command's words for it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Mapping, Tuple

from ...core.errors import UsageError
from ...core.files import write_text
from ...params.fields import SPECS

SETTINGS_SUFFIX = ".gvm-farm.json"
KEYS_SUFFIX = ".gvm-farm.keys.json"
BUNDLE_SUFFIX = ".farm"


@dataclass(frozen=True)
class Shot:
    """A shot as the command line names it.

    Attributes:
        input, output: patterns of plates and mattes; empty where a script's node says them.
        span: `A-B`, the whole shot; empty: what is on disk.
        script, node: a script on disk and the GVM Matte in it; the script alone where it is for the settings' place.
        from_script: whether the script says plates and mattes.
        params: values for the job's parameters, as `MatteJob` takes them; preset: what they go on top of.
        name: of the job, unless the user says otherwise; empty: as the command names it.
        unsaved: the shot comes from a script that has no file yet.
    """

    input: str = ""
    output: str = ""
    span: str = ""
    script: str = ""
    node: str = ""
    from_script: bool = False
    params: Mapping[str, Any] = field(default_factory=dict)
    preset: str = ""
    name: str = ""
    unsaved: bool = False

    def refusal(self) -> str:
        """Why this cannot be submitted, in a sentence; empty: it can."""
        if self.unsaved:
            return "This script has no file yet. Save it first: the job and its settings are kept beside it."
        if self.from_script:
            return "" if self.script else "Name the script."
        if not self.input:
            return "Name the plates, for instance plates/sh010.####.exr."
        return "" if self.output else "Name where the mattes go, for instance mattes/sh010.####.exr."

    @property
    def title(self) -> str:
        """What people see: the node, or the plates."""
        return self.node or os.path.basename(self.script or self.input)

    def words(self, keys_file: str = "") -> List[str]:
        """Options of `gvm-matte farm bundle` that name the shot and its parameters.

        Args:
            keys_file: the file of the parameters with keys; empty: `keys_path`.

        Raises:
            UsageError: `refusal` says why not.
        """
        refusal = self.refusal()
        if refusal:
            raise UsageError(refusal)
        words: List[str] = []
        named: Dict[str, str] = (
            {"--script": self.script, "--node": self.node}
            if self.from_script
            else {"--input": self.input, "--output": self.output, "--shot-range": self.span}
        )
        for option, value in {**named, "--name": self.name, "--preset": self.preset}.items():
            words += _option(option, value) if value else []
        if self.keyed:
            words += ["--params", keys_file or self.keys_path]
        for spec in SPECS:
            given = self.params.get(spec.name)
            if given is None or isinstance(given, Mapping):
                continue
            words += [f"--{given}"] if spec.name == "existing" else _option(spec.flag, _text(given))
        return words

    @property
    def keyed(self) -> Dict[str, Any]:
        """Parameters with keys over the shot: they travel in a file, since an option holds one value."""
        return {name: value for name, value in self.params.items() if isinstance(value, Mapping)}

    @property
    def place(self) -> Tuple[str, str]:
        """Folder and name beside which settings and bundle are kept: the script's, or the mattes'."""
        if self.script:
            return os.path.split(self.script)
        folder, name = os.path.split(self.output)
        return folder, name.split("#")[0].split("%")[0].split("@")[0].rstrip("._- ") or "mattes"

    @property
    def settings_path(self) -> str:
        """Where the submitter's settings stick."""
        return os.path.join(self.place[0], self.place[1] + SETTINGS_SUFFIX)

    @property
    def keys_path(self) -> str:
        """The file of the parameters with keys."""
        name = f"{self.place[1]}.{self.node}" if self.script and self.node else self.place[1]
        return os.path.join(self.place[0], name + KEYS_SUFFIX)

    @property
    def bundle_path(self) -> str:
        """Where the bundle goes, unless the user says otherwise."""
        if self.from_script or not self.output:
            stem = Path(self.place[1]).stem
            return os.path.join(self.place[0], f"{stem}.{self.node}" if self.node else stem) + BUNDLE_SUFFIX
        return os.path.join(os.path.dirname(self.output), self.node or self.place[1]) + BUNDLE_SUFFIX

    def write_keys(self, path: str = "") -> None:
        """Writes the file of the parameters with keys, if there are any.

        Args:
            path: empty: `keys_path`.

        Raises:
            UsageError: it cannot be written.
        """
        if self.keyed:
            write_json(path or self.keys_path, self.keyed)


def write_json(path: str, content: Mapping[str, Any]) -> None:
    """Writes a JSON file, whole or not at all.

    Raises:
        UsageError: it cannot be written.
    """
    write_text(path, json.dumps(dict(content), indent=2) + "\n", error=UsageError)


def _option(option: str, value: str) -> List[str]:
    """An option and its value; one that looks like an option is tied to it."""
    return [f"{option}={value}"] if value.startswith("-") else [option, value]


def _text(value: Any) -> str:
    return repr(value) if isinstance(value, float) else str(value)
