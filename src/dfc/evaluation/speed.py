"""Speed of a LUT on this machine: restoring, training, other sizes, memory, competitors."""

import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from statistics import median
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dfc.common.parallel import count_cores
from dfc.data import sample
from dfc.engine import restore
from dfc.engine.isa import choose_isa
from dfc.engine.training import EngineModel
from dfc.evaluation.competitors import find_competitors
from dfc.images.files import read_image
from dfc.images.pixels import downscale, resize_bicubic
from dfc.models.lut import Lut
from dfc.training.loop import compute_loss, take_step

Key = TypeVar("Key")
PHOTOGRAPH = "coffee"
OURS = "restore"
CROPS, SIDE = 16, 48  # of a fine-tuning step: 36,864 degraded pixels
GROWTH = (0.25, 1, 4, 16)


def measure_speed(
    lut: Lut, width: int, height: int, threads: int | None, budget: float
) -> dict[str, Any]:
    """Measure how fast a LUT is, on a photograph of so many pixels.

    Spends about `budget` seconds on each figure. Returns what `format_speed` prints: times are
    medians, in milliseconds unless their name says otherwise.
    """
    threads = threads or count_cores()
    torch.set_num_threads(threads)
    image = read_photograph(width, height)
    scale = lut.architecture.scale
    pixels = width * height * scale**2
    enlarge = {OURS: lambda image: restore(image, lut, threads)}
    enlarge |= find_competitors(width, height, scale, threads)
    seconds = measure_median_seconds(
        {name: partial(call, image) for name, call in enlarge.items()}, budget
    )
    ours = seconds.pop(OURS)
    return {
        "architecture": lut.architecture.name,
        "size_mib": round(lut.size_mib, 3),
        "input": f"{width}x{height}",
        "output": f"{width * scale}x{height * scale}",
        "threads": threads,
        "instructions": choose_isa(),
        "restore_ms": _to_ms(ours),
        "restore_megapixels_per_s": round(pixels / ours / 1e6, 1),
        "peak_memory_per_output": round(_measure_memory(lut, image, threads), 2),
        "finetune_us_per_pixel": round(_measure_step(lut) / (CROPS * SIDE**2) * 1e6, 3),
        "competitors": {
            name: {"ms": _to_ms(theirs), "times_ours": round(theirs / ours, 3)}
            for name, theirs in seconds.items()
        },
        "growth": _measure_sizes(lut, width, height, threads, budget),
    }


def format_speed(results: dict[str, Any]) -> str:
    """Format what `measure_speed` found, for people."""
    growth = results["growth"]
    counts = sorted({row["threads"] for row in growth})
    lines = [
        f"{results['architecture']}, {results['size_mib']} MiB, {results['threads']} threads, "
        f"{results['instructions']}, RGB {results['input']} -> {results['output']}",
        f"restore           {results['restore_ms']:9.2f} ms   "
        f"{results['restore_megapixels_per_s']} megapixels/s",
        *(
            f"{name:17} {theirs['ms']:9.2f} ms   {theirs['times_ours']} times ours"
            for name, theirs in results["competitors"].items()
        ),
        f"fine-tuning step  {results['finetune_us_per_pixel']:9.3f} us a degraded pixel",
        f"peak memory       {results['peak_memory_per_output']:9.2f} times the output",
        "",
        "input        " + "".join(f"{count:>4} thread{'s' * (count > 1):1}" for count in counts),
    ]
    for size in dict.fromkeys(row["input"] for row in growth):
        times = (row["ms"] for row in growth if row["input"] == size)
        lines.append(f"{size:13}" + "".join(f"{ms:9.2f} ms" for ms in times))
    return "\n".join(lines)


def _to_ms(seconds: float) -> float:
    return round(seconds * 1e3, 3)


def _measure_sizes(
    lut: Lut, width: int, height: int, threads: int, budget: float
) -> list[dict[str, Any]]:
    """Times for more and fewer pixels, on one thread and more."""
    sides = [[max(round(side * factor**0.5), 1) for side in (width, height)] for factor in GROWTH]
    images = {"{}x{}".format(*size): read_photograph(*size) for size in sides}
    rows = []
    for count in range(1, threads + 1):  # apart: a core that idles takes a while to come back
        calls = {size: partial(restore, image, lut, count) for size, image in images.items()}
        for size, seconds in measure_median_seconds(calls, budget).items():
            rows.append({"input": size, "threads": count, "ms": _to_ms(seconds)})
    return rows


def _measure_memory(lut: Lut, image: NDArray[np.uint8], threads: int) -> float:
    """Bytes allocated at once while restoring, for every byte of the output."""
    tracemalloc.start()
    restored = restore(image, lut, threads)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / restored.nbytes


def _measure_step(lut: Lut) -> float:
    """Seconds of a fine-tuning step, in the median."""
    scale = lut.architecture.scale
    large = SIDE * scale
    photograph = read_image(sample.find_photograph(PHOTOGRAPH).target)[..., 0]
    rng = np.random.default_rng(0)
    corners = zip(*(rng.integers(0, side - large, CROPS) for side in photograph.shape), strict=True)
    target = [photograph[top : top + large, left : left + large] for top, left in corners]
    degraded = [downscale(crop, scale) for crop in target]
    colours = lut.architecture.colours
    batch = (
        torch.from_numpy(np.stack(part)[:, None].repeat(colours, 1)).float()
        for part in (degraded, target)
    )
    seconds = time_training_steps(EngineModel(lut), *batch)
    next(seconds)  # warms up
    return median(islice(seconds, 20))


def time_training_steps(model: nn.Module, degraded: Tensor, target: Tensor) -> Iterator[float]:
    """Train a model on the same crops over and over, and yield the seconds of each step.

    `degraded` and `target` are pixels [B, colours, h, w] and [B, colours, h * scale, w * scale].
    """
    optimizer = torch.optim.Adam(model.train().parameters(), fused=True)
    while True:
        start = time.perf_counter()
        take_step(compute_loss(model(degraded), target, floor=1e-3), optimizer)
        yield time.perf_counter() - start


def measure_median_seconds(
    calls: Mapping[Key, Callable[[], object]], budget: float, rounds: int = 5
) -> dict[Key, float]:
    """Measure the median seconds of each call, for about `budget` seconds a call.

    All are called in turn, round after round, so that a machine that slows down does so for all of
    them, and their ratios stay. Each is called twice in a row, and only the second call counts:
    threads of the one before may still spin in the first.
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


def measure_720p_milliseconds(*luts: Lut, budget: float = 1.0) -> list[float]:
    """Measure the median milliseconds that each LUT takes to make 1280x720 pixels, in colour."""
    calls = {}
    for number, lut in enumerate(luts):
        scale = lut.architecture.scale
        calls[number] = partial(restore, read_photograph(-(-1280 // scale), -(-720 // scale)), lut)
    return [seconds * 1e3 for seconds in measure_median_seconds(calls, budget).values()]


def read_photograph(width: int, height: int) -> NDArray[np.uint8]:
    """Read a sample photograph, resized to [height, width, 3], uint8."""
    return resize_bicubic(read_image(sample.find_photograph(PHOTOGRAPH).target), height, width)
