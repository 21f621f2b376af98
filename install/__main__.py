"""`python3 install demo | test | lint | engine`: sets up .venv and runs something in it.

This file is read by whatever `python3` is, so it keeps to syntax that old Pythons know: they shall say what is wrong
with them instead of pointing at a colon. Everything else is in `commands`.
"""

import os
import sys

OLDEST = (3, 10)
TOO_OLD = """\
GVM Matte needs Python 3.10 or newer; this is Python {version} ({path}).
Run it with a newer one, for instance: python3.11 install demo
"""


def main():  # type: () -> int
    """Runs the command line; returns the exit code."""
    if sys.version_info < OLDEST:
        sys.stderr.write(TOO_OLD.format(version=sys.version.split()[0], path=sys.executable))
        return 2
    # Running a folder puts that folder on the path; what is imported is the package in it, so its parent must be there.
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100
    from install.commands import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
