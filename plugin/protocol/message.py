"""What a message is: a class of `messages` or `watching` that says who sends it and whose it is.

    @dataclass(frozen=True)
    class Ping(Message, sender=HOST):
        id: int

That is all of its declaration: the codec, the tables of the dispatchers and those of docs/protocol.md are made from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Dict, Tuple, Type

HOST, ENGINE = "host", "engine"  # who sends it
# Whose it is: the connection's, a request or its answer by `id`; a job's, by `job`; of one who watches all jobs.
CONNECTION, JOB, WATCHER = "connection", "job", "watcher"


@dataclass(frozen=True)
class Message:
    """Base of all messages; its subclasses are frozen dataclasses, under whose names they travel."""

    sender: ClassVar[str]
    scope: ClassVar[str]

    def __init_subclass__(cls, *, sender: str, scope: str = CONNECTION) -> None:
        cls.sender, cls.scope = sender, scope
        KINDS[cls.__name__] = cls


KINDS: Dict[str, Type[Message]] = {}


def sent_by(sender: str) -> Tuple[Type[Message], ...]:
    """All messages of one side, in the order of their declaration."""
    return tuple(cls for cls in KINDS.values() if cls.sender == sender)
