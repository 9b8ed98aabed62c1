"""Speed and size of a LUT on its runtimes: the engine, and the others that can be run here."""

import ctypes
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dfc.common.errors import UserError
from dfc.engine import restore
from dfc.evaluation.speed import measure_median_seconds, read_photograph
from dfc.models.lut import Lut
from dfc.runtimes import write_files
from dfc.runtimes.c import measure_memory, place_tables
from dfc.runtimes.program import make_program

Restore = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
OPTIMISED = ("-O3", "-march=native")


class Runtime(NamedTuple):
    """A LUT on a machine: what restores an RGB picture, and how many bytes it takes."""

    restore: Restore
    program: int | None  # code and tables
    memory: int | None  # beside the picture and what is restored of it


def measure_runtimes(lut: Lut, width: int, height: int, budget: float) -> pd.DataFrame:
    """Measure the runtimes of a LUT, all in turn, on an RGB photograph of so many pixels.

    Returns a row for each: its name, ms (median), times (those of one thread of the engine), and
    the bytes of its program and working memory. A runtime that restores otherwise is an error.
    """
    image = read_photograph(width, height)
    with TemporaryDirectory() as folder:
        found = dict(list_runtimes(lut, width, Path(folder)))
        expected = restore(image, lut)
        for name, runtime in found.items():
            if not np.array_equal(runtime.restore(image), expected):
                raise UserError(f"{name}: restores something else than the engine")
        calls = {name: partial(each.restore, image) for name, each in found.items()}
        seconds = measure_median_seconds(calls, budget)
    first = next(iter(seconds.values()))
    return pd.DataFrame(
        {
            "runtime": name,
            "ms": seconds[name] * 1e3,
            "times": seconds[name] / first,
            "program KiB": runtime.program and runtime.program / 1024,
            "memory KiB": runtime.memory and runtime.memory / 1024,
        }
        for name, runtime in found.items()
    )


def list_runtimes(lut: Lut, width: int, folder: Path) -> Iterator[tuple[str, Runtime]]:
    """List what can restore with a LUT here, by name; programs are compiled in a folder."""
    for threads in (1, 2):
        call = partial(restore, lut=lut, threads=threads)
        yield f"engine, {threads} thread{'s' * (threads > 1)}", Runtime(call, None, None)
    program = make_program(lut)
    tables = place_tables(program)
    for compiler in filter(shutil.which, ("gcc", "clang")):
        for option in ("", "-DLUT_SMALL")[: 1 + (tables.size > 0)]:
            name = f"C, {compiler} {option}".strip()
            memory = measure_memory(program, tables).for_width(width, small=bool(option))
            yield name, compile_c(lut, [compiler, *filter(None, [option])], memory, folder / name)


def compile_c(lut: Lut, compiler: Sequence[str], memory: int, folder: Path) -> Runtime:
    """Compile a LUT as C for this machine, and load it, with so much working memory."""
    write_files(lut, "lut", "c", folder)
    library = folder / "lut.so"
    command = [*compiler, *OPTIMISED, "-std=c99", "-shared", "-fPIC", "-o", library, "lut.c"]
    subprocess.run(command, cwd=folder, check=True)
    loaded, scale = ctypes.CDLL(str(library)), lut.architecture.scale
    work = np.empty(memory, np.uint8)

    def run(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        height, width, channels = image.shape
        restored = np.empty((height * scale, width * scale, channels), np.uint8)
        arrays = [array.ctypes.data_as(ctypes.c_void_p) for array in (image, restored, work)]
        strides = [ctypes.c_ssize_t(array.strides[0]) for array in (image, restored)]
        status = loaded.lut_restore(
            arrays[0], width, height, strides[0], arrays[1], strides[1], channels, arrays[2]
        )
        assert status == 0
        return restored

    return Runtime(run, library.stat().st_size, memory)
