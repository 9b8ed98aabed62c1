import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dfc.common.errors import UserError
from dfc.engine import restore
from dfc.interop.sources import read_source
from dfc.interop.tables import write_tables
from dfc.models.artifact import load_lut, save_model
from dfc.models.lut import Lut

MakeLut = Callable[..., Lut]


@pytest.fixture
def folder(tmp_path: Path, make_lut: MakeLut) -> Path:
    """Give a folder of tables as they are published, with steps from 1 on."""
    lut = make_lut("shift_lut", 2, "", stages=2, channels=4, bits=6).compress("xyzt", 2, 5, 60)
    write_tables(lut, tmp_path / "tables")
    return tmp_path / "tables"


def assert_same_files(found: Path, expected: Path) -> None:
    """Compare folders of tables, entry for entry."""
    assert {path.name for path in found.iterdir()} == {path.name for path in expected.iterdir()}
    for path in expected.iterdir():
        other = found / path.name
        if path.suffix == ".json":
            assert json.loads(other.read_text()) == json.loads(path.read_text())
        elif path.suffix == ".npz":
            ours, theirs = np.load(other), np.load(path)
            assert list(ours) == list(theirs)
            for name in theirs:
                np.testing.assert_array_equal(ours[name], theirs[name])
        else:
            np.testing.assert_array_equal(np.load(other), np.load(path))


def test_tables_survive_the_trip_through_one_file(tmp_path: Path, folder: Path) -> None:
    found = read_source(folder)
    save_model(found.model, tmp_path / "lut.safetensors")
    write_tables(load_lut(tmp_path / "lut.safetensors"), tmp_path / "again")
    assert_same_files(tmp_path / "again", folder)
    assert found.model.task == "sr" and not found.readings


def test_uniform_tables_have_one_step(tmp_path: Path, make_lut: MakeLut) -> None:
    lut = make_lut("shift_lut", 1, "", stages=1, channels=2, bits=6)
    write_tables(lut, tmp_path / "tables")
    found = read_source(tmp_path / "tables", "denoise").model
    image = np.random.default_rng(0).integers(256, size=(9, 7), dtype=np.uint8)
    np.testing.assert_array_equal(restore(image, found), restore(image, lut))


def test_one_of_its_files_stands_for_all(folder: Path) -> None:
    assert read_source(folder / "UP_MSB.npz").model.architecture.name == "shift_lut"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("UP_MSB.json", "{", "not readable as JSON"),
        ("UP_MSB.json", "[]", "expected IN, OUT and LUTs"),
        ("UP_MSB.json", '{"OUT": 9000, "LUTs": []}', "OUT: expected 1 to 64, found 9000"),
        ("PW0_MSB.json", '{"LUTs": [{"in": 0}]}', "expected in, out and step of every table"),
        ("PW0_MSB.json", '{"LUTs": [{"in": 0, "out": 0, "step": 3}]}', "no step is 3"),
        ("PW0_MSB.npz", "PK", "not readable tables of NumPy"),
        ("offset.npy", "", "not a readable table of shifts"),
    ],
)
def test_a_damaged_file_is_named(folder: Path, name: str, text: str, message: str) -> None:
    (folder / name).write_text(text)
    with pytest.raises(UserError, match=f"{name.split('.')[0]}.*{message}|{message}"):
        read_source(folder)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "DW1_MSB.npz").unlink()
    with pytest.raises(UserError, match=r"DW1_MSB\.npz: not readable"):
        read_source(folder)


def test_values_that_do_not_fit_their_step_are_refused(folder: Path) -> None:
    with np.load(folder / "UP_MSB.npz") as arrays:
        columns = dict(arrays)
    columns["i0o0"] = np.zeros(7)
    np.savez(folder / "UP_MSB.npz", **columns)
    with pytest.raises(UserError, match=r"UP_MSB\.npz: i0o0: expected \d+ values"):
        read_source(folder)


def test_tables_of_no_published_kind_are_refused(tmp_path: Path, make_lut: MakeLut) -> None:
    with pytest.raises(UserError, match=r"pair_lut x1.*no published form"):
        write_tables(make_lut("pair_lut", 1, "s", interval=6), tmp_path)


@pytest.mark.parametrize("size", ["S", "M", "L"])
def test_released_tables_survive_the_trip(tmp_path: Path, reference_dir: Path, size: str) -> None:
    folder = reference_dir / "reference/shiftlut_x4" / size
    write_tables(read_source(folder).model, tmp_path / size)
    assert_same_files(tmp_path / size, folder)
