"""Prepare the training and validation images: one store that trains without decoding anything."""

from pathlib import Path

from tqdm import tqdm

from dfc.common.errors import exit_on_user_error
from dfc.common.files import fingerprint
from dfc.common.parallel import count_image_workers, prefetch
from dfc.common.pipeline import CHECKPOINTS, PREPARED, record_time
from dfc.data.pairs import describe_pairs
from dfc.data.prepare import describe_inputs, find_training_pairs, list_examples
from dfc.data.store import finish_store, is_stored, start_store, store_example
from dfc.params import Params, load_params
from dfc.tasks import from_params


def main(params: Params, root: Path = Path()) -> None:
    """Run the stage; after a kill, go on where it stopped."""
    data, task = params.data, from_params(params)
    patch_size = max(data.patch_size, params.finetune.patch_size)
    folders = Path(data.train_dir), Path(data.val_dir)
    pairs = find_training_pairs(data.source, *folders, task.scale, task.reads_files)
    for split, of_split in pairs.items():
        print(describe_pairs(split, of_split, task))
    identity = describe_inputs(pairs, data.sizes, task, patch_size)
    stamp, made_from = root / CHECKPOINTS / "prepared", fingerprint(identity)
    if (root / PREPARED).is_dir() and stamp.is_file() and stamp.read_text() == made_from:
        return  # where DVC, which deletes outputs before it runs a stage, has no part in it
    unfinished = root / CHECKPOINTS / "prepare"
    start_store(unfinished, identity)
    stored = {}
    for split, loads in list_examples(pairs, data.sizes, task, patch_size).items():
        folder = unfinished / split
        if done := sum(is_stored(folder, file) for file in loads):
            print(f"resumes after {done} of {len(loads)} {split} images")
        images = prefetch(
            lambda item, folder=folder: store_example(folder, *item, task.scale),
            loads.items(),
            threads=count_image_workers(),
        )
        stored[split] = list(tqdm(images, split, len(loads), unit="image", disable=None))
    finish_store(unfinished, stored, root / PREPARED)
    stamp.write_text(made_from)


if __name__ == "__main__":
    with exit_on_user_error(), record_time("prepare"):
        main(load_params())
