"""Draw the evidence of the benchmark: a page, and figures for a README and `dvc plots`.

Print the LUT as a page that restores pictures, too.
"""

import json
from pathlib import Path

from dfc.common.environment import describe_commit
from dfc.common.errors import exit_on_user_error
from dfc.common.files import atomic_write
from dfc.common.pipeline import (
    EVIDENCE,
    FIGURES,
    FINETUNED,
    PAGE,
    REPORTS,
    RESTORE_PAGE,
    RESTORE_TIME,
    SCORES,
    STAGES,
    TIMES,
)
from dfc.evaluation.evidence import read_evidence
from dfc.evaluation.experiments import describe_absent, read_experiments
from dfc.models.artifact import load_lut
from dfc.params import Params, load_params
from dfc.report.figures import write_figures
from dfc.report.page import render_page
from dfc.report.run import Run, describe_training, read_curves, read_times
from dfc.runtimes import print_files


def main(params: Params, root: Path = Path()) -> None:
    """Run the stage."""
    evidence = read_evidence(root / EVIDENCE, root / SCORES)
    times = read_times(root / TIMES, STAGES)
    machines = "; ".join(times["machine"].unique())
    experiments = read_experiments()
    if absent := describe_absent(experiments):
        print(absent)
    run = Run(
        facts=describe_training(params),
        provenance={"Machine": machines, "Commit": describe_commit() or "none"},
        seconds=times["seconds"].to_dict(),
        milliseconds=json.loads((root / RESTORE_TIME).read_text())["milliseconds"],
        curves=read_curves(root / REPORTS, ("train", "finetune")),
        experiments=experiments,
        restore_page=RESTORE_PAGE.name,
    )
    write_figures(root / FIGURES, evidence, run.experiments)
    page = render_page("Restoration LUT report", evidence, run)
    with atomic_write(root / PAGE) as partial:
        partial.write_text(page, encoding="utf-8")
    ((_, restore_page),) = print_files(load_lut(root / FINETUNED), FINETUNED.stem, "web")
    with atomic_write(root / RESTORE_PAGE) as partial:
        partial.write_text(restore_page, encoding="utf-8")
    print(f"{PAGE}: {len(page.encode()) / 2**20:.1f} MiB")


if __name__ == "__main__":
    with exit_on_user_error():
        main(load_params())
