"""Reads the picture that a subject is put before, on a thread of its own: a large file must not hold the window."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import Optional, Tuple

from ..kit.qt import QtCore, QtGui

LONGEST = 4096  # pixels of the longer edge that are kept; more than a screen shows


def readable() -> str:
    """The files that this Qt reads, as a file dialog's filter wants them: `*.jpg *.png …`."""
    return " ".join(sorted(f"*.{bytes(kind.data()).decode()}" for kind in QtGui.QImageReader.supportedImageFormats()))


def read_picture(path: str) -> Tuple[QtGui.QImage, str]:
    """The picture, at most `LONGEST` pixels long, and an empty text; or a null image and why. For any thread."""
    reader = QtGui.QImageReader(path)
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid() and max(size.width(), size.height()) > LONGEST:
        reader.setScaledSize(size.scaled(LONGEST, LONGEST, QtCore.Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    if image.isNull():
        return image, reader.errorString()
    return image.convertToFormat(QtGui.QImage.Format.Format_RGB32), ""


class BackdropReader(QtCore.QObject):
    """Reads one file after another; only the one asked for last is delivered."""

    ready = QtCore.Signal(QtGui.QImage)
    failed = QtCore.Signal(str)  # a sentence
    _read = QtCore.Signal(int, QtGui.QImage, str)

    def __init__(self, parent: Optional[QtCore.QObject] = None) -> None:
        super().__init__(parent)
        self._number = 0
        self.path = ""
        self._read.connect(self._arrived, QtCore.Qt.ConnectionType.QueuedConnection)

    def read(self, path: str) -> None:
        """Begins to read; `ready` or `failed` follows."""
        self._number += 1
        self.path = path
        # Not Qt's pool: its end waits for what runs in it, while the thread that ends it holds what Python needs to run on.
        threading.Thread(target=self._work, args=(self._number, path), name="backdrop", daemon=True).start()

    def _work(self, number: int, path: str) -> None:
        image, error = read_picture(path)
        with contextlib.suppress(RuntimeError):  # the page was closed meanwhile
            self._read.emit(number, image, error)

    def _arrived(self, number: int, image: QtGui.QImage, error: str) -> None:
        if number != self._number:
            return
        if image.isNull():
            name = Path(self.path).name
            text = self.tr("{0} cannot be shown as a background: {1}. Choose a picture such as a PNG or a JPEG.")
            self.failed.emit(text.format(name, error.rstrip(".") or self.tr("it is no picture")))
        else:
            self.ready.emit(image)
