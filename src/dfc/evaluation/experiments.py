"""The experiments of a DVC workspace, as a table."""

from collections.abc import Sequence

import pandas as pd

from dfc.common.errors import UserError
from dfc.common.pipeline import SCORES
from dfc.params import Params
from dfc.tasks import find_task

METHOD = "finetuned"  # the LUT that an experiment is judged by
WORKSPACE = "workspace"
STORAGE = f"storage_mib.{METHOD}"


def read_experiments(commits: int = 1) -> pd.DataFrame:
    """List the experiments that have been benchmarked, of the latest commits (all for -1).

    The first row is the workspace, called `workspace`; then a row a commit and an experiment: name,
    applicable (whether `dvc exp apply` knows it), and the params and metrics by their keys, as
    `dfc.interval` and `sample.finetuned.psnr`. Empty where there is no DVC repository. Metrics are
    None where neither the files here, nor the cache, nor the remote has them (`describe_absent`).
    Raises `UserError` if DVC cannot read its own files.
    """
    from dvc.api import exp_show
    from dvc.exceptions import DvcException, NotDvcRepoError
    from dvc.scm import SCMError

    try:
        rows = exp_show(num=commits)
    except (NotDvcRepoError, SCMError):
        rows = []
    except DvcException as error:
        raise UserError(f"dvc: {error}") from error
    if not rows:
        return pd.DataFrame(columns=["name", "applicable"])
    frame = pd.DataFrame([{STORAGE: None, str(SCORES): None} | row for row in rows])
    applicable = frame["Experiment"].notna()
    named = frame.assign(name=frame["Experiment"].fillna(frame["rev"]), applicable=applicable)
    # What has not ended well shows the figures of the commit that it was started from.
    ended = ~named["State"].isin(["Queued", "Running", "Failed"])
    # dvc.lock tells of scores, by their digest, wherever the benchmark was run.
    benchmarked = _parse_numbers(named[STORAGE]).notna() | named[str(SCORES)].notna()
    return named[ended & benchmarked].reset_index(drop=True)


def describe_absent(experiments: pd.DataFrame) -> str:
    """Say in one line whose metrics DVC does not find, and what brings them; empty if it finds all.

    They were measured in another clone, and not pushed from there, or the remote is out of reach.
    """
    if experiments.empty:
        return ""
    names = experiments["name"][_parse_numbers(experiments[STORAGE]).isna()]
    bring = "`dvc pull dvc.yaml` (a commit) and `dvc exp pull origin` (experiments) bring them"
    return f"no results here of {', '.join(names)}: {bring}" if len(names) else ""


def select_alike(experiments: pd.DataFrame) -> pd.DataFrame:
    """Select the experiments that restore what the first one does: same task, scale, noise, .."""
    name = experiments["task"].iloc[0]
    task = find_task(name)
    level = f"data.{task.level}" if task.level else "task"
    levels = experiments[level].replace("None", float(task.scales[0]))  # data.scale: null
    same = (experiments["task"] == name) & (levels == levels.iloc[0])
    return experiments.assign(**{level: levels})[same]


def select_measured(experiments: pd.DataFrame, set_name: str) -> pd.DataFrame:
    """Select the experiments measured on a set; adds the columns psnr and storage_mib."""
    key = f"{set_name}.{METHOD}.psnr"
    if key not in experiments:
        return experiments.iloc[:0].assign(psnr=[], storage_mib=[])
    psnr, storage_mib = _parse_numbers(experiments[key]), _parse_numbers(experiments[STORAGE])
    return experiments.assign(psnr=psnr, storage_mib=storage_mib)[psnr.notna()]


def drop_repeats(experiments: pd.DataFrame) -> pd.DataFrame:
    """Drop all but the first of those that are the same in params and result."""
    return experiments.drop_duplicates([*list_varied(experiments), "psnr", "storage_mib"])


def list_measured_sets(experiments: pd.DataFrame) -> list[str]:
    """List the benchmark sets that any of the experiments was measured on."""
    ending = f".{METHOD}.psnr"
    keys = (key for key in experiments if key.endswith(ending))
    return [
        key.removesuffix(ending) for key in keys if _parse_numbers(experiments[key]).notna().any()
    ]


def list_varied(experiments: pd.DataFrame) -> list[str]:
    """List the params in which experiments differ."""
    params = (key for key in experiments if key.split(".")[0] in Params.model_fields)
    return [key for key in params if experiments[key].astype(str).nunique() > 1]


def format_settings(experiment: pd.Series, keys: Sequence[str]) -> str:
    """Format the values of some params, as `xyz, 2, 5`."""
    return ", ".join(format_value(experiment[key]) for key in keys)


def format_name(experiment: pd.Series, keys: Sequence[str]) -> str:
    """Format the name of an experiment, and what makes it different."""
    different = format_settings(experiment, keys)
    return f"{experiment['name']} ({different})" if different else experiment["name"]


def format_value(value: object) -> str:
    """Format the value of a param, which DVC gives as text or as float."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _parse_numbers(values: pd.Series) -> pd.Series:
    """Metrics as numbers; where an experiment has none, DVC gives text."""
    return pd.to_numeric(values, errors="coerce")
