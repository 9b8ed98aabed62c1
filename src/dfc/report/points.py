"""Points of the rate-distortion plot: what methods, experiments and papers reach.

Their tables have the columns group, label (may be empty), storage_mib (empty where there is none,
or it is not known), psnr and alt_text, what the point says to readers.
"""

import pandas as pd

from dfc.evaluation.evidence import Evidence
from dfc.evaluation.experiments import (
    WORKSPACE,
    drop_repeats,
    format_name,
    list_varied,
    select_alike,
    select_measured,
)
from dfc.report.published import find_published

OURS, EXPERIMENT, PUBLISHED = "measured here", "experiment", "published"  # the groups of points
COLUMNS = ["group", "label", "storage_mib", "psnr", "alt_text"]


def collect_points(
    evidence: Evidence, set_name: str, experiments: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The methods of a comparison on one set, what is published of it, and experiments if any."""
    table = evidence.table
    known = find_published(evidence.task, evidence.level, set_name)
    groups = [_make_points(table[table["set"] == set_name], OURS), _make_points(known, PUBLISHED)]
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
    alt_text = [
        describe_point(format_name(row, keys), row["storage_mib"], row["psnr"])
        for _, row in others.iterrows()
    ]
    return others.assign(group=EXPERIMENT, label="", alt_text=alt_text)[COLUMNS]


def _make_points(rows: pd.DataFrame, group: str) -> pd.DataFrame:
    alt_text = [
        describe_point(f"{row.method} ({group})", row.storage_mib, row.psnr)
        for row in rows.itertuples(index=False)
    ]
    return rows.assign(group=group, label=rows["method"], alt_text=alt_text)[COLUMNS]


def describe_point(name: str, storage_mib: float, psnr: float) -> str:
    """Say what a point is, in one line."""
    storage = "" if pd.isna(storage_mib) else f", {storage_mib:.3f} MiB"
    return f"{name}: {psnr:.2f} dB{storage}"


def find_pareto(points: pd.DataFrame) -> pd.DataFrame:
    """Of points (storage_mib, psnr), those that no smaller or equally large one reaches, by size.

    They keep their other columns and their index.
    """
    ordered = points.sort_values(["storage_mib", "psnr"], ascending=[True, False])
    before = ordered["psnr"].cummax().shift()
    return ordered[~(ordered["psnr"] <= before)]  # nothing is before the first


def find_best_within(points: pd.DataFrame, budget_mib: float) -> pd.Series | None:
    """The point with the highest PSNR of those that fit a budget, the smallest of equals."""
    frontier = find_pareto(points)
    fitting = frontier[frontier["storage_mib"] <= budget_mib]
    return None if fitting.empty else fitting.iloc[-1]
