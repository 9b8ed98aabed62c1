"""Estimate how an image is degraded: noise of its pixels, compression of its file."""

import io
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

BLOCK = 16  # side of the blocks that noise is looked for in, pixels
FLATTEST, SPREAD = 0.2, 0.926
"""Of all blocks, the share that shows nothing but noise, and the most that it is found to be in
these, of what it is (64 details a block)."""
DARKEST, BRIGHTEST = 16, 239  # means of blocks where noise is not clipped


def estimate_noise(image: NDArray[np.uint8]) -> float:
    """Estimate the standard deviation of the noise of an image, [H, W] or [H, W, 3], grey levels.

    It is that of the finest diagonal details (of Haar wavelets) in its flattest blocks; 0 where
    there are none.
    """
    rows, columns = (side // BLOCK for side in image.shape[:2])
    levels = np.atleast_3d(image)[: rows * BLOCK, : columns * BLOCK].astype(np.float32)
    a, b, c, d = (levels[row::2, column::2] for row in (0, 1) for column in (0, 1))
    details = _average_blocks(((a - b - c + d) / 2) ** 2, rows, columns)
    means = _average_blocks(levels, rows, columns)
    seen = details[(means >= DARKEST) & (means <= BRIGHTEST)]
    return float(np.sqrt(np.quantile(seen, FLATTEST)) / SPREAD) if seen.size else 0.0


def _average_blocks(values: NDArray[np.float32], rows: int, columns: int) -> NDArray[np.float32]:
    """Average [H, W, C] over blocks: [rows, columns, C]."""
    height, width, colours = values.shape
    if not rows or not columns:
        return np.empty((0, 0, colours), np.float32)
    blocks = values.reshape(rows, height // rows, columns, width // columns, colours)
    return blocks.mean((1, 3))


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
