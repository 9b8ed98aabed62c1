"""Finding what several LUT files are measured on."""

from collections.abc import Sequence
from pathlib import Path

import dfc
from dfc.common.errors import UserError
from dfc.data import sample
from dfc.data.layouts import find_benchmark_sets
from dfc.evaluation.benchmark import Comparison, compare
from dfc.evaluation.evidence import TARGET
from dfc.tasks import build_task, find_task

OTHERS = ("bicubic", "input", TARGET)  # what LUTs are shown beside


def load_comparison(
    luts: Sequence[Path],
    data: Path | None,
    task: str | None,
    sets: Sequence[str],
    sigma: float,
    quality: int,
    rounded: bool = True,
) -> Comparison:
    """Load LUTs and find the images to measure them on: sets of `data`, or the sample photographs.

    Raises `UserError` if the LUTs are not of one task and scale, or there are no images.
    """
    if sets and not data:
        raise UserError("--set: expected the folder of the sets as well, --data")
    loaded = dict(zip(_name_luts(luts), map(dfc.load, luts), strict=True))
    scale, *others = {lut.architecture.scale for lut in loaded.values()}
    tasks = {task} if task else {lut.task for lut in loaded.values()}
    if others or len(tasks) > 1:
        raise UserError("expected LUTs of one task and scale; found several")
    name = tasks.pop()
    if scale not in find_task(name).scales:
        raise UserError(f"--task: {name} is not for LUTs of scale {scale}")
    described = build_task(name, scale, sigma=sigma, quality=quality, rounded=rounded)
    if data:
        found = find_benchmark_sets(data, sets, scale, described.reads_files)
    else:
        found = sample.list_benchmark_set()
    if not found:
        raise UserError(f"{data}: expected benchmark sets, a folder of images each; found none")
    return compare(described, found, loaded)


def _name_luts(paths: Sequence[Path]) -> list[str]:
    """The names of files, or their whole paths where a name would stand for two things."""
    names = [path.stem for path in paths]
    clear = len({*names, *OTHERS}) == len(names) + len(OTHERS)
    return names if clear else [*map(str, paths)]
