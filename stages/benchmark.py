"""Benchmark every method of the run on every benchmark set."""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pandas as pd

from dfc.benchmark import as_markdown, as_metrics, restore_image, summarise
from dfc.data import sample
from dfc.data.layouts import Pair, benchmark_sets
from dfc.errors import UserError, one_line_errors
from dfc.files import written_whole
from dfc.lut.artifact import load_lut
from dfc.network import Network
from dfc.params import Params, load_params
from dfc.pipeline import DFC, FINETUNED, LUT, REPORTS, TRAINED
from dfc.protocol import Protocol
from dfc.trained import load_trained


def main(params: Params) -> None:
    """Run the stage."""
    sets = sets_of(params)
    protocol = Protocol(params.degradation, params.benchmark.quantize_input)
    luts = {"lut": load_lut(LUT), "dfc": load_lut(DFC), "finetuned": load_lut(FINETUNED)}
    if not params.dfc.enabled:
        del luts["dfc"]  # the same as lut
    methods = protocol.baseline()
    trained = load_trained(TRAINED)
    if isinstance(trained, Network):
        methods["network"] = partial(restore_image, trained)
    methods |= {name: protocol.method(lut) for name, lut in luts.items()}
    images = REPORTS / "images"
    images.mkdir(parents=True, exist_ok=True)  # an output of the stage, even if it stays empty
    scores = protocol.score(sets, methods, images if params.benchmark.save_images else None)
    storage = {method: lut.size_mib for method, lut in luts.items()}
    write_reports(summarise(scores, storage), storage, protocol.caption)


def sets_of(params: Params) -> dict[str, list[Pair]]:
    """List the images of all benchmark sets."""
    data = params.data
    sets = benchmark_sets(Path(data.benchmark_dir), data.benchmarks, params.scale)
    if data.source == "sample":
        sets = {"sample": [sample.photograph(name) for name in sample.BENCHMARK]} | sets
    if not sets:
        raise UserError(
            f"{data.benchmark_dir}: expected benchmark sets (data.benchmark_dir), a folder "
            "of images each; found none"
        )
    return sets


def write_reports(table: pd.DataFrame, storage_mib: Mapping[str, float], caption: str) -> None:
    """Write what people compare: metrics.json, table.csv and table.md; and print the table."""
    markdown = as_markdown(table, caption)
    texts = {
        "metrics.json": json.dumps(as_metrics(table, storage_mib), indent=2) + "\n",
        "table.csv": table.to_csv(index=False, float_format="%.5f"),
        "table.md": markdown,
    }
    for name, text in texts.items():
        with written_whole(REPORTS / name) as unfinished:
            unfinished.write_text(text)
    print(markdown)


if __name__ == "__main__":
    with one_line_errors():
        main(load_params())
