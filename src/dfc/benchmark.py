"""Benchmarking: restore the images of a set by every method and score the results."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import nn

from dfc.metrics import psnr, ssim

Image = NDArray[np.uint8]
Method = Callable[[Image], Image]
"""Restores a degraded image [H, W] or [H, W, 3]."""


@dataclass(frozen=True)
class Score:
    """What one method made of one image: PSNR in dB and SSIM, both on luma."""

    set: str
    method: str
    image: str
    psnr: float
    ssim: float


@torch.no_grad()
def restore_image(model: nn.Module, image: Image) -> Image:
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
    set_name: str, name: str, sharp: Image, restored: Mapping[str, Image], shave: int
) -> Iterator[Score]:
    """Score what the methods made of one image; `shave` border pixels do not count in the PSNR."""
    for method, image in restored.items():
        yield Score(set_name, method, name, psnr(image, sharp, shave), ssim(image, sharp))


def summarise(scores: Iterable[Score], storage_mib: Mapping[str, float]) -> pd.DataFrame:
    """Average the scores: one row a set and method, in the order they came in.

    Parameters
    ----------
    scores
        Of every image.
    storage_mib
        Storage of the methods that are LUTs.

    Returns
    -------
    DataFrame
        Columns set, method, psnr, ssim, storage_mib (empty for a method that is no LUT).
    """
    frame = pd.DataFrame(map(asdict, scores))
    table = frame.groupby(["set", "method"], sort=False)[["psnr", "ssim"]].mean().reset_index()
    return table.assign(storage_mib=table["method"].map(dict(storage_mib)))


def as_metrics(table: pd.DataFrame, storage_mib: Mapping[str, float]) -> dict:
    """Nest a table as {set: {method: {psnr, ssim}}, storage_mib: {method: MiB}}."""
    metrics: dict = {}
    for row in table.itertuples():
        scores = {"psnr": round(row.psnr, 4), "ssim": round(row.ssim, 5)}
        metrics.setdefault(row.set, {})[row.method] = scores
    return metrics | {"storage_mib": {key: round(mib, 4) for key, mib in storage_mib.items()}}


def as_markdown(table: pd.DataFrame) -> str:
    """Format a table for people; the gain is over the first method of the set."""
    baseline = table.groupby("set", sort=False)["psnr"].transform("first")
    shown = pd.DataFrame(
        {
            "set": table["set"],
            "method": table["method"],
            "PSNR (dB)": table["psnr"].map("{:.2f}".format),
            "gain (dB)": (table["psnr"] - baseline).map("{:+.2f}".format),
            "SSIM": table["ssim"].map("{:.4f}".format),
            "MiB": table["storage_mib"].map("{:.3f}".format).replace("nan", ""),
        }
    )
    return shown.to_markdown(index=False, disable_numparse=True) + "\n"
