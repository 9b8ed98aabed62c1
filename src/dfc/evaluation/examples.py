"""The pictures of a page: which images, which part of them, what every method made of it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from dfc.evaluation.results import Results
from dfc.tasks.degradations import round_to_8_bit
from dfc.tasks.metrics import luma

Image = NDArray[np.uint8]
ORIGINAL = "original"
WINDOW = (300, 400)
"""Height and width that is shown of an image, in pixels: larger ones would make the page heavy."""
MOST_PICTURES = 6
"""So many windows of an image are that large; if there are more, all are smaller."""
CROP = (96, 96)
"""Height and width of the part that is magnified."""


@dataclass(frozen=True)
class View:
    """What is shown of one image."""

    title: str
    """Why it was chosen."""
    set: str
    image: str
    gain: float
    """How many dB the subject of the page is above the baseline."""
    degraded: NDArray
    """The whole image that was restored, [H, W] or [H, W, 3], 0..255."""
    psnr: dict[str, float]
    """Of the whole image, in dB, by method."""
    windows: dict[str, Image]
    """By method, and the original."""
    crops: dict[str, Image]
    """The part of the window where the subject changes most, by method, and the original."""
    errors: dict[str, NDArray[np.float64]]
    """Absolute error of the luma in the window, in levels, of baseline and subject."""


def chosen(results: Results) -> list[tuple[str, int]]:
    """Choose the images with the largest, the median and the smallest gain.

    Returns
    -------
    list of tuple of str and int
        Why, and the row of `results.gains`; no row twice.
    """
    last = len(results.gains) - 1
    # Where one row stands for two, the later title counts.
    titles = {last // 2: "Median gain", last: "Smallest gain", 0: "Largest gain"}
    return [(titles[row], row) for row in sorted(titles)]


def views(results: Results) -> Iterator[View]:
    """Restore the chosen images, and cut out what is shown of them."""
    comparison = results.comparison
    # Without a network: it takes too long.
    shown = {name: comparison.methods[name] for name in (comparison.baseline, *comparison.luts)}
    smaller = min(1, MOST_PICTURES / (len(shown) + 1)) ** 0.5
    size = (round(WINDOW[0] * smaller), round(WINDOW[1] * smaller))
    for title, row in chosen(results):
        of_set, image, gain = results.gains.loc[row, ["set", "image", "gain"]]
        pair = next(pair for pair in comparison.sets[of_set] if pair.name == image)
        degraded, target = comparison.protocol.load(pair)
        pictures = {name: round_to_8_bit(method(degraded)) for name, method in shown.items()}
        ends = (comparison.baseline, results.subject)
        centre = find_most_changed(*(pictures[name] for name in ends), CROP)
        window, crop = (around(centre, part, target.shape) for part in (size, CROP))
        pictures[ORIGINAL] = target
        of_image = results.scores.query("set == @of_set and image == @image")
        yield View(
            title,
            of_set,
            image,
            float(gain),
            degraded,
            of_image.set_index("method")["psnr"].to_dict(),
            {name: picture[window] for name, picture in pictures.items()},
            {name: picture[crop] for name, picture in pictures.items()},
            {name: np.abs(luma(pictures[name]) - luma(target))[window] for name in ends},
        )


def find_most_changed(before: Image, after: Image, size: tuple[int, int]) -> tuple[int, int]:
    """The centre (row, column) of the part of a certain size in which two images differ most."""
    size = tuple(min(pair) for pair in zip(size, before.shape, strict=False))
    change = uniform_filter((luma(before) - luma(after)) ** 2, size, mode="constant")
    inside = tuple(
        slice(side // 2, whole - (side - 1) // 2)
        for side, whole in zip(size, change.shape, strict=True)
    )
    row, column = np.unravel_index(change[inside].argmax(), change[inside].shape)
    return int(row) + size[0] // 2, int(column) + size[1] // 2


def around(
    centre: tuple[int, int], size: tuple[int, int], shape: tuple[int, ...]
) -> tuple[slice, slice]:
    """The part of a certain size around a centre, moved into an image of a certain shape."""
    parts = []
    for middle, side, whole in zip(centre, size, shape, strict=False):
        side = min(side, whole)
        start = min(max(middle - side // 2, 0), whole - side)
        parts.append(slice(start, start + side))
    return parts[0], parts[1]
