"""The benchmark sets of a run."""

from pathlib import Path

from dfc.common.environment import explain_missing
from dfc.common.errors import UserError
from dfc.data import sample
from dfc.data.layouts import Pair, find_benchmark_sets
from dfc.params import Data
from dfc.tasks.base import Task


def list_benchmarks(data: Data, task: Task) -> dict[str, list[Pair]]:
    """List the pairs of the benchmark sets that params ask for, by the names of the sets.

    Raises a `UserError` if there are none, or a set that is asked for is missing.
    """
    folder = Path(data.benchmark_dir)
    sets = find_benchmark_sets(folder, data.benchmarks, task.scale, task.reads_files)
    if data.source == "sample":
        sets = sample.list_benchmark_set() | sets
    if not sets:
        raise UserError(
            f"{data.benchmark_dir}: expected benchmark sets (data.benchmark_dir), a folder "
            f"of images each; found none{explain_missing(folder)}"
        )
    return sets
