"""Our results beside the published ones: networks, tables and restored images."""

from pathlib import Path

import numpy as np
import pytest

from dfc.data.layouts import find_pairs
from dfc.data.pairs import load_pair
from dfc.engine import restore
from dfc.evaluation.benchmark import restore_with_model
from dfc.images.files import read_image
from dfc.interop.sources import read_source
from dfc.models.architectures import build
from dfc.models.export import export
from dfc.models.lut import Lut
from dfc.models.network import Network
from dfc.models.table_model import TableModel
from dfc.tasks import build_task

RANDOM = ("random_mulut_x4", "random_spf_x4")


@pytest.fixture(scope="module", params=RANDOM)
def random_network(reference_dir: Path, request: pytest.FixtureRequest) -> tuple[Path, Network]:
    """Give the folder of a small random network, and the network itself."""
    folder = reference_dir / "reference" / request.param
    return folder, read_source(folder / "network.safetensors").model


@pytest.fixture(scope="module")
def published_lut(reference_dir: Path) -> Lut:
    """Give the published MuLUT tables, x4."""
    return read_source(reference_dir / "reference/mulut_x4/LUT_ft_x4_4bit_int8_s1_s.npy").model


def random_input(folder: Path) -> np.ndarray:
    return read_image(folder.parent / "random_input_rgb.png")


def test_networks_restore_what_the_published_code_does(
    random_network: tuple[Path, Network],
) -> None:
    folder, network = random_network
    restored = restore_with_model(network, random_input(folder))
    np.testing.assert_array_equal(restored, read_image(folder / "network_output.png"))


@pytest.mark.parametrize("dims", ["xyzt", "xyz", "xy"])
def test_compressed_tables_restore_what_the_published_code_does(
    random_network: tuple[Path, Network], dims: str
) -> None:
    folder, network = random_network
    lut = export(network, "sr", 4).compress(dims, 2, 5)
    restored = restore_with_model(TableModel(lut), random_input(folder))
    np.testing.assert_array_equal(restored, read_image(folder / f"expected_{dims}2i5.png"))


def test_export_and_compression_make_the_published_tables(
    random_network: tuple[Path, Network],
) -> None:
    folder, network = random_network
    lut = export(network, "sr", 4).compress("xyzt", 2, 5)
    expected = read_source(folder / "tables_xyzt2i5").model
    assert expected.architecture == lut.architecture
    differences = np.concatenate(
        [
            (table.values.astype(int) - expected.tables[name].values).ravel()
            for name, table in lut.tables.items()
        ]
    )
    assert np.abs(differences).max() <= 1
    assert np.count_nonzero(differences) <= len(differences) / 10_000


def test_the_published_tables_restore_set5_to_the_bit(
    reference_dir: Path, published_lut: Lut
) -> None:
    folder = reference_dir / "reference" / "mulut_x4"
    luts = {"expected_set5": published_lut} | {
        f"dfc_expected_set5/{dims}2i5": published_lut.compress(dims, 2, 5)
        for dims in ("xyzt", "xyz", "xy")
    }
    for expected, lut in luts.items():
        model = TableModel(lut)
        for pair in find_pairs(reference_dir / "data" / "Set5", 4):
            assert pair.degraded is not None
            restored = restore_with_model(model, read_image(pair.degraded))
            np.testing.assert_array_equal(
                restored, read_image(folder / expected / f"{pair.name}.png")
            )


@pytest.mark.parametrize(("size", "psnr"), [("S", 30.494), ("M", 30.769), ("L", 31.323)])
def test_the_released_shift_luts_restore_set5_as_released(
    reference_dir: Path, size: str, psnr: float
) -> None:
    folder = reference_dir / "reference/shiftlut_x4"
    lut, scores = read_source(folder / size).model, []
    measure = build_task("sr", 4).metrics["psnr"]
    for pair in find_pairs(reference_dir / "data" / "Set5", 4):
        degraded, target = load_pair(pair, build_task("sr", 4))
        restored = restore(degraded, lut)
        np.testing.assert_array_equal(restore_with_model(TableModel(lut), degraded), restored)
        expected = folder / f"expected_set5_{size}" / f"{pair.name}.png"
        if expected.exists():  # of S and M
            np.testing.assert_array_equal(restored, read_image(expected))
        scores.append(measure(restored, target))
    assert np.mean(scores) == pytest.approx(psnr, abs=0.0005)


def restores_set5(reference_dir: Path, model: TableModel | Network) -> tuple[float, float]:
    scores = []
    for pair in find_pairs(reference_dir / "data" / "Set5", 4):
        degraded, target = load_pair(pair, build_task("sr", 4))
        restored = restore_with_model(model, degraded)
        scores.append(
            [measure(restored, target) for measure in build_task("sr", 4).metrics.values()]
        )
    return tuple(np.mean(scores, axis=0))


def test_the_published_tables_score_as_published(reference_dir: Path, published_lut: Lut) -> None:
    mean_psnr, mean_ssim = restores_set5(reference_dir, TableModel(published_lut))
    assert mean_psnr == pytest.approx(30.61, abs=0.005)
    assert mean_ssim == pytest.approx(0.8656, abs=0.00005)


def test_the_published_network_is_understood(reference_dir: Path) -> None:
    path = reference_dir / "reference" / "mulut_x4" / "network.safetensors"
    network = read_source(path).model
    assert network.architecture == build("mulut", 4)
    mean_psnr, _ = restores_set5(reference_dir, network)
    assert mean_psnr > 30.5
