from collections.abc import Callable
from pathlib import Path

import pytest

from dfc.architectures import build
from dfc.artifact import write_artifact
from dfc.errors import UserError
from dfc.lut.artifact import save_lut
from dfc.lut.table import Lut
from dfc.network import Network
from dfc.network_artifact import save_network
from dfc.trained import load_trained


def test_a_network_and_a_lut_are_told_apart(tmp_path: Path, make_lut: Callable[..., Lut]) -> None:
    network, lut = tmp_path / "network", tmp_path / "lut"
    save_network(Network(build("sr_lut", 2), features=2), network)
    save_lut(make_lut("sr_lut", 2, "s"), lut)
    assert isinstance(load_trained(network), Network)
    assert isinstance(load_trained(lut), Lut)


def test_a_file_of_another_kind_is_named_with_what_was_expected(tmp_path: Path) -> None:
    path = tmp_path / "other"
    write_artifact(path, "picture", {})
    with pytest.raises(UserError, match=r"other: expected .* network or a lut, found picture"):
        load_trained(path)
