"""Example pictures: which images, which part of them, what every method made of it."""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from dfc.data.pairs import load_pair
from dfc.evaluation.benchmark import Comparison
from dfc.evaluation.evidence import MOST_ERROR, TARGET, Example
from dfc.images.pixels import compute_luma, round_to_8_bit

Image = NDArray[np.uint8]
WINDOW = (300, 400)
"""Height and width that is shown of an image, in pixels: larger ones would make a page heavy."""
MOST_PICTURES = 6  # so many windows of an image are that large; if there are more, all are smaller
CROP = (96, 96)  # height and width of the part that is magnified


def rank_gains(scores: pd.DataFrame, subject: str, baseline: str) -> pd.DataFrame:
    """Rank images by how much a method gains: columns set, image and gain (dB), largest first."""
    wide = scores.pivot(index=["set", "image"], columns="method", values="psnr")
    gains = wide[subject] - wide[baseline]
    return gains.sort_values(ascending=False).rename("gain").reset_index()


def choose_rows(count: int) -> list[tuple[str, int]]:
    """Choose the images with the largest, the median and the smallest gain.

    Returns why, and the row of `rank_gains`, which has `count` rows; no row twice.
    """
    last = count - 1
    # Where one row stands for two, the later title counts.
    titles = {last // 2: "Median gain", last: "Smallest gain", 0: "Largest gain"}
    return [(titles[row], row) for row in sorted(titles)]


def make_examples(
    comparison: Comparison, scores: pd.DataFrame, subject: str, networks: Iterable[str] = ()
) -> Iterator[tuple[Example, NDArray]]:
    """Restore the chosen images; yield what is shown of each, and the whole degraded image.

    Beside the LUTs, only the `networks` that are named are shown: large ones take too long.
    """
    baseline = comparison.task.baseline
    ends = (baseline, subject)
    shown = {name: comparison.methods[name] for name in (baseline, *networks, *comparison.luts)}
    smaller = min(1, MOST_PICTURES / (len(shown) + 1)) ** 0.5
    size = (round(WINDOW[0] * smaller), round(WINDOW[1] * smaller))
    ranked = rank_gains(scores, *reversed(ends))
    for title, row in choose_rows(len(ranked)):
        of_set, image, gain = ranked.loc[row, ["set", "image", "gain"]]
        pair = next(pair for pair in comparison.sets[of_set] if pair.name == image)
        degraded, target = load_pair(pair, comparison.task)
        pictures = {name: round_to_8_bit(method(degraded)) for name, method in shown.items()}
        centre = find_most_changed(*(pictures[name] for name in ends), CROP)
        window, crop = (place_window(centre, part, target.shape) for part in (size, CROP))
        errors = {
            name: np.abs(compute_luma(pictures[name]) - compute_luma(target))[window]
            for name in ends
        }
        pictures[TARGET] = target
        of_image = scores[(scores["set"] == of_set) & (scores["image"] == image)]
        example = Example(
            title,
            of_set,
            image,
            float(gain),
            psnr=of_image.set_index("method")["psnr"].to_dict(),
            mean_error={name: round(float(error.mean()), 4) for name, error in errors.items()},
            windows={name: picture[window] for name, picture in pictures.items()},
            crops={name: picture[crop] for name, picture in pictures.items()},
            errors={
                name: round_to_8_bit(error / MOST_ERROR * 255) for name, error in errors.items()
            },
        )
        yield example, degraded


def find_most_changed(before: Image, after: Image, size: tuple[int, int]) -> tuple[int, int]:
    """Find the centre (row, column) of the part, of a certain size, that changed most."""
    size = tuple(min(pair) for pair in zip(size, before.shape, strict=False))
    change = (compute_luma(before) - compute_luma(after)) ** 2
    change = uniform_filter(change, size, mode="constant")
    inside = tuple(
        slice(side // 2, whole - (side - 1) // 2)
        for side, whole in zip(size, change.shape, strict=True)
    )
    row, column = np.unravel_index(change[inside].argmax(), change[inside].shape)
    return int(row) + size[0] // 2, int(column) + size[1] // 2


def place_window(
    centre: tuple[int, int], size: tuple[int, int], shape: tuple[int, ...]
) -> tuple[slice, slice]:
    """Place a window of a certain size around a centre, moved into an image of a certain shape."""

    def place(middle: int, side: int, whole: int) -> slice:
        start = min(max(middle - side // 2, 0), max(whole - side, 0))
        return slice(start, min(start + side, whole))

    rows, columns = map(place, centre, size, shape)  # of an RGB image, the sides alone
    return rows, columns
