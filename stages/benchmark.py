"""Benchmark every method of the run on every benchmark set."""

import json

from dfc.common.errors import one_line_errors
from dfc.common.files import written_whole
from dfc.common.pipeline import REPORTS, SCORES, timed
from dfc.evaluation.benchmark import as_markdown, as_metrics, summarise
from dfc.evaluation.measured import comparison_of
from dfc.params import Params, load_params


def main(params: Params) -> None:
    """Run the stage."""
    comparison = comparison_of(params)
    images = REPORTS / "images"
    images.mkdir(parents=True, exist_ok=True)  # an output of the stage, even if it stays empty
    scores = comparison.scores(images if params.benchmark.save_images else None)
    storage = comparison.storage_mib
    table = summarise(scores, storage)
    markdown = as_markdown(table, comparison.protocol.caption)
    texts = {
        SCORES: scores.to_csv(index=False, float_format="%.5f"),
        REPORTS / "metrics.json": json.dumps(as_metrics(table, storage), indent=2) + "\n",
        REPORTS / "table.csv": table.to_csv(index=False, float_format="%.5f"),
        REPORTS / "table.md": markdown,
    }
    for path, text in texts.items():
        with written_whole(path) as unfinished:
            unfinished.write_text(text)
    print(markdown)


if __name__ == "__main__":
    with one_line_errors(), timed("benchmark"):
        main(load_params())
