import time
from collections.abc import Iterator

import pytest

from dfc.common.parallel import prefetch


def test_results_come_in_order_and_only_so_far_ahead() -> None:
    started: list[int] = []

    def double(number: int) -> int:
        started.append(number)
        time.sleep(0.002 * (number % 3))
        return 2 * number

    results = prefetch(double, range(100), threads=3, ahead=4)
    for number in range(50):
        assert next(results) == 2 * number
        assert len(started) <= number + 1 + 4
    assert list(results) == list(range(100, 200, 2))
    assert sorted(started) == list(range(100))


def test_what_fails_in_a_thread_fails_where_the_result_is_asked_for() -> None:
    def numbers() -> Iterator[float]:
        yield from prefetch(lambda number: 1 / number, [2, 1, 0, 4], threads=2, ahead=2)

    results = numbers()
    assert [next(results), next(results)] == [0.5, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)
