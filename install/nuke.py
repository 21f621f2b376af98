"""`python3 install nuke`: deploys GVM Matte for Nuke, removes it, or packs it for machines without a network.

Standard library alone. Unlike the other commands it does not need .venv: what it deploys has an environment of its own,
made by the Python that runs this.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from .nuke_deploy import Deployed, deploy, uninstall
from .nuke_environment import check_python
from .nuke_init_line import add_line, has_line, init_file, init_line, plugin_path_call, remove_line
from .nuke_words import sentence, size
from .steps import InstallError, say

CANCELLED = 3  # as gvm-matte has it


def parse(arguments: Sequence[str], *, program: str = "python3 install nuke") -> argparse.Namespace:
    """The options; ends the program with exit code 2 where they are wrong."""
    parser = argparse.ArgumentParser(
        prog=program,
        description="Deploys GVM Matte for Nuke 14 to 17: package, engine environment, start-up.",
    )
    parser.add_argument(
        "--nuke-path", metavar="DIR", type=Path, default=None,
        help="folder that NUKE_PATH shall name; made where it is missing (default: .nuke/gvm in your home folder)",
    )  # fmt: skip
    parser.add_argument("--add-to-init", action="store_true", help="add a line for DIR to ~/.nuke/init.py")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--uninstall", action="store_true", help="remove what was deployed in DIR, and that line")
    what.add_argument(
        "--bundle", metavar="FILE", type=Path, help="pack everything into FILE (.zip or .tar.gz), deploy nothing"
    )
    options = parser.parse_args(arguments)
    if options.add_to_init and (options.uninstall or options.bundle):
        parser.error("--add-to-init goes with a deployment")
    if options.bundle and options.nuke_path:
        parser.error("--bundle deploys nothing; name the folder when you install the bundle")
    return options


def main(root: Path, arguments: Sequence[str]) -> int:
    """Runs the command; returns the exit code.

    Args:
        root: a checkout or an unpacked bundle.

    Raises:
        InstallError: it failed, and what was there is there.
    """
    bundled = (root / "bundle.json").exists()
    options = parse(arguments, program="python3 install.py" if bundled else "python3 install nuke")
    folder = _absolute(options.nuke_path or init_file().parent / "gvm")
    try:
        if options.uninstall:
            return _uninstall(folder)
        check_python()
        if options.bundle:
            return _bundle(root, _absolute(options.bundle))
        _tell(deploy(root, folder))
        _tell_how_to_start(folder, add=options.add_to_init)
    except KeyboardInterrupt:
        say("\nInterrupted. What was there before is there; what had been begun is gone.")
        return CANCELLED
    return 0


def _absolute(path: Path) -> Path:
    """Without `..`, and not resolved: a path on a share is often a link that means another place tomorrow."""
    return Path(os.path.abspath(path.expanduser()))  # noqa: PTH100


def _bundle(root: Path, path: Path) -> int:
    try:
        from .nuke_bundle import make_bundle
    except ImportError as exc:
        raise InstallError("This is a bundle already; copy the archive itself.") from exc
    say(f"Making {path}")
    made = make_bundle(root, path)
    print(f"{made.path}: {size(made.size)}, of which {made.wheels} wheels are {size(made.wheels_size)}")
    print("On the other machine, unpack it and run: python3 install.py --nuke-path DIR")
    return 0


def _uninstall(folder: Path) -> int:
    removed = uninstall(folder)
    print(f"GVM Matte is removed from {folder}")
    if removed.left:
        print(f"Not removed, since it is not GVM Matte's: {', '.join(removed.left)}")
    _tell_running(removed.running)
    try:
        if remove_line(folder):
            print(f"Its line is removed from {init_file()}")
    except OSError as exc:
        raise InstallError(sentence(exc, init_file())) from exc
    return 0


def _tell(made: Deployed) -> None:
    if made.replaced:
        print(f"GVM Matte {made.version} is in {made.folder}, in place of {made.replaced}; running Nukes need a restart")
    else:
        print(f"GVM Matte {made.version} is in {made.folder}")
    print(f"The engine's Python is {made.python}")
    print(f"The command line is {made.python} -m gvm_matte.cli")
    _tell_running(made.running)


def _tell_running(running: Sequence[int]) -> None:
    if running:
        print(
            f"Engines of the deployment that was there are still running (process {', '.join(map(str, running))}). "
            "They are left to finish what they do; a warm one ends when it has been idle for its time"
        )


def _tell_how_to_start(folder: Path, *, add: bool) -> None:
    """How Nuke gets to know of the folder; adds the line only where that is asked for."""
    try:
        if add:
            print(f"{init_file()} {'has got' if add_line(folder) else 'has already'} the line for it")
            return
        known = has_line(folder)
    except OSError as exc:
        raise InstallError(f"GVM Matte is deployed, but {sentence(exc, init_file())}") from exc
    entries = os.environ.get("NUKE_PATH", "").split(os.pathsep)
    if known or str(folder) in entries:
        print(f"Nuke knows of it by {init_file() if known else 'NUKE_PATH'}")
        return
    print("\nFor Nuke to find it, put it into NUKE_PATH:\n")
    if sys.platform == "win32":
        print(f'    setx NUKE_PATH "{os.pathsep.join([str(folder), *filter(None, entries)])}"')
    else:
        print(f'    export NUKE_PATH="{folder}${{NUKE_PATH:+:$NUKE_PATH}}"')
    print(f"\nor add this line to {init_file()} (--add-to-init does):\n")
    print(f"    {init_line(folder)}\n\n(a pipeline's own init.py needs only {plugin_path_call(folder)})")
