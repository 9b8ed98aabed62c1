"""What is known of a run of the pipeline, beside the evidence of its benchmark."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from dfc.params import Params


@dataclass(frozen=True)
class Run:
    """What is known of a run; nothing, for LUT files that come from anywhere."""

    facts: Mapping[str, str] = field(default_factory=dict)  # what was run, by what it is called
    provenance: Mapping[str, str] = field(default_factory=dict)
    """Where and from what it was made, likewise."""
    seconds: Mapping[str, float] = field(default_factory=dict)  # by stage, in their order
    milliseconds: float | None = None
    """That the subject takes for an image of 1280x720 pixels, in colour."""
    curves: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    """Columns step and value, by what was measured, as `train/val_psnr`."""
    experiments: pd.DataFrame | None = None  # from `dfc.evaluation.experiments.read_experiments`
    restore_page: str | None = None
    """The name of a page beside that of the report, which restores pictures in a browser."""


def describe_training(params: Params) -> dict[str, str]:
    """Describe what a LUT of the pipeline was trained with and how."""
    train, finetune = params.train, params.finetune
    data = "sample photographs" if params.data.source == "sample" else params.data.train_dir
    return {
        "Training data": data,
        "Training": f"{train.method}, {train.total_iter} iterations",
        "Fine-tuning": f"{finetune.total_iter} iterations",
        "Seed": str(params.seed),
    }


def read_times(folder: Path, stages: Iterable[str]) -> pd.DataFrame:
    """Read what stages took: a row a stage that has left it, with the columns seconds and machine.

    Stages may have run on different machines.
    """
    paths = {stage: folder / f"{stage}.json" for stage in stages}
    found = {name: json.loads(path.read_text()) for name, path in paths.items() if path.exists()}
    return pd.DataFrame.from_dict(found, orient="index", columns=["seconds", "machine"])


def read_curves(folder: Path, stages: Iterable[str]) -> dict[str, pd.DataFrame]:
    """Read what was measured while training; nothing where there was no iteration."""
    curves = {}
    for stage in stages:
        for metric in ("val_psnr", "loss"):
            path = folder / stage / "plots/metrics" / f"{metric}.tsv"
            if path.exists():
                points = pd.read_csv(path, sep="\t").rename(columns={metric: "value"})
                curves[f"{stage}/{metric}"] = points
    return curves
