"""Benchmark every method of the run: scores, and all other evidence that reports draw."""

import json
from pathlib import Path

from dfc.common.errors import exit_on_user_error
from dfc.common.files import atomic_write
from dfc.common.pipeline import (
    DFC,
    EVIDENCE,
    FINETUNED,
    IMAGES,
    LUT,
    REPORTS,
    RESTORE_TIME,
    SCORES,
    TRAINED,
    record_time,
)
from dfc.data.benchmarks import list_benchmarks
from dfc.data.pairs import describe_pairs
from dfc.evaluation.benchmark import Comparison, compare
from dfc.evaluation.collect import collect_evidence
from dfc.evaluation.evidence import write_evidence
from dfc.evaluation.scores import format_markdown, nest_metrics
from dfc.evaluation.speed import measure_720p_milliseconds
from dfc.models.artifact import load_lut, load_model
from dfc.models.lut import Lut
from dfc.params import Params, load_params
from dfc.tasks import from_params


def main(params: Params, root: Path = Path()) -> None:
    """Run the stage."""
    comparison = load_comparison(params, root)
    for name, pairs in comparison.sets.items():
        print(describe_pairs(name, pairs, comparison.task))
    images = root / IMAGES
    images.mkdir(parents=True, exist_ok=True)  # an output of the stage, even if it stays empty
    scores = comparison.score(images if params.benchmark.save_images else None)
    evidence = collect_evidence(comparison, scores, subject="finetuned")
    write_evidence(evidence, root / EVIDENCE)
    table = evidence.table.drop(columns="gain")
    markdown = format_markdown(table, evidence.caption)
    metrics = nest_metrics(table, evidence.storage_mib)
    (milliseconds,) = measure_720p_milliseconds(comparison.luts["finetuned"])
    texts = {
        root / SCORES: scores.to_csv(index=False, float_format="%.5f"),
        root / REPORTS / "metrics.json": json.dumps(metrics, indent=2) + "\n",
        root / REPORTS / "table.csv": table.to_csv(index=False, float_format="%.5f"),
        root / REPORTS / "table.md": markdown,
        root / RESTORE_TIME: json.dumps({"milliseconds": round(milliseconds, 2)}),
    }
    for path, text in texts.items():
        with atomic_write(path) as partial:
            partial.write_text(text)
    print(markdown)


def load_comparison(params: Params, root: Path) -> Comparison:
    """Load what the run has made, and find the images to measure it on."""
    task = from_params(params, rounded=params.benchmark.quantize_input)
    sets = list_benchmarks(params.data, task)
    files = {"lut": LUT, "dfc": DFC, "finetuned": FINETUNED}
    if not params.dfc.enabled:
        del files["dfc"]  # the same as lut
    luts = {name: load_lut(root / file) for name, file in files.items()}
    trained = load_model(root / TRAINED)
    networks = {} if isinstance(trained, Lut) else {"network": trained}
    return compare(task, sets, luts, networks)


if __name__ == "__main__":
    with exit_on_user_error(), record_time("benchmark"):
        main(load_params())
