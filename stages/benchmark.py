"""Benchmark every method of the run on every benchmark set."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from dfc.benchmark import (
    Image,
    Method,
    Score,
    as_markdown,
    as_metrics,
    restore_image,
    score_image,
    summarise,
)
from dfc.data import sample
from dfc.data.degradations import crop_to_multiple, degrade, upscale_bicubic
from dfc.data.images import write_image
from dfc.data.layouts import benchmark_sets
from dfc.data.pairs import load_pair
from dfc.engine.restoring import restore
from dfc.errors import UserError, one_line_errors
from dfc.files import written_whole
from dfc.lut.artifact import load_lut
from dfc.network_artifact import load_network
from dfc.params import Params, load_params
from dfc.pipeline import DFC, FINETUNED, LUT, NETWORK, REPORTS

Load = Callable[[], tuple[Image, Image]]


def main() -> None:
    """Run the stage."""
    params = load_params()
    images = list(benchmark_images(params))
    if not images:
        raise UserError(
            f"{params.data.benchmark_dir}: expected benchmark sets (data.benchmark_dir), a folder "
            "of images each; found none"
        )
    luts = {"lut": load_lut(LUT), "dfc": load_lut(DFC), "finetuned": load_lut(FINETUNED)}
    if not params.dfc.enabled:
        del luts["dfc"]  # the same as lut
    network = load_network(NETWORK)
    methods: dict[str, Method] = {
        "bicubic": lambda image: upscale_bicubic(image, params.data.scale),
        "network": lambda image: restore_image(network, image),
    } | {method: lambda image, lut=lut: restore(image, lut) for method, lut in luts.items()}
    storage = {method: lut.size_mib for method, lut in luts.items()}
    table = summarise(score_all(images, methods, params), storage)
    write_reports(table, storage)


def benchmark_images(params: Params) -> Iterator[tuple[str, str, Load]]:
    """List all benchmark images as set, name and a function that loads (degraded, sharp)."""
    scale = params.data.scale
    if params.data.source == "sample":
        for name in sample.BENCHMARK:
            yield "sample", name, lambda name=name: _sample_pair(name, scale)
    sets = benchmark_sets(Path(params.data.benchmark_dir), params.data.benchmarks, scale)
    for set_name, pairs in sets.items():
        for pair in pairs:
            yield set_name, pair.name, lambda pair=pair: load_pair(pair, scale)


def score_all(
    images: Sequence[tuple[str, str, Load]], methods: dict[str, Method], params: Params
) -> Iterator[Score]:
    """Restore and score all images, and keep the results where the params say so."""
    folder = REPORTS / "images"
    folder.mkdir(parents=True, exist_ok=True)  # an output of the stage, even if it stays empty
    progress = tqdm(images, unit="image")
    for set_name, image_name, load in progress:
        progress.set_postfix_str(f"{set_name}/{image_name}")
        degraded, sharp = load()
        restored = {name: method(degraded) for name, method in methods.items()}
        if params.benchmark.save_images:
            for method, image in restored.items():
                write_image(folder / set_name / method / f"{image_name}.png", image)
        yield from score_image(set_name, image_name, sharp, restored, shave=params.data.scale)


def _sample_pair(name: str, scale: int) -> tuple[Image, Image]:
    sharp = crop_to_multiple(sample.photograph(name), scale)
    return degrade(sharp, scale), sharp


def write_reports(table: pd.DataFrame, storage_mib: dict[str, float]) -> None:
    """Write what people compare: metrics.json, table.csv and table.md; and print the table."""
    markdown = as_markdown(table)
    texts = {
        "metrics.json": json.dumps(as_metrics(table, storage_mib), indent=2) + "\n",
        "table.csv": table.to_csv(index=False, float_format="%.5f"),
        "table.md": markdown,
    }
    for name, text in texts.items():
        with written_whole(REPORTS / name) as partial:
            partial.write_text(text)
    print(markdown)


if __name__ == "__main__":
    with one_line_errors():
        main()
