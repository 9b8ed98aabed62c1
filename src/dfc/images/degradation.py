"""Estimate how an image is degraded: noise of its pixels, compression of its file."""

import io
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MEDIAN = 0.6745  # of the magnitude of normal numbers of deviation 1


def estimate_noise(image: NDArray[np.uint8]) -> float:
    """Estimate the standard deviation of the noise of an image, [H, W] or [H, W, 3], grey levels.

    It is that of the finest diagonal details, most of which show nothing but noise (Donoho and
    Johnstone 1994): 1 to 4 where there is none, but texture.
    """
    height, width = (side // 2 * 2 for side in image.shape[:2])
    if not height or not width:
        return 0.0
    levels = image.astype(np.int16)
    a, b, c, d = (levels[row:height:2, column:width:2] for row in (0, 1) for column in (0, 1))
    return float(np.median(np.abs(a - b - c + d))) / 2 / MEDIAN


def estimate_jpeg_quality(image: Image.Image) -> int | None:
    """Estimate the quality (1 to 100) at which a JPEG file was compressed; None for other files.

    It is the one whose quantisation table for luma has the nearest sum.
    """
    tables = getattr(image, "quantization", None)
    if image.format != "JPEG" or not tables:
        return None
    sums = _list_table_sums()
    return min(range(1, 101), key=lambda quality: abs(sums[quality - 1] - sum(tables[0])))


@cache
def _list_table_sums() -> list[int]:
    """List the sum of the table for luma of every quality, as Pillow writes it."""
    sums = []
    for quality in range(1, 101):
        file = io.BytesIO()
        Image.new("L", (8, 8)).save(file, "JPEG", quality=quality)
        sums.append(sum(Image.open(file).quantization[0]))
    return sums
