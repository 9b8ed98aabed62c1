from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dfc.common.errors import UserError
from dfc.data import sample
from dfc.data.layouts import Pair
from dfc.data.prepare import (
    find_training_pairs,
    list_sizes,
    load_training_example,
    load_validation_example,
)
from dfc.images.files import read_image
from dfc.images.pixels import compute_luma
from dfc.tasks import build_task

MakeImage = Callable[..., Path]
SCALE, PATCH = 4, 6
SR = build_task("sr", SCALE)


def from_folders(root: Path) -> dict[str, list[Pair]]:
    return find_training_pairs("folder", root / "train", root / "val", SCALE)


def test_sample_photographs_are_prepared(tmp_path: Path) -> None:
    splits = find_training_pairs("sample", tmp_path, tmp_path, SCALE)
    assert [pair.name for pair in splits["train"]] == list(sample.TRAIN)
    assert [pair.name for pair in splits["val"]] == list(sample.VALIDATION)


def test_validation_images_of_their_own_are_used(tmp_path: Path, make_image: MakeImage) -> None:
    make_image("train/a.png")
    make_image("val/b.png")
    splits = from_folders(tmp_path)
    assert {split: [pair.name for pair in pairs] for split, pairs in splits.items()} == {
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
    names = {split: {pair.name for pair in splits[split]} for split in splits}
    assert len(names["val"]) == held_out
    assert len(names["train"]) == images - held_out
    assert not names["val"] & names["train"]


def test_images_are_never_both_trained_and_validated_on(
    tmp_path: Path, make_image: MakeImage
) -> None:
    make_image("train/a.png")
    make_image("train/b.png")
    splits = find_training_pairs("folder", tmp_path / "train", tmp_path / "train", SCALE)
    assert [[pair.name for pair in splits[split]] for split in ("train", "val")] == [
        ["b"],
        ["a"],
    ]


def test_a_single_image_cannot_train_and_validate(tmp_path: Path, make_image: MakeImage) -> None:
    make_image("train/a.png")
    with pytest.raises(UserError, match="at least 2 images"):
        from_folders(tmp_path)


@pytest.mark.parametrize(
    ("task", "scale", "side"), [("sr", 4, 24), ("denoise", 1, 6), ("deblur", 1, 14)]
)
def test_a_training_image_that_is_too_small_for_a_crop_is_named(
    make_image: MakeImage, task: str, scale: int, side: int
) -> None:
    small = Pair("small", make_image("small.png", side - 1, 40, 3), None)
    with pytest.raises(UserError, match=rf"small\.png: .* RGB; expected at least {side}x{side}"):
        load_training_example(small, 1, build_task(task, scale), PATCH)
    large = Pair("large", make_image("large.png", side, 40, 3), None)
    load_training_example(large, 1, build_task(task, scale), PATCH)


def test_a_corrupt_image_is_named(tmp_path: Path) -> None:
    (tmp_path / "corrupt.png").write_bytes(b"no image")
    with pytest.raises(UserError, match=r"corrupt\.png"):
        load_training_example(Pair("corrupt", tmp_path / "corrupt.png", None), 1, SR, PATCH)


def test_validation_takes_the_luma_of_the_centre(make_image: MakeImage) -> None:
    path = make_image("wide.png", 40, 4 * 138, 3)
    example = load_validation_example(Pair("wide", path, None), SR)
    assert example.degraded is not None and example.degraded.shape == (10, 128, 4)
    expected = np.rint(compute_luma(read_image(path)[:, 20:-20])).astype(np.uint8)
    np.testing.assert_array_equal(example.target[..., 0], expected)
    np.testing.assert_array_equal(example.target[..., 1:], read_image(path)[:, 20:-20])


@pytest.mark.parametrize("task", ["sr", "denoise", "deblock", "deblur"])
def test_training_keeps_degraded_images_that_are_not_made_anew(
    make_image: MakeImage, task: str
) -> None:
    target, degraded = make_image("a.png", 24, 32, 3), make_image("b.png", 24, 32, 3)
    made = load_training_example(Pair("a", target, None), 1, build_task(task), PATCH)
    assert (made.degraded is None) == (task in ("denoise", "deblur"))
    if task == "deblock":
        described = build_task(task, quality_max=30)
        made = load_training_example(Pair("a", target, None), 1, described, PATCH)
        assert made.degraded is None
    else:
        np.testing.assert_array_equal(made.target, read_image(target))
    if task == "deblur":
        read = load_training_example(Pair("a", target, degraded), 1, build_task(task), PATCH)
        np.testing.assert_array_equal(read.degraded, read_image(degraded))


@pytest.mark.parametrize("task", ["sr", "denoise", "deblock", "deblur"])
def test_training_images_are_made_smaller_but_not_than_a_crop(
    make_image: MakeImage, task: str
) -> None:
    described = build_task(task)
    pair = Pair("a", make_image("a.png", 50, 101), None)
    half, tiny = (load_training_example(pair, size, described, PATCH) for size in (0.5, 0.01))
    scale = described.scale
    assert half.target.shape[:2] == (25 // scale * scale, 50 // scale * scale)
    side = PATCH * scale + 2 * described.margin
    assert tiny.target.shape[:2] == (side, side)
    if not described.per_crop:
        np.testing.assert_array_equal(half.degraded, described.degrade(half.target, "a"))


def test_blur_of_a_camera_is_not_made_smaller(make_image: MakeImage) -> None:
    pair = Pair("a", make_image("sharp.png"), make_image("degraded.png"))
    assert list_sizes([pair], [1, 0.5], build_task("deblur")) == [(pair, 1)]
    assert list_sizes([pair], [1, 0.5], SR) == [(pair, 1), (pair, 0.5)]
    made = Pair("a", pair.target, None)
    assert list_sizes([made], [1, 0.5], build_task("deblur")) == [(made, 1), (made, 0.5)]
