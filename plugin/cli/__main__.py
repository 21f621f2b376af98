"""`python -m gvm_matte.cli`, for where the script `gvm-matte` is not on the path."""

from __future__ import annotations

import sys

from .main import main

if __name__ == "__main__":
    sys.exit(main())
