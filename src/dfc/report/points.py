"""Points of the rate-distortion plot: what methods, experiments and papers reach.

Their tables have the columns group, label (may be empty), storage_mib (empty where there is none,
or it is not known), psnr and told, what a reader is told of the point.
"""

import pandas as pd

from dfc.evaluation.experiments import (
    WORKSPACE,
    drop_repeats,
    list_varied,
    named,
    select_alike,
    select_measured,
)
from dfc.evaluation.results import Results
from dfc.report.published import published

OURS, EXPERIMENT, PUBLISHED = "measured here", "experiment", "published"
"""The groups of points."""
COLUMNS = ["group", "label", "storage_mib", "psnr", "told"]


def collect_points(
    results: Results, set_name: str, experiments: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The methods of a comparison on one set, what is published of it, and experiments if any."""
    table = results.table
    known = published(results.comparison.protocol.degradation, set_name)
    groups = [_as_points(table[table["set"] == set_name], OURS), _as_points(known, PUBLISHED)]
    if experiments is not None:
        groups.append(collect_experiment_points(experiments, set_name))
    return pd.concat(groups, ignore_index=True)


def collect_experiment_points(experiments: pd.DataFrame, set_name: str) -> pd.DataFrame:
    """What other experiments than the workspace, their first, reached on one set; no labels."""
    if experiments.empty:
        return pd.DataFrame(columns=COLUMNS)
    distinct = drop_repeats(select_measured(select_alike(experiments), set_name))
    keys = list_varied(distinct)
    others = distinct[distinct["name"] != WORKSPACE]
    told = [
        describe_point(named(row, keys), row["storage_mib"], row["psnr"])
        for _, row in others.iterrows()
    ]
    return others.assign(group=EXPERIMENT, label="", told=told)[COLUMNS]


def _as_points(rows: pd.DataFrame, group: str) -> pd.DataFrame:
    told = [
        describe_point(f"{row.method} ({group})", row.storage_mib, row.psnr)
        for row in rows.itertuples(index=False)
    ]
    return rows.assign(group=group, label=rows["method"], told=told)[COLUMNS]


def describe_point(name: str, storage_mib: float, psnr: float) -> str:
    """Say what a point is, in one line."""
    storage = "" if pd.isna(storage_mib) else f", {storage_mib:.3f} MiB"
    return f"{name}: {psnr:.2f} dB{storage}"


def pareto(points: pd.DataFrame) -> pd.DataFrame:
    """Of points (storage_mib, psnr), those that no smaller or equally large one reaches, by size.

    They keep their other columns and their index.
    """
    ordered = points.sort_values(["storage_mib", "psnr"], ascending=[True, False])
    before = ordered["psnr"].cummax().shift()
    return ordered[~(ordered["psnr"] <= before)]  # nothing is before the first


def find_best_within(points: pd.DataFrame, budget_mib: float) -> pd.Series | None:
    """The point with the highest PSNR of those that fit a budget, the smallest of equals."""
    frontier = pareto(points)
    fitting = frontier[frontier["storage_mib"] <= budget_mib]
    return None if fitting.empty else fitting.iloc[-1]
