from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dfc.data.layouts import find_pairs
from dfc.engine import strips
from dfc.engine.strips import restore
from dfc.evaluation.benchmark import restore_with_model
from dfc.images.files import read_image
from dfc.interop.sources import read_source
from dfc.models.export import export
from dfc.models.lut import Lut
from dfc.models.table_model import TableModel

MakeLut = Callable[..., Lut]
sizes = st.tuples(st.integers(1, 40), st.integers(1, 70))


def noise(*shape: int) -> np.ndarray:
    """Noise on a smooth ground: lookups near the diagonal and elsewhere."""
    rng = np.random.default_rng(sum(shape))
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    ground = 127 + 100 * np.sin(rows / 5 + columns / 9)
    spread = rng.choice([0, 3, 90], size=shape) * rng.standard_normal(shape)
    ground = ground if len(shape) == 2 else ground[..., None]
    return np.clip(ground + spread, 0, 255).astype(np.uint8)


def assert_equals_table_model(lut: Lut, image: np.ndarray, threads: int = 1) -> None:
    np.testing.assert_array_equal(
        restore(image, lut, threads), restore_with_model(TableModel(lut), image)
    )


@given(
    size=sizes,
    scale=st.integers(1, 4),
    patterns=st.sampled_from(["s", "sdy", "eho", "dy", "sdyeho"]),
    stages=st.integers(1, 3),
    dims=st.sampled_from([None, "xy", "xyz", "xyzt"]),
    width=st.integers(0, 3),
    interval=st.integers(5, 7),
)
@settings(max_examples=40)
def test_the_engine_restores_what_the_table_model_does(
    make_lut: MakeLut,
    size: tuple[int, int],
    scale: int,
    patterns: str,
    stages: int,
    dims: str | None,
    width: int,
    interval: int,
) -> None:
    lut = make_lut("mulut", scale, patterns, interval=4, stages=stages)
    if dims:
        lut = lut.compress(dims, width, interval)
    assert_equals_table_model(lut, noise(*size))


@pytest.mark.parametrize("name", ["sr_lut", "mulut", "spf_lut"])
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("shape", [(1, 1), (1, 33, 3), (50, 1), (67, 130, 3)])
def test_every_architecture_and_size_is_restored_exactly(
    make_lut: MakeLut, name: str, compressed: bool, shape: tuple[int, ...]
) -> None:
    lut = make_lut(name, 2, "sdy", interval=4)
    if compressed:
        lut = lut.compress("xyzt", 2, 5)
    assert_equals_table_model(lut, noise(*shape), threads=2)


@pytest.mark.parametrize("interval", [3, 5, 6, 7, 8])
def test_uniform_tables_of_every_interval_are_restored_exactly(
    make_lut: MakeLut, interval: int
) -> None:
    assert_equals_table_model(make_lut("mulut", 3, "s", interval=interval), noise(20, 30))


def test_a_band_wider_than_the_lattice_is_restored_exactly(make_lut: MakeLut) -> None:
    lut = make_lut("sr_lut", 4, "s", interval=5).compress("xyzt", 6, 7)
    assert_equals_table_model(lut, noise(30, 40))


@pytest.mark.parametrize("name", ["sr_lut", "mulut", "spf_lut"])
def test_strips_and_threads_change_nothing(
    make_lut: MakeLut, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    lut = make_lut(name, 2, "se", interval=4)
    image = noise(50, 40, 3)
    whole = restore(image, lut, threads=1)
    for rows in (1, 2, 7):
        monkeypatch.setattr(strips, "STRIP_ROWS", rows)
        monkeypatch.setattr(strips, "FEWEST_ROWS", rows)
        for threads in (1, 3):
            np.testing.assert_array_equal(restore(image, lut, threads), whole)


@pytest.mark.parametrize("name", ["mulut", "spf_lut"])
def test_extreme_tables_do_not_overflow(make_lut: MakeLut, name: str) -> None:
    for value in (-127, 127):
        lut = make_lut(name, 4, "sdyeho", interval=4).compress("xyz", 1, 7)
        for table in lut.tables.values():
            table.values.fill(value)
        assert_equals_table_model(lut, noise(9, 20))


def test_the_published_tables_restore_set5_to_the_bit(reference_dir: Path) -> None:
    folder = reference_dir / "reference" / "mulut_x4"
    lut = read_source(folder / "LUT_ft_x4_4bit_int8_s1_s.npy").model
    luts = {"expected_set5": lut} | {
        f"dfc_expected_set5/{dims}2i5": lut.compress(dims, 2, 5) for dims in ("xyzt", "xyz", "xy")
    }
    for pair in find_pairs(reference_dir / "data" / "Set5", 4):
        assert pair.degraded is not None
        for expected, published in luts.items():
            np.testing.assert_array_equal(
                restore(read_image(pair.degraded), published),
                read_image(folder / expected / f"{pair.name}.png"),
            )


@pytest.mark.parametrize("dims", ["xyzt", "xyz", "xy"])
def test_the_random_spf_network_is_restored_to_the_bit(reference_dir: Path, dims: str) -> None:
    folder = reference_dir / "reference" / "random_spf_x4"
    network = read_source(folder / "network.safetensors").model
    lut = export(network, "sr", 4).compress(dims, 2, 5)
    image = read_image(folder.parent / "random_input_rgb.png")
    expected = read_image(folder / f"expected_{dims}2i5.png")
    np.testing.assert_array_equal(restore(image, lut), expected)
