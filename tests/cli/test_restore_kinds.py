"""`dfc restore` on every kind of picture, into every kind: what comes out, and what is said."""

import os
import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin
from typer.testing import CliRunner

import dfc as library
from dfc.cli import app
from dfc.common.errors import UserError
from dfc.images.formats import EXTENSIONS, FORMATS

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def restore(*arguments: object) -> list[str]:
    """Run the command, and return what it says."""
    result = CliRunner().invoke(app, ["restore", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    lines = result.stderr.splitlines()
    return [line for line in lines if "the LUT was trained for" not in line]


def make_text(size: int) -> PngImagePlugin.PngInfo:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "x" * size, zip=True)
    return text


BROKEN_EXIF = b"Exif\0\0no TIFF header at all"
LARGE_PROFILE = struct.pack(">I", 3 * 2**20) + SRGB[4:] + bytes(3 * 2**20 - len(SRGB))


def make_picture(mode: str = "RGB", width: int = 8, height: int = 6) -> Image.Image:
    pixels = np.random.default_rng(0).integers(256, size=(height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def test_all_pictures_of_a_folder_are_restored_and_the_other_files_counted(
    tmp_path: Path, lut: Path
) -> None:
    endings = ("jfif", "jpe", "gif", "avif", "jp2", "ppm", "tga", "qoi", "pcx", "ico", "TIF")
    folder = tmp_path / "in"
    folder.mkdir()
    for ending in endings:
        make_picture().save(folder / f"{ending}.{ending}")
    grey = np.full((6, 8), 1000, np.uint16)
    Image.fromarray(grey).save(folder / "16.pgm")
    for name in ("a.xmp", "b.xmp", "notes", "film.mp4"):
        (folder / name).touch()
    said = restore(lut, folder, "-o", tmp_path / "out")
    kinds = "(2 .xmp, 1 .mp4, 1 no extension)"
    assert said == [f"{folder}: left out 4 files that are no pictures {kinds}"]
    restored = {path.stem: Image.open(path) for path in (tmp_path / "out").iterdir()}
    assert sorted(restored) == sorted((*endings, "16"))
    assert restored["16"].mode == "I;16"


def test_what_pillow_decodes_is_a_picture_by_its_name() -> None:
    Image.init()
    needs_more = {"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"}  # other programs
    odd = {".fit", ".fits", ".pfm", ".gbr", ".iim"}  # of 32 bits, or no pictures
    decoded = {
        ending
        for ending, format in Image.registered_extensions().items()
        if format in Image.OPEN and format not in needs_more
    }
    assert decoded - odd == {*EXTENSIONS} - {".mpo"}


@pytest.mark.parametrize("ending", sorted(FORMATS))
def test_an_output_is_a_file_of_the_kind_that_its_name_says(
    tmp_path: Path, lut: Path, ending: str
) -> None:
    make_picture().save(tmp_path / "a.png")
    restore(lut, tmp_path / "a.png", "-o", tmp_path / f"r{ending}")
    with Image.open(tmp_path / f"r{ending}") as restored:
        assert (restored.format, restored.size) == (FORMATS[ending], (16, 12))


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("r.heic", "r.heic: expected a folder, or the name of a picture"),
        ("r.svg", "r.svg: expected a folder, or the name of a picture"),
        ("r.psd", "r.psd: expected a folder, or the name of a picture"),
        ("file", "file: expected a folder, found a file"),
    ],
)
def test_what_cannot_be_an_output_is_one_line(
    tmp_path: Path, lut: Path, output: str, message: str
) -> None:
    make_picture().save(tmp_path / "a.png")
    (tmp_path / "file").touch()
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UserError, match=message):
        restore(lut, tmp_path / "a.png", "-o", tmp_path / output)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("name", "metadata", "said"),
    [
        ("a.png", {"exif": BROKEN_EXIF}, ["its EXIF cannot be read and is left out"]),
        ("a.webp", {"exif": BROKEN_EXIF}, ["its EXIF cannot be read and is left out"]),
        ("a.jpg", {"exif": BROKEN_EXIF[:6] + b"II*\0\x08\0\0\0\xff\xff"}, ["Corrupt EXIF data."]),
        ("a.png", {"pnginfo": make_text(2 * 2**20)}, []),
        ("a.png", {"pnginfo": make_text(80 * 2**20)}, ["its metadata cannot be read and is left"]),
        ("a.png", {"icc_profile": LARGE_PROFILE}, []),
        ("a.jpg", {"icc_profile": LARGE_PROFILE}, []),
    ],
)
def test_metadata_that_are_broken_or_large_do_not_matter(
    tmp_path: Path, lut: Path, name: str, metadata: dict, said: list[str]
) -> None:
    path, output = tmp_path / name, tmp_path / "r.png"
    make_picture().save(path, **metadata)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lines = restore(lut, path, "-o", output)
    assert len(lines) == len(said)
    for line, expected in zip(lines, said, strict=True):
        assert line.startswith(f"{path}: {expected}")
    with Image.open(output) as restored:
        assert restored.size == (16, 12)
        assert restored.info.get("icc_profile") == metadata.get("icc_profile")


def test_metadata_that_are_too_large_for_a_format_are_left_out_alone(
    tmp_path: Path, lut: Path
) -> None:
    make_picture().save(tmp_path / "a.webp", xmp=b"x" * 80_000, icc_profile=SRGB)
    (line,) = restore(lut, tmp_path / "a.webp", "-o", tmp_path / "r.jpg")
    assert line.endswith("its XMP is damaged, or too large for a JPEG file: left out")
    assert Image.open(tmp_path / "r.jpg").info["icc_profile"] == SRGB


@pytest.mark.parametrize(
    ("mode", "ending", "lost"),
    [
        ("RGBA", "jpg", ["transparency"]),
        ("LA", "jpg", ["transparency"]),
        ("PA", "bmp", ["transparency"]),
        ("LA", "bmp", ["transparency"]),
        ("RGBA", "ppm", ["transparency"]),
        ("RGBA", "avif", []),
        ("LA", "webp", []),
        ("I;16", "jpg", ["depth of 16 bits"]),
        ("I;16", "webp", ["depth of 16 bits"]),
        ("I;16", "jp2", []),
        ("RGB", "gif", ["number of colours"]),
        ("CMYK", "tiff", []),
    ],
)
def test_what_a_format_has_no_place_for_is_said(
    tmp_path: Path, lut: Path, mode: str, ending: str, lost: list[str]
) -> None:
    grey = np.random.default_rng(0).integers(65536, size=(6, 8), dtype=np.uint16)
    picture = Image.fromarray(grey) if mode == "I;16" else make_picture()
    if "A" in mode:
        picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    (picture if mode == "I;16" else picture.convert(mode)).save(tmp_path / "a.tiff")
    path, output = tmp_path / "a.tiff", tmp_path / f"r.{ending}"
    kind = FORMATS[output.suffix]
    expected = [f"{path}: its {what} does not fit in a {kind} file" for what in lost]
    assert restore(lut, path, "-o", output) == expected
    with Image.open(output) as restored:
        assert restored.has_transparency_data == ("A" in mode and not lost)
        if mode == "I;16":
            pixels = np.atleast_3d(np.asarray(restored))[..., 0]
            unit = 1 if restored.mode == "I;16" else 257
            assert np.abs(pixels - library.restore(grey, lut) / unit).mean() < 2


@pytest.mark.parametrize(("width", "ending"), [(8200, "webp"), (33000, "jpg"), (33000, "gif")])
def test_a_picture_that_is_too_large_for_a_format_is_one_line(
    tmp_path: Path, lut: Path, width: int, ending: str
) -> None:
    Image.new("L", (width, 2)).save(tmp_path / "wide.png")
    (error, count) = restore(lut, tmp_path / "wide.png", "-o", tmp_path / f"r.{ending}")
    assert error.startswith(f"error: {tmp_path}/wide.png: would become {2 * width}x4; expected ")
    assert count == "restored 0 of 1 images"
    assert [path.name for path in tmp_path.iterdir()] == ["wide.png"]


def test_a_palette_with_transparency_is_restored_without_a_warning(
    tmp_path: Path, lut: Path
) -> None:
    picture = make_picture().quantize(8)
    picture.save(tmp_path / "a.png", transparency=bytes([0, 128, 255]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert restore(lut, tmp_path / "a.png", "-o", tmp_path / "r.png") == []
    assert Image.open(tmp_path / "r.png").mode == "RGBA"


def test_a_pipe_is_read_as_a_file(tmp_path: Path, lut: Path) -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as pipe:
        make_picture().save(pipe, "PNG")
    assert restore(lut, f"/dev/fd/{reading}", "-o", tmp_path / "r.png") == []
    os.close(reading)
    assert Image.open(tmp_path / "r.png").size == (16, 12)


def test_names_may_be_as_long_as_the_file_system_allows(tmp_path: Path, lut: Path) -> None:
    longest = "ä" * 125 + "a.png"
    make_picture().save(tmp_path / longest)
    make_picture().save(tmp_path / "a.png")
    assert restore(lut, tmp_path / longest, "-o", tmp_path / "out") == []
    assert [path.name for path in (tmp_path / "out").iterdir()] == [longest]
    longer = ("--suffix", "_x2", "-o", tmp_path / "out")
    error, _ = restore(lut, tmp_path / longest, tmp_path / "a.png", *longer)
    assert error.endswith("cannot be written: File name too long")
    assert (tmp_path / "out/a_x2.png").exists()
