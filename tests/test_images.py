import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dfc.common.errors import UserError
from dfc.images.files import list_images, read_image, write_image


@pytest.mark.parametrize("mode", ["P", "CMYK", "RGBA"])
def test_colour_in_any_form_is_read_as_rgb(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "image.tif"
    Image.new("RGB", (5, 4), (255, 0, 0)).convert(mode).save(path)
    image = read_image(path)
    assert image.dtype == np.uint8
    assert (image == (255, 0, 0)).all()
    assert image.shape == (4, 5, 3)


def test_a_palette_with_transparency_is_read_without_a_warning(tmp_path: Path) -> None:
    picture = Image.effect_noise((8, 6), 50).quantize(4)
    picture.save(tmp_path / "a.png", transparency=bytes([0, 128]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        image = read_image(tmp_path / "a.png")
    np.testing.assert_array_equal(image, np.asarray(picture.convert("RGB")))


@pytest.mark.parametrize("mode", ["1", "L", "LA"])
def test_grey_in_any_form_is_read_as_one_plane(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "image.png"
    Image.new("L", (5, 4), 255).convert(mode).save(path)
    np.testing.assert_array_equal(read_image(path), np.full((4, 5), 255))


def test_16_bit_grey_keeps_black_and_white(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    Image.fromarray(np.array([[0, 257 * 100, 65535]], np.uint16)).save(path)
    np.testing.assert_array_equal(read_image(path), [[0, 100, 255]])


def test_32_bit_pixels_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "image.tif"
    Image.fromarray(np.ones((4, 5), np.float32)).save(path)
    with pytest.raises(UserError, match=r"image\.tif: .*32 bits"):
        read_image(path)


@pytest.mark.parametrize("kept_bytes", [0, 20, 60, 400])
def test_a_damaged_file_is_named(tmp_path: Path, kept_bytes: int) -> None:
    path = tmp_path / "broken.png"
    write_image(path, np.random.default_rng(0).integers(256, size=(24, 32, 3), dtype=np.uint8))
    path.write_bytes(path.read_bytes()[:kept_bytes])
    with pytest.raises(UserError, match=r"broken\.png: expected a readable image"):
        read_image(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"absent\.png"):
        read_image(tmp_path / "absent.png")


@pytest.mark.parametrize("shape", [(3, 7), (3, 7, 3)])
def test_png_files_keep_every_pixel(tmp_path: Path, shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(0).integers(256, size=shape, dtype=np.uint8)
    write_image(tmp_path / "new" / "image.png", image)
    np.testing.assert_array_equal(read_image(tmp_path / "new" / "image.png"), image)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["image.png"]


def test_images_are_listed_sorted_through_links_without_hidden_ones(tmp_path: Path) -> None:
    root, non_diagonal = tmp_path / "root", tmp_path / "elsewhere"
    for file in ("b.PNG", "a/c.jpeg", ".hidden/d.png", "._a.png", "notes.txt"):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    non_diagonal.mkdir()
    (non_diagonal / "e.bmp").touch()
    (root / "linked").symlink_to(non_diagonal)
    found = [path.relative_to(root).as_posix() for path in list_images(root)]
    assert found == ["a/c.jpeg", "b.PNG", "linked/e.bmp"]
    assert list_images(tmp_path / "absent") == []


def test_links_in_a_circle_are_followed_once(tmp_path: Path) -> None:
    for file in ("a/b.png", "c/d.png"):
        (tmp_path / file).parent.mkdir()
        (tmp_path / file).touch()
    for link, target in (("a/up", ".."), ("a/c", "../c"), ("c/a", "../a"), ("self", "self")):
        (tmp_path / link).symlink_to(target)
    found = [path.relative_to(tmp_path).as_posix() for path in list_images(tmp_path)]
    assert found == ["a/b.png", "a/c/d.png", "c/a/b.png", "c/d.png"]
