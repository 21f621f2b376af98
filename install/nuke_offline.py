"""Deploys GVM Matte for Nuke from this folder, without a network: python3 install.py --nuke-path DIR

In a bundle this file is called install.py. Whatever `python3` is reads it, so it keeps to syntax that old Pythons know.
"""

import json
import os
import platform
import sys

WRONG = """\
This bundle has packages for Python {wanted} on {system}; this is Python {found} ({path}) on {here}.
Run it with Python {python}, for instance: python{python} install.py
"""


def main():  # type: () -> int
    """Runs the command line; returns the exit code."""
    folder = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100
    with open(os.path.join(folder, "bundle.json")) as file:  # noqa: PTH123
        made_for = json.load(file)
    found = "{}.{}".format(*sys.version_info[:2])
    system, here = made_for["system"] + " " + made_for["machine"], platform.system() + " " + platform.machine()
    if (found, here) != (made_for["python"], system):
        words = {"wanted": made_for["python"], "system": system, "found": found, "path": sys.executable, "here": here}
        sys.stderr.write(WRONG.format(python=made_for["python"], **words))
        return 2
    from pathlib import Path

    # As an address, since pip takes a path with a blank in it for two.
    os.environ.update(PIP_NO_INDEX="1", PIP_FIND_LINKS=Path(folder, "wheels").as_uri(), PIP_CONFIG_FILE=os.devnull)
    sys.path[0] = folder
    from install.commands import run

    return run(["nuke"] + sys.argv[1:])  # noqa: RUF005


if __name__ == "__main__":
    sys.exit(main())
