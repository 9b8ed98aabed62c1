import numpy as np
import pytest

from dfc.data import sample
from dfc.errors import UserError


@pytest.mark.parametrize("name", sample.TRAIN + sample.VALIDATION + sample.BENCHMARK)
def test_sample_photographs_load_from_the_installed_packages(name: str) -> None:
    image = sample.photograph(name)
    assert image.dtype == np.uint8
    assert image.shape[2:] in [(), (3,)]
    assert min(image.shape[:2]) >= 300


def test_no_photograph_is_used_twice() -> None:
    names = sample.TRAIN + sample.VALIDATION + sample.BENCHMARK
    assert len(set(names)) == len(names)


def test_an_unknown_photograph_is_named() -> None:
    with pytest.raises(UserError, match="'moon'"):
        sample.photograph("moon")
