"""Points of the rate-distortion plot: what methods, experiments and papers reach.

Their tables have the columns group, label (may be empty), storage_mib (empty where there is none,
or it is not known), psnr and alt_text, what the point says to readers.

Published are, of super-resolution at scale 4, trained on DIV2K: A+ (ACCV 2014), SR-LUT (CVPR 2021),
MuLUT (T-PAMI 2024), SPF-LUT and DFC (CVPR 2024), AutoLUT and SPF-Light (2025), TinyLUT (NeurIPS
2024), ShiftLUT, and networks: FSRCNN, CARN-M, RRDB. Denoising of colour images: as compared
in the paper of DnLUT (CVPR 2025); of grey ones, in those of TinyLUT and ShiftLUT.
"""

from functools import cache
from importlib.resources import files

import pandas as pd

from dfc.evaluation import experiments as runs
from dfc.evaluation.evidence import Evidence

OURS, EXPERIMENT, PUBLISHED = "measured here", "experiment", "published"  # the groups of points
COLUMNS = ["group", "label", "storage_mib", "psnr", "alt_text"]
ALIASES = {"B100": "BSDS100", "BSD100": "BSDS100"}


def collect_points(
    evidence: Evidence, set_name: str, experiments: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The methods of a comparison on one set, what is published of it, and experiments if any."""
    table = evidence.table
    known = collect_published_points(evidence.task, evidence.level, set_name)
    groups = [make_points(table[table["set"] == set_name], OURS), known]
    if experiments is not None:
        groups.append(collect_experiment_points(experiments, set_name))
    return pd.concat(groups, ignore_index=True)


def collect_published_points(task: str, level: float | None, set_name: str) -> pd.DataFrame:
    """What is published of a benchmark set, for a task at a level."""
    return make_points(find_published(task, level, set_name), PUBLISHED)


def collect_experiment_points(experiments: pd.DataFrame, set_name: str) -> pd.DataFrame:
    """What other experiments than the workspace, their first, reached on one set; no labels."""
    if experiments.empty:
        return pd.DataFrame(columns=COLUMNS)
    distinct = runs.drop_repeats(runs.select_measured(runs.select_alike(experiments), set_name))
    keys = runs.list_varied(distinct)
    others = distinct[distinct["name"] != runs.WORKSPACE]
    alt_text = [
        describe_point(runs.format_name(row, keys), row["storage_mib"], row["psnr"])
        for _, row in others.iterrows()
    ]
    return others.assign(group=EXPERIMENT, label="", alt_text=alt_text)[COLUMNS]


def find_published(task: str, level: float | None, set_name: str) -> pd.DataFrame:
    """Find what is published of a benchmark set, for the same task at the same level.

    Returns the columns method, storage_mib (empty where it is not known), psnr and ssim.
    """
    rows = _read_all()
    name = ALIASES.get(set_name, set_name)
    same = (rows["task"] == task) & (rows["level"] == level) & (rows["set"] == name)
    return rows.loc[same, ["method", "storage_mib", "psnr", "ssim"]]


@cache
def _read_all() -> pd.DataFrame:
    with files("dfc.report").joinpath("published.csv").open() as file:
        return pd.read_csv(file)


def make_points(rows: pd.DataFrame, group: str, unit: str = "MiB") -> pd.DataFrame:
    """Make points of rows with the columns method, storage_mib (or another cost) and psnr."""
    alt_text = [
        describe_point(f"{row.method} ({group})", row.storage_mib, row.psnr, unit)
        for row in rows.itertuples(index=False)
    ]
    return rows.assign(group=group, label=rows["method"], alt_text=alt_text)[COLUMNS]


def describe_point(name: str, cost: float, psnr: float, unit: str = "MiB") -> str:
    """Say what a point is, in one line."""
    return f"{name}: {psnr:.2f} dB" + ("" if pd.isna(cost) else f", {cost:.3f} {unit}")


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
