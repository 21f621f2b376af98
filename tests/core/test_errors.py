"""The tree of errors: its drawing is true, every code is one class's, and errors survive the way over the connection."""

from __future__ import annotations

import pickle
from typing import Iterator, List, Type

import gvm_matte.core.errors as errors
import pytest
from gvm_matte.core.errors import EngineError, GvmMatteError, ParamError, from_code


def tree(base: Type[GvmMatteError]) -> Iterator[Type[GvmMatteError]]:
    yield base
    for child in base.__subclasses__():
        yield from tree(child)


CLASSES: List[Type[GvmMatteError]] = [cls for cls in tree(GvmMatteError) if cls.__module__ == errors.__name__]


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_an_error_comes_back_from_its_code(cls: Type[GvmMatteError]) -> None:
    found = from_code(cls.code, "It is so.", frame=-3, path="/a.exr")
    assert type(found) is cls
    assert (found.message, found.frame, found.path, str(found)) == ("It is so.", -3, "/a.exr", "It is so.")


def test_codes_are_one_class_each_and_follow_the_tree() -> None:
    codes = [cls.code for cls in CLASSES]
    assert len(set(codes)) == len(codes)
    for cls in CLASSES:
        parent = cls.__mro__[1]
        if parent not in (GvmMatteError, Exception):
            assert issubclass(parent, GvmMatteError) and cls.code.startswith(parent.code + ".")


def test_the_drawing_at_the_top_names_every_class() -> None:
    drawing = errors.__doc__ or ""
    for cls in CLASSES:
        lines = [line for line in drawing.splitlines() if f" {cls.__name__}" in f" {line.strip('│├└─ ')}".split("  ")[0]]
        assert len(lines) == 1, cls.__name__
        depth = len([base for base in cls.__mro__ if issubclass(base, GvmMatteError)]) - 1
        assert lines[0].index(cls.__name__) == 4 + 4 * depth, cls.__name__


def test_an_unknown_code_is_the_base() -> None:
    assert type(from_code("of.the.future", "It is so.")) is GvmMatteError


def test_an_engines_error_shows_the_end_of_its_log() -> None:
    error = EngineError("The engine died.", exit_code=-9, log_tail="line 1\nline 2")
    assert str(error) == "The engine died.\nThe end of the engine's log:\nline 1\nline 2"
    assert error.message == "The engine died."


def test_a_parameters_error_names_it() -> None:
    assert ParamError("Too large.", name="size").name == "size"


def test_errors_survive_pickling() -> None:
    found = pickle.loads(pickle.dumps(from_code("plate.missing", "None.", frame=3, path="/x")))
    assert (type(found).__name__, found.message, found.frame, found.path) == ("PlateMissingError", "None.", 3, "/x")
