"""What the pipeline measures: its LUTs, on the benchmark sets that the params name."""

from functools import partial
from pathlib import Path

from dfc.common.errors import UserError
from dfc.common.pipeline import DFC, FINETUNED, LUT, TRAINED
from dfc.data import sample
from dfc.data.layouts import Pair, find_benchmark_sets
from dfc.evaluation.benchmark import restore_with_model
from dfc.evaluation.comparison import Comparison, compare
from dfc.evaluation.protocol import Method, Protocol
from dfc.models.lut_artifact import load_lut
from dfc.models.network import Network
from dfc.models.trained import load_model
from dfc.params import Params


def load_comparison(params: Params) -> Comparison:
    """Load what a run of the pipeline has made, and find the images to measure it on."""
    sets = find_sets(params)
    luts = {"lut": load_lut(LUT), "dfc": load_lut(DFC), "finetuned": load_lut(FINETUNED)}
    if not params.dfc.enabled:
        del luts["dfc"]  # the same as lut
    trained = load_model(TRAINED)
    network: dict[str, Method] = {}
    if isinstance(trained, Network):
        network["network"] = partial(restore_with_model, trained)
    protocol = Protocol(params.degradation, params.benchmark.quantize_input)
    return compare(protocol, sets, luts, network)


def find_sets(params: Params) -> dict[str, list[Pair]]:
    """List the images of all benchmark sets.

    Raises
    ------
    UserError
        If there are none.
    """
    data = params.data
    sets = find_benchmark_sets(Path(data.benchmark_dir), data.benchmarks, params.scale)
    if data.source == "sample":
        sets = sample.list_benchmark_set() | sets
    if not sets:
        raise UserError(
            f"{data.benchmark_dir}: expected benchmark sets (data.benchmark_dir), a folder "
            "of images each; found none"
        )
    return sets
