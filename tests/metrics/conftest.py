"""Fixtures of the metrics' tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from matte_files import WriteMatte
from matte_files import write_matte as write_file


@pytest.fixture
def write_matte(tmp_path: Path) -> WriteMatte:
    """As `matte_files.write_matte`, with a name under tmp_path."""

    def write(name: str, *args: Any, **options: Any) -> str:
        return write_file(tmp_path / name, *args, **options)

    return write
