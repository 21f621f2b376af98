"""The worker thread: loads models and runs jobs, one at a time, first come first served.

It imports torch and the image libraries itself, in this thread, while the server already answers. Dynamic loading of
libtorch would hold the interpreter lock for a second or more (CPython keeps it during an import's dlopen); so its libraries
are loaded first by a foreign call, which lets go of the lock, and the import then finds them there.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib.util
import os
import tempfile
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Optional

from ...core.errors import CancelledError, EngineBugError, GvmMatteError, OutOfMemoryError
from ...protocol.messages import IDLE, LOADING, RENDERING, Failed
from ..jobs.job import Job
from ..jobs.log import log
from .engine import Engine

if TYPE_CHECKING:
    from ..pipeline.renderer import Renderer


class Worker(threading.Thread):
    """Takes jobs from the queue until it takes None."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(name="worker", daemon=True)
        self._engine, self._status = engine, engine.status
        self._renderer: Optional[Renderer] = None

    def run(self) -> None:
        """Brings torch up at once, so that the first job finds it there, then serves the queue."""
        self._status.doing = LOADING
        failure = self._import()
        self._status.doing = IDLE
        while True:
            job = self._engine.jobs.get()
            if job is None:
                return
            if not isinstance(job, Job):
                self._release_model()
                job.done()
                continue
            self._status.current = job
            self._run(job, failure)
            self._status.current = None
            self._status.doing = IDLE
            self._status.jobs_done += 1

    def _import(self) -> Optional[GvmMatteError]:
        """Imports what rendering needs; an environment without it fails each render with that."""
        started = time.monotonic()
        # A job with an adapter imports PEFT, which brings torch's compiler along, and that makes a cache folder in the
        # temporary folder, never to be used. It makes none in a folder that is there.
        os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", tempfile.gettempdir())
        gc.disable()  # collections over a million new objects would stop every thread for 0.1 s and more
        try:
            preload_torch()
            from ..pipeline.renderer import Renderer

            self._renderer = Renderer(self._status, self._engine.watch)
        except Exception as exc:
            log(traceback.format_exc())
            return EngineBugError(
                f"The engine's Python environment is not complete ({exc}). Run `python3 install engine` or "
                "`gvm-matte doctor`."
            )
        finally:
            gc.freeze()  # modules stay; later collections need not look at them
            gc.enable()
        log(f"torch and the image libraries are up after {time.monotonic() - started:.1f} s")
        return None

    def _run(self, job: Job, failure: Optional[GvmMatteError]) -> None:
        log(f"job {job.id}: {job.request.source.path or 'plates from the host'} [{job.request.frames or 'all'}]")
        if job.record is not None:
            job.record.begin()
        try:
            if failure is not None:
                raise failure
            assert self._renderer is not None
            job.check()
            self._status.doing = RENDERING
            last = self._renderer.render(job)
        except CancelledError as exc:
            last = Failed(job.id, exc.code, exc.message)
        except GvmMatteError as exc:
            last = Failed(job.id, exc.code, exc.message, exc.frame, exc.path)
        except MemoryError:
            last = Failed(job.id, OutOfMemoryError.code, "The machine's memory is full. Lower Frames per batch or Size.")
        except Exception as exc:
            log(traceback.format_exc())
            last = Failed(job.id, EngineBugError.code, f"The engine met an error of its own: {exc!r}. Its log says where.")
        job.end(last)
        log(f"job {job.id}: {last}")
        give_memory_back()

    def _release_model(self) -> None:
        if self._renderer is not None:
            self._renderer.release_model()
            log("the model is released")
        give_memory_back()

    def discard_files(self) -> None:
        """Removes what is half written, for an engine that must end now."""
        if self._renderer is not None:
            self._renderer.discard_files()


def preload_torch() -> None:
    """Loads torch's shared libraries by a call that lets go of the interpreter lock; without effect where it can't."""
    spec = importlib.util.find_spec("torch")
    if os.name != "posix" or spec is None or not spec.submodule_search_locations:
        return
    folder = Path(next(iter(spec.submodule_search_locations)), "lib")
    open_library = ctypes.CDLL(None).dlopen
    open_library.argtypes, open_library.restype = (ctypes.c_char_p, ctypes.c_int), ctypes.c_void_p
    for name in ("libtorch_cpu", "libtorch_cuda", "libtorch_python"):
        for library in folder.glob(f"{name}.*"):
            open_library(str(library).encode(), os.RTLD_NOW | os.RTLD_GLOBAL)


def give_memory_back() -> None:
    """Returns what a job's tensors took to the system; the environment tells glibc to keep it while a job runs."""
    with contextlib.suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
