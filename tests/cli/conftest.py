"""What the tests of `dfc restore` share."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dfc.models.artifact import save_model
from dfc.models.lut import Lut


@pytest.fixture(scope="module")
def lut(tmp_path_factory: pytest.TempPathFactory, make_lut: Callable[..., Lut]) -> Path:
    """Give the file of a LUT of noise, at scale 2."""
    path = tmp_path_factory.mktemp("lut") / "lut.safetensors"
    save_model(make_lut("sr_lut", 2, "s"), path)
    return path
