"""`dfc restore deblock`: the quality of a JPEG file says by which LUT it is restored."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import dfc
from dfc import zoo
from dfc.cli import app
from dfc.common.errors import UserError
from dfc.models.artifact import save_model


@pytest.fixture(autouse=True)
def levels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_lut) -> dict[int, Path]:
    """Make a zoo of LUTs for three qualities."""
    folder = tmp_path / "zoo"
    found = {level: folder / f"deblock-{level}.safetensors" for level in (10, 20, 40)}
    for level, path in found.items():
        save_model(make_lut("mulut", 1, "sdyeh"[: level // 10], stages=1), path)
    monkeypatch.setattr(zoo, "FOLDER", folder)
    return found


def write_noise(path: Path, **options: int) -> Path:
    noise = np.random.default_rng(0).integers(256, size=(20, 30), dtype=np.uint8)
    Image.fromarray(noise).save(path, **options)
    return path


@pytest.mark.parametrize(("quality", "level"), [(5, 10), (12, 10), (22, 20), (45, 40), (95, 40)])
def test_the_nearest_quality_restores(
    tmp_path: Path, levels: dict[int, Path], quality: int, level: int
) -> None:
    source, target = write_noise(tmp_path / "a.jpg", quality=quality), tmp_path / "out.png"
    result = CliRunner().invoke(app, ["restore", "deblock", str(source), "-o", str(target)])
    assert result.exit_code == 0, result.output
    expected = dfc.restore(Image.open(source), levels[level])
    np.testing.assert_array_equal(Image.open(target), expected)


def test_a_picture_of_another_format_is_refused_and_a_jpeg_beside_it_restored(
    tmp_path: Path,
) -> None:
    sources = write_noise(tmp_path / "a.png"), write_noise(tmp_path / "b.jpg")
    out = tmp_path / "out"
    result = CliRunner().invoke(app, ["restore", "deblock", *map(str, sources), "-o", str(out)])
    assert result.exit_code == 1
    assert "a.png: expected a JPEG file, whose quality says which of deblock-10" in result.stderr
    assert [path.name for path in out.iterdir()] == ["b.png"]


def test_where_one_lut_is_expected_all_are_named() -> None:
    with pytest.raises(UserError, match="expected one LUT of the zoo: deblock-10, deblock-20, deb"):
        dfc.load("deblock")
