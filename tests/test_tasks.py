"""Every task runs through all stages, on the sample photographs."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from dfc.common.pipeline import DFC, FINETUNED, LUT, TRAINED
from dfc.images.files import write_image
from dfc.models.artifact import save_model
from dfc.models.lut import Lut

ROOT = Path(__file__).parents[1]
STAGES = list(yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"])

Run = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    ("method", "trained"), [("table", []), ("network", ["network"])], ids=["table", "network"]
)
@pytest.mark.parametrize(
    ("task", "baseline", "measured"),
    [
        ("sr", "bicubic", ["psnr", "ssim"]),
        ("denoise", "input", ["psnr", "ssim"]),
        ("deblock", "input", ["psnr", "ssim", "psnr_b"]),
        ("deblur", "input", ["psnr", "ssim"]),
    ],
)
def test_a_task_runs_through_and_is_measured_against_its_baseline(
    run_stages: Run,
    task: str,
    baseline: str,
    measured: list[str],
    method: str,
    trained: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    metrics = run_stages(*STAGES, task=task, train={"method": method})
    told = capsys.readouterr().out
    assert "train: 10 target images of " in told and "sample: 3 target images of " in told
    assert Path("reports/index.html").stat().st_size < 8 * 2**20
    assert list(metrics["sample"]) == [baseline, *trained, "lut", "dfc", "finetuned"]
    for scores in metrics["sample"].values():
        assert [key for key in scores if key in ("psnr", "ssim", "psnr_b")] == measured


def test_noise_is_restored_unrounded_where_params_say_so(
    run_stages: Run, make_lut: Callable[..., Lut]
) -> None:
    lut = replace(make_lut("mulut", 1, "s", interval=4), task="denoise")
    for path in (TRAINED, LUT, DFC, FINETUNED):
        save_model(lut, path)
    smooth = np.linspace(0, 255, 48 * 48).reshape(48, 48).astype(np.uint8)
    write_image(Path("sets/Set1/smooth.png"), smooth)
    data = {"source": "folder", "benchmark_dir": "sets"}
    run_stages("benchmark", task="denoise", data=data)
    rounded = pd.read_csv("reports/scores.csv")
    assert "rounded to 8 bits" in Path("reports/table.md").read_text()
    run_stages("benchmark", task="denoise", data=data, benchmark={"quantize_input": False})
    unrounded = pd.read_csv("reports/scores.csv")
    assert "rounded" not in Path("reports/table.md").read_text()
    assert (rounded["image"] == unrounded["image"]).all()
    difference = (rounded["psnr"] - unrounded["psnr"]).abs().groupby(rounded["method"]).mean()
    assert difference.between(1e-5, 0.2).all()
