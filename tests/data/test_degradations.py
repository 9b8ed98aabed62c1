import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfc.data.degradations import crop_to_multiple, degrade, upscale_bicubic

CHANNELS = st.sampled_from([(), (3,)])


@given(st.integers(1, 4), st.integers(4, 20), st.integers(4, 20), CHANNELS, st.integers(0, 255))
def test_sizes_follow_the_scale_and_flat_images_stay_flat(
    scale: int, height: int, width: int, channels: tuple[int, ...], level: int
) -> None:
    sharp = crop_to_multiple(np.full((height, width, *channels), level, np.uint8), scale)
    degraded = degrade(sharp, scale)
    assert degraded.shape == (height // scale, width // scale, *channels)
    assert (degraded == level).all()
    np.testing.assert_array_equal(upscale_bicubic(degraded, scale), sharp)


@given(st.integers(0, 2**32 - 1))
def test_degrading_commutes_with_mirroring(seed: int) -> None:
    sharp = np.random.default_rng(seed).integers(256, size=(24, 16), dtype=np.uint8)
    difference = degrade(sharp[:, ::-1], 4).astype(int) - degrade(sharp, 4)[:, ::-1]
    assert np.abs(difference).max() <= 1  # fixed-point weights may round differently


def test_a_size_that_does_not_divide_is_refused() -> None:
    with pytest.raises(ValueError, match="10x8 pixels are not a multiple of scale 4"):
        degrade(np.zeros((8, 10), np.uint8), 4)
