import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfc.data.layouts import find_pairs
from dfc.data.pairs import load_pair
from dfc.images.pixels import compute_luma, upscale_bicubic
from dfc.tasks import build_task
from dfc.tasks.metrics import HIGHEST_PSNR, compute_psnr, compute_psnr_b, compute_ssim


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(256, size=shape, dtype=np.uint8)


@given(st.integers(0, 255))
def test_a_grey_level_counts_as_the_colour_of_three_such_levels(level: int) -> None:
    grey = np.full((1, 1), level, np.uint8)
    assert compute_luma(grey) == compute_luma(np.full((1, 1, 3), level, np.uint8))
    assert compute_luma(grey)[0, 0] == pytest.approx(16 + 219 * level / 255)


@pytest.mark.parametrize(
    ("colour", "expected"), [((255, 0, 0), 81.481), ((0, 255, 0), 144.553), ((0, 0, 255), 40.966)]
)
def test_luma_follows_bt601(colour: tuple[int, int, int], expected: float) -> None:
    assert compute_luma(np.array([[colour]], np.uint8))[0, 0] == pytest.approx(expected)


@pytest.mark.parametrize("shape", [(16, 20), (16, 20, 3)])
def test_identical_images_are_perfect(shape: tuple[int, ...]) -> None:
    image = noise(*shape)
    assert compute_psnr(image, image, shave=4) == HIGHEST_PSNR == 100
    assert compute_ssim(image, image) == pytest.approx(1)


def test_nothing_is_better_than_perfect() -> None:
    flat = np.full((16, 16), 100, np.uint8)
    assert compute_psnr_b(flat, flat) == HIGHEST_PSNR
    nearly = flat.astype(np.float64)
    nearly[0, 0] += 1e-3
    assert compute_psnr(nearly, flat) == compute_psnr_b(nearly, flat) == HIGHEST_PSNR


def test_psnr_of_a_constant_error_is_known() -> None:
    target = np.full((12, 12), 100, np.uint8)
    assert compute_psnr(target + 10, target) == pytest.approx(20 * math.log10(255 / 10))
    on_luma = build_task("sr", 2).metrics["psnr"]
    assert on_luma(target + 10, target) == pytest.approx(20 * math.log10(255 / (10 * 219 / 255)))


def test_psnr_leaves_the_border_out_and_ssim_does_not() -> None:
    target = noise(20, 20)
    restored = target.copy()
    restored[:4] = 255 - restored[:4]
    assert compute_psnr(restored, target, shave=4) == HIGHEST_PSNR
    assert compute_psnr(restored, target, shave=3) < HIGHEST_PSNR
    assert compute_ssim(restored, target) < 1


@given(st.integers(0, 2**32 - 1))
def test_neither_metric_depends_on_which_image_is_which(seed: int) -> None:
    a, b = noise(12, 12, seed=seed), noise(12, 12, seed=seed + 1)
    assert compute_psnr(a, b, 1) == pytest.approx(compute_psnr(b, a, 1))
    assert compute_ssim(a, b) == pytest.approx(compute_ssim(b, a))


@pytest.mark.parametrize("shape", [(12, 13), (12, 12, 3)])
def test_different_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="differ in shape"):
        compute_psnr(noise(12, 12), noise(*shape), shave=0)
    with pytest.raises(ValueError, match="differ in shape"):
        compute_ssim(noise(12, 12), noise(*shape))


def test_shaving_everything_is_refused() -> None:
    with pytest.raises(ValueError, match="leaves none of 9x8"):
        compute_psnr(noise(8, 9), noise(8, 9), shave=4)


def test_psnr_b_penalises_steps_at_block_boundaries() -> None:
    """A step of 8 between two blocks: 16 of 16 pixels are 4 off, one of 15 differences is 8."""
    target = np.full((16, 16), 100, np.uint8)
    restored = target.copy()
    restored[:, :8] -= 4
    restored[:, 8:] += 4
    # Of 32 differences across a boundary 16 are 8, and none elsewhere; log2(8) / log2(16) = 3/4.
    error = 4**2 + 3 / 4 * (16 * 8**2 / 32)
    assert compute_psnr_b(restored, target) == pytest.approx(10 * math.log10(255**2 / error))


def test_psnr_b_is_psnr_where_no_boundary_shows() -> None:
    target = np.full((16, 24), 100, np.uint8)
    restored = target.copy()
    restored[:, :4] += 9  # a step inside a block
    assert compute_psnr_b(restored, target) == pytest.approx(compute_psnr(restored, target))


def test_tasks_are_measured_on_their_channels() -> None:
    assert list(build_task("deblock").metrics) == ["psnr", "ssim", "psnr_b"]
    target, restored = noise(16, 16, 3), noise(16, 16, 3, seed=1)
    assert build_task("deblur").metrics["psnr"](restored, target) == compute_psnr(restored, target)
    assert build_task("deblur").metrics["ssim"](restored, target) == compute_ssim(
        compute_luma(restored), compute_luma(target)
    )
    assert build_task("denoise").metrics["ssim"](restored, target) == compute_ssim(restored, target)


def test_jpeg_of_classic5_scores_as_published(reference_dir: Path) -> None:
    scores = []
    task = build_task("deblock", 1, quality=10)
    for pair in find_pairs(reference_dir / "data" / "classic5", 1):
        degraded, target = load_pair(pair, task)
        scores.append(
            [measure(degraded, target) for measure in build_task("deblock").metrics.values()]
        )
    assert np.mean(scores, axis=0) == pytest.approx([27.82, 0.7595, 25.21], abs=0.005)


def test_noise_on_set12_is_as_strong_as_published(reference_dir: Path) -> None:
    scores = []
    task = build_task("denoise", 1, sigma=25)
    for pair in find_pairs(reference_dir / "data" / "Set12", 1):
        scores.append(compute_psnr(*load_pair(pair, task)))
    assert np.mean(scores) == pytest.approx(20.37, abs=0.005)


def test_bicubic_on_set5_scores_as_published(reference_dir: Path) -> None:
    scale = 4
    scores = []
    for pair in find_pairs(reference_dir / "data" / "Set5", scale):
        assert pair.degraded is not None
        degraded, target = load_pair(pair, build_task("sr", scale))
        restored = upscale_bicubic(degraded, scale)
        scores.append(
            [measure(restored, target) for measure in build_task("sr", scale).metrics.values()]
        )
    mean_psnr, mean_ssim = np.mean(scores, axis=0)
    assert len(scores) == 5
    assert mean_psnr == pytest.approx(28.43, abs=0.01)
    assert mean_ssim == pytest.approx(0.811, abs=0.001)
