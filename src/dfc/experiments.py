"""The experiments of a DVC workspace, as a table."""

from collections.abc import Sequence

import pandas as pd

from dfc.params import Params

METHOD = "finetuned"
"""The LUT that an experiment is judged by."""
STORAGE = f"storage_mib.{METHOD}"
_LEVELS = {"sr": "data.scale", "denoise": "data.sigma", "deblock": "data.quality"}


def finished(commits: int = 1) -> pd.DataFrame:
    """List the experiments that have been benchmarked, and the workspace.

    Parameters
    ----------
    commits
        Take those that were started from so many commits, the latest first; all for -1.

    Returns
    -------
    DataFrame
        A row an experiment: name (empty for the workspace, which comes first), and the params and
        metrics by their keys, as `dfc.interval` and `sample.finetuned.psnr`. Empty where there is
        no DVC repository.
    """
    from dvc.api import exp_show
    from dvc.exceptions import DvcException
    from dvc.scm import SCMError

    try:
        rows = exp_show(num=commits)
    except (DvcException, SCMError):
        rows = []
    kept = [row for row in rows if row["Experiment"] or row["rev"] == "workspace"]
    frame = pd.DataFrame(kept).rename(columns={"Experiment": "name"})
    if STORAGE not in frame:
        return pd.DataFrame(columns=["name"])
    return frame[frame[STORAGE].notna()].fillna({"name": ""}).reset_index(drop=True)


def alike(experiments: pd.DataFrame) -> pd.DataFrame:
    """Of experiments, those that restore what the first one does: same task, scale, noise, .."""
    same = experiments["task"] == experiments["task"].iloc[0]
    level = _LEVELS.get(experiments["task"].iloc[0])
    if level:
        values = experiments[level].replace("None", 4)  # what data.scale: null means for sr
        same &= values == values.iloc[0]
    return experiments[same]


def measured_on(experiments: pd.DataFrame, set_name: str) -> pd.DataFrame:
    """Of experiments, those measured on a set, with the columns psnr and storage_mib."""
    key = f"{set_name}.{METHOD}.psnr"
    if key not in experiments:
        return experiments.iloc[:0].assign(psnr=[], storage_mib=[])
    return experiments.assign(psnr=experiments[key], storage_mib=experiments[STORAGE])[
        experiments[key].notna()
    ]


def varied(experiments: pd.DataFrame) -> list[str]:
    """The params in which experiments differ."""
    params = (key for key in experiments if key.split(".")[0] in Params.model_fields)
    return [key for key in params if experiments[key].astype(str).nunique() > 1]


def settings(experiment: pd.Series, keys: Sequence[str]) -> str:
    """The values of some params, as `xyz, 2, 5`."""
    return ", ".join(shown(experiment[key]) for key in keys)


def shown(value: object) -> str:
    """The value of a param, which DVC gives as text or as float."""
    return f"{value:g}" if isinstance(value, float) else str(value)
