"""Thread pools over all cores: decoders and kernels release the interpreter."""

import ctypes
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from itertools import repeat
from typing import TypeVar

PR_SET_PDEATHSIG = 1  # of prctl
Item = TypeVar("Item")
Result = TypeVar("Result")


def count_cores() -> int:
    """Count the cores that this process may use, which can be fewer than the machine has."""
    return len(os.sched_getaffinity(0))


def count_image_workers() -> int:
    """Count the threads that work on whole images: more would fill the memory, not the cores.

    A large photograph takes some 100 MB on its way.
    """
    return min(count_cores(), 8)


def prefetch(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    threads: int,
    ahead: int | None = None,
    stop: Callable[[], None] | None = None,
) -> Iterator[Result]:
    """Apply a function to items in threads, ahead of time, and give the results in order.

    At most `ahead` results, by default one a thread, wait in memory, finished or not. At the end,
    or where the results are no longer wanted, `stop` is called, that no thread waits for long.
    """
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > (ahead or threads):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
            if stop:
                stop()


def read_ahead(items: Iterable[Item], ahead: int, stop: Callable[[], None]) -> Iterator[Item]:
    """Iterate in a thread of its own, at most about `ahead` items ahead of who takes them.

    Where they are no longer wanted, `stop` is called, that the thread waits for no more of them.
    """
    iterator, end = iter(items), object()
    for item in prefetch(lambda _: next(iterator, end), repeat(None), 1, ahead, stop):
        if item is end:
            return
        yield item


def run_parallel(job: Callable[[Item], None], items: Iterable[Item], threads: int) -> None:
    """Run a job for every item, on so many threads."""
    if threads == 1:
        for item in items:
            job(item)
    else:
        list(_get_pool(threads).map(job, items))


@cache
def _get_pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads)


def _is_launched() -> bool:
    """Tell whether a launcher started this process, perhaps beside others.

    RANK alone does not say it: clusters set it for all that runs there.
    """
    return "TORCHELASTIC_RUN_ID" in os.environ


def is_first_process() -> bool:
    """Tell whether this is the first, or the only one, of the processes that train together."""
    return not _is_launched() or os.environ.get("RANK", "0") == "0"


def count_local_processes() -> int:
    """Count the processes of this machine that train together."""
    return int(os.environ["LOCAL_WORLD_SIZE"]) if _is_launched() else 1


def end_with_parent() -> None:
    """Let this process be ended when the one that started it ends, however that is (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


# Threads do not live on in a forked process: its pools are made anew.
os.register_at_fork(after_in_child=_get_pool.cache_clear)
