"""Choose the LUT that a picture is restored by."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from dfc.common.errors import UserError
from dfc.zoo import find_levels, find_lut

if TYPE_CHECKING:
    from PIL.Image import Image

    from dfc.models.lut import Lut

Choose = Callable[["Image"], "Lut"]
BY_QUALITY = "deblock"
"""Of LUTs of this name in the zoo, the quality of a JPEG file says which restores it."""


def find_luts(lut: str) -> Path:
    """Find the file of a LUT, as `find_lut` does, or take the name of several."""
    return Path(lut) if lut == BY_QUALITY and find_levels(lut) else find_lut(lut)


def load_luts(lut: Path) -> Choose:
    """Load what `find_luts` found, and return what chooses the LUT for a picture.

    Of several, that is the one for the nearest quality, about, of a JPEG file: its quantisation
    tables say it. Other pictures are a `UserError`.
    """
    import dfc

    levels = {} if lut.suffix else find_levels(lut)
    if not levels:
        loaded = dfc.load(lut)
        return lambda image: loaded
    luts = {level: dfc.load(path) for level, path in levels.items()}

    def choose(image: "Image") -> "Lut":
        quality = image.info.get("jpeg_quality")
        if quality is None:
            names = ", ".join(path.stem for path in levels.values())
            raise UserError(f"expected a JPEG file, whose quality says which of {names} to take")
        return luts[min(luts, key=lambda level: abs(level - quality))]

    return choose
