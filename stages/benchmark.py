"""Benchmark every method of the run on every benchmark set."""

import json

from dfc.common.errors import exit_on_user_error
from dfc.common.files import atomic_write
from dfc.common.pipeline import REPORTS, SCORES, record_time
from dfc.evaluation.benchmark import format_markdown, nest_metrics, summarise
from dfc.evaluation.measured import load_comparison
from dfc.params import Params, load_params


def main(params: Params) -> None:
    """Run the stage."""
    comparison = load_comparison(params)
    images = REPORTS / "images"
    images.mkdir(parents=True, exist_ok=True)  # an output of the stage, even if it stays empty
    scores = comparison.scores(images if params.benchmark.save_images else None)
    storage = comparison.storage_mib
    table = summarise(scores, storage)
    markdown = format_markdown(table, comparison.protocol.caption)
    texts = {
        SCORES: scores.to_csv(index=False, float_format="%.5f"),
        REPORTS / "metrics.json": json.dumps(nest_metrics(table, storage), indent=2) + "\n",
        REPORTS / "table.csv": table.to_csv(index=False, float_format="%.5f"),
        REPORTS / "table.md": markdown,
    }
    for path, text in texts.items():
        with atomic_write(path) as unfinished:
            unfinished.write_text(text)
    print(markdown)


if __name__ == "__main__":
    with exit_on_user_error(), record_time("benchmark"):
        main(load_params())
