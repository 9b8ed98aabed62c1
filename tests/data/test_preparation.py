import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dfc.data import sample
from dfc.data.degradations import Degradation
from dfc.data.images import read_image
from dfc.data.preparation import PendingExample, loaded_ahead, training_examples
from dfc.data.store import Example
from dfc.errors import UserError
from dfc.metrics import luma

MakeImage = Callable[..., Path]
SCALE, PATCH = 4, 6
SR = Degradation("sr", SCALE)


def from_folders(root: Path) -> dict[str, list[PendingExample]]:
    return training_examples("folder", root / "train", root / "val", SR, PATCH)


def test_sample_photographs_are_prepared(tmp_path: Path) -> None:
    splits = training_examples("sample", tmp_path, tmp_path, SR, 48)
    assert [pending.name for pending in splits["train"]] == list(sample.TRAIN)
    assert [pending.name for pending in splits["val"]] == list(sample.VALIDATION)
    for split in splits.values():
        for example in loaded_ahead(split):
            height, width = example.degraded.shape[:2]
            assert example.sharp.shape[:2] == (height * SCALE, width * SCALE)


def test_an_unknown_source_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"data\.source: .*'web'"):
        training_examples("web", tmp_path, tmp_path, SR, PATCH)


def test_validation_images_of_their_own_are_used(tmp_path: Path, make_image: MakeImage) -> None:
    make_image("train/a.png")
    make_image("val/b.png")
    splits = from_folders(tmp_path)
    assert {split: [p.name for p in pending] for split, pending in splits.items()} == {
        "train": ["a"],
        "val": ["b"],
    }


@pytest.mark.parametrize(("images", "held_out"), [(2, 1), (20, 1), (21, 2), (250, 10)])
def test_training_images_are_held_out_where_validation_has_none(
    tmp_path: Path, images: int, held_out: int
) -> None:
    (tmp_path / "train").mkdir()
    for number in range(images):
        (tmp_path / "train" / f"{number:03}.png").touch()
    splits = from_folders(tmp_path)
    names = {split: {pending.name for pending in splits[split]} for split in splits}
    assert len(names["val"]) == held_out
    assert len(names["train"]) == images - held_out
    assert not names["val"] & names["train"]


def test_images_are_never_both_trained_and_validated_on(
    tmp_path: Path, make_image: MakeImage
) -> None:
    make_image("train/a.png")
    make_image("train/b.png")
    splits = training_examples("folder", tmp_path / "train", tmp_path / "train", SR, PATCH)
    assert [[pending.name for pending in splits[split]] for split in ("train", "val")] == [
        ["b"],
        ["a"],
    ]


def test_a_single_image_cannot_train_and_validate(tmp_path: Path, make_image: MakeImage) -> None:
    make_image("train/a.png")
    with pytest.raises(UserError, match="at least 2 images"):
        from_folders(tmp_path)


def test_a_training_image_that_is_too_small_is_named(tmp_path: Path, make_image: MakeImage) -> None:
    make_image("train/small.png", 23, 40, 3)
    make_image("val/b.png")
    with pytest.raises(UserError, match=r"small\.png: 40x20 RGB; expected at least 24x24"):
        list(loaded_ahead(from_folders(tmp_path)["train"]))


def test_a_corrupt_image_is_named(tmp_path: Path, make_image: MakeImage) -> None:
    make_image("train/a.png")
    (tmp_path / "train" / "corrupt.png").write_bytes(b"no image")
    make_image("val/b.png")
    with pytest.raises(UserError, match=r"corrupt\.png"):
        list(loaded_ahead(from_folders(tmp_path)["train"]))


def test_validation_takes_the_luma_of_the_centre(tmp_path: Path, make_image: MakeImage) -> None:
    make_image("train/a.png")
    path = make_image("val/wide.png", 40, 4 * 138, 3)
    [example] = loaded_ahead(from_folders(tmp_path)["val"])
    assert example.degraded.shape == (10, 128)
    expected = np.rint(luma(read_image(path)[:, 20:-20])).astype(np.uint8)
    np.testing.assert_array_equal(example.sharp, expected)


def test_training_keeps_all_channels(tmp_path: Path, make_image: MakeImage) -> None:
    path = make_image("train/a.png", 24, 32, 3)
    make_image("val/b.png")
    [example] = loaded_ahead(from_folders(tmp_path)["train"])
    assert example.source == str(path)
    np.testing.assert_array_equal(example.sharp, read_image(path))


def test_loading_ahead_keeps_the_order_and_is_bounded() -> None:
    started: list[int] = []

    def pending(number: int) -> PendingExample:
        def load() -> Example:
            started.append(number)
            time.sleep(0.002 * (number % 3))
            return Example(str(number), "", np.empty(0), np.empty(0))

        return PendingExample(str(number), load)

    examples = loaded_ahead([pending(number) for number in range(600)])
    assert next(examples).name == "0"
    assert len(started) < 600
    assert [example.name for example in examples] == [str(number) for number in range(1, 600)]
