"""What is there of a farm job, asked on a computer that is not like the farm's: precisions of other devices."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest
from gvm_matte.cli.farm.status import judged, params_for_looking
from gvm_matte.client import MatteJob
from gvm_matte.core.image import Box
from gvm_matte.engine.mattes import MatteFile, read_digest, read_header_strings, write_matte
from gvm_matte.engine.pipeline.plan import make_plan
from gvm_matte.engine.pipeline.survey import survey as look
from gvm_matte.farm import FarmJob, FarmSettings, write_bundle
from gvm_matte.protocol.messages import Surveyed
from gvm_matte.protocol.parts import Sink, Source
from support import PARAMS, RunCli

TORCH = {"fp16": "torch.float16", "fp32": "torch.float32", "bf16": "torch.bfloat16"}
SHOT = (1001, 1017)


def job_of(plates: str, folder: Path, *, gpus: int = 1, **params: Any) -> FarmJob:
    return FarmJob(
        name="shot", input=plates, output=str(folder / "mattes" / "m.####.exr"), shot=SHOT,
        params={**PARAMS, **params}, settings=FarmSettings(gpus=gpus),
    )  # fmt: skip


def write_as(job: FarmJob, precisions: Dict[str, Tuple[int, int]]) -> None:
    """Writes mattes with the header that a device of this precision gives them. Their pixels do not matter here.

    Args:
        precisions: (first, last) by precision.
    """
    asked = MatteJob(Source("files", job.input), Sink(job.output), params=dict(job.params), dry_run=True)
    plan = make_plan(asked.render(1), check=lambda: None, found=lambda request, files: None)
    box = Box(0, 0, 8, 8)
    try:
        for precision, (first, last) in precisions.items():
            for frame in range(first, last + 1):
                header = {
                    "gvm:digest": plan.digests.of(frame, TORCH[precision]), "gvm:precision": precision,
                    "gvm:version": "0.1.0", "gvm:weights": "svd", "gvm:params": "{}",
                }  # fmt: skip
                path = job.output.replace("####", str(frame))
                pixels = np.zeros((8, 8), np.float32)
                write_matte(path, pixels, MatteFile(box, box, datatype="float", metadata=header))
    finally:
        plan.request.close()


def reported(job: FarmJob) -> Surveyed:
    """What is there of a job, as `farm status` judges it, without an engine process for each question."""
    params = params_for_looking({**job.params, "existing": "resume"})
    asked = MatteJob(Source("files", job.input), Sink(job.output), shot=job.shot, params=params, dry_run=True)
    plan = make_plan(asked.render(1), check=lambda: None, found=lambda request, files: None)
    try:
        return judged(look(1, plan, job.output, check=lambda: None), job)
    finally:
        plan.request.close()


def test_a_matte_says_in_which_precision_it_was_computed(
    cli: RunCli, svd_plates: str, tiny: List[str], tmp_path: Path
) -> None:
    pattern = str(tmp_path / "m.####.exr")
    words = ["render", "--input", svd_plates, "--output", pattern, "--frames", "1001", *tiny]
    assert cli(*words, "--precision", "bf16").returncode == 0
    assert read_header_strings(str(tmp_path / "m.1001.exr"), ["gvm:precision"]) == {"gvm:precision": "bf16"}
    asked = MatteJob(Source("files", svd_plates), Sink(pattern), frames="1001", params=PARAMS, dry_run=True)
    plan = make_plan(asked.render(1), check=lambda: None, found=lambda request, files: None)
    try:  # in this computer's own precision it is stale, for that alone
        assert look(1, plan, pattern, check=lambda: None).reasons == {"precision": "1001"}
        assert read_digest(str(tmp_path / "m.1001.exr")) == plan.digests.of(1001, TORCH["bf16"]) != plan.digests.of(1001)
    finally:
        plan.request.close()


@pytest.mark.parametrize(
    ("params", "gpus", "there", "fresh", "reasons"),
    [
        ({}, 1, {"fp16": (1001, 1017)}, "1001-1017", {}),  # a farm of GPUs, asked on a processor
        ({"device": "cuda"}, 1, {"fp16": (1001, 1017)}, "1001-1017", {}),
        ({"precision": "fp16"}, 1, {"fp16": (1001, 1017)}, "1001-1017", {}),
        ({}, 0, {"fp32": (1001, 1017)}, "1001-1017", {}),
        # a computer without a GPU was among them: its mattes are none of the others'
        ({}, 1, {"fp16": (1001, 1010), "fp32": (1011, 1017)}, "1001-1010", {"precision": "1011-1017"}),
        ({}, 0, {"fp16": (1001, 1010), "fp32": (1011, 1017)}, "1011-1017", {"precision": "1001-1010"}),
        ({"precision": "fp16"}, 1, {"fp32": (1001, 1017)}, "", {"precision": "1001-1017"}),
        ({"precision": "bf16"}, 1, {"bf16": (1001, 1008), "fp16": (1009, 1017)}, "1001-1008", {"precision": "1009-1017"}),
        ({"device": "cpu"}, 0, {"fp16": (1001, 1017)}, "", {"precision": "1001-1017"}),
    ],
)
def test_a_precision_counts_that_the_jobs_devices_compute_in(
    svd_plates: str, tmp_path: Path, params: Dict[str, Any], gpus: int, there: Dict[str, Tuple[int, int]], fresh: str,
    reasons: Dict[str, str],
) -> None:  # fmt: skip
    write_as(job_of(svd_plates, tmp_path), there)
    found = reported(job_of(svd_plates, tmp_path, gpus=gpus, **params))
    assert (found.fresh, found.reasons, found.missing) == (fresh, reasons, "")
    assert (found.stale == "") == (fresh == "1001-1017")


def test_a_computer_without_a_gpu_knows_a_farms_fp16_mattes(cli: RunCli, svd_plates: str, tmp_path: Path) -> None:
    job = job_of(svd_plates, tmp_path, device="cuda:0", precision="fp16")
    write_as(job_of(svd_plates, tmp_path), {"fp16": (1001, 1012)})
    write_bundle(job, str(tmp_path / "bundle"))
    done = cli("farm", "status", str(tmp_path / "bundle"), "--json")
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert (report["fresh"], report["stale"], report["missing"]) == ("1001-1012", "", "1013-1017")
    assert report["blocks"] == "1013"


def test_other_plates_are_stale_in_whatever_precision(svd_plates: str, tmp_path: Path) -> None:
    job = job_of(svd_plates, tmp_path)
    write_as(job, {"fp16": (1001, 1017)})
    shutil.copytree(Path(svd_plates).parent, tmp_path / "plates")
    found = reported(job.replace(input=str(tmp_path / "plates" / "plate.####.exr")))
    assert found.fresh == "" and found.reasons["precision"] == "1001-1017" and len(found.reasons) > 1
