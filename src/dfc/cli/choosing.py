"""Choose the LUT that a picture is restored by."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from dfc import zoo

if TYPE_CHECKING:
    from PIL.Image import Image

    from dfc.models.lut import Lut

Choose = Callable[["Image"], "Lut"]
BY_QUALITY = "deblock"
"""The LUT of the zoo in whose place one for a single quality restores JPEG files near that."""
NEAR = 5  # quality; further away, the LUT for any quality restores better


def load_luts(lut: Path) -> Choose:
    """Load a LUT, and return what chooses it for a picture.

    In place of the LUT of the zoo for JPEG files of any quality, it chooses the one for the nearest
    quality if that is near: the quantisation tables of the file say it.
    """
    import dfc

    general = dfc.load(lut)
    if lut != zoo.FOLDER / f"{BY_QUALITY}.safetensors":
        return lambda image: general
    paths, load = zoo.find_levels(BY_QUALITY), cache(dfc.load)

    def choose(image: "Image") -> "Lut":
        quality = image.info.get("jpeg_quality")
        if quality is None:
            return general
        nearest = min(paths, key=lambda level: abs(level - quality))
        return load(paths[nearest]) if abs(nearest - quality) <= NEAR else general

    return choose
