"""The messages: every one passes unchanged, and nothing else does."""

from __future__ import annotations

import json
import runpy
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any, Dict, List

import pytest
from gvm_matte.core.errors import MessageTooLargeError, ProtocolError
from gvm_matte.protocol import codec as codec
from gvm_matte.protocol import messages as p
from gvm_matte.protocol import parts, watching
from gvm_matte.protocol.message import CONNECTION, ENGINE, HOST, JOB, KINDS, WATCHER

EXAMPLES: List[p.Message] = [
    p.Hello(1, "0.1.0", 4711),
    p.HelloReply(1, "0.1.0", 4712, "cuda:0"),
    p.Ping(1),
    p.Pong(1),
    p.StatusRequest(2),
    p.Status(2, p.RENDERING, 4712, "0.1.0", "cpu", "svd", 1, 2, 300, 12.5, 10**10, 0.0),
    p.Attach(3, parts.RingSpec(4, 1000, ""), None),
    p.Attach(3, None, parts.RingSpec(4, 1000, "gvm-matte-1-ff")),
    p.Attached(3),
    p.Render(4, parts.Source("files", "/plates/Ünï çödé/a.####.exr"), parts.Sink("/m.####.exr"), "-5--1,3", (-5, 9)),
    p.Render(4, parts.Source("files", "a.mov"), parts.Sink("/m.####.exr"), "1", (1, 1), {"size": 720}),
    p.Render(4, parts.Source("buffers", "", (-1, -2, 3, 4), (0, 0, 2, 2), 2.0, "srgb"), parts.Sink("", True)),
    p.Render(4, parts.Source("files", "a.mov"), parts.Sink("/m.####.exr", movies={"alpha": "/m.mp4"}), dry_run=True),
    p.Accepted(4, (-5, 9), "-5-9", "", "-5-9"),
    p.PlateReady(4, 0, -5, 1),
    p.PlateFailed(4, -4, "it is not there"),
    p.SlotFree(4, 0),
    p.AlphaReady(4, 1, -5, 2**40),
    p.AlphaTaken(4, 1),
    p.FrameWritten(4, -5, "/m.-005.exr"),
    p.FrameKept(4, -4, "/m.-004.exr"),
    p.Surveyed(4, "1-4", "5,6", "", {"gamma": "5,6", "plates": "6"}),
    p.Notice(4, "warning", "two\nlines and a \u2028 and a \0"),
    p.Progress(4, "decoding", 3, 15, 0.25),
    p.Done(4, 15, 15, {"reading": 0.5, "nested": {"a": [1, None, True]}}, 3),
    p.Failed(4, "plate.missing", "No plate.", -5, "/plates/a.exr"),
    p.Failed(4, "device", "No device."),
    p.Cancel(5, 4),
    p.Shutdown(6),
    watching.Watch(7, True, 960),
    watching.Watching(7),
    watching.PictureTaken(2, 1),
    watching.CancelJob(8, 3),
    watching.MoveJob(9, 3, 2),
    watching.Release(10),
    watching.Show(11, parts.Source("files", "/plates/a.####.exr"), "/m.####.exr", -5, {"exposure": 1.5}),
    watching.Ordered(8),
    watching.JobState(
        3, 4711, watching.RUNNING, 0, "/plates/a.####.exr", "/m.####.exr", (-5, 9), "-5-9", "-5", "-4-1", 7, 15,
        "denoising", 2.5, 3.25, {"size": 720}, "", "", "4",
    ),
    watching.EngineState(
        p.RENDERING, "cuda:0", "svd (svd, float16)", "svd 0a1b2c3d", "float16", 60.5, 30.25, 10**9, 10**10, 10**11,
        {"reading": 0.5}, 2,
    ),
    watching.Picture(0, 3, -5, 1, 2**40, 0, 7, True, 0.25, -1.0, (-10, 0, 86, 64)),
    watching.FrameState(3, -5, 0.25, 0.125),
    watching.LogLines(("12:00:00 engine", "two \u2028 lines")),
]  # fmt: skip


def plain(message: p.Message) -> Dict[str, Any]:
    found: Dict[str, Any] = json.loads(codec.encode(message))
    return found


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: type(message).__name__)
def test_a_message_passes_unchanged(message: p.Message) -> None:
    assert codec.decode(codec.encode(message)) == message


def test_every_message_has_an_example_and_a_direction() -> None:
    assert {type(message) for message in EXAMPLES} == set(KINDS.values())
    assert {cls.sender for cls in KINDS.values()} == {HOST, ENGINE}
    assert {cls.scope for cls in KINDS.values()} == {CONNECTION, JOB, WATCHER}


def test_every_message_has_the_number_of_what_it_belongs_to() -> None:
    for cls in KINDS.values():
        names = [item.name for item in fields(cls)]
        if cls.scope == JOB:
            assert "job" in names, cls
        elif cls.scope == CONNECTION and cls not in (p.Hello, p.HelloReply):
            assert names[0] == "id", cls


def test_the_tables_of_the_page_are_made_from_the_declarations() -> None:
    docs = Path(__file__).parents[2] / "docs"
    text = (docs / "protocol.md").read_text(encoding="utf-8")
    assert runpy.run_path(str(docs / "make_protocol.py"))["page"](text) == text, "run: python docs/make_protocol.py"


def test_file_names_that_are_no_text_pass() -> None:
    name = b"/plates/\xff\xfe.exr".decode("utf-8", "surrogateescape")
    assert codec.decode(codec.encode(p.FrameWritten(1, 1, name))) == p.FrameWritten(1, 1, name)


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: type(message).__name__)
def test_an_unknown_field_is_refused(message: p.Message) -> None:
    with pytest.raises(ProtocolError, match=r"has no field 'more'"):
        codec.decode(json.dumps({**plain(message), "more": 1}).encode())


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: type(message).__name__)
def test_a_missing_field_is_refused(message: p.Message) -> None:
    for item in fields(message):
        raw = plain(message)
        del raw[item.name]
        if item.default is MISSING and item.default_factory is MISSING:
            with pytest.raises(ProtocolError, match="lacks a field"):
                codec.decode(json.dumps(raw).encode())
        else:
            codec.decode(json.dumps(raw).encode())


WRONG: Dict[type, List[Any]] = {
    int: [True, 1.5, 1.0, "1", None, [], {}],
    float: [True, "1", None, [], {}],
    str: [1, True, None, [], {}, 1.5],
    bool: [0, 1, "true", None, []],
    tuple: [None, "1,2", {}, 1, [1.0], [True], [None], [[1]], [1, "1"]],
    dict: [None, [], "x", 1],
    object: [[], True],
}


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: type(message).__name__)
def test_a_field_of_a_wrong_type_is_refused(message: p.Message) -> None:
    for item in fields(message):
        value = getattr(message, item.name)
        kinds = [kind for kind in (bool, int, float, str, tuple, dict) if type(value) is kind] or [object]
        for wrong in WRONG[kinds[0]]:
            if wrong is None and str(item.type).startswith("Optional"):
                continue
            with pytest.raises(ProtocolError, match=item.name if kinds[0] is not object else "is"):
                codec.decode(json.dumps({**plain(message), item.name: wrong}).encode())


@pytest.mark.parametrize(
    ("nested", "words"),
    [
        ({"slots": True, "slot_bytes": 1, "name": ""}, "RingSpec.slots"),
        ({"slots": 1, "slot_bytes": 1.5, "name": ""}, "RingSpec.slot_bytes"),
        ({"slots": 1, "slot_bytes": 1}, "lacks a field"),
        ({"slots": 1, "slot_bytes": 1, "name": "", "path": "/etc"}, "no field 'path'"),
        ([1, 1, ""], "is an object"),
    ],
)
def test_nested_messages_are_read_as_strictly(nested: Any, words: str) -> None:
    with pytest.raises(ProtocolError, match=words):
        codec.decode(json.dumps({"kind": "Attach", "id": 1, "plates": nested, "alphas": None}).encode())


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"null", b"[]", b"1", b'"Ping"', b"\xff\xfe", b"{} {}", b'{"id": 1}', b'{"kind": 1}', b'{"kind": null}',
        b'{"kind": ["Ping"]}', b'{"kind": "ping", "id": 1}',
        b'{"kind": "RingSpec", "slots": 1, "slot_bytes": 1, "name": ""}',
        b'{"kind": "Message"}', b'{"kind": "Ping", "id": NaN}', b'{"kind": "Done", "job": 1, "frames": 1, "plates": 1, '
        b'"seconds": {"a": Infinity}}', b'{"kind": "Ping", "id": 1', b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        codec.decode(data)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}, "\ud800"])
def test_what_json_cannot_say_is_not_sent(value: Any) -> None:
    with pytest.raises(ProtocolError, match="cannot be sent"):
        codec.encode(p.Done(1, 1, 1, {"x": value}))


def test_a_whole_number_does_for_a_float() -> None:
    found = codec.decode(b'{"kind": "Progress", "job": 1, "stage": "x", "done": 1, "total": 2, "seconds": 3}')
    assert isinstance(found, p.Progress) and type(found.seconds) is float


def test_size_is_limited_on_both_sides() -> None:
    room = p.MAX_MESSAGE_BYTES - len(codec.encode(p.Notice(1, "info", "")))
    longest = p.Notice(1, "info", "x" * room)
    assert codec.decode(codec.encode(longest)) == longest
    with pytest.raises(MessageTooLargeError):
        codec.encode(replace(longest, text="x" * (room + 1)))
    with pytest.raises(MessageTooLargeError):
        codec.decode(b" " * (p.MAX_MESSAGE_BYTES + 1))


def test_hello_never_changes() -> None:
    """Two versions can only tell each other apart as long as both read these two messages."""
    assert [(item.name, item.type) for item in fields(p.Hello)] == [("protocol", "int"), ("package", "str"), ("pid", "int")]
    assert [(item.name, item.type) for item in fields(p.HelloReply)] == [
        ("protocol", "int"), ("package", "str"), ("pid", "int"), ("device", "str"),
    ]  # fmt: skip
