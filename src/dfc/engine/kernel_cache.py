"""Compiled kernels, and the files that keep them from one process to the next.

Numba's own cache fails where no folder can be written, and on damaged files. A kernel that cannot
be read here is compiled anew, and one that cannot be kept serves this process.
"""

import inspect
import logging
import pickle
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from numba import njit
from numba.core.caching import CompileResultCacheImpl, FunctionCache, IndexDataCacheFile

# Its name differs between versions of Numba.
_, InTreeCacheLocator, *_ = CompileResultCacheImpl._locator_classes


def compile_kernel(function: Callable) -> Callable:
    """Compile a function when it is first called, unless a file keeps it compiled.

    The files lie where Numba puts them: in the folder NUMBA_CACHE_DIR, in `__pycache__` beside the
    source or in the user's cache, the first of these that can be written. Those in `__pycache__`
    are read even where they cannot be written, as in the image of a container.
    """
    kernel = njit(nogil=True)(function)
    kernel._cache = _KernelCache(function)
    return kernel


class _Files(IndexDataCacheFile):
    """The files of one kernel; each says whether it is whole, and which overload it holds.

    LLVM ends the process on damaged code; and of two processes that save at the same time, one may
    leave its code in the file that the index of the other names.
    """

    def load(self, key: tuple) -> Any:
        """Load the overload of a key; None where there is none, or it is damaged."""
        with suppress(Exception):  # a damaged pickle fails in any way
            digest, packed = super().load(key)
            if sha256(packed).digest() == digest:
                found, overload = pickle.loads(packed)
                return overload if found == key else None
        return None

    def save(self, key: tuple, data: Any) -> None:
        """Save the overload of a key."""
        packed = self._dump((key, data))
        super().save(key, (sha256(packed).digest(), packed))

    def _load_index(self) -> dict[tuple, str]:
        try:
            return super()._load_index()
        except Exception:
            return {}


class _FixedFolder(InTreeCacheLocator):
    """The folder beside the source, whether or not it can be written."""

    @classmethod
    def from_function(cls, py_func: Callable, py_file: str) -> "_FixedFolder":
        """Locate it, and leave it to `save_overload` to find out."""
        return cls(py_func, py_file)


class _Implementation(CompileResultCacheImpl):
    _locator_classes = (*CompileResultCacheImpl._locator_classes, _FixedFolder)


class _KernelCache(FunctionCache):
    _impl_class = _Implementation

    def __init__(self, function: Callable) -> None:
        super().__init__(function)
        beside = Path(inspect.getfile(function)).with_name("__pycache__")
        name, stamp = self._impl.filename_base, _stamp_sources(beside.parent)
        self._cache_file = _Files(self._cache_path, name, stamp)
        self._installed = _Files(str(beside), name, stamp)

    def _load_overload(self, sig: object, target_context: Any) -> Any:
        key = self._index_key(sig, target_context.codegen())
        overload = self._cache_file.load(key) or self._installed.load(key)
        return overload and self._impl.rebuild(target_context, overload)

    def save_overload(self, sig: object, data: Any) -> None:
        """Save the compiled code of a signature, or say once that it cannot be kept."""
        try:
            super().save_overload(sig, data)
        except OSError as error:
            _warn(self._cache_path, error.strerror)


@cache
def _stamp_sources(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Tell by its files when the code of a folder changes: kernels have code of others in them."""
    files = ((path.name, path.stat()) for path in sorted(folder.glob("*.py")))
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in files)


@cache
def _warn(folder: str, reason: str) -> None:
    logging.getLogger(__name__).warning(
        f"{folder}: cannot be written ({reason}): kernels are compiled anew in every run, unless "
        "NUMBA_CACHE_DIR names a folder to keep them in"
    )
