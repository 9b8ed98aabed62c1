import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from dfc.common.errors import UserError
from dfc.engine import restore
from dfc.models.architectures import build, make_lookups
from dfc.models.artifact import FORMAT_VERSION, load_lut, load_model, save_model
from dfc.models.layers import Architecture, Layer, Lookup
from dfc.models.lut import Lut
from dfc.models.network import Network
from dfc.training.start import make_nearest_neighbour


def rewrite(path: Path, tensors: dict[str, torch.Tensor], **changes: Any) -> None:
    """Change tensors and the description of a LUT file."""
    with safe_open(path, "pt") as file:
        description = json.loads(file.metadata()["dfc"]) | changes
    kept = {key: value for key, value in description.items() if value is not None}
    save_file(load_file(path) | tensors, path, {"dfc": json.dumps(kept)})


@pytest.fixture
def lut(make_lut: Callable[..., Lut]) -> Lut:
    return make_lut("mulut", 2, "sd")


@pytest.fixture
def path(tmp_path: Path, lut: Lut) -> Path:
    path = tmp_path / "lut.safetensors"
    save_model(lut, path)
    return path


@pytest.mark.parametrize("name", ["sr_lut", "mulut", "spf_lut"])
@pytest.mark.parametrize("compress", [False, True])
def test_a_lut_comes_back_as_it_was_written(
    tmp_path: Path, make_lut: Callable[..., Lut], name: str, compress: bool
) -> None:
    lut = make_lut(name, 2, "sd")
    if compress:
        lut = lut.compress("xyz", 1, 7)
    save_model(lut, tmp_path / "x.safetensors")
    loaded = load_lut(tmp_path / "x.safetensors")
    assert loaded.architecture == lut.architecture
    assert (loaded.task, loaded.history) == (lut.task, lut.history)
    for table, expected in lut.tables.items():
        assert loaded.tables[table].lattice == expected.lattice
        np.testing.assert_array_equal(loaded.tables[table].values, expected.values)


@pytest.mark.parametrize(
    "name", ["table.npy", "tables.npz", "net.pth", "net.safetensors", "folder"]
)
def test_what_is_published_is_not_taken_for_a_lut_and_dfc_import_is_named(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    match path.suffix:
        case ".npy":
            np.save(path, np.zeros((3, 3)))
        case ".npz":
            np.savez(path, a=np.zeros((3, 3)))
        case ".pth":
            torch.save({"weight": torch.zeros(3)}, path)
        case ".safetensors":
            save_file({"weight": torch.zeros(3)}, path)
        case _:
            path.mkdir()
    with pytest.raises(UserError, match=f"{name}: expected the .* lut.*; `dfc import` makes one"):
        load_lut(path)


def test_the_same_lut_is_always_the_same_bytes(tmp_path: Path, lut: Lut, path: Path) -> None:
    save_model(lut, tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


def test_a_network_comes_back_as_it_was_written(tmp_path: Path) -> None:
    network = Network(build("spf_lut", 2, patterns="s"), features=3)
    save_model(network, tmp_path / "network.safetensors")
    loaded = load_model(tmp_path / "network.safetensors")
    assert loaded.architecture == network.architecture
    image = torch.arange(12.0).view(1, 1, 3, 4) * 20
    assert torch.equal(loaded(image), network(image))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.safetensors: .*no such file"):
        load_lut(tmp_path / "none.safetensors")


@pytest.mark.parametrize("kept", [0, 7, 300, -1])
def test_a_truncated_file_is_refused(path: Path, kept: int) -> None:
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UserError, match=r"lut\.safetensors: not a readable safetensors file"):
        load_lut(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 9}, f"expected format version {FORMAT_VERSION}, found 9"),
        ({"version": None}, "found None"),
        ({"kind": "network"}, "expected the description of a lut, found .*network"),
        ({"architecture": None}, "needs 'architecture'"),
        ({"architecture": {"name": "mulut"}}, "scale"),
        ({"architecture": {"name": "mulut", "scale": 2}}, "needs 's1_y'"),
        ({"architecture": {"name": "mulut", "scale": 3, "patterns": "sd"}}, "9 values a row"),
        ({"lattices": {"s1_s": {"kind": "odd"}}}, "no lattice is described"),
        ({"task": "../dance"}, "expected the name of a task, found '../dance'"),
        ({"history": [1]}, "expected its history as a list of steps"),
        ({"history": [{"step": "noise", "sigma": float("nan")}]}, "its description is damaged"),
        ({"lattices": {"s1_s": {"kind": "uniform", "interval": 5}}}, "expected 6561 rows"),
    ],
)
def test_a_wrong_description_is_refused(path: Path, changes: dict, message: str) -> None:
    rewrite(path, {}, **changes)
    with pytest.raises(UserError, match=message):
        load_lut(path)


@pytest.mark.parametrize("header", [None, {"dfc": "{"}, {"dfc": "[]"}, {"format": "pt"}])
def test_a_file_without_a_whole_description_is_refused(
    path: Path, header: dict[str, str] | None
) -> None:
    save_file(load_file(path), path, header)
    with pytest.raises(UserError, match=r"lut\.safetensors: .*description"):
        load_lut(path)


def test_a_table_of_another_dtype_is_refused(path: Path) -> None:
    rewrite(path, {"s1_d": load_file(path)["s1_d"].float()})
    with pytest.raises(UserError, match="expected a matrix of int8, found float32"):
        load_lut(path)


def test_a_network_and_a_lut_are_told_apart(tmp_path: Path, path: Path) -> None:
    save_model(Network(build("sr_lut", 2), features=2), tmp_path / "network")
    assert isinstance(load_model(tmp_path / "network"), Network)
    assert isinstance(load_model(path), Lut)
    with pytest.raises(UserError, match="expected the description of a lut, found network"):
        load_lut(tmp_path / "network")


def test_a_file_of_another_kind_is_named_with_what_was_expected(path: Path) -> None:
    rewrite(path, {}, kind="picture")
    with pytest.raises(UserError, match=r"expected .* network or a lut, found picture"):
        load_model(path)


@pytest.mark.parametrize("name", ["sr_lut", "mulut", "spf_lut"])
def test_a_file_of_version_1_still_loads(
    tmp_path: Path, make_lut: Callable[..., Lut], name: str
) -> None:
    """It names its architecture, with the knobs of that, and holds no layers."""
    lut = make_lut(name, 2, "sd")
    save_model(lut, tmp_path / "old")
    knobs = {
        "scale": 2,
        "patterns": lut.architecture.patterns,
        "stages": len(lut.architecture.layers),
    }
    rewrite(tmp_path / "old", {}, version=1, architecture={"name": name} | knobs)
    assert load_lut(tmp_path / "old").architecture == lut.architecture


def test_the_lut_of_an_unknown_architecture_loads(tmp_path: Path) -> None:
    first = Layer(make_lookups("a", "o"), divisor=3, bias=100, out_channels=2)
    second = Layer(
        (Lookup("b", (((2, 0, 0), (1, -1, 2), (2, 5, 0), (1, 0, 0)),)),), divisor=4, scale=2
    )
    architecture = Architecture("house_made", (first, second), padding="reflect")
    lut = make_nearest_neighbour(architecture, "dehaze", 6)
    save_model(lut, tmp_path / "lut")
    loaded = load_lut(tmp_path / "lut")
    assert loaded.architecture == architecture
    image = np.random.default_rng(0).integers(256, size=(7, 9), dtype=np.uint8)
    np.testing.assert_array_equal(restore(image, loaded), restore(image, lut))
