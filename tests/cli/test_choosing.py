"""`dfc restore deblock`: the quality of a JPEG file says by which LUT it is restored."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import dfc
from dfc import zoo
from dfc.cli import app
from dfc.models.artifact import save_model


@pytest.fixture(autouse=True)
def luts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_lut) -> dict[int | None, Path]:
    """Make a zoo of LUTs for three qualities, and for any (None)."""
    folder = tmp_path / "zoo"
    patterns = {None: "s", 10: "sd", 20: "sdy", 40: "sdyeh"}
    found = {level: folder / f"deblock-{level}.safetensors" for level in patterns}
    found[None] = folder / "deblock.safetensors"
    for level, path in found.items():
        save_model(make_lut("mulut", 1, patterns[level], stages=1), path)
    monkeypatch.setattr(zoo, "FOLDER", folder)
    return found


def write_noise(path: Path, **options: int) -> Path:
    noise = np.random.default_rng(0).integers(256, size=(20, 30), dtype=np.uint8)
    Image.fromarray(noise).save(path, **options)
    return path


@pytest.mark.parametrize(
    ("file", "quality", "level"),
    [
        ("a.jpg", 5, 10),
        ("a.jpg", 12, 10),
        ("a.jpg", 22, 20),
        ("a.jpg", 45, 40),
        ("a.jpg", 30, None),
        ("a.jpg", 95, None),
        ("a.png", 10, None),
    ],
)
def test_a_near_quality_is_restored_by_its_lut_and_all_else_by_that_for_any(
    tmp_path: Path, luts: dict[int | None, Path], file: str, quality: int, level: int | None
) -> None:
    source, target = write_noise(tmp_path / file, quality=quality), tmp_path / "out.png"
    result = CliRunner().invoke(app, ["restore", "deblock", str(source), "-o", str(target)])
    assert result.exit_code == 0, result.output
    expected = dfc.restore(Image.open(source), luts[level])
    np.testing.assert_array_equal(Image.open(target), expected)


def test_a_lut_for_one_quality_is_taken_at_its_word(
    tmp_path: Path, luts: dict[int | None, Path]
) -> None:
    source, target = write_noise(tmp_path / "a.jpg", quality=10), tmp_path / "out.png"
    CliRunner().invoke(app, ["restore", "deblock-40", str(source), "-o", str(target)])
    expected = dfc.restore(Image.open(source), luts[40])
    np.testing.assert_array_equal(Image.open(target), expected)
