"""What a page tells of a run of the pipeline, beside the LUTs that it made."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dfc.evaluation.accesses import find_diagonal_lattice
from dfc.models.description import format_lattice
from dfc.models.lut import Lut
from dfc.params import Params

TASKS = {
    "sr": "super-resolution",
    "denoise": "denoising",
    "deblock": "deblocking",
    "deblur": "deblurring",
}


@dataclass(frozen=True)
class Run:
    """What is known of a run."""

    facts: Mapping[str, str]
    """What was run, by what it is called."""
    seconds: Mapping[str, float]
    """By stage, in their order."""
    curves: Mapping[str, pd.DataFrame]
    """Columns step and value, by what was measured, as `train/val_psnr`."""
    experiments: pd.DataFrame
    """From `dfc.evaluation.experiments.finished`."""


def describe_lut(lut: Lut) -> dict[str, str]:
    """Say what a LUT is, in a few words each."""
    lattice = find_diagonal_lattice(lut)
    return {
        "Model": lut.architecture.title,
        "Lattice": format_lattice(**(lattice or next(iter(lut.tables.values())).lattice).to_json()),
    }


def describe_history(lut: Lut) -> dict[str, str]:
    """Say how a LUT was made, as far as its file tells."""
    return {"Made by": ", then ".join(map(_told, lut.history)) or "nobody knows"}


def describe_training(params: Params) -> dict[str, str]:
    """Say what a LUT of the pipeline was trained with and how."""
    train, finetune = params.train, params.finetune
    data = "sample photographs" if params.data.source == "sample" else params.data.train_dir
    return {
        "Training data": data,
        "Training": f"{train.method}, {train.total_iter} iterations",
        "Fine-tuning": f"{finetune.total_iter} iterations",
        "Seed": str(params.seed),
    }


def describe_task(task: str, level: float | None) -> str:
    """A task and how hard it is, for people."""
    levels = {"sr": " x{:g}", "denoise": ", sigma {:g}", "deblock": ", JPEG quality {:g}"}
    return TASKS[task] + levels.get(task, "").format(level)


def _told(step: Mapping[str, Any]) -> str:
    iterations = step.get("iterations")
    return f"{step.get('step')}" + (f" ({iterations} iterations)" if iterations else "")
