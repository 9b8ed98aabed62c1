"""What a LUT can be for."""

from typing import Literal

Task = Literal["sr", "denoise", "deblock", "deblur"]
"""Super-resolution, and removing noise, the blocks of JPEG files or blur."""


def likely_task(scale: int) -> Task:
    """What a LUT of this scale is for, where nothing says it."""
    return "sr" if scale > 1 else "denoise"
