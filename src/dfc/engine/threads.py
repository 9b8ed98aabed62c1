"""Kernels release the interpreter: plain threads are enough to use all cores."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

Item = TypeVar("Item")


def in_parallel(job: Callable[[Item], None], items: Iterable[Item], threads: int) -> None:
    """Do a job for every item, on so many threads."""
    if threads == 1:
        for item in items:
            job(item)
    else:
        list(_pool(threads).map(job, items))


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads)
