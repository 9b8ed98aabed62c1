"""Speed and size of a LUT on its runtimes: the engine, and the others that can be run here."""

import base64
import ctypes
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dfc.common.errors import UserError
from dfc.engine import restore
from dfc.evaluation.speed import read_photograph
from dfc.models.lut import Lut
from dfc.runtimes import write_files
from dfc.runtimes.c import measure_memory, place_tables
from dfc.runtimes.program import make_program

Timed = tuple[NDArray[np.uint8] | None, float]
"""What was restored, if it can be told, and the seconds that it took."""
OPTIMISED = ("-O3", "-march=native")
NODE_SCRIPT = Path(__file__).with_name("run_web.js")
"""Runs what a worker of the web page does in Node.js: a line of JSON in, a line out."""
ROUNDS = 3  # at least
FFMPEG = ("ffmpeg", "-v", "error", "-init_hw_device", "vulkan")
FRAMES = 8  # of a film that a shader is timed on


class Runtime(NamedTuple):
    """A LUT on a machine: what restores an RGB picture, and how many bytes it takes."""

    restore: Callable[[NDArray[np.uint8]], Timed]
    program: int | None = None  # code and tables
    memory: int | None = None  # beside the picture and what is restored of it


def measure_runtimes(lut: Lut, width: int, height: int, budget: float) -> pd.DataFrame:
    """Measure the runtimes of a LUT, all in turn, on an RGB photograph of so many pixels.

    Spends about `budget` seconds on each. Returns a row for each: its name, ms (median), times
    (those of one thread of the engine), and the KiB of its program and of its working memory.
    Raises `UserError` for a runtime that restores otherwise than the engine.
    """
    image = read_photograph(width, height)
    expected = restore(image, lut)
    with TemporaryDirectory() as folder, ExitStack() as stack:
        found = dict(list_runtimes(lut, width, Path(folder), stack))
        for name, runtime in found.items():
            restored, _ = runtime.restore(image)
            if restored is not None and not np.array_equal(restored, expected):
                raise UserError(f"{name}: restores something else than the engine")
        seconds: dict[str, list[float]] = {name: [] for name in found}
        end = time.perf_counter() + budget * len(found)
        while len(next(iter(seconds.values()))) < ROUNDS or time.perf_counter() < end:
            for name, runtime in found.items():
                seconds[name].append(runtime.restore(image)[1])
    first = median(next(iter(seconds.values())))
    return pd.DataFrame(
        {
            "runtime": name,
            "ms": median(seconds[name]) * 1e3,
            "times": median(seconds[name]) / first,
            "program KiB": runtime.program and runtime.program / 1024,
            "memory KiB": runtime.memory and runtime.memory / 1024,
        }
        for name, runtime in found.items()
    )


def list_runtimes(
    lut: Lut, width: int, folder: Path, stack: ExitStack
) -> Iterator[tuple[str, Runtime]]:
    """List what can restore with a LUT here, by name; programs are made in a folder."""
    for threads in (1, 2):
        name = f"engine, {threads} thread{'s' * (threads > 1)}"
        yield name, Runtime(_time(lambda image, threads=threads: restore(image, lut, threads)))
    program = make_program(lut)
    tables = place_tables(program)
    for compiler in filter(shutil.which, ("gcc", "clang")):
        for option in ("", "-DLUT_SMALL")[: 1 + (tables.size > 0)]:
            name = f"C, {compiler} {option}".strip()
            memory = measure_memory(program, tables).for_width(width, small=bool(option))
            yield name, compile_c(lut, [compiler, *filter(None, [option])], memory, folder / name)
    if shutil.which("node"):
        yield "JavaScript, Node.js, 1 thread", start_node(lut, folder / "web", stack)
    if lut.architecture.colours == 1 and can_run_shaders():
        yield "shader, Mesa's lavapipe, luma alone", write_shader(lut, folder / "mpv")


def _time(call: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]) -> Callable[..., Timed]:
    """Time a call, after one that does not count: threads of what ran before may still spin."""

    def run(image: NDArray[np.uint8]) -> Timed:
        call(image)
        start = time.perf_counter()
        return call(image), time.perf_counter() - start

    return run


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

    return Runtime(_time(run), library.stat().st_size, memory)


def start_node(lut: Lut, folder: Path, stack: ExitStack) -> Runtime:
    """Start a worker of the web page in Node.js; it ends with the stack."""
    (page,) = write_files(lut, "lut", "web", folder)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = subprocess.Popen(["node", NODE_SCRIPT], **pipes)
    stack.callback(process.wait)
    stack.callback(process.stdin.close)
    text = page.read_text()

    def run(image: NDArray[np.uint8]) -> Timed:
        nonlocal text
        height, width, channels = image.shape
        pixels = base64.b64encode(image.tobytes()).decode()
        job = {"pixels": pixels, "width": width, "height": height, "channels": channels}
        job |= {"first": 0, "top": 0, "bottom": height}
        print(json.dumps({"page": text, "job": job}), file=process.stdin, flush=True)
        text = ""  # is loaded
        answer = json.loads(process.stdout.readline())
        made = np.frombuffer(base64.b64decode(answer["restored"]), np.uint8)
        scale = lut.architecture.scale
        return made.reshape(height * scale, width * scale, 4)[..., :3], answer["seconds"]

    return Runtime(run, page.stat().st_size)


def write_shader(lut: Lut, folder: Path) -> Runtime:
    """Write the shader of mpv, which FFmpeg runs without a graphics card: grey films."""
    (shader,) = write_files(lut, "lut", "mpv", folder)
    scale = lut.architecture.scale

    def play(image: NDArray[np.uint8], frames: int) -> float:
        height, width, _ = image.shape
        show = f"libplacebo=w={width * scale}:h={height * scale}:custom_shader_path={shader}"
        film = image[..., 1].tobytes() * frames
        start = time.perf_counter()
        command = [*FFMPEG, "-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{width}x{height}"]
        command += ["-i", "-", "-vf", f"hwupload,{show},hwdownload,format=gray", "-f", "null", "-"]
        subprocess.run(command, input=film, check=True)
        return time.perf_counter() - start

    def run(image: NDArray[np.uint8]) -> Timed:
        """What one frame takes is to start; the tests compare what is shown."""
        return None, (play(image, 1 + FRAMES) - play(image, 1)) / FRAMES

    return Runtime(run, shader.stat().st_size)


@cache
def can_run_shaders() -> bool:
    """Tell whether FFmpeg runs shaders here."""
    if not shutil.which("ffmpeg"):
        return False
    filters = subprocess.run(["ffmpeg", "-filters"], capture_output=True, text=True).stdout
    nothing = ["-f", "lavfi", "-i", "nullsrc", "-frames:v", "1", "-f", "null", "-"]
    starts = subprocess.run([*FFMPEG, *nothing], capture_output=True).returncode == 0
    return "libplacebo" in filters and starts
