"""Measure every LUT of the zoo on the benchmark sets: src/dfc/zoo/zoo.csv."""

import json
from pathlib import Path

import pandas as pd

import dfc
from dfc import zoo
from dfc.cli.comparing import load_comparison
from dfc.common.errors import exit_on_user_error
from dfc.common.files import atomic_write
from dfc.evaluation.scores import summarise
from dfc.evaluation.speed import measure_720p_milliseconds
from dfc.models.architectures import build
from dfc.models.lut import Lut
from dfc.params import check_params
from dfc.tasks import from_params
from dfc.tasks.base import Task
from dfc.training.start import make_nearest_neighbour
from run import HERE, MADE, ROOT, merge_params

LEVELS = {"denoise": (15, 25, 50), "deblock": (10, 20, 30, 40)}
"""By tasks: where LUTs for an unknown level are measured."""
SHIFT = {"channels": 16, "bits": 6}
PUBLISHED = {
    "SR-LUT": ("sr_lut", {}),
    "MuLUT": ("mulut", {}),
    "MuLUT + DFC": ("mulut", {}),
    "SPF-LUT": ("spf_lut", {}),
    "SPF-LUT + DFC": ("spf_lut", {}),
    "ShiftLUT-S": ("shift_lut", SHIFT | {"stages": 1}),
    "ShiftLUT-M": ("shift_lut", SHIFT | {"stages": 2}),
    "ShiftLUT-L": ("shift_lut", SHIFT | {"stages": 8}),
}
"""Published methods at scale 4 whose tables the engine restores with: architectures and knobs."""
TIMES = HERE / "published_times.csv"


def main(benchmarks: Path = ROOT / "data/benchmark") -> None:
    """Measure all, and write the table."""
    table = pd.concat([measure(name, benchmarks) for name in zoo.list_names()])
    luts = {name: dfc.load(name) for name in zoo.list_names()}
    luts |= {name: make_published(name) for name in PUBLISHED}
    times = measure_720p_milliseconds(*luts.values())  # in turn, so that ratios stay
    milliseconds = dict(zip(luts, times, strict=True))
    table.insert(table.columns.get_loc("made"), "ms_720p", table["name"].map(milliseconds))
    with atomic_write(zoo.FIGURES) as partial:
        table.to_csv(partial, index=False, float_format="%.4f")
    print(table.to_string(index=False))
    rows = [{"method": name, "ms_720p": milliseconds[name]} for name in PUBLISHED]
    published = pd.DataFrame(rows)
    with atomic_write(TIMES) as partial:
        published.to_csv(partial, index=False, float_format="%.2f")
    print(published.to_string(index=False))


def make_published(method: str) -> Lut:
    """Make tables like those of a published method, to be timed: what they hold does not matter."""
    name, knobs = PUBLISHED[method]
    lut = make_nearest_neighbour(build(name, 4, **knobs), "sr", 4)
    return lut.compress("xyzt", 2, 5) if "DFC" in method else lut


def measure(name: str, benchmarks: Path) -> pd.DataFrame:
    """Measure the quality of a LUT: a row for every benchmark set and level of degradation."""
    params = check_params(merge_params(name), HERE / "params.yaml")
    path, made = zoo.find_lut(name), json.loads((MADE / f"{name}.json").read_text())
    rows = []
    for level in list_levels(from_params(params)):
        comparison = load_comparison(
            [path], benchmarks, params.task, params.data.benchmarks, level, level
        )
        (lut,) = comparison.luts.values()
        scores = summarise(comparison.score(), {})
        scores = scores[scores["method"] == name].drop(columns=["method", "storage_mib"])
        rows.append(scores.assign(level=comparison.task.level_value))
    table = pd.concat(rows)
    table.insert(0, "name", name)
    table.insert(1, "task", params.task)
    return table.assign(
        mib=lut.size_mib,
        bytes=path.stat().st_size,
        made=describe(lut),
        trained=", ".join(f"{value:.1f} min on {on}" for on, value in made["minutes"].items()),
        commit=made["commit"],
    )


def list_levels(task: Task) -> tuple[int, ...]:
    """List the levels that a LUT is measured at: those of the task, or the one it was trained for.

    That is 0 where nothing tells levels apart.
    """
    lowest, highest = task.levels or (0, 0)
    return LEVELS[task.name] if lowest < highest else (lowest,)


def describe(lut: Lut) -> str:
    """Say in a few words how a LUT was made."""
    steps = (
        f"{step['step']} {step.get('iterations', step.get('error_bound', ''))}".strip()
        for step in lut.history
    )
    return f"{lut.architecture.title}: {', '.join(steps)}"


if __name__ == "__main__":
    with exit_on_user_error():
        main()
