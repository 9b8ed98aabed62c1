from collections.abc import Callable
from pathlib import Path

import pytest

from dfc.common.errors import UserError
from dfc.models.architectures import build
from dfc.models.artifact import write_artifact
from dfc.models.lut import Lut
from dfc.models.lut_artifact import save_lut
from dfc.models.network import Network
from dfc.models.network_artifact import save_network
from dfc.models.trained import load_model


def test_a_network_and_a_lut_are_told_apart(tmp_path: Path, make_lut: Callable[..., Lut]) -> None:
    network, lut = tmp_path / "network", tmp_path / "lut"
    save_network(Network(build("sr_lut", 2), features=2), network)
    save_lut(make_lut("sr_lut", 2, "s"), lut)
    assert isinstance(load_model(network), Network)
    assert isinstance(load_model(lut), Lut)


def test_a_file_of_another_kind_is_named_with_what_was_expected(tmp_path: Path) -> None:
    path = tmp_path / "other"
    write_artifact(path, "picture", {})
    with pytest.raises(UserError, match=r"other: expected .* network or a lut, found picture"):
        load_model(path)
