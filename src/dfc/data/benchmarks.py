"""The benchmark sets of a run."""

from pathlib import Path

from dfc.common.environment import explain_missing
from dfc.common.errors import UserError
from dfc.data import sample
from dfc.data.layouts import Pair, find_benchmark_sets
from dfc.params import Data


def list_benchmarks(data: Data, scale: int) -> dict[str, list[Pair]]:
    """List the pairs of the benchmark sets that params ask for, by the names of the sets.

    Raises a `UserError` if there are none, or a set that is asked for is missing.
    """
    sets = find_benchmark_sets(Path(data.benchmark_dir), data.benchmarks, scale)
    if data.source == "sample":
        sets = sample.list_benchmark_set() | sets
    if not sets:
        raise UserError(
            f"{data.benchmark_dir}: expected benchmark sets (data.benchmark_dir), a folder "
            f"of images each; found none{explain_missing(Path(data.benchmark_dir))}"
        )
    return sets
