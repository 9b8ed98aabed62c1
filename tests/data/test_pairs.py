from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dfc.common.errors import UserError
from dfc.data.layouts import Pair
from dfc.data.pairs import load_pair
from dfc.images.files import read_image, write_image
from dfc.images.pixels import downscale
from dfc.tasks import build_task

MakeImage = Callable[..., Path]


def test_a_missing_degraded_file_is_made(make_image: MakeImage) -> None:
    path = make_image("sharp.png", 26, 31, 3)
    degraded, target = load_pair(Pair("a", path, None), build_task("sr", 4))
    np.testing.assert_array_equal(target, read_image(path)[:24, :28])
    np.testing.assert_array_equal(degraded, downscale(target, 4))


def test_an_existing_degraded_file_is_used(make_image: MakeImage) -> None:
    path = make_image("degraded.png", 6, 7)
    degraded, _ = load_pair(Pair("a", make_image("sharp.png", 26, 31), path), build_task("sr", 4))
    np.testing.assert_array_equal(degraded, read_image(path))


@pytest.mark.parametrize("scale", [3, 4])
def test_a_pixel_for_what_remains_of_the_target_image_is_left_out(
    make_image: MakeImage, scale: int
) -> None:
    """As in Set5 at scale 3: 171 pixels stand for 512, the last of them for two."""
    path = make_image("degraded.png", -(-26 // scale), -(-31 // scale))
    pair = Pair("a", make_image("sharp.png", 26, 31), path)
    degraded, target = load_pair(pair, build_task("sr", scale))
    assert target.shape == tuple(side * scale for side in degraded.shape)
    np.testing.assert_array_equal(degraded, read_image(path)[: 26 // scale, : 31 // scale])


@pytest.mark.parametrize("shape", [(6, 9, 3), (5, 7, 3), (6, 7)])
def test_files_that_do_not_fit_are_both_named(
    make_image: MakeImage, shape: tuple[int, ...]
) -> None:
    pair = Pair("a", make_image("sharp.png", 26, 31, 3), make_image("degraded.png", *shape))
    with pytest.raises(UserError, match=r"degraded\.png: .x. .* 7x6 RGB.*sharp\.png is 31x26 RGB"):
        load_pair(pair, build_task("sr", 4))


def test_an_image_smaller_than_one_degraded_pixel_is_named(make_image: MakeImage) -> None:
    with pytest.raises(UserError, match=r"tiny\.png: 3x9 grey"):
        load_pair(Pair("a", make_image("tiny.png", 9, 3), None), build_task("sr", 4))


@pytest.mark.parametrize("coloured", ["target", "degraded"])
def test_grey_beside_three_equal_colours_is_a_pair(
    tmp_path: Path, make_image: MakeImage, coloured: str
) -> None:
    paths = {"target": make_image("t.png", 24, 32), "degraded": make_image("d.png", 6, 8)}
    task = build_task("sr", 4)
    expected = load_pair(Pair("a", **paths), task)
    write_image(paths[coloured], np.dstack([read_image(paths[coloured])] * 3))
    for found, image in zip(load_pair(Pair("a", **paths), task), expected, strict=True):
        np.testing.assert_array_equal(found, image)
    make_image("t.png" if coloured == "target" else "d.png", *(24, 32, 3))
    with pytest.raises(UserError, match="expected 8x6"):
        load_pair(Pair("a", **paths), task)
