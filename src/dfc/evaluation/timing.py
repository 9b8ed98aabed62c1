"""Timing what takes long."""

import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dfc.data import sample
from dfc.engine.strips import restore
from dfc.images import read_image
from dfc.models.lut import Lut

Key = TypeVar("Key")
PHOTOGRAPH = "coffee"


def measure_median_seconds(
    calls: Mapping[Key, Callable[[], object]], budget: float, rounds: int = 5
) -> dict[Key, float]:
    """Median seconds of each call.

    All are called in turn, round after round, so that a machine that slows down does so for all of
    them, and their ratios stay. Each is called twice in a row, and only the second call counts:
    threads of the one before may still spin in the first.

    Parameters
    ----------
    calls
        What to time, by name.
    budget
        Seconds for each call, about.
    rounds
        So many at least.
    """
    seconds: dict[Key, list[float]] = {key: [] for key in calls}
    end = time.perf_counter() + budget * len(calls)
    while time.perf_counter() < end or len(next(iter(seconds.values()))) < rounds:
        for key, call in calls.items():
            call()
            start = time.perf_counter()
            call()
            seconds[key].append(time.perf_counter() - start)
    return {key: median(values) for key, values in seconds.items()}


def measure_720p_milliseconds(lut: Lut, budget: float = 1.0) -> float:
    """Median milliseconds that a LUT takes to make an image of 1280x720 pixels, in colour.

    Parameters
    ----------
    lut
        On all cores.
    budget
        Seconds to spend, about.
    """
    scale = lut.architecture.scale
    image = photograph(-(-1280 // scale), -(-720 // scale))
    return measure_median_seconds({"restore": lambda: restore(image, lut)}, budget)["restore"] * 1e3


def photograph(width: int, height: int) -> NDArray[np.uint8]:
    """A sample photograph of a certain size, [height, width, 3]."""
    picture = Image.fromarray(read_image(sample.photograph(PHOTOGRAPH).target))
    return np.array(picture.resize((width, height), Image.Resampling.BICUBIC))
