import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfc.images.pixels import crop_to_multiple, cut_margin, downscale, upscale_bicubic
from dfc.tasks import build_task
from dfc.tasks.deblur import blur, draw_shake_kernel

CHANNELS = st.sampled_from([(), (3,)])


@given(st.integers(1, 4), st.integers(4, 20), st.integers(4, 20), CHANNELS, st.integers(0, 255))
def test_sizes_follow_the_scale_and_flat_images_stay_flat(
    scale: int, height: int, width: int, channels: tuple[int, ...], level: int
) -> None:
    target = crop_to_multiple(np.full((height, width, *channels), level, np.uint8), scale)
    degraded = downscale(target, scale)
    assert degraded.shape == (height // scale, width // scale, *channels)
    assert (degraded == level).all()
    np.testing.assert_array_equal(upscale_bicubic(degraded, scale), target)


@given(st.integers(0, 2**32 - 1))
def test_degrading_commutes_with_mirroring(seed: int) -> None:
    target = np.random.default_rng(seed).integers(256, size=(24, 16), dtype=np.uint8)
    difference = downscale(target[:, ::-1], 4).astype(int) - downscale(target, 4)[:, ::-1]
    assert np.abs(difference).max() <= 1  # fixed-point weights may round differently


def test_a_size_that_does_not_divide_is_refused() -> None:
    with pytest.raises(ValueError, match="10x8 pixels are not a multiple of scale 4"):
        downscale(np.zeros((8, 10), np.uint8), 4)


def photograph(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(256, size=shape, dtype=np.uint8)


@pytest.mark.parametrize("task", ["sr", "denoise", "deblock", "deblur"])
@pytest.mark.parametrize("shape", [(24, 32), (24, 32, 3)])
def test_degrading_is_repeatable_and_keeps_the_kind_of_image(
    task: str, shape: tuple[int, ...]
) -> None:
    degradation = build_task(task)
    target = degradation.make_target(photograph(*shape))
    degraded = degradation.degrade(target, "name")
    assert degraded.dtype == np.uint8
    assert degraded.shape[:2] == tuple(side // degradation.scale for side in target.shape[:2])
    assert degraded.shape[2:] == target.shape[2:]
    np.testing.assert_array_equal(degraded, degradation.degrade(target, "name"))


def test_noise_has_its_sigma_and_the_same_seed_for_every_image() -> None:
    degradation = build_task("denoise", 1, sigma=15)
    grey = np.full((200, 200), 128, np.uint8)
    noise = build_task("denoise", sigma=15, rounded=False).degrade(grey) - grey
    assert noise.std() == pytest.approx(15, rel=0.02)
    np.testing.assert_array_equal(degradation.degrade(grey, "a"), degradation.degrade(grey, "b"))


def test_crops_have_noise_of_any_strength_from_the_weakest_on() -> None:
    degradation = build_task("denoise", 1, sigma=20, sigma_min=5)
    grey, rng = np.full((64, 64), 128, np.uint8), np.random.default_rng(0)
    strengths = [degradation.degrade_crop(grey, rng).std() for _ in range(40)]
    assert 4.5 < min(strengths) < 8
    assert 17 < max(strengths) < 21


def test_crops_are_compressed_at_any_quality_as_the_image_around_them() -> None:
    degradation, rng = build_task("deblock", quality=10, quality_max=12), np.random.default_rng(0)
    image = photograph(64, 64)
    crops = {degradation.degrade_crop(image[16:48, 8:40, None], rng).tobytes() for _ in range(40)}
    whole = [build_task("deblock", quality=quality).degrade(image) for quality in (10, 11, 12)]
    assert crops == {compressed[16:48, 8:40].tobytes() for compressed in whole}


def test_only_the_luma_of_a_colour_image_is_compressed() -> None:
    degradation = build_task("deblock", 1)
    assert degradation.make_target(photograph(16, 16, 3)).shape == (16, 16)
    grey = photograph(16, 16)
    np.testing.assert_array_equal(degradation.make_target(grey), grey)


@given(st.integers(0, 2**32 - 1))
def test_a_shaken_image_keeps_its_brightness(seed: int) -> None:
    kernel = draw_shake_kernel(np.random.default_rng(seed))
    assert kernel.min() >= 0
    assert kernel.sum() == pytest.approx(1)
    flat = np.full((12, 15, 3), 77, np.uint8)
    np.testing.assert_array_equal(blur(flat, kernel), flat)


@given(st.integers(0, 2**32 - 1))
def test_a_crop_is_blurred_as_the_image_around_it(seed: int) -> None:
    image, degradation = photograph(40, 40), build_task("deblur", 1)
    window = image[7:27, 9:29]
    degraded = degradation.degrade_crop(window, np.random.default_rng(seed))
    expected = blur(image, draw_shake_kernel(np.random.default_rng(seed)))[7:27, 9:29]
    np.testing.assert_array_equal(degraded, cut_margin(expected, degradation.margin))
