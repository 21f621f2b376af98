"""A bundle through AWS Deadline Cloud's own client, to a service in small on the loopback; what arrives is rendered."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Iterator

import pytest
from deadline_stub import FARM, JOB, QUEUE, DeadlineStub
from farm_kit import agree_with_the_reference, side_environment, tiny_bundle
from gvm_matte.farm.openjd.submit import openjd_command
from openjd.model import create_job, decode_job_template, preprocess_job_parameters
from support import RunCli

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and /proc")


@pytest.fixture
def client() -> str:
    """Deadline's command."""
    return side_environment("deadline", "deadline").command("deadline")


@pytest.fixture
def aws(scratch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Keys that are none, settings of nobody, and no way to any other service."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "DEADLINE_"))]:
        monkeypatch.delenv(name)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "fake", "AWS_SECRET_ACCESS_KEY": "fake", "AWS_DEFAULT_REGION": "us-west-2",
        "AWS_EC2_METADATA_DISABLED": "true", "AWS_DISABLE_HOST_PREFIX_INJECTION": "true", "AWS_MAX_ATTEMPTS": "1",
        "AWS_CONFIG_FILE": str(tmp_path / "none"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "DEADLINE_CONFIG_FILE_PATH": str(tmp_path / "deadline.ini"), "DEADLINE_CLOUD_TELEMETRY_OPT_OUT": "true",
        "HOME": str(tmp_path / "home"), "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture
def service(aws: pytest.MonkeyPatch) -> Iterator[DeadlineStub]:
    """The service; at the end it has been asked for nothing that it does not know."""
    with DeadlineStub() as stub:
        aws.setenv("AWS_ENDPOINT_URL_DEADLINE", stub.url)
        aws.setenv("AWS_ENDPOINT_URL_S3", stub.url)
        yield stub
    assert stub.unknown == []


def submit(cli: RunCli, bundle: Path, client: str, *words: str) -> subprocess.CompletedProcess[str]:
    return cli(
        "farm", "submit", str(bundle), "--engine", "deadline", "--deadline-command", client, "--farm-id", FARM,
        "--queue-id", QUEUE, *words,
    )  # fmt: skip


def test_what_arrives_at_the_queue_decodes_and_renders(
    cli: RunCli, client: str, service: DeadlineStub, svd_plates: str, scratch: Path, tmp_path: Path
) -> None:
    bundle = tiny_bundle(svd_plates, tmp_path, retries=3, priority=70)
    done = submit(cli, bundle, client, "--name", "sh010 {{x}} v2", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout) == {"engine": "deadline", "job": JOB}
    (sent,) = service.jobs
    assert (sent["priority"], sent["maxRetriesPerTask"], sent["templateType"]) == (70, 3, "JSON")
    assert service.files == {}  # a queue without a bucket: workers see the show's own disks

    template = json.loads(sent["template"])
    assert template["name"] == "sh010  x  v2"
    decoded = decode_job_template(template=template, supported_extensions=["TASK_CHUNKING"])
    values = {name: next(iter(value.values())) for name, value in sent["parameters"].items()}
    checked = preprocess_job_parameters(
        job_template=decoded, job_parameter_values=values, job_template_dir=tmp_path, current_working_dir=tmp_path
    )
    assert create_job(job_template=decoded, job_parameter_values=checked).steps[0].name == "Mattes"

    (tmp_path / "captured.json").write_text(sent["template"])
    command = [*openjd_command(), "run", str(tmp_path / "captured.json"), "--job-param", json.dumps(values)]
    ran = subprocess.run([*command, "--task-param", "Block=1007"], capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert agree_with_the_reference(tmp_path / "mattes", (1007, 1012))
    (scratch / "OpenJD").rmdir()


def test_files_of_a_bundle_travel_to_a_queue_that_has_a_bucket(
    cli: RunCli, client: str, aws: pytest.MonkeyPatch, svd_plates: str, tmp_path: Path
) -> None:
    bundle = tiny_bundle(svd_plates, tmp_path)
    with DeadlineStub(attachments=True) as service:
        for name in ("DEADLINE", "S3"):
            aws.setenv(f"AWS_ENDPOINT_URL_{name}", service.url)
        done = submit(cli, bundle, client)
    assert done.returncode == 0, done.stdout + done.stderr
    assert service.unknown == [] and f"job      {JOB}" in done.stdout
    plates = sorted(Path(svd_plates).parent.iterdir())
    assert len(plates) == 17 and {path.read_bytes() for path in plates} <= set(service.files.values())
    (root,) = service.jobs[0]["attachments"]["manifests"]
    assert root["outputRelativeDirectories"]


def test_a_queue_that_refuses_the_job_is_quoted(
    cli: RunCli, client: str, service: DeadlineStub, svd_plates: str, tmp_path: Path
) -> None:
    service.refuse = "The template has too many beards."
    done = submit(cli, tiny_bundle(svd_plates, tmp_path), client, "--quiet")
    assert done.returncode == 1 and done.stdout == ""
    assert "did not submit the job (exit code 1)" in done.stderr and "too many beards" in done.stderr


def test_a_service_that_is_not_there_is_told(
    cli: RunCli, client: str, aws: pytest.MonkeyPatch, svd_plates: str, tmp_path: Path
) -> None:
    aws.setenv("AWS_ENDPOINT_URL_DEADLINE", "http://127.0.0.1:1")
    done = submit(cli, tiny_bundle(svd_plates, tmp_path), client, "--quiet")
    assert done.returncode == 1 and "http://127.0.0.1:1" in done.stderr


def test_a_client_that_is_missing_is_told_with_what_brings_it(
    cli: RunCli, svd_plates: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    bundle = tiny_bundle(svd_plates, tmp_path)
    done = cli("farm", "submit", str(bundle), "--engine", "deadline")
    assert done.returncode == 2 and "There is no command deadline here. `pip install deadline`" in done.stderr
    named = cli("farm", "submit", str(bundle), "--engine", "deadline", "--deadline-command", "/none/deadline --verbose")
    assert named.returncode == 2 and "There is no command /none/deadline" in named.stderr
