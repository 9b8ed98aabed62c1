"""Measure every LUT of the zoo on the benchmark sets: src/dfc/zoo/zoo.csv."""

import json
from pathlib import Path

import pandas as pd

from dfc import zoo
from dfc.cli.comparing import load_comparison
from dfc.common.errors import exit_on_user_error
from dfc.common.files import atomic_write
from dfc.evaluation.scores import summarise
from dfc.evaluation.speed import measure_720p_milliseconds
from dfc.params import Params, check_params
from run import HERE, MADE, ROOT, merge_params


def main(benchmarks: Path = ROOT / "data/benchmark") -> None:
    """Measure all, and write the table."""
    table = pd.concat([measure(name, benchmarks) for name in zoo.list_names()])
    with atomic_write(zoo.FIGURES) as partial:
        table.to_csv(partial, index=False, float_format="%.4f")
    print(table.to_string(index=False))


def measure(name: str, benchmarks: Path) -> pd.DataFrame:
    """Measure a LUT: a row a benchmark set."""
    params = check_params(merge_params(name), HERE / "params.yaml")
    path = zoo.find_lut(name)
    data = params.data
    comparison = load_comparison(
        [path], benchmarks, params.task, data.benchmarks, data.sigma, data.quality
    )
    (lut,) = comparison.luts.values()
    scores = summarise(comparison.score(), {})
    scores = scores[scores["method"] == name].drop(columns=["method", "storage_mib"])
    scores.insert(0, "name", name)
    made = json.loads((MADE / f"{name}.json").read_text())
    return scores.assign(
        mib=lut.size_mib,
        bytes=path.stat().st_size,
        ms_720p=measure_720p_milliseconds(lut),
        params=describe(params),
        commit=made["commit"],
    )


def describe(params: Params) -> str:
    """Say in a few words what a LUT was made with."""
    model, train = params.model, params.train
    return (
        f"{model.name}, {model.stages} stages, {model.channels} channels, "
        f"{train.total_iter} + {params.finetune.total_iter} iterations"
    )


if __name__ == "__main__":
    with exit_on_user_error():
        main()
