"""Measured LUTs: what a page is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from dfc.evaluation.benchmark import gains, summarise
from dfc.evaluation.comparison import Comparison
from dfc.models.lut import Lut


@dataclass(frozen=True)
class Results:
    """How well the methods of a comparison did."""

    comparison: Comparison
    scores: pd.DataFrame
    """A row an image and method, from `Comparison.scores`."""
    subject: str
    """The LUT that the page is about."""
    chained: bool = False
    """Whether each LUT was made of the one before."""

    @property
    def lut(self) -> Lut:
        """The LUT that the page is about."""
        return self.comparison.luts[self.subject]

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row a set and method: set, method, a column a measure, storage_mib and gain (dB)."""
        table = summarise(self.scores, self.comparison.storage_mib)
        return table.assign(gain=gains(table))

    @cached_property
    def gains(self) -> pd.DataFrame:
        """A row an image, the largest gain first: set, image and gain of the subject (dB)."""
        wide = self.scores.pivot(index=["set", "image"], columns="method", values="psnr")
        gains = wide[self.subject] - wide[self.comparison.baseline]
        return gains.sort_values(ascending=False).rename("gain").reset_index()


def best(scores: pd.DataFrame, names: Sequence[str]) -> str:
    """Of some methods, the one with the highest mean PSNR."""
    return scores.groupby("method")["psnr"].mean()[list(names)].idxmax()
