import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from dfc.models.architectures import make_lookups
from dfc.models.forward import round_straight_through, sum_lookups
from dfc.models.layers import Layer, Lookup
from dfc.models.taps import PATTERNS

PAD_MODES = {"edge": "edge", "reflect": "reflect"}


def any_function(values: int) -> np.ndarray:
    """Weights of some function of four taps, different for every tap and value."""
    return np.random.default_rng(values).integers(-50, 50, (4, values)).astype(np.float64)


def sum_over_turned_images(
    image: np.ndarray, pattern: str, scale: int, padding: str, weights: np.ndarray
) -> np.ndarray:
    """The rotation ensemble to the letter: turn, pad right and below, look up, turn back."""
    taps = PATTERNS[pattern]
    reach = max(map(max, taps))
    total = np.zeros([side * scale for side in image.shape])
    for turns in range(4):
        turned = np.rot90(image, turns)
        height, width = turned.shape
        padded = np.pad(turned, ((0, reach), (0, reach)), mode=PAD_MODES[padding])
        read = np.stack([padded[r : r + height, c : c + width] for r, c in taps], -1)
        blocks = (read @ weights).reshape(height, width, scale, scale)
        pixels = blocks.transpose(0, 2, 1, 3).reshape(height * scale, width * scale)
        total += np.rot90(pixels, -turns)
    return total


@given(
    pattern=st.sampled_from(sorted(PATTERNS)),
    height=st.integers(1, 7),
    width=st.integers(1, 7),
    scale=st.integers(1, 4),
    padding=st.sampled_from(sorted(PAD_MODES)),
    seed=st.integers(0, 99),
)
def test_turning_the_taps_equals_turning_the_image(
    pattern: str, height: int, width: int, scale: int, padding: str, seed: int
) -> None:
    image = np.random.default_rng(seed).integers(256, size=(height, width)).astype(np.float64)
    weights = any_function(scale**2)
    layer = Layer(make_lookups("s1", pattern), divisor=1, scale=scale)

    def look_up(lookup: Lookup, place: int, taps: Tensor) -> Tensor:
        return taps @ torch.from_numpy(weights)

    found = sum_lookups(layer, [torch.from_numpy(image)[None]], padding, look_up)
    expected = sum_over_turned_images(image, pattern, scale, padding, weights)
    np.testing.assert_array_equal(found[0, 0].numpy(), expected)


def test_every_image_of_a_batch_and_every_output_channel_stays_apart() -> None:
    layer = Layer(make_lookups("s1", "s"), divisor=1, out_channels=2)
    weights = torch.from_numpy(any_function(2))
    images = torch.arange(24, dtype=torch.float64).view(2, 3, 4) ** 2

    def look_up(lookup: Lookup, place: int, taps: Tensor) -> Tensor:
        return taps @ weights

    both = sum_lookups(layer, [images], "edge", look_up)
    assert both.shape == (2, 2, 3, 4)
    for image, found in zip(images, both, strict=True):
        assert torch.equal(sum_lookups(layer, [image[None]], "edge", look_up)[0], found)


def test_the_channel_pattern_reads_four_channels_of_one_pixel_once() -> None:
    place = tuple((channel, 0, 0) for channel in range(4))
    layer = Layer((Lookup("table", (place,)),), divisor=1, rotations=1)
    planes = [torch.tensor([[[level]]]) for level in (1.0, 10.0, 100.0, 1000.0)]

    def look_up(lookup: Lookup, place: int, taps: Tensor) -> Tensor:
        return taps.sum(1, keepdim=True)

    assert sum_lookups(layer, planes, "edge", look_up).item() == 1111


@pytest.mark.parametrize(("value", "rounded"), [(0.5, 0), (1.5, 2), (2.5, 2), (-0.5, 0), (2.6, 3)])
def test_rounding_goes_half_to_even_and_passes_the_gradient(value: float, rounded: float) -> None:
    pixel = torch.tensor(value, requires_grad=True)
    result = round_straight_through(pixel)
    result.backward()
    assert result.item() == rounded
    assert pixel.grad == 1
