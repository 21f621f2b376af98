"""The commands behind the submitter, run for real: `gvm-matte`, in the engine's own Python, which has what they need.

    Look      `farm bundle` into a temporary folder: what it finds wrong is told, what it makes is looked at
    Runner    the commands that are shown, one behind the other

Both are processes, so the window never waits and a host need not have the engine's libraries.
"""

from __future__ import annotations

import codecs
from typing import List, Sequence

from ...client import engine_command, engine_environment
from ..kit.qt import QtCore

PREFIX = "gvm-matte: "


def command_words(words: Sequence[str]) -> List[str]:
    """The whole command for words of `gvm-matte`.

    Raises:
        EngineStartError: a deployment whose file is damaged.
    """
    return [engine_command()[0], "-m", "gvm_matte.cli", *words]


def last_sentence(said: str) -> str:
    """What a command that failed said in the end: its error without the command's name."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    for at in range(len(lines) - 1, -1, -1):
        if lines[at].startswith(PREFIX):
            return "\n".join([lines[at][len(PREFIX) :], *lines[at + 1 :]])
        if ": error: " in lines[at]:  # argparse
            return lines[at].split(": error: ", 1)[1].capitalize()
    return lines[-1] if lines else ""


def start(words: Sequence[str]) -> QtCore.QProcess:
    """Starts a command of `gvm-matte`. It has no parent: one that was killed may outlive its window by a moment."""
    program, *rest = command_words(words)
    process = QtCore.QProcess()
    environment = QtCore.QProcessEnvironment()
    for name, value in engine_environment().items():
        environment.insert(name, value)
    process.setProcessEnvironment(environment)
    process.start(program, rest)
    return process


def text_of(content: QtCore.QByteArray) -> str:
    """What a process wrote."""
    return bytes(content.data()).decode("utf-8", "replace")


def did_not_start(error: QtCore.QProcess.ProcessError) -> bool:
    """Whether that is why there will be no `finished`."""
    return bool(error == QtCore.QProcess.ProcessError.FailedToStart)


def not_started(process: QtCore.QProcess) -> str:
    """A sentence for a command that could not be started."""
    return f"{process.program()} cannot be started: {process.errorString()}. Name the engine's Python in GVM_ENGINE_PYTHON."


class Decoder:
    """Bytes as they come, where a letter may be cut in two."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def decode(self, content: QtCore.QByteArray) -> str:
        """The text so far."""
        return self._decoder.decode(bytes(content.data()))
