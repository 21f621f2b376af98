"""Messages as bytes and back: one JSON object in UTF-8. Reading is strict, as `protocol` says."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import Any, Dict, Type, TypeVar, Union, get_args, get_origin, get_type_hints

from ..core.errors import MessageTooLargeError, ProtocolError
from . import watching  # noqa: F401  its messages are known from here on, too
from .message import KINDS, Message
from .messages import MAX_MESSAGE_BYTES, PROTOCOL_VERSION
from .parts import RingSpec, Sink, Source

_HINTS: Dict[Type[Any], Dict[str, Any]] = {
    cls: {item.name: get_type_hints(cls)[item.name] for item in fields(cls)}
    for cls in (*KINDS.values(), RingSpec, Source, Sink)
}
T = TypeVar("T")


def encode(message: Message) -> bytes:
    """The message's bytes.

    Raises:
        MessageTooLargeError: more than `MAX_MESSAGE_BYTES`.
        ProtocolError: it holds what JSON cannot say, NaN for instance.
    """
    try:
        data = json.dumps({"kind": type(message).__name__, **_plain(message)}, ensure_ascii=False, allow_nan=False)
        raw = data.encode("utf-8", "surrogateescape")  # file names on POSIX are bytes
    except (TypeError, ValueError) as exc:
        raise ProtocolError(f"A {type(message).__name__} message cannot be sent: {exc}.") from exc
    if len(raw) > MAX_MESSAGE_BYTES:
        raise MessageTooLargeError(f"A {type(message).__name__} message has {len(raw):,} bytes; {MAX_MESSAGE_BYTES:,} fit.")
    return raw


def decode(data: bytes) -> Message:
    """The message in these bytes.

    Raises:
        MessageTooLargeError: more than `MAX_MESSAGE_BYTES`.
        ProtocolError: not JSON, an unknown kind, or fields that are not the kind's.
    """
    if len(data) > MAX_MESSAGE_BYTES:
        raise MessageTooLargeError(f"A message of {len(data):,} bytes came; {MAX_MESSAGE_BYTES:,} are allowed.")
    try:
        raw = json.loads(data.decode("utf-8", "surrogateescape"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as exc:
        raise ProtocolError(f"A message is not JSON: {data[:40]!r}…") from exc
    if not isinstance(raw, dict):
        raise ProtocolError(f"A message is not a JSON object: {data[:40]!r}…")
    kind = raw.pop("kind", None)
    if not isinstance(kind, str) or kind not in KINDS:
        raise ProtocolError(f"There is no message {kind!r} in protocol version {PROTOCOL_VERSION}.")
    message: Message = _read(KINDS[kind], raw)
    return message


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON")  # Python's reader knows NaN and Infinity, JSON does not


def _plain(value: Any) -> Dict[str, Any]:
    """A dataclass as a dict of what JSON knows; nested dataclasses too, tuples as lists."""
    plain: Dict[str, Any] = {}
    for item in fields(value):
        content = getattr(value, item.name)
        plain[item.name] = _plain(content) if is_dataclass(content) else content
    return plain


def _read(cls: Type[T], raw: Any) -> T:
    if not isinstance(raw, dict):
        raise ProtocolError(f"{cls.__name__} is an object, not {type(raw).__name__}.")
    hints = _HINTS[cls]
    unknown = sorted(set(raw) - set(hints))
    if unknown:
        raise ProtocolError(f"{cls.__name__} has no field {unknown[0]!r}.")
    values = {name: _value(f"{cls.__name__}.{name}", hints[name], content) for name, content in raw.items()}
    try:
        return cls(**values)
    except TypeError as exc:
        raise ProtocolError(f"{cls.__name__} lacks a field: {exc}.") from exc


def _value(where: str, hint: Any, raw: Any) -> Any:
    """`raw` as what the annotation says, or a ProtocolError that names the field."""
    origin = get_origin(hint)
    if origin is Union:  # Optional[X]
        return None if raw is None else _value(where, get_args(hint)[0], raw)
    if hint in _HINTS:
        return _read(hint, raw)
    if origin is tuple:  # Tuple[int, ...] or Tuple[str, ...]
        of = get_args(hint)[0]
        if isinstance(raw, list) and all(isinstance(item, of) and not isinstance(item, bool) for item in raw):
            return tuple(raw)
        raise ProtocolError(f"{where} is a list of {'whole numbers' if of is int else 'texts'}.")
    if origin is dict:
        if isinstance(raw, dict):
            return raw
        raise ProtocolError(f"{where} is an object.")
    if hint is float and isinstance(raw, int) and not isinstance(raw, bool):
        return float(raw)
    if isinstance(raw, hint) and (hint is bool or not isinstance(raw, bool)):
        return raw
    raise ProtocolError(f"{where} is of type {hint.__name__}, not {type(raw).__name__}.")
