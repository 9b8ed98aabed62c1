from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import dfc
from dfc.common.errors import UserError
from dfc.models.artifact import save_model
from dfc.models.lut import Lut


@pytest.fixture(scope="module")
def lut(make_lut: Callable[..., Lut]) -> Lut:
    return make_lut("sr_lut", 2, "s")


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).integers(256, size=(5, 7, 3), dtype=np.uint8)


def test_a_lut_is_loaded_and_restores(tmp_path: Path, lut: Lut, image: np.ndarray) -> None:
    save_model(lut, tmp_path / "lut.safetensors")
    loaded = dfc.load(str(tmp_path / "lut.safetensors"))
    np.testing.assert_array_equal(dfc.restore(image, loaded, threads=1), dfc.restore(image, lut))


def test_colours_are_restored_apart(lut: Lut, image: np.ndarray) -> None:
    restored = dfc.restore(image, lut)
    assert restored.shape == (10, 14, 3)
    for colour in range(3):
        grey = dfc.restore(image[..., colour], lut)
        np.testing.assert_array_equal(restored[..., colour], grey)


def test_a_view_that_is_not_contiguous_is_restored(lut: Lut, image: np.ndarray) -> None:
    view = image[::-1, ::2]
    np.testing.assert_array_equal(dfc.restore(view, lut), dfc.restore(view.copy(), lut))


@pytest.mark.parametrize(
    ("mode", "restored_mode"),
    [("L", "L"), ("RGB", "RGB"), ("P", "RGB"), ("CMYK", "RGB"), ("1", "L"), ("I;16", "I;16")],
)
def test_pictures_of_every_mode_are_restored(
    lut: Lut, image: np.ndarray, mode: str, restored_mode: str
) -> None:
    picture = Image.fromarray(image).convert("L" if mode == "I;16" else "RGB").convert(mode)
    restored = dfc.restore(picture, lut)
    assert (restored.mode, restored.size) == (restored_mode, (14, 10))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_transparency_is_kept(lut: Lut, image: np.ndarray, mode: str) -> None:
    picture = Image.fromarray(image)
    alpha = Image.linear_gradient("L").resize(picture.size)
    picture.putalpha(alpha)
    restored = dfc.restore(picture.convert(mode), lut)
    assert restored.mode == ("LA" if mode == "LA" else "RGBA")
    expected = alpha.resize((14, 10), Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(np.asarray(restored.getchannel("A")), np.asarray(expected))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.zeros((4, 4), np.float32), "expected uint8 .*, got float32 of shape"),
        (np.zeros((4, 4, 2), np.uint8), r"got uint8 of shape \(4, 4, 2\)"),
        (np.zeros(4, np.uint8), r"of shape \(4,\)"),
        (np.zeros((0, 4), np.uint8), "at least one pixel"),
        (Image.new("F", (3, 3)), "32 bits"),
        ([[1, 2]], "expected an array of NumPy or an image of Pillow's, got list"),
        ("a.png", "got str; the command dfc restore takes files"),
        (torch.zeros((3, 3), dtype=torch.uint8), r"got torch\.Tensor"),
    ],
)
def test_what_is_no_picture_is_refused(lut: Lut, wrong: object, message: str) -> None:
    with pytest.raises(UserError, match=message):
        dfc.restore(wrong, lut)


def test_no_threads_are_refused(lut: Lut, image: np.ndarray) -> None:
    with pytest.raises(UserError, match="threads: expected 1 or more, got 0"):
        dfc.restore(image, lut, threads=0)


def test_a_lut_may_be_named_by_its_file(tmp_path: Path, lut: Lut, image: np.ndarray) -> None:
    save_model(lut, tmp_path / "lut.safetensors")
    for path in (tmp_path / "lut.safetensors", str(tmp_path / "lut.safetensors")):
        np.testing.assert_array_equal(dfc.restore(image, path), dfc.restore(image, lut))
    with pytest.raises(UserError, match=r"lut: expected a LUT .*, got dict"):
        dfc.restore(image, {})


def test_channels_that_are_alone_or_transparent_are_kept(lut: Lut, image: np.ndarray) -> None:
    grey = image[..., :1]
    np.testing.assert_array_equal(dfc.restore(grey, lut)[..., 0], dfc.restore(image[..., 0], lut))
    rgba = np.dstack([image, np.full(image.shape[:2], 255, np.uint8)])
    restored = dfc.restore(rgba, lut)
    np.testing.assert_array_equal(restored[..., :3], dfc.restore(image, lut))
    assert (restored[..., 3] == 255).all()


def test_a_forked_child_restores_with_threads_of_its_own(lut: Lut, image: np.ndarray) -> None:
    large = np.tile(image, (40, 1, 1))
    expected = dfc.restore(large, lut, threads=2)
    with get_context("fork").Pool(2) as pool:
        for restored in pool.map(partial(dfc.restore, lut=lut, threads=2), [large] * 4):
            np.testing.assert_array_equal(restored, expected)


def test_the_first_use_may_come_from_many_threads(make_lut: Callable[..., Lut]) -> None:
    lut = make_lut("mulut", 3, "sd")
    image = np.random.default_rng(0).integers(256, size=(70, 9), dtype=np.uint8)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: dfc.restore(image, lut, threads=2), range(8)))
    for restored in results:
        np.testing.assert_array_equal(restored, results[0])
