"""Look for what a long stage, or the last one, would lack: benchmark sets, and whole batches.

python stages/check.py [PROCESSES]

PROCESSES, in place of those of `params.yaml`, share each batch: as many as a cluster gives.
"""

import sys
from pathlib import Path

from dfc.common.errors import exit_on_user_error
from dfc.data.benchmarks import list_benchmarks
from dfc.params import Params, check_params, load_params
from dfc.tasks import from_params


def main(params: Params, processes: int | None = None) -> None:
    """Raise a `UserError` if `benchmark` finds no sets, or so many processes share no batch."""
    list_benchmarks(params.data, from_params(params))
    if processes:
        launch = params.launch.model_dump() | {"num_processes": processes}
        check_params(params.model_dump() | {"launch": launch}, Path("params.yaml"))


if __name__ == "__main__":
    with exit_on_user_error():
        main(load_params(), *map(int, sys.argv[1:]))
