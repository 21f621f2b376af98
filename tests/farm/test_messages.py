"""What a task says is what a session reads, whatever the texts are."""

from __future__ import annotations

import io
import re

import pytest
from gvm_matte.farm.openjd.messages import OpenJdMessages

GRAMMAR = re.compile(
    r"^openjd_(progress|status|fail|env|redacted_env|unset_env|session_runtime_loglevel): (.+)$"
)  # the specification's


@pytest.mark.parametrize(
    "text", ["denoising", " a blank before", "two\nlines", "a\r\nb", "", "\t", "\x1b[31mred", "a\u2028b", "openjd_env: A=1"]
)
def test_every_text_becomes_one_message(text: str) -> None:
    stream = io.StringIO()
    OpenJdMessages(stream).fail(text)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 1
    match = GRAMMAR.match(lines[0])
    assert match is not None and match.group(1) == "fail"
    assert match.group(2) == match.group(2).strip() and match.group(2).isprintable()


def test_progress_lies_between_0_and_100_and_never_falls() -> None:
    stream = io.StringIO()
    messages = OpenJdMessages(stream)
    for done in (0, 1, 1, 3, 2, 7, 9):
        messages.progress(done, 7)
    assert stream.getvalue().splitlines() == [f"openjd_progress: {share}" for share in ("0.0", "14.3", "42.9", "100.0")]


def test_the_end_of_a_task_without_frames_is_all_of_it() -> None:
    stream = io.StringIO()
    OpenJdMessages(stream).progress(0, 0)
    assert stream.getvalue() == "openjd_progress: 100.0\n"


def test_a_status_is_told_once() -> None:
    stream = io.StringIO()
    messages = OpenJdMessages(stream)
    for text in ("reading", "reading", "denoising"):
        messages.status(text)
    assert stream.getvalue() == "openjd_status: reading\nopenjd_status: denoising\n"
