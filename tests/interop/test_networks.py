"""Published networks, from safetensors and from pickles that may hold code."""

import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from dfc.common.errors import UserError
from dfc.interop.sources import read_source
from dfc.models.architectures import build
from dfc.models.network import Network

Weights = dict[str, Tensor]


@pytest.fixture
def network() -> Network:
    torch.manual_seed(0)
    return Network(build("mulut", 2, patterns="sd"), features=3)


@pytest.fixture
def weights(network: Network, published_names: Callable[[Network], Weights]) -> Weights:
    return published_names(network)


def assert_same(one: Network, other: Network) -> None:
    assert one.architecture == other.architecture
    image = torch.arange(20.0).view(1, 1, 4, 5) * 12
    assert torch.equal(one(image), other(image))


SAVED = {
    "state_dict": lambda weights: weights,
    "within a checkpoint": lambda weights: {"epoch": 3, "state_dict": weights, "optimizer": {}},
    "of parallel training": lambda weights: {f"module.{k}": w for k, w in weights.items()},
}


@pytest.mark.parametrize("kind", [*SAVED, "whole module"])
@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickled_network_is_understood(
    tmp_path: Path,
    network: Network,
    weights: Weights,
    make_module: Callable[[Weights], nn.Module],
    kind: str,
    zipped: bool,
) -> None:
    path = tmp_path / "network.pth"
    saved = SAVED.get(kind, make_module)(weights)
    torch.save(saved, path, _use_new_zipfile_serialization=zipped)
    found = read_source(path)
    assert_same(found.model, network)
    assert found.readings == ()


def test_of_two_networks_the_first_is_taken_and_that_is_said(
    tmp_path: Path, network: Network, weights: Weights
) -> None:
    averaged = {name: weight * 2 for name, weight in weights.items()}
    torch.save({"params": weights, "params_ema": averaged}, tmp_path / "n.pth")
    found = read_source(tmp_path / "n.pth")
    assert_same(found.model, network)
    assert found.readings[0].endswith("took the weights in params, ignored params_ema")


def test_a_network_in_safetensors_is_understood(
    tmp_path: Path, network: Network, weights: Weights
) -> None:
    save_file(weights, tmp_path / "n.safetensors")
    assert_same(read_source(tmp_path / "n.safetensors").model, network)


class Attack:
    """Runs a command where it is unpickled as usual."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple:
        return os.system, (f"touch {self.mark}",)


def test_code_in_a_pickle_is_never_run(tmp_path: Path, network: Network, weights: Weights) -> None:
    mark = tmp_path / "it-ran"
    saved = weights | {"attack": Attack(mark)}
    for zipped in (True, False):
        torch.save(saved, tmp_path / "n.pth", _use_new_zipfile_serialization=zipped)
        assert_same(read_source(tmp_path / "n.pth").model, network)
    (tmp_path / "bare.pth").write_bytes(pickle.dumps(Attack(mark)))
    with pytest.raises(UserError, match=r"bare\.pth: not a readable checkpoint"):
        read_source(tmp_path / "bare.pth")
    assert not mark.exists()


def test_an_archive_that_unpacks_to_more_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "n.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("n/data.pkl", bytes(10**7))
    with pytest.raises(UserError, match=r"n\.pth: .*found a compressed archive"):
        read_source(tmp_path / "n.pth")


def test_a_program_is_refused(tmp_path: Path) -> None:
    torch.jit.script(nn.Linear(1, 1)).save(tmp_path / "n.pth")
    with pytest.raises(UserError, match=r"n\.pth: .*found a TorchScript program"):
        read_source(tmp_path / "n.pth")


def without(name: str):
    return lambda weights: {key: w for key, w in weights.items() if key != name}


def with_(name: str, tensor: Tensor):
    return lambda weights: weights | {name: tensor}


BIAS = "s1_s.model.conv1.conv.bias"
BAD = {
    "nothing": (lambda _: {}, "expected the tensors of a network, found none"),
    "other names": (lambda _: {"conv.weight": torch.zeros(1)}, "published network, found 'conv"),
    "one name more": (with_("odd", torch.zeros(1)), "'odd' is not a name of a published network"),
    "a weight less": (without(BIAS), "expected finite weights of every layer|Missing"),
    "another shape": (with_(BIAS, torch.zeros(4)), "size mismatch"),
    "a huge cell": (
        with_(BIAS, torch.zeros(1).expand(10**6)),
        "1,000,000 numbers, and fewer are stored",
    ),
    "no number": (with_(BIAS, torch.full((3,), torch.nan)), "expected finite weights"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_network_is_named(
    tmp_path: Path, network: Network, weights: Weights, kind: str
) -> None:
    change, message = BAD[kind]
    torch.save(change(weights), tmp_path / "n.pth")
    with pytest.raises(UserError, match=rf"n\.pth: .*({message})"):
        read_source(tmp_path / "n.pth")


def test_what_is_of_neither_kind_is_named(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("hello")
    with pytest.raises(UserError, match="x: not a readable"):
        read_source(tmp_path / "x")
    with pytest.raises(UserError, match="none: no such file"):
        read_source(tmp_path / "none")
