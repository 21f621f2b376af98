"""The host's side: starting, supervising and asking an engine. Standard library alone; it runs inside Nuke.

    MatteSession(…).render(MatteJob(…))       a job to its end, over as many engines as it takes
    session_for("cuda:0,cuda:1").render(…)    the same over several devices at once
    EngineProcess, find_warm_engine, …        engines of one's own, and warm ones
    EngineConnection                          one conversation: ping, status, rings, jobs
    EngineWatch                               all that the warm engine does, for a monitor

A test pins the names below: they are what others may use.
"""

from .connection import EngineConnection, EngineJob
from .devices.sessions import DeviceSessions
from .job import Buffers, MatteJob, PlateData, RenderResult
from .process import EngineProcess, engine_command, engine_environment
from .session import MatteSession
from .warm import connection_file_path, find_warm_engine, runtime_folder, start_warm_engine, stop_warm_engine
from .watch.events import Answer, Connected, Event, Lost, PictureView
from .watch.watch import EngineWatch
from .which_engine import EngineChoice, session_for

__all__ = [
    "Answer",
    "Buffers",
    "Connected",
    "DeviceSessions",
    "EngineChoice",
    "EngineConnection",
    "EngineJob",
    "EngineProcess",
    "EngineWatch",
    "Event",
    "Lost",
    "MatteJob",
    "MatteSession",
    "PictureView",
    "PlateData",
    "RenderResult",
    "connection_file_path",
    "engine_command",
    "engine_environment",
    "find_warm_engine",
    "runtime_folder",
    "session_for",
    "start_warm_engine",
    "stop_warm_engine",
]
