"""The experiments of a workspace as one frontier: the best LUT for every storage."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd
import vl_convert

from dfc.common.errors import UserError
from dfc.evaluation import experiments as runs
from dfc.report.charts import draw_svg, fill_colours
from dfc.report.points import COLUMNS, EXPERIMENT, describe_point, find_best_within, find_pareto
from dfc.report.rate_distortion import plot_rate_distortion

FORMATS = (".svg", ".png")


@dataclass(frozen=True)
class Sweep:
    """Experiments that were measured on one set."""

    set: str
    experiments: pd.DataFrame
    """From `dfc.evaluation.experiments`, with the columns psnr and storage_mib."""
    keys: list[str]  # the params in which they differ
    absent: str = ""  # whose metrics are not here, in one line

    @cached_property
    def frontier(self) -> pd.DataFrame:
        """The experiments that no smaller or equally large one reaches, by size."""
        return find_pareto(self.experiments)

    def format_text(self, budget_mib: float | None = None) -> str:
        """Lay out the frontier, and name the best within a budget; a `UserError` if none fits."""
        columns = {
            "MiB": self.frontier["storage_mib"].map("{:.3f}".format),
            "PSNR (dB)": self.frontier["psnr"].map("{:.3f}".format),
            **{key: self.frontier[key].map(runs.format_value) for key in self.keys},
            "experiment": self.frontier["name"],
        }
        table = pd.DataFrame(columns).to_markdown(index=False, disable_numparse=True)
        count = len(self.experiments)
        parts = [f"{count} LUTs measured on {self.set}; for every storage, the best:", table]
        if self.absent:
            parts.append(self.absent)
        if budget_mib is not None:
            parts.append(self._describe_best(budget_mib))
        return "\n\n".join(parts)

    def _describe_best(self, budget_mib: float) -> str:
        best = find_best_within(self.experiments, budget_mib)
        if best is None:
            smallest = self.experiments["storage_mib"].min()
            raise UserError(f"--budget: no LUT fits {budget_mib:g} MiB, expected {smallest:.3f}")
        chosen = " ".join(f"{key}={runs.format_value(best[key])}" for key in self.keys)
        reached = f"{best['psnr']:.3f} dB, {best['storage_mib']:.3f} MiB"
        there = f"; dvc exp apply {best['name']}" if best["applicable"] else ""
        return f"Best within {budget_mib:g} MiB: {reached} ({chosen or 'as it is'}){there}"

    def draw(self, budget_mib: float | None, suffix: str) -> bytes:
        """Draw all experiments, with the settings of those on the frontier."""
        best = None if budget_mib is None else find_best_within(self.experiments, budget_mib)
        rows = [row for _, row in self.experiments.iterrows()]
        best_by_size = self.frontier.index
        labels = [runs.format_settings(row, self.keys) * (row.name in best_by_size) for row in rows]
        texts = [describe_point(row["name"], row["storage_mib"], row["psnr"]) for row in rows]
        points = self.experiments.assign(group=EXPERIMENT, label=labels, alt_text=texts)[COLUMNS]
        ringed = [] if best is None else [best.name]
        chart = plot_rate_distortion(points, {}, budget_mib=budget_mib, ringed=ringed)
        title = f"{runs.METHOD} LUTs on {self.set}, by {', '.join(self.keys) or 'experiment'}"
        svg = fill_colours(draw_svg(chart.properties(title=title), "frontier"))
        return svg.encode() if suffix == ".svg" else vl_convert.svg_to_png(svg, scale=2)


def read_sweep(commits: int = 1, set_name: str | None = None) -> Sweep:
    """Collect what the experiments of this workspace have reached.

    `commits` is as for `read_experiments`; by default, the first set that was measured is taken.
    Raises `UserError` if there are no experiments, their metrics are not here, or none was measured
    on the set.
    """
    experiments = runs.read_experiments(commits)
    if experiments.empty:
        raise UserError("expected a DVC workspace with results; `dvc repro` makes them")
    comparable = runs.select_alike(experiments)
    absent = runs.describe_absent(comparable)
    sets = runs.list_measured_sets(comparable)
    if not sets:
        raise UserError(f"{absent}; `dvc repro` makes those of the workspace")
    name = set_name or sets[0]
    if name not in sets:
        raise UserError(f"--set: expected one of {', '.join(sets)}; got {name}")
    # The same result stands in the workspace, in a commit and in an experiment.
    measured = runs.select_measured(comparable, name).sort_values(
        "applicable", ascending=False, kind="stable"
    )
    distinct = runs.drop_repeats(measured).reset_index(drop=True)
    return Sweep(name, distinct, runs.list_varied(distinct), absent)
