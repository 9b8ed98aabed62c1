"""Make the page, and the figures, that show what the run has reached."""

import json

import pandas as pd

from dfc.common.environment import commit, machine
from dfc.common.errors import exit_on_user_error
from dfc.common.files import atomic_write
from dfc.common.pipeline import REPORTS, SCORES, STAGES, TIMES, record_time
from dfc.evaluation.examples import views
from dfc.evaluation.experiments import read_experiments
from dfc.evaluation.measured import load_comparison
from dfc.evaluation.results import Results
from dfc.evaluation.timing import measure_720p_milliseconds
from dfc.params import Params, load_params
from dfc.report.figures import write_figures
from dfc.report.page import render
from dfc.report.run import Run, describe_training


def main(params: Params) -> None:
    """Run the stage."""
    names = {"set": str, "method": str, "image": str}
    scores = pd.read_csv(SCORES, dtype=names, keep_default_na=False)
    results = Results(load_comparison(params), scores, "finetuned", chained=True)
    run = Run(describe_training(params), seconds(), curves(), read_experiments())
    pictures = list(views(results))
    with atomic_write(REPORTS / "figures") as folder:
        write_figures(folder, results, pictures, run.experiments)
    facts = {"Machine": machine(), "Commit": commit() or "none"}
    milliseconds = measure_720p_milliseconds(results.lut)
    page = render("Restoration LUT report", results, pictures, milliseconds, facts, run)
    with atomic_write(REPORTS / "index.html") as unfinished:
        unfinished.write_text(page, encoding="utf-8")
    print(f"{REPORTS / 'index.html'}: {len(page.encode()) / 2**20:.1f} MiB")


def seconds() -> dict[str, float]:
    """How long every stage took."""
    return {stage: json.loads((TIMES / f"{stage}.json").read_text())["seconds"] for stage in STAGES}


def curves() -> dict[str, pd.DataFrame]:
    """What was measured while training and fine-tuning; nothing where there was no iteration."""
    found = {}
    for stage in ("train", "finetune"):
        for measure in ("val_psnr", "loss"):
            path = REPORTS / stage / "plots/metrics" / f"{measure}.tsv"
            if path.exists():
                points = pd.read_csv(path, sep="\t").rename(columns={measure: "value"})
                found[f"{stage}/{measure}"] = points
    return found


if __name__ == "__main__":
    with exit_on_user_error(), record_time("report"):
        main(load_params())
