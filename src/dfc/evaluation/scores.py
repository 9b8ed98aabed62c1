"""Tables of scores: averaged over sets, as metrics of DVC, and for people."""

import math
from collections.abc import Mapping

import pandas as pd

SHOWN = {
    "psnr": ("PSNR (dB)", "{:.2f}"),
    "gain": ("gain (dB)", "{:+.2f}"),
    "ssim": ("SSIM", "{:.4f}"),
    "psnr_b": ("PSNR-B (dB)", "{:.2f}"),
    "storage_mib": ("MiB", "{:.3f}"),
}
"""Headings and formats of what people are shown of a table, in this order."""


def summarise(scores: pd.DataFrame, storage_mib: Mapping[str, float]) -> pd.DataFrame:
    """Average the scores from `Comparison.score`: a row a set and method, in their order.

    Returns the columns set, method, one a metric, and storage_mib (empty for what is no LUT).
    """
    averages = scores.drop(columns="image").groupby(["set", "method"], sort=False).mean()
    table = averages.reset_index()
    return table.assign(storage_mib=table["method"].map(dict(storage_mib)))


def compute_gains(table: pd.DataFrame) -> pd.Series:
    """Compute how many dB each row of a table is above the first method of its set."""
    return table["psnr"] - table.groupby("set", sort=False)["psnr"].transform("first")


def nest_metrics(table: pd.DataFrame, storage_mib: Mapping[str, float]) -> dict:
    """Nest a table as {set: {method: {psnr, ssim, ..}}, storage_mib: {method: MiB}}.

    Rounded to what people can read, and finer than what they can see; None for what is not finite,
    which JSON cannot say.
    """
    metrics: dict = {}
    for row in table.drop(columns="storage_mib").to_dict("records"):
        set_name, method = row.pop("set"), row.pop("method")
        scores = {
            key: round(value, 4 if key == "ssim" else 3) if math.isfinite(value) else None
            for key, value in row.items()
        }
        metrics.setdefault(set_name, {})[method] = scores
    return metrics | {"storage_mib": {key: float(f"{mib:.4g}") for key, mib in storage_mib.items()}}


def format_markdown(table: pd.DataFrame, caption: str) -> str:
    """Format a table for people."""
    measured = table.assign(gain=compute_gains(table))
    shown = {"set": table["set"], "method": table["method"]} | {
        heading: measured[key].map(text.format).replace("nan", "")
        for key, (heading, text) in SHOWN.items()
        if key in measured
    }
    markdown = pd.DataFrame(shown).to_markdown(index=False, disable_numparse=True)
    return f"{caption}\n\n{markdown}\n"
