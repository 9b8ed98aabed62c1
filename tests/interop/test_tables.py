"""Published tables, in and out."""

import filecmp
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dfc.common.errors import UserError
from dfc.data.layouts import find_pairs
from dfc.data.pairs import load_pair
from dfc.engine.strips import restore
from dfc.images.files import read_image
from dfc.interop.sources import read_source
from dfc.interop.tables import write_tables
from dfc.models.lut import Lut
from dfc.tasks import build_task

PUBLISHED = [
    "mulut_x4/LUT_ft_x4_4bit_int8_s1_s.npy",
    "random_mulut_x4/tables_xyzt2i5",
    "random_spf_x4/tables_xyzt2i5",
    "srlut/Model_S_x2_4bit_int8.npy",
    "srlut/Model_S_x3_4bit_int8.npy",
    "srlut/Model_S_x4_4bit_int8.npy",
    "srlut/Model_S_x4_5bit_int8.npy",
    "srlut/Model_S_x4_6bit_int8.npy",
]


@pytest.mark.parametrize("source", PUBLISHED)
def test_published_tables_come_out_byte_for_byte(
    reference_dir: Path, tmp_path: Path, source: str
) -> None:
    path = reference_dir / "reference" / source
    folder = path if path.is_dir() else path.parent
    written = write_tables(read_source(path).model, tmp_path)
    there = set(folder.glob("*.npy")) if "srlut" not in source else {path}
    assert {file.name for file in written} == {file.name for file in there}
    for file in written:
        assert filecmp.cmp(file, folder / file.name, shallow=False), file.name


def assert_same(one: Lut, other: Lut) -> None:
    assert one.architecture == other.architecture
    for name, table in one.tables.items():
        assert other.tables[name].lattice == table.lattice
        np.testing.assert_array_equal(other.tables[name].values, table.values)


@pytest.mark.parametrize("scale", [1, 4])
@pytest.mark.parametrize("name", ["sr_lut", "mulut", "spf_lut"])
@pytest.mark.parametrize("compression", [None, ("xyzt", 1, 7), ("xyz", 2, 8), ("xy", 0, 6)])
def test_our_tables_travel_as_published_ones(
    tmp_path: Path,
    make_lut: Callable[..., Lut],
    name: str,
    scale: int,
    compression: tuple[str, int, int] | None,
) -> None:
    lut = make_lut(name, scale, "sd", interval=5)
    if compression:
        lut = lut.compress(*compression)
    write_tables(lut, tmp_path)
    assert_same(read_source(tmp_path, lut.task).model, lut)


@pytest.mark.parametrize("interval", range(3, 9))
def test_the_interval_follows_from_the_rows(
    tmp_path: Path, make_lut: Callable[..., Lut], interval: int
) -> None:
    lut = make_lut("sr_lut", 2, "s", interval=interval)
    write_tables(lut, tmp_path)
    assert_same(read_source(tmp_path).model, lut)


@pytest.mark.parametrize("dims", ["xy", "xyz", "xyzt"])
@pytest.mark.parametrize("width", [0, 2, 3])
def test_a_compressed_table_needs_no_index(
    tmp_path: Path, make_lut: Callable[..., Lut], dims: str, width: int
) -> None:
    lut = make_lut("mulut", 2, "s", interval=4).compress(dims, width, 5)
    write_tables(lut, tmp_path)
    for index in tmp_path.glob("ref2index*"):
        index.unlink()
    found = read_source(tmp_path)
    assert_same(found.model, lut)
    assert f"interval 4, {dims} and width {width}; no ref2index" in found.readings[0]


def test_tables_of_scale_1_have_names_of_their_own(
    tmp_path: Path, make_lut: Callable[..., Lut]
) -> None:
    lut = make_lut("mulut", 1, "s")
    written = write_tables(lut, tmp_path)
    assert [path.name for path in written] == [
        "LUT_x1_6bit_int8_s1_c0_s.npy",
        "LUT_x1_6bit_int8_s2_c0_s.npy",
    ]
    found = read_source(tmp_path)
    assert found.model.task == "denoise"
    assert "--task says another" in found.readings[0]
    assert read_source(tmp_path, "deblur").model.task == "deblur"


def test_a_lone_table_is_taken_for_sr_lut_and_that_is_said(
    tmp_path: Path, make_lut: Callable[..., Lut]
) -> None:
    (path,) = write_tables(make_lut("sr_lut", 2, "s"), tmp_path)
    found = read_source(path)
    assert found.model.architecture.name == "sr_lut"
    assert found.readings == (f"{path.name}: took it for sr_lut; mulut with one layer would fit",)


def test_of_several_luts_a_file_says_which(tmp_path: Path, make_lut: Callable[..., Lut]) -> None:
    luts = {scale: make_lut("mulut", scale, "s") for scale in (2, 3)}
    for lut in luts.values():
        write_tables(lut, tmp_path)
    with pytest.raises(UserError, match=r"found LUT_x2_6bit_int8_s\*\.npy, LUT_x3_6bit_int8_s"):
        read_source(tmp_path)
    assert_same(read_source(tmp_path / "LUT_x3_6bit_int8_s2_s.npy").model, luts[3])


def test_uniform_and_compressed_tables_of_one_name_are_told_apart(
    tmp_path: Path, make_lut: Callable[..., Lut]
) -> None:
    lut = make_lut("mulut", 2, "s")
    compressed = lut.compress("xyzt", 1, 7)
    write_tables(lut, tmp_path)
    write_tables(compressed, tmp_path)
    assert_same(read_source(tmp_path / "LUT_x2_6bit_int8_s1_s.npy").model, lut)
    diagonal = tmp_path / "LUT_x2_6bit_int8_s1_s_compress1.npy"
    assert_same(read_source(diagonal).model, compressed)


def test_a_file_name_may_hold_a_line_break(tmp_path: Path, make_lut: Callable[..., Lut]) -> None:
    lut = make_lut("sr_lut", 2, "s")
    (path,) = write_tables(lut, tmp_path)
    (values,) = read_source(path.rename(tmp_path / "a\nb.npy")).model.tables.values()
    np.testing.assert_array_equal(values.values, lut.tables["s1_s"].values)


def test_files_are_not_overwritten(tmp_path: Path, make_lut: Callable[..., Lut]) -> None:
    lut = make_lut("sr_lut", 2, "s")
    write_tables(lut, tmp_path)
    with pytest.raises(UserError, match=r"Model_S_x2_6bit_int8\.npy: exists already"):
        write_tables(lut, tmp_path)
    write_tables(lut, tmp_path, force=True)


ROWS = 5**4
BAD = {
    "no tables": ({}, r"expected a LUT or a network, found none"),
    "another type": ({"x": np.zeros((ROWS, 4), np.float32)}, r"x\.npy: expected int8 .*float32"),
    "no values": ({"x": np.zeros(ROWS, np.int8)}, r"x\.npy: expected int8 of shape"),
    "odd rows": ({"x": np.zeros((7, 4), np.int8)}, r"x\.npy: expected .*625.* rows, found 7"),
    "odd values": ({"x": np.zeros((ROWS, 5), np.int8)}, r"x\.npy: .*found .*s1_s \(5\)"),
    "a layer too few": ({"L_s2_s": np.zeros((ROWS, 4), np.int8)}, r"s2_s \(4\)"),
    "half a compression": (
        {"L_s1_s_compress1": np.zeros((7, 4), np.int8)},
        r"L_s1_s_compress1\.npy: expected both",
    ),
    "an odd diagonal": (
        {
            "L_s1_s_compress1": np.zeros((7, 4), np.int8),
            "L_s1_s_compress2": np.zeros((ROWS, 4), np.int8),
        },
        r"expected the rows of a diagonal, found 7",
    ),
    "objects": ({"x": np.array([{}])}, r"x\.npy: not a readable table"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_lut_is_named(tmp_path: Path, kind: str) -> None:
    tables, message = BAD[kind]
    for name, values in tables.items():
        np.save(tmp_path / f"{name}.npy", values)
    with pytest.raises(UserError, match=message):
        read_source(tmp_path)


def test_a_header_that_claims_too_much_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.zeros((ROWS, 4), np.int8))
    path.write_bytes(path.read_bytes().replace(b"(625, 4), }   ", b"(10**10, 16), }"[:14]))
    with pytest.raises(UserError, match=r"x\.npy: not a readable table"):
        read_source(path)
    header = b"{'descr': '|i1', 'fortran_order': False, 'shape': (10000000000, 1), }"
    path.write_bytes(b"\x93NUMPY\x01\x00\x76\x00" + header.ljust(117) + b"\n" + bytes(16))
    with pytest.raises(UserError, match=r"x\.npy: not a readable table .*mmap"):
        read_source(path)


@pytest.mark.parametrize("name", ["random_mulut_x4", "random_spf_x4"])
def test_published_compressed_tables_restore_what_they_should(
    reference_dir: Path, name: str
) -> None:
    folder = reference_dir / "reference" / name
    lut = read_source(folder / "tables_xyzt2i5").model
    restored = restore(read_image(folder.parent / "random_input_rgb.png"), lut)
    np.testing.assert_array_equal(restored, read_image(folder / "expected_xyzt2i5.png"))


def test_published_sr_lut_restores_set5_as_published(reference_dir: Path) -> None:
    lut = read_source(reference_dir / "reference/srlut/Model_S_x4_4bit_int8.npy").model
    psnr = build_task("sr", 4).metrics["psnr"]
    scores = []
    for pair in find_pairs(reference_dir / "data" / "Set5", 4):
        degraded, target = load_pair(pair, build_task("sr", 4))
        scores.append(psnr(restore(degraded, lut), target))
    assert np.mean(scores) == pytest.approx(29.83, abs=0.005)


@pytest.mark.parametrize("stem", ["../outside", "/tmp/outside", "", "a/b", 3])
def test_a_lut_from_elsewhere_cannot_choose_where_it_is_written(
    tmp_path: Path, make_lut: Callable[..., Lut], stem: object
) -> None:
    lut = make_lut("sr_lut", 2, "s")
    hostile = replace(lut, history=({"step": "import", "stems": {"s1_s": stem}},))
    (written,) = write_tables(hostile, tmp_path / "tables")
    assert written == tmp_path / "tables" / "Model_S_x2_6bit_int8.npy"
