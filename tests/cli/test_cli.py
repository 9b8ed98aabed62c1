import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import dfc as library
from dfc.models.artifact import save_model
from dfc.models.lut import Lut

HEAVY = {"accelerate", "altair", "dvc", "pandas", "skimage", "torch"}
"""Packages that restoring does without, so that a light install has none of them."""
TINY = ("--model", "sr_lut", "--nf", "2", "--batch-size", "1", "--patch-size", "4", "--steps", "3")


def dfc(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-c", "from dfc.cli import main; main()", *arguments)
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_the_time_of_a_training_step_is_printed() -> None:
    done = dfc("step-time", *TINY)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^sr_lut x4 sdy, nf 2, .* median 0\.\d+ s a step .* 3 steps", done.stdout)


def test_the_package_is_the_command_and_says_its_version() -> None:
    command = (sys.executable, "-m", "dfc", "--version")
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, f"dfc {library.__version__}\n")


def test_an_unknown_architecture_is_one_line() -> None:
    done = dfc("step-time", "--model", "esrgan")
    assert done.returncode == 1
    assert (
        done.stderr
        == "error: architecture 'esrgan' is none of sr_lut, mulut, spf_lut, shift_lut, pair_lut\n"
    )


def test_a_bad_option_is_refused_without_a_traceback() -> None:
    done = dfc("step-time", "--steps", "0")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.fixture
def lut(tmp_path: Path, make_lut: Callable[..., Lut]) -> Path:
    path = tmp_path / "lut.safetensors"
    save_model(make_lut("sr_lut", 2, "s"), path)
    return path


def picture(path: Path) -> np.ndarray:
    path.parent.mkdir(exist_ok=True)
    pixels = np.random.default_rng(0).integers(256, size=(6, 8, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return pixels


def test_files_and_folders_are_restored(tmp_path: Path, lut: Path) -> None:
    pixels = picture(tmp_path / "a.png")
    picture(tmp_path / "in" / "b.png")
    inputs = (str(tmp_path / "a.png"), str(tmp_path / "in"))
    done = dfc("restore", str(lut), *inputs, "-o", str(tmp_path / "out"), "--threads", "1")
    assert done.returncode == 0, done.stderr
    restored = np.asarray(Image.open(tmp_path / "out" / "a.png"))
    np.testing.assert_array_equal(restored, library.restore(pixels, library.load(lut)))
    assert (tmp_path / "out" / "b.png").exists()


def test_a_restored_file_is_not_overwritten(tmp_path: Path, lut: Path) -> None:
    picture(tmp_path / "a.png")
    (tmp_path / "b.png").write_text("precious")
    arguments = ("restore", str(lut), str(tmp_path / "a.png"), "-o", str(tmp_path / "b.png"))
    done = dfc(*arguments)
    assert done.returncode == 1
    assert done.stderr.endswith("b.png: exists already; --force replaces it\n")
    assert (tmp_path / "b.png").read_text() == "precious"
    assert dfc(*arguments, "--force").returncode == 0
    assert Image.open(tmp_path / "b.png").size == (16, 12)


def test_a_damaged_picture_is_named_in_one_line(tmp_path: Path, lut: Path) -> None:
    (tmp_path / "bad.png").write_text("no image")
    done = dfc("restore", str(lut), str(tmp_path / "bad.png"), "-o", str(tmp_path / "out"))
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert "bad.png: expected a readable image" in line
    assert "Traceback" not in done.stderr


def test_a_lut_is_benchmarked_as_json(lut: Path) -> None:
    options = ("--size", "16x12", "--threads", "1", "--seconds", "0", "--json")
    done = dfc("bench", str(lut), *options)
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert results["output"] == "32x24"
    assert results["restore_ms"] > 0
    assert results["finetune_us_per_pixel"] > 0
    assert [row["input"] for row in results["growth"]] == ["8x6", "16x12", "32x24", "64x48"]


def test_a_size_that_is_none_is_refused(lut: Path) -> None:
    done = dfc("bench", str(lut), "--size", "big")
    assert done.returncode == 1
    assert done.stderr == "error: --size: expected WIDTHxHEIGHT in pixels, got big\n"


@pytest.mark.parametrize("command", ["restore", "info", "compress", "export"])
def test_commands_on_lut_files_load_no_heavy_package(
    tmp_path: Path, lut: Path, command: str
) -> None:
    picture(tmp_path / "a.png")
    output = tmp_path / ("folder" if command == "export" else "a.out.png")
    arguments = {
        "restore": [str(lut), str(tmp_path / "a.png"), "-o", str(output)],
        "info": [str(lut)],
        "compress": [str(lut), "-o", str(output), "--interval", "7"],
        "export": [str(lut), "-o", str(output)],
    }
    code = "import sys; from dfc.cli import main\ntry: main()\nfinally: print('', *sys.modules)"
    run = (sys.executable, "-c", code, command, *arguments[command])
    done = subprocess.run(run, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert not HEAVY & set(done.stdout.splitlines()[-1].split())
