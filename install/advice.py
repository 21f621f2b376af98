"""What to do when an installation fails, told by the words that pip, venv and the system use."""

from __future__ import annotations

import platform
import re
import sys

# The first that fits is taken: without a network pip also says that it finds no version, so the network comes before.
_ADVICE = (
    (
        r"No space left on device|Errno 28|not enough space on the disk",
        "The disk is full. torch with CUDA needs about 8 GB, without about 1.5 GB; pip unpacks in the temp folder first "
        "(set TMPDIR to a larger disk).",
    ),
    (
        r"Could not resolve|name resolution|getaddrinfo failed|nodename nor servname|Network is unreachable|"
        r"NewConnectionError|Max retries exceeded|ProxyError|ConnectTimeout|ReadTimeout|Read timed out|"
        r"Connection refused|Connection reset|RemoteDisconnected",
        "The package index cannot be reached. Check the network and the proxy (https_proxy), name your own index "
        "(PIP_INDEX_URL), or a folder with the wheels (PIP_NO_INDEX=1 PIP_FIND_LINKS=FOLDER). What is installed already "
        "stays.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError",
        "The index's certificate is not trusted here. Name your site's certificates with PIP_CERT=FILE.",
    ),
    (
        r"No matching distribution found|Could not find a version|is not a supported wheel"
        r"|ResolutionImpossible|conflicting dependencies",
        f"The index has no package for Python {platform.python_version()} on {platform.system()} {platform.machine()}. "
        "The lock is for Python 3.10 to 3.13 on 64-bit Linux, Windows and Apple silicon: try another Python, for "
        "instance python3.11 install demo.",
    ),
    (
        r"No module named '?(pip|venv|ensurepip)|ensurepip is not available|returned non-zero exit status .*ensurepip",
        "This Python has no pip, or no venv module. On Debian and Ubuntu: sudo apt install python3-venv python3-pip. "
        f"Elsewhere: {sys.executable} -m ensurepip --user.",
    ),
    (
        r"Permission denied|Errno 13|Access is denied|Read-only file system",
        "This folder may not be written to. Put the checkout where you may write, or change its owner.",
    ),
)


def advice(text: str) -> str:
    """One or two sentences for a log's end; says where to look where nothing is known."""
    for pattern, sentence in _ADVICE:
        if re.search(pattern, text, re.IGNORECASE):
            return sentence
    return "The log's end above says what went wrong; running the same command again goes on where this run broke off."
