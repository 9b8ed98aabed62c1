import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.engine.random_luts import draw_lut
from tests.runtimes.conftest import LUTS, MakeLut, make_picture

import dfc
from dfc.models.lut import Lut
from dfc.runtimes import write_files

STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror"]
SANITIZE = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
MACHINES = {"aarch64": "aarch64-linux-gnu-gcc", "arm": "arm-linux-gnueabihf-gcc"}


def require(*programs: str) -> None:
    for program in programs:
        if not shutil.which(program):
            pytest.skip(f"install {program} to test the C target with it")


def build(lut: Lut, folder: Path, compiler: str, *options: str) -> Path:
    write_files(lut, "test", "c", folder, force=True)
    command = [compiler, *STRICT, *options, "-o", "lut", "main.c", "lut.c"]
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr[:2000]
    return folder / "lut"


def restore(command: list[str | Path], image: np.ndarray, folder: Path) -> np.ndarray:
    source, target = folder / "in.ppm", folder / "out.ppm"
    Image.fromarray(image).save(source)
    done = subprocess.run([*command, source, target], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:2000]
    return np.array(Image.open(target))


def assert_restores(command: list[str | Path], lut: Lut, image: np.ndarray, folder: Path) -> None:
    expected = dfc.restore(image, lut, threads=1)
    np.testing.assert_array_equal(restore(command, image, folder), expected)


@given(lut=draw_lut(), size=st.tuples(st.integers(1, 9), st.integers(1, 140)), small=st.booleans())
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_layers_are_restored_exactly_and_within_bounds(
    tmp_path: Path, lut: Lut, size: tuple[int, int], small: bool
) -> None:
    require("gcc")
    program = build(lut, tmp_path, "gcc", *SANITIZE, *["-DLUT_SMALL"] * small)
    for channels in (1, 3):
        assert_restores([program], lut, make_picture(*size, channels), tmp_path)


@pytest.mark.parametrize("name", LUTS)
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_every_architecture_is_restored_exactly_without_a_warning(
    tmp_path: Path, make_lut: MakeLut, name: str, compiler: str
) -> None:
    require(compiler)
    lut = LUTS[name](make_lut)
    program = build(lut, tmp_path, compiler, "-O2")
    for picture in (make_picture(1, 1), make_picture(19, 150, 3)):
        assert_restores([program], lut, picture, tmp_path)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("name", ["mulut_dfc", "shift_lut", "shift_lut_8"])
def test_other_processors_restore_the_same(
    tmp_path: Path, make_lut: MakeLut, name: str, machine: str
) -> None:
    require(MACHINES[machine], f"qemu-{machine}")
    lut = LUTS[name](make_lut)
    program = build(lut, tmp_path, MACHINES[machine], "-O2", "-static")
    assert_restores([f"qemu-{machine}", program], lut, make_picture(20, 150, 3), tmp_path)


@pytest.mark.parametrize("name", ["mulut_dfc", "spf_lut_dfc", "shift_lut_l", "sr-x4"])
def test_set5_is_restored_exactly(
    tmp_path: Path, find_published: Callable[[str], Lut], set5: list[Path], name: str
) -> None:
    require("gcc")
    lut = find_published(name)
    program = build(lut, tmp_path, "gcc", "-O1")
    for path in set5:
        assert_restores([program], lut, np.array(Image.open(path)), tmp_path)


def test_the_working_memory_is_what_the_header_says(tmp_path: Path, make_lut: MakeLut) -> None:
    """Run it in memory of exactly that size, at every alignment, between guards."""
    require("gcc")
    write_files(LUTS["shift_lut_8"](make_lut), "test", "c", tmp_path)
    (tmp_path / "guard.c").write_text(GUARD)
    for options in ([], ["-DLUT_SMALL"]):
        command = ["gcc", *STRICT, *SANITIZE, *options, "-o", "guard", "guard.c", "lut.c"]
        subprocess.run(command, cwd=tmp_path, check=True)
        subprocess.run([tmp_path / "guard"], check=True)


GUARD = """
#include <stdlib.h>
#include "lut.h"

int main(void)
{
    for (int width = 1; width < 300; width += 37) {
        for (size_t shift = 0; shift < 8; shift++) {
            uint8_t *in = calloc((size_t)width, 3);
            uint8_t *memory = malloc(LUT_WORK_BYTES(width) + shift);
            uint8_t *out = malloc((size_t)width * LUT_SCALE * LUT_SCALE * 3);
            ptrdiff_t stride = (ptrdiff_t)width * LUT_SCALE;
            if (lut_restore(in, width, 3, width, out, stride, 1, memory + shift) != LUT_OK
                || lut_restore(in, 0, 3, width, out, stride, 1, memory + shift) != LUT_ERROR
                || lut_restore(in, width, 3, width, out, stride, 2, memory + shift) != LUT_ERROR) {
                return 1;
            }
            free(in);
            free(memory);
            free(out);
        }
    }
    return 0;
}
"""


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (b"P6\n2 2\n65535\n", "expected a PGM or PPM file of 8 bits"),
        (b"P5 9 9 255\n123", "ends too soon"),
        (None, "cannot be read"),
    ],
)
def test_a_bad_picture_is_one_line(
    tmp_path: Path, make_lut: MakeLut, file: bytes | None, message: str
) -> None:
    require("gcc")
    program = build(LUTS["sr_lut"](make_lut), tmp_path, "gcc", "-O1")
    if file:
        (tmp_path / "in.ppm").write_bytes(file)
    command = [program, tmp_path / "in.ppm", tmp_path / "out.ppm"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out.ppm").exists()
