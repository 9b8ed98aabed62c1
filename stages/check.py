"""Look for the benchmark sets before a long stage starts: they are not needed until the end."""

from dfc.common.errors import exit_on_user_error
from dfc.data.benchmarks import list_benchmarks
from dfc.params import Params, load_params
from dfc.tasks import from_params


def main(params: Params) -> None:
    """Raise a `UserError` if the stage `benchmark` would find no sets."""
    list_benchmarks(params.data, from_params(params))


if __name__ == "__main__":
    with exit_on_user_error():
        main(load_params())
