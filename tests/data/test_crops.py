from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfc.common.errors import UserError
from dfc.data.crops import CropSampler
from dfc.data.store import Example, PairStore
from dfc.tasks import build_task

SCALE, PATCH = 3, 4
SR = build_task("sr", SCALE)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, write_store: Callable) -> PairStore:
    """Give a store of degraded images that repeat each of their pixels in the target ones."""
    rng = np.random.default_rng(0)

    def example(*shape: int) -> Example:
        degraded = rng.integers(256, size=shape, dtype=np.uint8)
        target = degraded.repeat(SCALE, axis=0).repeat(SCALE, axis=1)
        return Example(f"{shape}", degraded, target)

    folder = tmp_path_factory.mktemp("data") / "store"
    write_store(folder, {"train": [example(9, 12, 3), example(PATCH, PATCH)]}, SCALE)
    return PairStore(folder, "train")


def darkest(crops: np.ndarray) -> np.ndarray:
    return crops - crops.min((1, 2, 3), keepdims=True)


@given(seed=st.integers(0, 2**31), iteration=st.integers(0, 10**6))
def test_both_crops_show_the_same_place_turned_alike(
    store: PairStore, seed: int, iteration: int
) -> None:
    degraded, target = CropSampler(store, 16, PATCH, seed, SR).draw_batch(iteration)
    assert degraded.shape == (16, 1, PATCH, PATCH)
    assert degraded.dtype == target.dtype == np.uint8
    np.testing.assert_array_equal(target, degraded.repeat(SCALE, axis=2).repeat(SCALE, axis=3))


def test_a_batch_depends_on_seed_and_iteration_alone(store: PairStore) -> None:
    sampler = CropSampler(store, 16, PATCH, 1, SR)
    first, _ = sampler.draw_batch(7)
    sampler.draw_batch(8)
    np.testing.assert_array_equal(CropSampler(store, 16, PATCH, 1, SR).draw_batch(7)[0], first)
    assert (sampler.draw_batch(8)[0] != first).any()
    assert (CropSampler(store, 16, PATCH, 2, SR).draw_batch(7)[0] != first).any()


@pytest.mark.parametrize("world", [2, 4])
def test_shares_of_processes_interleave_to_the_same_batch(store: PairStore, world: int) -> None:
    sampler = CropSampler(store, 8, PATCH, 0, SR)
    shares = [sampler.draw_batch(5, rank, world) for rank in range(world)]
    for side, whole in enumerate(sampler.draw_batch(5)):
        interleaved = np.stack([share[side] for share in shares], axis=1)
        np.testing.assert_array_equal(interleaved.reshape(whole.shape), whole)


def test_all_images_planes_places_and_turns_are_drawn(store: PairStore) -> None:
    degraded, _ = CropSampler(store, 60_000, PATCH, 0, SR).draw_batch(0)
    places = (9 - PATCH + 1) * (12 - PATCH + 1)
    assert len(np.unique(darkest(degraded), axis=0)) == 16 * (3 * places + 1)


def test_places_of_an_image_are_as_likely_and_images_by_the_root_of_their_number(
    store: PairStore,
) -> None:
    """The small image has one place; the large one 54 in each of its three planes."""
    degraded, _ = CropSampler(store, 60_000, PATCH, 0, SR).draw_batch(0)
    _, counts = np.unique(
        np.sort(darkest(degraded).reshape(60_000, -1)), axis=0, return_counts=True
    )
    *large, small, small_negative = np.sort(counts)
    small_share, large_share = 1 / (1 + 162**0.5), 162**0.5 / (1 + 162**0.5)
    expected = 60_000 * large_share / 162 / 2  # a negative has other grey levels
    assert 0.6 * expected < min(large) and max(large) < 1.4 * expected
    assert small + small_negative == pytest.approx(60_000 * small_share, rel=0.1)


def test_grey_levels_are_drawn_from_black_to_white(store: PairStore) -> None:
    degraded, _ = CropSampler(store, 5_000, PATCH, 0, SR).draw_batch(0)
    assert (degraded.min((1, 2, 3)) == 0).any() and (degraded.max((1, 2, 3)) == 255).any()
    narrow = np.ptp(degraded, (1, 2, 3)) < 200
    lowest = degraded[narrow].min((1, 2, 3))
    assert len(np.unique(lowest)) > 50


def test_a_batch_that_does_not_divide_names_both_keys(store: PairStore) -> None:
    sampler = CropSampler(store, 8, PATCH, 0, SR)
    with pytest.raises(UserError, match=r"data\.batch_size.*launch\.num_processes \(3\)"):
        sampler.draw_batch(0, 0, 3)


def test_an_image_smaller_than_a_crop_is_named(store: PairStore) -> None:
    with pytest.raises(UserError, match=r"1: .* 4x4; expected .* 5x5"):
        CropSampler(store, 8, PATCH + 1, 0, SR)


@pytest.mark.parametrize("task", ["denoise", "deblur"])
def test_crops_are_degraded_anew_and_alike_for_all_processes(
    tmp_path: Path, write_store: Callable, task: str
) -> None:
    grey = np.random.default_rng(0).integers(256, size=(16, 16), dtype=np.uint8)
    write_store(tmp_path / "store", {"train": [Example("a", None, grey)]}, 1)
    store = PairStore(tmp_path / "store", "train")
    degradation = build_task(task, 1, sigma=9)
    side = 16 - 2 * degradation.margin  # leaves one place to draw from
    sampler = CropSampler(store, 64, side, 0, degradation)
    degraded, target = sampler.draw_batch(0)
    assert degraded.shape == target.shape == (64, 1, side, side)
    assert len(np.unique(darkest(target), axis=0)) <= 16 < len(np.unique(darkest(degraded), axis=0))
    assert (sampler.draw_batch(1)[0] != degraded).any()
    shares = [sampler.draw_batch(0, rank, 2)[0] for rank in (0, 1)]
    np.testing.assert_array_equal(degraded[0::2], shares[0])
    np.testing.assert_array_equal(degraded[1::2], shares[1])
    with pytest.raises(UserError, match="16x16; expected at least 17x17"):
        CropSampler(store, 16, side + 1, 0, degradation)


def test_a_crop_of_three_colours_shows_them_all_at_one_place(store: PairStore) -> None:
    degraded, target = CropSampler(store, 64, PATCH, 3, SR, colours=3).draw_batch(0)
    assert degraded.shape == (64, 3, PATCH, PATCH)
    np.testing.assert_array_equal(target, degraded.repeat(SCALE, axis=2).repeat(SCALE, axis=3))
    alike = (degraded == degraded[:, :1]).all((1, 2, 3))
    assert alike.any() and not alike.all(), "a grey image is taken for three colours alike"
