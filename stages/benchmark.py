"""Benchmark every method of the run on every benchmark set."""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from dfc.benchmark import (
    Score,
    as_markdown,
    as_metrics,
    restore_image,
    score_image,
    summarise,
)
from dfc.data import sample
from dfc.data.degradations import Degradation, to_8_bit, upscale_bicubic
from dfc.data.images import write_image
from dfc.data.layouts import Pair, benchmark_sets
from dfc.data.pairs import load_pair, load_sharp
from dfc.engine.restoring import restore
from dfc.errors import UserError, one_line_errors
from dfc.files import written_whole
from dfc.lut.artifact import load_lut
from dfc.lut.model import TableModel
from dfc.lut.table import Lut
from dfc.metrics import measures
from dfc.network import Network
from dfc.params import Params, load_params
from dfc.pipeline import DFC, FINETUNED, LUT, REPORTS, TRAINED
from dfc.trained import load_trained

Load = Callable[[], tuple[NDArray, NDArray[np.uint8]]]
"""Gives a degraded image and the sharp one; noise may be left unrounded."""
Method = Callable[[NDArray], NDArray[np.uint8]]
"""Restores a degraded image [H, W] or [H, W, 3]."""


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
    methods = baseline(params)
    trained = load_trained(TRAINED)
    if isinstance(trained, Network):
        methods["network"] = partial(restore_image, trained)
    methods |= {name: lut_method(lut, params) for name, lut in luts.items()}
    storage = {method: lut.size_mib for method, lut in luts.items()}
    table = summarise(score_all(images, methods, params), storage)
    write_reports(table, storage, caption(params))


def baseline(params: Params) -> dict[str, Method]:
    """What the others have to beat: bicubic interpolation, or doing nothing."""
    if params.task == "sr":
        return {"bicubic": lambda image: upscale_bicubic(image, params.scale)}
    return {"input": lambda image: image}


def lut_method(lut: Lut, params: Params) -> Method:
    """The engine; or the table model, which takes an image that was not rounded."""
    if unrounded(params):
        return partial(restore_image, TableModel(lut))
    return lambda image: restore(image, lut)


def unrounded(params: Params) -> bool:
    """Whether images are restored that are not 8-bit."""
    return params.task == "denoise" and not params.benchmark.quantize_input


def caption(params: Params) -> str:
    """What the numbers mean, in one line."""
    match params.task:
        case "sr":
            return f"x{params.scale}: PSNR and SSIM on luma, {params.scale} pixels shaved for PSNR."
        case "denoise":
            made = "clipped" if unrounded(params) else "clipped and rounded to 8 bits"
            return f"Noise of sigma {params.data.sigma:g}, {made}: PSNR and SSIM on all channels."
        case "deblock":
            return f"JPEG of quality {params.data.quality}: PSNR, SSIM and PSNR-B on luma."
        case _:
            return "Blur: PSNR on all channels, SSIM on luma."


def benchmark_images(params: Params) -> Iterator[tuple[str, str, Load]]:
    """List all benchmark images as set, name and a function that loads (degraded, sharp)."""
    load = _load_unrounded if unrounded(params) else load_pair
    data = params.data
    sets = [*benchmark_sets(Path(data.benchmark_dir), data.benchmarks, params.scale).items()]
    if data.source == "sample":
        sets.insert(0, ("sample", [sample.photograph(name) for name in sample.BENCHMARK]))
    for set_name, pairs in sets:
        for pair in pairs:
            yield set_name, pair.name, partial(load, pair, params.degradation)


def _load_unrounded(pair: Pair, degradation: Degradation) -> tuple[NDArray, NDArray[np.uint8]]:
    sharp = load_sharp(pair, degradation)
    return degradation.noisy(sharp), sharp


def score_all(
    images: Sequence[tuple[str, str, Load]], methods: dict[str, Method], params: Params
) -> Iterator[Score]:
    """Restore and score all images, and keep the results where the params say so."""
    folder = REPORTS / "images"
    folder.mkdir(parents=True, exist_ok=True)  # an output of the stage, even if it stays empty
    measured = measures(params.task, params.scale)
    progress = tqdm(images, unit="image")
    for set_name, image_name, load in progress:
        progress.set_postfix_str(f"{set_name}/{image_name}")
        degraded, sharp = load()
        restored = {name: method(degraded) for name, method in methods.items()}
        if params.benchmark.save_images:
            for method, image in restored.items():
                write_image(folder / set_name / method / f"{image_name}.png", to_8_bit(image))
        yield from score_image(set_name, image_name, sharp, restored, measured)


def write_reports(table: pd.DataFrame, storage_mib: dict[str, float], caption: str) -> None:
    """Write what people compare: metrics.json, table.csv and table.md; and print the table."""
    markdown = as_markdown(table, caption)
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
