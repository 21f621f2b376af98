"""An engine that is killed when all mattes are there, and its movies are not."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import List

from gvm_matte.client import MatteJob, MatteSession
from gvm_matte.engine.plates import open_plates
from gvm_matte.protocol.messages import FrameWritten, Message
from gvm_matte.protocol.parts import Sink, Source
from support import PARAMS


def test_the_next_engine_makes_the_movies_and_nothing_else_stays(svd_plates: str, tmp_path: Path) -> None:
    movies = {"alpha": str(tmp_path / "m" / "a.mp4"), "green": str(tmp_path / "m" / "g.mp4")}
    job = MatteJob(Source("files", svd_plates), Sink(str(tmp_path / "m" / "m.####.exr"), movies=movies), params=PARAMS)
    written: List[int] = []
    with MatteSession() as session:
        process = session.engine().status().pid

        def kill_with_the_last_frame(message: Message) -> None:
            if isinstance(message, FrameWritten):
                written.append(message.frame)
                if len(written) == 17:
                    os.kill(process, signal.SIGKILL)

        result = session.render(job, on_event=kill_with_the_last_frame)

    assert result.restarts == 1 and sorted(written) == list(range(1001, 1018))
    mattes = [f"m.{frame}.exr" for frame in range(1001, 1018)]
    assert sorted(path.name for path in (tmp_path / "m").iterdir()) == ["a.mp4", "g.mp4", *mattes]
    for path in movies.values():
        with open_plates(path) as movie:
            assert len(movie.frames) == 17
