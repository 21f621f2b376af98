"""The doctor's findings as values: written and read again, and found by a Python that lacks everything."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import gvm_matte
import pytest
from gvm_matte.core.errors import ProtocolError
from gvm_matte.core.findings import FAIL, OK, WARN, Finding, command, read_report, report, worst

PACKAGE = Path(gvm_matte.__file__).parent
FINDINGS = [
    Finding("environment", OK, "torch 2.13.0"),
    Finding("weights", FAIL, "none", "Name the folder.", "export GVM_MODEL_BASE=/weights"),
]


def test_findings_are_read_as_they_were_written() -> None:
    assert read_report(report(FINDINGS, "0.1.0")) == FINDINGS
    assert (worst(FINDINGS), worst(FINDINGS[:1]), worst([Finding("GPU", WARN, "none")])) == (FAIL, OK, OK)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"findings": 3}', '{"findings": [{"subject": "x"}]}',
             '{"findings": [{"subject": "x", "state": "ill", "found": "y"}]}']
)  # fmt: skip
def test_what_is_no_report_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError):
        read_report(text)


def test_a_python_without_any_package_says_what_it_lacks(scratch: Path) -> None:
    """The package alone, without site-packages: as in an environment where the installation went wrong."""
    module = command(sys.executable)[2]
    script = (
        "import importlib.util, runpy, sys; "
        f"spec = importlib.util.spec_from_file_location('gvm_matte', {str(PACKAGE / '__init__.py')!r}, "
        f"submodule_search_locations=[{str(PACKAGE)!r}]); "
        "package = importlib.util.module_from_spec(spec); sys.modules['gvm_matte'] = package; "
        f"spec.loader.exec_module(package); runpy.run_module({module!r}, run_name='__main__')"
    )
    words = [sys.executable, "-S", "-c", script, "--json"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 1, done.stderr
    by_subject = {finding.subject: finding for finding in read_report(done.stdout)}
    environment = by_subject["environment"]
    assert environment.state == FAIL and "torch" in environment.found
    assert environment.command == "python3 install engine"
