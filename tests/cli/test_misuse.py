"""Pictures that are degraded otherwise than what a LUT was trained on are named, in a line."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from dfc.cli import app
from dfc.data.sample import find_photograph
from dfc.images.degradation import estimate_jpeg_quality, estimate_noise

PHOTOGRAPH = np.array(Image.open(find_photograph("chelsea").target))[:160, :160]


def make_noisy(sigma: float) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, sigma, PHOTOGRAPH.shape)
    return np.rint(PHOTOGRAPH + noise).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("sigma", [10, 25, 50])
@pytest.mark.parametrize("grey", [False, True])
def test_the_strength_of_noise_is_found(sigma: float, grey: bool) -> None:
    image = make_noisy(sigma)
    assert estimate_noise(image[..., 1] if grey else image) == pytest.approx(sigma, rel=0.2)


def test_a_clean_photograph_has_hardly_any_noise() -> None:
    small = np.array(Image.fromarray(PHOTOGRAPH).resize((40, 40), Image.Resampling.BICUBIC))
    assert estimate_noise(PHOTOGRAPH) < 3
    assert estimate_noise(small) < 8, "though its texture is fine"
    assert estimate_noise(PHOTOGRAPH[:1]) == 0, "too small to tell"


@pytest.mark.parametrize("quality", [5, 40, 75, 95])
def test_the_quality_of_a_jpeg_file_is_found(quality: int) -> None:
    file = io.BytesIO()
    Image.fromarray(PHOTOGRAPH).save(file, "JPEG", quality=quality)
    assert estimate_jpeg_quality(Image.open(file)) == quality
    assert estimate_jpeg_quality(Image.fromarray(PHOTOGRAPH)) is None


@pytest.mark.parametrize(
    ("lut", "name", "sigma", "options", "line"),
    [
        (
            "sr-x4-small",
            "a.jpg",
            0,
            {"quality": 40},
            "a JPEG file of quality 40, about; the LUT was",
        ),
        ("sr-x4-small", "a.jpg", 0, {"quality": 95}, ""),
        ("sr-x4-small", "a.png", 25, {}, "about; the LUT was trained for clean pictures"),
        ("sr-x4-small", "a.png", 0, {}, ""),
        ("denoise-grey-50", "a.png", 0, {}, "about; the LUT was trained for sigma 50"),
        ("denoise-grey-50", "a.png", 50, {}, ""),
        ("denoise-grey", "a.png", 25, {}, ""),
        ("deblock-10", "a.jpg", 0, {"quality": 90}, "about; the LUT was trained for quality 10"),
        ("deblock-10", "a.jpg", 0, {"quality": 10}, ""),
        ("deblock", "a.jpg", 0, {"quality": 98}, "about; the LUT was trained for quality 10 to 80"),
        ("deblock", "a.jpg", 0, {"quality": 60}, ""),
    ],
)
def test_other_pictures_than_a_lut_was_trained_on_are_restored_with_a_line(
    tmp_path: Path, lut: str, name: str, sigma: float, options: dict[str, int], line: str
) -> None:
    Image.fromarray(make_noisy(sigma)).save(tmp_path / name, **options)
    found = CliRunner().invoke(app, ["restore", lut, str(tmp_path / name), "-o", f"{tmp_path}/out"])
    assert found.exit_code == 0
    assert len(list((tmp_path / "out").iterdir())) == 1
    lines = [each for each in found.stderr.splitlines() if "trained for" in each]
    assert len(lines) == bool(line)
    assert all(line in each and name in each for each in lines)
