import pytest

from dfc.data import sample
from dfc.images.files import read_image


@pytest.mark.parametrize("name", sample.TRAIN + sample.VALIDATION + sample.BENCHMARK)
def test_sample_photographs_load_from_the_installed_packages(name: str) -> None:
    pair = sample.find_photograph(name)
    assert (pair.name, pair.degraded) == (name, None)
    assert min(read_image(pair.target).shape[:2]) >= 300


def test_no_photograph_is_used_twice() -> None:
    names = sample.TRAIN + sample.VALIDATION + sample.BENCHMARK
    assert len(set(names)) == len(names)
