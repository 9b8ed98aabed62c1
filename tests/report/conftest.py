"""Measured LUTs to make pages of."""

from collections.abc import Callable

import pandas as pd
import pytest

from dfc.data import sample
from dfc.evaluation.comparison import compare
from dfc.evaluation.examples import View, views
from dfc.evaluation.protocol import Protocol
from dfc.evaluation.results import Results
from dfc.models.lut import Lut
from dfc.report.page import render
from dfc.report.run import Run
from dfc.tasks import build_task


@pytest.fixture(scope="session")
def results(make_lut: Callable[..., Lut]) -> Results:
    """Give a run of the pipeline, as it is measured, with tables of noise."""
    lut = make_lut("mulut", 4, "s", interval=4)
    luts = {"lut": lut, "dfc": lut.compress("xyzt", 2, 5), "finetuned": make_lut("mulut", 4, "s")}
    luts["finetuned"] = luts["finetuned"].compress("xy", 1, 7)
    comparison = compare(Protocol(build_task("sr", 4)), sample.list_benchmark_set(), luts)
    return Results(comparison, comparison.scores(), "finetuned", chained=True)


@pytest.fixture(scope="session")
def pictures(results: Results) -> list[View]:
    """Give the views of its images."""
    return list(views(results))


@pytest.fixture(scope="session")
def run() -> Run:
    """Give what is known of the run."""
    curve = pd.DataFrame({"step": [100, 200, 300], "value": [25.0, 25.5, 25.4]})
    experiments = pd.DataFrame(
        {
            "name": ["workspace", "small-fish", "large-fish", "other-task"],
            "applicable": [False, True, True, True],
            "task": ["sr", "sr", "sr", "denoise"],
            "data.scale": ["None", 4.0, 4.0, "None"],
            "dfc.dims": ["xyzt", "xy", "xyz", "xy"],
            "sample.finetuned.psnr": [29.0, 29.25, 29.5, 35.0],
            "storage_mib.finetuned": [0.4, 0.125, 0.75, 0.1],
        }
    )
    seconds = {"prepare": 1.5, "train": 30.0, "finetune": 28.5}
    return Run({"Training": "table"}, seconds, {"train/val_psnr": curve}, experiments)


@pytest.fixture(scope="session")
def page(results: Results, pictures: list[View], run: Run) -> str:
    """Give the page of the run."""
    return render("A <b>title</b>", results, pictures, 12.3, {"Machine": "2 cores"}, run)
