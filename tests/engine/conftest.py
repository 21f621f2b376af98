"""A real engine that the tests of a module share, and what they ask of it."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest
from gvm_matte.client import MatteJob, MatteSession
from gvm_matte.protocol.parts import Sink, Source
from support import PARAMS


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MatteSession]:
    """A session with an engine of its own."""
    with MatteSession() as session:
        yield session


@pytest.fixture(scope="module")
def whole(session: MatteSession, svd_plates: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the mattes of the whole shot, rendered in one go from files to files."""
    folder = tmp_path_factory.mktemp("whole")
    session.render(MatteJob(Source("files", svd_plates), Sink(str(folder / "m.####.exr")), params=PARAMS))
    return folder
