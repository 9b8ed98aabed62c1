"""Every task runs through all stages, on the sample photographs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

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
) -> None:
    metrics = run_stages(*STAGES, task=task, train={"method": method})
    assert Path("reports/index.html").stat().st_size < 8 * 2**20
    assert list(metrics["sample"]) == [baseline, *trained, "lut", "dfc", "finetuned"]
    for scores in metrics["sample"].values():
        assert [key for key in scores if key in ("psnr", "ssim", "psnr_b")] == measured


def test_noise_is_restored_unrounded_where_params_say_so(run_stages: Run) -> None:
    *before_the_page, _ = STAGES
    run_stages(*before_the_page, task="denoise")
    rounded = pd.read_csv("reports/scores.csv")
    assert "rounded to 8 bits" in Path("reports/table.md").read_text()
    run_stages("benchmark", task="denoise", benchmark={"quantize_input": False})
    unrounded = pd.read_csv("reports/scores.csv")
    assert "rounded" not in Path("reports/table.md").read_text()
    assert (rounded["image"] == unrounded["image"]).all()
    difference = (rounded["psnr"] - unrounded["psnr"]).abs().groupby(rounded["method"]).mean()
    assert difference.between(1e-5, 0.1).all()
