"""What is known of a run, and its page."""

import pandas as pd
import pytest

from dfc.evaluation.evidence import Evidence
from dfc.report.page import render_page
from dfc.report.run import Run


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
    return Run(
        facts={"Training": "table"},
        provenance={"Machine": "2 cores"},
        seconds=seconds,
        milliseconds=12.3,
        curves={"train/val_psnr": curve},
        experiments=experiments,
    )


@pytest.fixture(scope="session")
def page(evidence: Evidence, run: Run) -> str:
    """Give the page of the run."""
    return render_page("A <b>title</b>", evidence, run)
