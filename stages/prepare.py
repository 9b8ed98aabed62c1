"""Prepare the training and validation images: one store that trains without decoding anything."""

from pathlib import Path

from tqdm import tqdm

from dfc.common.errors import UserError, exit_on_user_error
from dfc.common.files import remove_path
from dfc.common.parallel import count_image_workers, prefetch
from dfc.common.pipeline import PREPARED, PREPARING, record_time
from dfc.data.pairs import describe_pairs
from dfc.data.planning import (
    Planned,
    check_space,
    count_bytes,
    format_gigabytes,
    plan_store,
    refuse_unusable,
)
from dfc.data.prepare import find_training_pairs
from dfc.data.store import StoredImage, find_stored, finish_store, list_unwanted, store_example
from dfc.params import Params, load_params
from dfc.tasks import from_params


def main(params: Params, root: Path = Path()) -> None:
    """Run the stage; images that were prepared before, or until a kill, are taken as they are."""
    data, task = params.data, from_params(params)
    patch_size = max(data.patch_size, params.finetune.patch_size)
    folders = Path(data.train_dir), Path(data.val_dir)
    pairs = find_training_pairs(data.source, *folders, task.scale, task.reads_files)
    for split, of_split in pairs.items():
        print(describe_pairs(split, of_split, task))
    splits = plan_store(pairs, data.sizes, task, patch_size)
    planned = {each.key: each for files in splits.values() for each in files.values()}
    stored = prepare_missing(planned, root / PREPARING)
    images = {
        split: {file: stored[each.key] for file, each in files.items()}
        for split, files in splits.items()
    }
    finish_store(root / PREPARING, images, root / PREPARED)


def prepare_missing(planned: dict[str, Planned], folder: Path) -> dict[str, StoredImage]:
    """Prepare image pairs, by their keys, that are not in a folder; what else is there goes.

    Raises a `UserError`, before anything is written, if there is too little space for them or files
    are obviously unusable, and in the end if others cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stored = {key: image for key in planned if (image := find_stored(folder, key))}
    missing = [each for key, each in planned.items() if key not in stored]
    needed = count_bytes(missing)
    free = check_space(folder, needed, planned)
    for path in list_unwanted(folder, planned):
        remove_path(path)
    if stored:
        print(f"{len(stored):,} of {len(planned):,} images are prepared already")
    if missing:
        sizes = f"{format_gigabytes(needed)} of the {format_gigabytes(free)} that are free"
        print(f"prepares {len(missing):,} images, which takes {sizes}", flush=True)

    def prepare(each: Planned) -> StoredImage | UserError:
        try:
            example = each.load()
        except UserError as error:
            return error
        return store_example(folder, each.key, example, each.task.scale)

    results = prefetch(prepare, missing, threads=count_image_workers())
    made = list(tqdm(results, "prepare", len(missing), unit="image", disable=None))
    refuse_unusable(made)
    return stored | {image.file: image for image in made}


if __name__ == "__main__":
    with exit_on_user_error(), record_time("prepare"):
        main(load_params())
