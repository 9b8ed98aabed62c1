"""Small image sets that the tests of the data package share."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dfc.images.files import write_image


@pytest.fixture
def make_image(tmp_path: Path) -> Callable[..., Path]:
    """Give a function that writes a noise image below the test's folder."""

    def make(name: str, *shape: int) -> Path:
        path = tmp_path / name
        rng = np.random.default_rng(len(name))
        write_image(path, rng.integers(256, size=shape or (24, 32, 3), dtype=np.uint8))
        return path

    return make
