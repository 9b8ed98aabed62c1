"""Prepare the training and validation images: one store that trains without decoding anything."""

from functools import partial
from pathlib import Path

from tqdm import tqdm

from dfc.common.errors import exit_on_user_error
from dfc.common.files import fingerprint
from dfc.common.parallel import count_cores, prefetch
from dfc.common.pipeline import CHECKPOINTS, PREPARED, record_time
from dfc.data.prepare import (
    describe_inputs,
    find_training_pairs,
    list_sizes,
    load_training_example,
    load_validation_example,
)
from dfc.data.store import StoreWriter
from dfc.params import Params, load_params


def main(params: Params) -> None:
    """Run the stage; after a kill, go on where it stopped."""
    data, degradation = params.data, params.degradation
    patch_size = max(data.patch_size, params.finetune.patch_size)
    splits = find_training_pairs(
        data.source, Path(data.train_dir), Path(data.val_dir), params.scale
    )
    train = partial(load_training_example, degradation=degradation, patch_size=patch_size)
    val = partial(load_validation_example, degradation=degradation)
    jobs = {
        "train": [
            partial(train, *at) for at in list_sizes(splits["train"], data.sizes, degradation)
        ],
        "val": [partial(val, pair) for pair in splits["val"]],
    }
    identity = describe_inputs(splits, data.sizes, degradation, patch_size)
    stamp, made_from = CHECKPOINTS / "prepared", fingerprint([params.scale, identity])
    if PREPARED.is_dir() and stamp.is_file() and stamp.read_text() == made_from:
        return  # where DVC, which deletes outputs before it runs a stage, has no part in it
    writer = StoreWriter(CHECKPOINTS / "prepare", params.scale, identity)
    # More would fill the memory, not the cores: large photographs take 100 MB each on their way.
    threads = min(count_cores(), 8)
    for split, loads in jobs.items():
        done = writer.written(split)
        if done:
            print(f"resumes after {done} of {len(loads)} {split} images")
        examples = prefetch(lambda load: load(), loads[done:], threads, ahead=threads)
        for example in tqdm(examples, split, len(loads), initial=done, unit="image"):
            writer.append(split, example)
    writer.finish(PREPARED)
    stamp.write_text(made_from)


if __name__ == "__main__":
    with exit_on_user_error(), record_time("prepare"):
        main(load_params())
