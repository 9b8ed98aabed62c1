"""Prepare the training and validation images: one store that trains without decoding anything."""

from pathlib import Path

from tqdm import tqdm

from dfc.data.preparation import loaded_ahead, training_examples
from dfc.data.store import write_store
from dfc.errors import one_line_errors
from dfc.params import load_params
from dfc.pipeline import PREPARED


def main() -> None:
    """Run the stage."""
    params = load_params()
    data = params.data
    splits = training_examples(
        data.source,
        Path(data.train_dir),
        Path(data.val_dir),
        params.degradation,
        max(data.patch_size, params.finetune.patch_size),
    )
    examples = {
        split: tqdm(loaded_ahead(pending), total=len(pending), desc=split, unit="image")
        for split, pending in splits.items()
    }
    write_store(PREPARED, examples, params.scale)


if __name__ == "__main__":
    with one_line_errors():
        main()
