"""What `python3 install` can do. Standard library alone: it runs before anything is installed.

python3 install demo ──▶ .venv ready? ──no──▶ prepare it ──▶ the same command again, by .venv's Python
                              └──yes, and it is .venv's Python that asks──▶ the command itself
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .environment import Environment, InstallError

ROOT = Path(__file__).resolve().parent.parent
CANCELLED = 3  # as gvm-matte has it
SIDE_BY_SIDE = ("-n", "2", "--dist", "worksteal")  # pytest: runs of tests that stand together share what they set up
# mypy --strict but for what tests take from Nuke, Qt and OpenImageIO: where that is None the test fails at that line.
TESTS = ["--follow-imports=silent", "--allow-untyped-calls", "--no-warn-return-any"]
TESTS += ["--disable-error-code=union-attr", "--disable-error-code=index"]
USAGE = """\
usage: python3 install COMMAND [options]

  demo     set up .venv, then render a sample plate with the built-in model and compare it with the truth
  test     set up .venv and the two farm environments, then run the test suite in two processes; options go to pytest
           (… test -k frames; … test -n 0 -x in one process, up to the first failure)
  lint     set up .venv, then check format, style and types
  engine   set up .venv and nothing else
  nuke     deploy for Nuke, with an environment of its own (python3 install nuke --help)
"""


def run(arguments: Sequence[str]) -> int:
    """Runs one command; returns the exit code."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(USAGE, end="")
        return 0 if arguments else 2
    name, rest = arguments[0], arguments[1:]
    if name not in COMMANDS:
        print(f"There is no command {name!r}.\n\n{USAGE}", end="", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends what runs here in the same good order as Ctrl-C
    try:
        if name == "demo":  # a typing error shows now, not after minutes of installing
            from .demo_options import parse

            parse(rest)
        if name == "nuke":
            return COMMANDS[name](rest)
        environment = Environment(ROOT)
        tests = name in ("test", "lint")
        if not environment.is_ready(tests=tests):
            environment.prepare(tests=tests)
        if not environment.is_running():
            return _become([str(environment.python), str(ROOT / "install"), *arguments])
        return COMMANDS[name](rest)
    except InstallError as exc:
        print(f"\n{exc}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. What is done stays; the next run goes on from here.", file=sys.stderr)
        return CANCELLED


def _demo(arguments: Sequence[str]) -> int:
    from .demo import main

    return main(arguments)


def _test(arguments: Sequence[str]) -> int:
    from .side_environments import prepare_side_environments

    prepare_side_environments(ROOT)
    os.chdir(ROOT)  # where pytest looks for the settings and, without a path, for the tests
    return _become([sys.executable, "-m", "pytest", *SIDE_BY_SIDE, *arguments])


def _lint(arguments: Sequence[str]) -> int:
    os.chdir(ROOT)
    types = _types_folder()
    os.environ["MYPYPATH"] = str(types)
    codes = [_checked("ruff", "format", "--check", "."), _checked("ruff", "check", ".", *arguments)]
    codes.append(_checked("mypy", "-p", "gvm_matte"))
    codes.append(_checked("mypy", "--follow-imports=silent", "-pinstall", "-ptraining", "-pbenchmarks"))
    folders, files = _test_files(types)
    os.environ["MYPYPATH"] = os.pathsep.join(map(str, (types, *folders, ROOT)))
    codes.append(_checked("mypy", *TESTS, *map(str, files), shown="mypy tests"))
    return max(codes)


def _checked(*words: str, shown: str = "") -> int:
    print(f"{shown or ' '.join(words)}:", flush=True)
    return subprocess.run([sys.executable, "-m", *words], check=False).returncode


def _test_files(types: Path) -> tuple[list[Path], list[Path]]:
    """The folders of tests, and what mypy checks in them. pytest has many modules named conftest, mypy can have one: each
    gets a link with a name of its own.
    """
    files = sorted(ROOT.glob("tests/**/*.py"))
    names = {path: "_".join(path.relative_to(ROOT).with_suffix("").parts) for path in files if path.stem == "conftest"}
    return sorted({path.parent for path in files}), [
        _link(types / f"{names[path]}.py", path) if path in names else path.relative_to(ROOT) for path in files
    ]


def _types_folder() -> Path:
    """A folder in which the package has its name: mypy does not see through the hook that maps it to plugin/."""
    return _link(Path(sys.prefix, "types", "gvm_matte"), ROOT / "plugin").parent


def _link(link: Path, target: Path) -> Path:
    """Makes a link, if it is not there.

    Raises:
        InstallError: this system makes no links for this user.
    """
    if not link.exists():
        link.parent.mkdir(exist_ok=True)
        try:
            link.symlink_to(target, target_is_directory=target.is_dir())
        except OSError as exc:
            raise InstallError(f"{link} cannot be made ({exc}); types are checked through that link.") from exc
    return link


def _engine(arguments: Sequence[str]) -> int:
    print(f"The engine's Python is {sys.executable}")
    print(f"The command line is {Path(sys.executable).with_name('gvm-matte')}")
    return 0


def _nuke(arguments: Sequence[str]) -> int:
    from .nuke import main

    return main(ROOT, arguments)


COMMANDS: Mapping[str, Callable[[Sequence[str]], int]] = {
    "demo": _demo,
    "test": _test,
    "lint": _lint,
    "engine": _engine,
    "nuke": _nuke,
}


def _become(command: Sequence[str]) -> int:
    """Turns this process into another one, so that signals and exit code are its own; where that is not possible, waits."""
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "posix":
        os.execv(command[0], list(command))
    process = subprocess.Popen(command)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # the child got it, too, and ends in its own way
            continue
