"""Benchmarking: restore the images of a set by every method and score the results."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import nn

from dfc.tasks.metrics import Measure

Image = NDArray[np.uint8]
SHOWN = {
    "psnr": ("PSNR (dB)", "{:.2f}"),
    "gain": ("gain (dB)", "{:+.2f}"),
    "ssim": ("SSIM", "{:.4f}"),
    "psnr_b": ("PSNR-B (dB)", "{:.2f}"),
    "storage_mib": ("MiB", "{:.3f}"),
}
"""Headings and formats of what people are shown of a table, in this order."""


@dataclass(frozen=True)
class Score:
    """What one method made of one image."""

    set: str
    method: str
    image: str
    values: dict[str, float]
    """By measure, as `dfc.tasks.metrics.measures` names them."""


@torch.no_grad()
def restore_with_model(model: nn.Module, image: Image) -> Image:
    """Restore an image with a network or a table model, each colour as a grey image of its own.

    Parameters
    ----------
    model
        Maps pixels [B, 1, H, W] to [B, 1, H * scale, W * scale], 0..255.
    image
        [H, W] or [H, W, 3].

    Returns
    -------
    Image
        The same kind of image, `scale` times larger.
    """
    device = next(model.parameters()).device
    planes = torch.from_numpy(np.atleast_3d(image)).movedim(-1, 0)[:, None]
    restored = model(planes.to(device, torch.float32))[:, 0].movedim(0, -1)
    return restored.cpu().numpy().astype(np.uint8).reshape(*restored.shape[:2], *image.shape[2:])


def score_image(
    set_name: str,
    name: str,
    target: Image,
    restored: Mapping[str, Image],
    measures: Mapping[str, Measure],
) -> Iterator[Score]:
    """Score what the methods made of one image."""
    for method, image in restored.items():
        values = {key: measure(image, target) for key, measure in measures.items()}
        yield Score(set_name, method, name, values)


def tabulate(scores: Iterable[Score]) -> pd.DataFrame:
    """Lay out scores: one row an image and method; columns set, method, image and the measures."""
    return pd.DataFrame(
        {"set": score.set, "method": score.method, "image": score.image, **score.values}
        for score in scores
    )


def summarise(scores: pd.DataFrame, storage_mib: Mapping[str, float]) -> pd.DataFrame:
    """Average the scores: one row a set and method, in the order they came in.

    Parameters
    ----------
    scores
        Of every image, from `tabulate`.
    storage_mib
        Storage of the methods that are LUTs.

    Returns
    -------
    DataFrame
        Columns set, method, a column a measure, storage_mib (empty for a method that is no LUT).
    """
    averages = scores.drop(columns="image").groupby(["set", "method"], sort=False).mean()
    table = averages.reset_index()
    return table.assign(storage_mib=table["method"].map(dict(storage_mib)))


def gains(table: pd.DataFrame) -> pd.Series:
    """How many dB each row of a table is above the first method of its set."""
    return table["psnr"] - table.groupby("set", sort=False)["psnr"].transform("first")


def nest_metrics(table: pd.DataFrame, storage_mib: Mapping[str, float]) -> dict:
    """Nest a table as {set: {method: {psnr, ssim, ..}}, storage_mib: {method: MiB}}.

    Rounded to what people can read, and finer than what they can see.
    """
    metrics: dict = {}
    for row in table.drop(columns="storage_mib").to_dict("records"):
        set_name, method = row.pop("set"), row.pop("method")
        scores = {key: round(value, 4 if key == "ssim" else 3) for key, value in row.items()}
        metrics.setdefault(set_name, {})[method] = scores
    return metrics | {"storage_mib": {key: float(f"{mib:.4g}") for key, mib in storage_mib.items()}}


def format_markdown(table: pd.DataFrame, caption: str) -> str:
    """Format a table for people."""
    measured = table.assign(gain=gains(table))
    shown = pd.DataFrame(
        {
            "set": table["set"],
            "method": table["method"],
            **{
                heading: measured[key].map(text.format).replace("nan", "")
                for key, (heading, text) in SHOWN.items()
                if key in measured
            },
        }
    )
    return f"{caption}\n\n{shown.to_markdown(index=False, disable_numparse=True)}\n"
