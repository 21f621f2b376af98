"""A file that is written whole or not at all: under a part name beside its own, then renamed."""

from __future__ import annotations

import contextlib
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from ..core.errors import MatteWriteError
from ..core.paths import part_path


@contextmanager
def whole_file(path: str, what: str) -> Iterator[str]:
    """The name to write under; at the end it becomes `path`, after an error it is removed. Makes the folder.

    Args:
        path: of the file.
        what: it is, for the message: "plot".

    Raises:
        MatteWriteError: an OSError came, here or from who writes.
    """
    part = part_path(path)
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        yield part
        Path(part).replace(path)
    except OSError as exc:
        raise MatteWriteError(f"The {what} {path} cannot be written: {exc.strerror or exc}.", path=path) from exc
    finally:  # also where a signal came
        with contextlib.suppress(OSError):
            Path(part).unlink()
