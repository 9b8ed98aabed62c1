"""The commands that work on LUT files, as users type them."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from dfc.cli import app
from dfc.common.errors import UserError
from dfc.interop.tables import write_tables
from dfc.models.architectures import build
from dfc.models.artifact import load_lut, save_model
from dfc.models.export import export
from dfc.models.lut import Lut
from dfc.models.network import Network
from dfc.training.start import make_nearest_neighbour

MakeLut = Callable[..., Lut]


def dfc(*arguments: object) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if isinstance(result.exception, UserError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture
def lut(tmp_path: Path, make_lut: MakeLut) -> Path:
    path = tmp_path / "lut.safetensors"
    save_model(make_lut("mulut", 2, "sd", interval=6), path)
    return path


@pytest.mark.parametrize("format", ["npy", "c", "mpv", "web"])
def test_a_file_is_no_folder_to_export_to(tmp_path: Path, lut: Path, format: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="file: expected a folder, found a file"):
        dfc("export", lut, "--format", format, "-o", tmp_path / "file")


def test_tables_are_imported_and_exported(tmp_path: Path, lut: Path) -> None:
    written = dfc("export", lut, "--format", "npy", "-o", tmp_path / "npy").stdout.split()
    assert next(Path(path).name for path in written) == "LUT_x2_6bit_int8_s1_s.npy"
    dfc("import", tmp_path / "npy", "-o", tmp_path / "again.safetensors")
    again = load_lut(tmp_path / "again.safetensors")
    for name, table in load_lut(lut).tables.items():
        np.testing.assert_array_equal(again.tables[name].values, table.values)


def test_a_lut_is_not_taken_for_a_pickle_whatever_the_length_of_its_header(
    tmp_path: Path, make_lut: MakeLut
) -> None:
    lut, path = make_lut("sr_lut", 2, "s"), tmp_path / "lut.safetensors"
    for length in range(256):
        save_model(replace(lut, history=({"step": "x" * length},)), path)
        if path.read_bytes()[0] == 0x80:  # as a pickle starts
            break
    dfc("import", path, "-o", tmp_path / "again.safetensors")
    assert path.read_bytes()[0] == 0x80
    assert load_lut(tmp_path / "again.safetensors").history == load_lut(path).history
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match="not a readable safetensors file"):
        load_lut(path)


def test_a_network_is_imported_as_it_is_or_sampled(tmp_path: Path) -> None:
    network = Network(build("mulut", 2, patterns="s"), features=2)
    save_model(network, tmp_path / "n.safetensors")
    result = dfc("import", tmp_path / "n.safetensors", "-o", tmp_path / "network.safetensors")
    assert "--interval 4 would have made a LUT of it" in result.stderr
    options = ("-o", tmp_path / "lut.safetensors", "--interval", 5)
    dfc("import", tmp_path / "network.safetensors", *options)
    expected = export(network, "sr", 5)
    for name, table in load_lut(tmp_path / "lut.safetensors").tables.items():
        np.testing.assert_array_equal(table.values, expected.tables[name].values)


def test_tables_have_an_interval_already(tmp_path: Path, lut: Path) -> None:
    with pytest.raises(UserError, match=r"--interval: expected a network"):
        dfc("import", lut, "-o", tmp_path / "x.safetensors", "--interval", 5)


def test_a_lut_is_compressed(tmp_path: Path, lut: Path) -> None:
    options = ("--dims", "xyz", "--diagonal-width", 1, "--interval", 7)
    result = dfc("compress", lut, "-o", tmp_path / "c.safetensors", *options)
    compressed = load_lut(tmp_path / "c.safetensors")
    expected = load_lut(lut).compress("xyz", 1, 7)
    assert compressed.history == expected.history
    for name, table in compressed.tables.items():
        np.testing.assert_array_equal(table.values, expected.tables[name].values)
    assert f"{expected.size_mib:.3f} MiB" in result.stdout


@pytest.mark.parametrize(
    "options", [("--interval", 6), ("--interval", 5)], ids=["as coarse", "finer"]
)
def test_what_cannot_be_compressed_is_named(
    tmp_path: Path, lut: Path, options: tuple[str, int]
) -> None:
    with pytest.raises(UserError, match=r"lut\.safetensors: interval 6 is not below"):
        dfc("compress", lut, "-o", tmp_path / "c.safetensors", *options)
    assert not (tmp_path / "c.safetensors").exists()


def test_a_file_that_exists_is_kept(tmp_path: Path, lut: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    for command in ("compress", "import"):
        with pytest.raises(UserError, match="mine: exists already; --force replaces it"):
            dfc(command, lut, "-o", tmp_path / "mine")
    assert (tmp_path / "mine").read_text() == "precious"
    dfc("compress", lut, "-o", tmp_path / "mine", "--interval", 7, "--force")
    assert load_lut(tmp_path / "mine").size_mib < load_lut(lut).size_mib


@pytest.mark.parametrize("output", ["file/new", "/proc/new"], ids=["below a file", "read-only"])
@pytest.mark.parametrize("command", ["compress", "import", "compare", "export"])
def test_an_output_that_cannot_be_written_is_one_line(
    tmp_path: Path, lut: Path, data: Path, command: str, output: str
) -> None:
    (tmp_path / "file").touch()
    options = {"compress": ("--interval", 7), "compare": ("--data", data)}.get(command, ())
    with pytest.raises(UserError, match=rf"{output}\S*: cannot be written: ") as refused:
        dfc(command, lut, "-o", tmp_path / output, *options)
    assert "\n" not in str(refused.value)


def test_a_pipe_is_not_replaced_by_a_file(tmp_path: Path, lut: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # as root, /dev/null would be as easy to replace
    with pytest.raises(UserError, match="pipe: expected a file, found a device or a pipe"):
        dfc("compress", lut, "-o", tmp_path / "pipe", "--force")


def test_a_lut_may_be_read_by_whoever_may_read_other_files(tmp_path: Path, lut: Path) -> None:
    (tmp_path / "other").touch()
    assert lut.stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize("command", ["compress", "import", "compare", "export", "benchmark"])
def test_what_is_no_picture_does_not_go_to_standard_output(
    tmp_path: Path, lut: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    output = ("--data", tmp_path, "--images") if command == "benchmark" else ("-o",)
    with pytest.raises(UserError, match=r"-: expected a (file|folder)"):
        dfc(command, lut, *output, "-")
    assert not Path("-").exists()


def test_a_lut_says_what_it_is(tmp_path: Path, lut: Path) -> None:
    facts = json.loads(dfc("info", lut, "--json").stdout)
    assert (facts["kind"], facts["architecture"], facts["scale"]) == ("lut", "mulut", 2)
    assert (facts["task"], facts["patterns"], facts["stages"]) == ("sr", "sd", 2)
    assert facts["size_mib"] == pytest.approx(2 * (625 + 625 * 4) / 2**20, abs=1e-4)
    assert facts["file_bytes"] == lut.stat().st_size
    lattice = {"kind": "uniform", "interval": 6, "taps": 4, "levels": 256}
    table = {"lattice": lattice, "rows": 625, "columns": 4, "entries": 2500}
    assert facts["tables"]["s2_d"] == table
    assert facts["history"] == [{"step": "noise"}]
    dfc("compress", lut, "-o", tmp_path / "c.safetensors", "--interval", 7)
    text = dfc("info", tmp_path / "c.safetensors").stdout
    assert text.startswith("lut: mulut x2 (sr), patterns sd, stages 2\n")
    assert "interval 6 near the diagonal (xyzt, width 2), 7 elsewhere" in text
    assert text.endswith("made by compress: dims xyzt, diagonal_width 2, interval 7\n")


def test_a_network_says_what_it_is(tmp_path: Path) -> None:
    network = Network(build("mulut", 2, patterns="s"), features=3)
    save_model(network, tmp_path / "n.safetensors")
    facts = json.loads(dfc("info", tmp_path / "n.safetensors", "--json").stdout)
    assert (facts["kind"], facts["features"]) == ("network", 3)
    assert facts["weights"] == sum(weight.numel() for weight in network.parameters())
    assert dfc("info", tmp_path / "n.safetensors").stdout.startswith("network: mulut x2, ")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    (tmp_path / "Set2").mkdir()
    for name in ("a", "b"):
        pixels = rng.integers(256, size=(32, 40, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "Set2" / f"{name}.png")
    return tmp_path / "Set2"


def test_luts_are_benchmarked_side_by_side(tmp_path: Path, lut: Path, data: Path) -> None:
    dfc("compress", lut, "-o", tmp_path / "c.safetensors", "--interval", 7)
    luts = (lut, tmp_path / "c.safetensors")
    result = dfc("benchmark", *luts, "--data", data)
    table = result.stdout
    made = "degraded images are made of them"
    assert result.stderr.startswith(f"Set2: 2 target images of {data}; {made}\n")
    assert table.startswith("x2: PSNR and SSIM on luma, 2 pixels shaved")
    assert [row.split("|")[2].strip() for row in table.splitlines()[4:] if row] == [
        "bicubic",
        "lut",
        "c",
    ]
    images = ("--images", tmp_path / "images")
    metrics = json.loads(dfc("benchmark", *luts, "--data", data, "--json", *images).stdout)
    assert metrics["Set2"]["bicubic"]["psnr"] > metrics["Set2"]["lut"]["psnr"]
    assert metrics["storage_mib"]["c"] < metrics["storage_mib"]["lut"]
    assert len(list((tmp_path / "images").rglob("*.png"))) == 6


def test_noise_may_be_left_unrounded_as_published(tmp_path: Path, data: Path) -> None:
    architecture = build("mulut", 1, patterns="s")
    path = tmp_path / "denoise.safetensors"
    save_model(make_nearest_neighbour(architecture, "denoise", 6), path)
    rounded, unrounded = (
        json.loads(dfc("benchmark", path, "--data", data, "--json", *options).stdout)["Set2"]
        for options in ((), ("--unrounded",))
    )
    assert rounded["input"]["psnr"] != unrounded["input"]["psnr"]
    assert rounded["input"]["psnr"] == pytest.approx(unrounded["input"]["psnr"], abs=0.05)
    assert unrounded["denoise"]["psnr"] == pytest.approx(rounded["denoise"]["psnr"], abs=1)


def test_a_perfect_restoration_is_valid_json_and_has_a_finite_gain(tmp_path: Path) -> None:
    save_model(
        make_nearest_neighbour(build("mulut", 1, patterns="s"), "deblock", 4), tmp_path / "l"
    )
    Image.new("L", (32, 32), 16).save(tmp_path / "flat.png")
    Image.new("L", (32, 32), 32).save(tmp_path / "grey.png")
    arguments = ("benchmark", tmp_path / "l", "--data", tmp_path, "--quality", 100)
    text = dfc(*arguments, "--json").stdout
    scores = json.loads(text, parse_constant=pytest.fail)[tmp_path.name]
    assert scores["input"]["psnr"] == scores["l"]["psnr"] == scores["l"]["psnr_b"] == 100
    assert "| 100.00      | +0.00" in dfc(*arguments).stdout


def test_luts_are_compared_on_a_page(tmp_path: Path, lut: Path, data: Path) -> None:
    dfc("compress", lut, "-o", tmp_path / "small.safetensors", "--interval", 7)
    page = tmp_path / "page.html"
    luts = (lut, tmp_path / "small.safetensors")
    assert "page.html: " in dfc("compare", *luts, "--data", data, "-o", page).stdout
    text = page.read_text()
    for shown in ("<h3>Set2</h3>", "small", "Largest gain", "Smallest gain", "Inside the LUT"):
        assert shown in text
    with pytest.raises(UserError, match=r"page\.html: exists already; --force replaces it"):
        dfc("compare", *luts, "-o", page)
    assert page.read_text() == text


def test_a_lut_may_be_called_as_what_it_is_compared_with(
    tmp_path: Path, make_lut: MakeLut, data: Path
) -> None:
    for name in ("target", "bicubic"):
        save_model(make_lut("mulut", 2, "s"), tmp_path / f"{name}.safetensors")
    luts = [tmp_path / f"{name}.safetensors" for name in ("target", "bicubic")]
    metrics = json.loads(dfc("benchmark", *luts, "--data", data, "--json").stdout)
    assert list(metrics["Set2"]) == ["bicubic", *map(str, luts)]


def test_a_page_needs_a_file_and_sets_need_a_folder(tmp_path: Path, lut: Path) -> None:
    with pytest.raises(UserError, match="expected a file, found a folder"):
        dfc("compare", lut, "-o", tmp_path, "--force")
    with pytest.raises(UserError, match="--set: expected the folder of the sets as well, --data"):
        dfc("compare", lut, "--set", "Set5", "-o", tmp_path / "page.html")


def test_luts_are_compared_on_the_sample_photographs_if_no_others_are_named(
    tmp_path: Path, make_lut: MakeLut
) -> None:
    save_model(make_lut("sr_lut", 1, "s"), tmp_path / "l.safetensors")
    options = ("--task", "deblock", "--quality", 20, "-o", tmp_path / "page.html")
    dfc("compare", tmp_path / "l.safetensors", *options)
    text = (tmp_path / "page.html").read_text()
    for shown in ("chelsea", "deblocking, JPEG quality 20", "PSNR-B (dB)", "above doing nothing"):
        assert shown in text


def test_the_task_decides_what_is_measured(tmp_path: Path, make_lut: MakeLut, data: Path) -> None:
    path = tmp_path / "l.safetensors"
    save_model(make_lut("mulut", 1, "s"), path)
    options = ("--data", data, "--task", "deblock", "--quality", 30, "--json")
    scores = json.loads(dfc("benchmark", path, *options).stdout)["Set2"]
    assert list(scores) == ["input", "l"]
    assert list(scores["input"]) == ["psnr", "ssim", "psnr_b"]
    with pytest.raises(UserError, match="--task: sr is not for LUTs of scale 1"):
        dfc("benchmark", path, "--data", data)


def test_luts_of_two_scales_are_not_compared(
    tmp_path: Path, lut: Path, make_lut: MakeLut, data: Path
) -> None:
    save_model(make_lut("mulut", 3, "s"), tmp_path / "x3.safetensors")
    with pytest.raises(UserError, match="expected LUTs of one task and scale"):
        dfc("benchmark", lut, tmp_path / "x3.safetensors", "--data", data)


def test_a_folder_without_sets_is_named(tmp_path: Path, lut: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="empty: expected benchmark sets"):
        dfc("benchmark", lut, "--data", tmp_path / "empty")


def test_of_several_luts_a_file_is_to_be_named(tmp_path: Path, make_lut: MakeLut) -> None:
    for scale in (2, 3):
        write_tables(make_lut("sr_lut", scale, "s"), tmp_path / "npy")
    with pytest.raises(UserError, match=r"found Model_S_x2_6bit_int8\.npy, Model_S_x3_6bit"):
        dfc("import", tmp_path / "npy", "-o", tmp_path / "x.safetensors")
