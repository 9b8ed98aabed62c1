"""Published results, as reference points.

Super-resolution at scale 4, trained on DIV2K: A+ (ACCV 2014), SR-LUT (CVPR 2021), MuLUT (T-PAMI
2024), SPF-LUT and DFC (CVPR 2024), AutoLUT and SPF-Light (2025), RRDB (a network, ECCVW 2018).
Denoising of colour images: as compared in the paper of DnLUT (CVPR 2025).
"""

from functools import cache
from importlib.resources import files

import pandas as pd

ALIASES = {"B100": "BSDS100", "BSD100": "BSDS100"}


def find_published(task: str, level: float | None, set_name: str) -> pd.DataFrame:
    """Find what is published of a benchmark set, for the same task at the same level.

    Returns
    -------
    DataFrame
        Columns method, storage_mib (empty where it is not known), psnr and ssim; often no row.
    """
    rows = _read_all()
    name = ALIASES.get(set_name, set_name)
    same = (rows["task"] == task) & (rows["level"] == level) & (rows["set"] == name)
    return rows.loc[same, ["method", "storage_mib", "psnr", "ssim"]]


@cache
def _read_all() -> pd.DataFrame:
    with files("dfc.report").joinpath("published.csv").open() as file:
        return pd.read_csv(file)
