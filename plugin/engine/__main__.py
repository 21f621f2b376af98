"""`python -m gvm_matte.engine`: the engine process.

    --owned                 the first line of stdin is {"address", "key"}; the engine ends when stdin does
    --connection-file PATH  a warm engine: it writes address and key to PATH (0600) and serves every client that reads it
    --idle-timeout S        end after S seconds without a job or a client (0: never; the default for an owned engine)

This file and `server` import the standard library alone, so the engine answers within a moment of its start; torch comes
with the worker thread.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import threading
from pathlib import Path
from typing import Optional, Sequence

from .. import __version__
from ..core.files import write_text
from ..protocol.channel import Listener
from ..protocol.messages import PROTOCOL_VERSION
from .serving.server import Server


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Runs an engine until it is told to end, its owner is gone, or it has been idle for too long."""
    parser = argparse.ArgumentParser(prog="gvm_matte.engine", description="The GVM Matte engine process.")
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--owned", action="store_true", help="address and key come on stdin; ends when stdin ends")
    how.add_argument("--connection-file", metavar="PATH", help="write address and key here and serve many owners")
    parser.add_argument("--idle-timeout", type=float, default=0.0, metavar="S", help="end after S idle seconds; 0: never")
    args = parser.parse_args(argv)

    # Threads of a CPU computation that wait for each other sleep rather than spin: readers, writers and other programs want
    # the cores. OpenMP reads this when torch loads it.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if args.owned:
        hand_over = json.loads(sys.stdin.buffer.readline())
        listener = Listener(address=hand_over["address"])
        server = Server(listener=listener, key=bytes.fromhex(hand_over["key"]), idle_timeout=args.idle_timeout)
        threading.Thread(target=_watch_owner, args=(server,), name="owner", daemon=True).start()
        return server.run()

    listener, key = Listener(), os.urandom(32)
    server = Server(listener=listener, key=key, idle_timeout=args.idle_timeout)
    path = Path(args.connection_file)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    content = {"address": listener.address, "key": key.hex(), "pid": os.getpid()}
    content.update(protocol=PROTOCOL_VERSION, package=__version__)
    write_text(str(path), json.dumps(content), "connection file", private=True)
    try:
        return server.run()
    finally:
        _remove_own(path)


def _watch_owner(server: Server) -> None:
    """Blocks until stdin ends: the owner closed it, or is gone however it went."""
    while sys.stdin.buffer.read(4096):
        pass
    server.engine.stop("the owner is gone")


def _remove_own(path: Path) -> None:
    """Removes the connection file unless another engine has taken the place."""
    try:
        if json.loads(path.read_text(encoding="utf-8")).get("pid") == os.getpid():
            path.unlink()
    except (OSError, ValueError):
        pass


if __name__ == "__main__":
    code = main()
    with contextlib.suppress(OSError, ValueError):  # the log's reader may be gone
        sys.stdout.flush()
    # Not sys.exit: threads may still sit in a layer of the network, and the interpreter's end would wait for them or tear
    # their libraries away under them. Files and sockets are closed by now.
    os._exit(code)
