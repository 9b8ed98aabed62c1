import shutil
from collections.abc import Callable

import pytest

from dfc.common.errors import UserError
from dfc.evaluation import runtimes
from dfc.evaluation.runtimes import Runtime, list_runtimes, measure_runtimes
from dfc.models.lut import Lut


def test_what_restores_like_the_engine_is_measured(make_lut: Callable[..., Lut]) -> None:
    if not shutil.which("gcc"):
        pytest.skip("install gcc to measure the C target")
    lut = make_lut("shift_lut", 2, "s", channels=4, stages=1)
    table = measure_runtimes(lut, 16, 8, budget=0).set_index("runtime")
    assert table.loc["engine, 1 thread", "times"] == 1
    small, fast = table.loc["C, gcc -DLUT_SMALL"], table.loc["C, gcc"]
    assert 0 < small["memory KiB"] < fast["memory KiB"]
    assert (table.filter(regex="engine|C,|JavaScript", axis=0)["ms"] > 0).all()


def test_what_restores_otherwise_is_not_measured(
    make_lut: Callable[..., Lut], monkeypatch: pytest.MonkeyPatch
) -> None:
    def list_wrong(*arguments: object) -> object:
        yield from list_runtimes(*arguments)
        yield "wrong", Runtime(lambda image: (image, 1.0))

    monkeypatch.setattr(runtimes, "list_runtimes", list_wrong)
    with pytest.raises(UserError, match="wrong: restores something else"):
        measure_runtimes(make_lut("sr_lut", 2, "s"), 16, 8, budget=0)
