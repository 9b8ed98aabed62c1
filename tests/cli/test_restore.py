"""`dfc restore` from file to file: what is kept of a picture, and what ends in a line."""

import io
import re
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageSequence, PngImagePlugin

import dfc as library
from dfc.models.lut import Lut

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><title>a picture</title></x:xmpmeta>'


def dfc(*arguments: object, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = (sys.executable, "-c", "from dfc.cli import main; main()", *map(str, arguments))
    return subprocess.run(command, capture_output=True, input=given, timeout=120)


def make_picture(mode: str = "RGB") -> Image.Image:
    pixels = np.random.default_rng(0).integers(256, size=(6, 8, 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def test_a_broken_file_is_named_and_the_others_are_restored(tmp_path: Path, lut: Path) -> None:
    make_picture().save(tmp_path / "good.png")
    for name in ("broken.jpg", "cut.png"):
        (tmp_path / name).write_bytes(b"no image")
    files = [tmp_path / name for name in ("broken.jpg", "good.png", "cut.png")]
    done = dfc("restore", lut, *files, "-o", tmp_path / "out")
    assert done.returncode == 1
    lines = done.stderr.decode().splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    assert ["broken.jpg" in errors[0], "cut.png" in errors[1], len(errors)] == [True, True, 2]
    assert lines[-1] == "restored 1 of 3 images"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["good.png"]


def test_of_1000_pictures_the_broken_are_named_and_the_missing_are_made_up_for(
    tmp_path: Path, lut: Path
) -> None:
    endings = ("png", "jpg", "webp", "tiff", "bmp")
    broken = {f"{number:03}.{endings[number % 5]}" for number in range(3, 1000, 51)}
    for number in range(1000):
        path = tmp_path / f"in/{number % 7}" / f"{number:03}.{endings[number % 5]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        make_picture("RGB" if number % 3 else "L").save(path)
        if path.name in broken:
            path.write_bytes(path.read_bytes()[:40])
    arguments = ("restore", lut, tmp_path / "in", "-o", tmp_path / "out")
    done = dfc(*arguments)
    assert done.returncode == 1
    lines = done.stderr.decode().splitlines()
    errors = [re.fullmatch(r"error: .*/(\S+): expected a readable image: .*", x) for x in lines]
    assert sorted(error[1] for error in errors if error) == sorted(broken)
    assert lines[-1] == "restored 980 of 1000 images"
    restored = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(restored) == 980
    times = {path: path.stat().st_mtime_ns for path in restored}
    removed = {path for path in restored if path.stem.endswith("44")}
    for path in removed:
        path.unlink()
    again = dfc(*arguments, "--skip-existing")
    assert again.returncode == 1
    assert f"restored {len(removed)} of {len(removed) + 20} images" in again.stderr.decode()
    changed = {path for path in restored if path.stat().st_mtime_ns != times[path]}
    assert changed == removed


def test_what_exists_is_skipped_where_that_is_asked_for(tmp_path: Path, lut: Path) -> None:
    for name in ("a.png", "b.png"):
        make_picture().save(tmp_path / name)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a.png").write_bytes(b"precious")
    arguments = ("restore", lut, tmp_path / "a.png", tmp_path / "b.png", "-o", tmp_path / "out")
    assert dfc(*arguments).returncode == 1
    assert dfc(*arguments, "--skip-existing").returncode == 0
    assert (tmp_path / "out/a.png").read_bytes() == b"precious"
    assert Image.open(tmp_path / "out/b.png").size == (16, 12)


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "tiff"])
def test_profile_exif_xmp_and_resolution_are_kept(tmp_path: Path, lut: Path, ending: str) -> None:
    picture = make_picture()
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "a description", 6  # turned by a quarter
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", XMP.decode())
    picture.save(tmp_path / "a.png", icc_profile=SRGB, exif=exif, dpi=(300, 300), pnginfo=info)
    output = tmp_path / f"out.{ending}"
    done = dfc("restore", lut, tmp_path / "a.png", "-o", output)
    assert done.returncode == 0, done.stderr
    with Image.open(output) as restored:
        restored.load()
        assert restored.size == (12, 16), "upright"
        assert restored.info["icc_profile"] == SRGB
        assert restored.getexif().get(0x010E) == "a description"
        assert restored.getexif().get(0x0112, 1) == 1
        assert b"a picture" in restored.info["xmp"]
        if ending != "webp":
            assert restored.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_cmyk_is_converted_through_its_profile(tmp_path: Path, lut: Path) -> None:
    cyan = Image.new("CMYK", (8, 6), (255, 0, 0, 0))
    cyan.save(tmp_path / "profile.jpg", icc_profile=make_profile_of_black_alone(), quality=100)
    cyan.save(tmp_path / "none.jpg", quality=100)
    cyan.save(tmp_path / "damaged.jpg", icc_profile=b"no profile", quality=100)
    done = dfc("restore", lut, tmp_path, "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    expected = {"profile": (255, 255, 255), "none": (0, 255, 255), "damaged": (0, 255, 255)}
    for name, colour in expected.items():
        image = np.full((6, 8, 3), colour, np.uint8)
        restored = np.asarray(Image.open(tmp_path / f"out/{name}.png"))
        np.testing.assert_allclose(restored, library.restore(image, lut), atol=3)


def make_profile_of_black_alone() -> bytes:
    """Make a profile (ICC.1:2001) of a press whose black prints, and whose other inks do not."""
    lightness = [255 * (1 - index % 2) for index in range(16)]  # black varies fastest
    corners = bytes(value for light in lightness for value in (light, 128, 128))
    identity = struct.pack(">9i", *(65536 * (place % 4 == 0) for place in range(9)))
    ramp = bytes(range(256))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity + 4 * ramp + corners + 3 * ramp
    tags = struct.pack(">I4sII", 1, b"A2B0", 144, len(table))
    size = 144 + len(table) + -len(table) % 4
    header = struct.pack(
        ">I4sI4s4s4s12s4s", size, b"", 0x02400000, b"prtr", b"CMYK", b"Lab ", b"", b"acsp"
    )
    white = struct.pack(">3i", 63190, 65536, 54061)  # D50
    return ((header.ljust(68, b"\0") + white).ljust(128, b"\0") + tags + table).ljust(size, b"\0")


def test_a_soft_edge_over_hidden_black_has_no_fringe() -> None:
    rows, columns = np.mgrid[:32, :32]
    distance = np.hypot(rows - 15.5, columns - 15.5)
    alpha = (255 * (12.5 - distance).clip(0, 1)).astype(np.uint8)
    disc = np.dstack([*[np.where(alpha > 0, 255, 0)] * 3, alpha]).astype(np.uint8)
    same = make_identity()
    restored = Image.fromarray(library.restore(disc, same))
    white = Image.new("RGBA", restored.size, (255, 255, 255, 255))
    plain = library.restore(np.full((8, 8), 255, np.uint8), same).min()
    assert np.asarray(Image.alpha_composite(white, restored)).min() >= plain


def make_identity() -> Lut:
    from dfc.models.architectures import build
    from dfc.training.start import make_nearest_neighbour

    return make_nearest_neighbour(build("mulut", 2, patterns="sdy"), "sr", 4)


@pytest.mark.parametrize("ending", ["gif", "webp", "png", "tiff"])
def test_all_frames_are_restored_with_their_times(tmp_path: Path, lut: Path, ending: str) -> None:
    frames = [Image.new("RGB", (8, 6), colour) for colour in ("red", "lime", "blue")]
    times = {} if ending == "tiff" else {"duration": [100, 200, 300], "loop": 0}
    path = tmp_path / f"a.{ending}"
    frames[0].save(path, save_all=True, append_images=frames[1:], **times)
    done = dfc("restore", lut, path, "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    (output,) = (tmp_path / "out").iterdir()
    with Image.open(output) as restored:
        assert restored.n_frames == 3
        found = [frame.info.get("duration") for frame in ImageSequence.Iterator(restored)]
        assert ending == "tiff" or found == [100, 200, 300]


def test_frames_that_do_not_fit_are_told(tmp_path: Path, lut: Path) -> None:
    frames = [Image.new("RGB", (8, 6), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    done = dfc("restore", lut, tmp_path / "a.gif", "-o", tmp_path / "a.jpg")
    assert done.returncode == 0, done.stderr
    assert b"a.gif: only the first of its 2 frames fits in a JPEG file" in done.stderr


@pytest.mark.parametrize("ending", ["png", "tiff"])
def test_16_bits_are_kept(tmp_path: Path, lut: Path, ending: str) -> None:
    grey = np.random.default_rng(0).integers(65536, size=(6, 8), dtype=np.uint16)
    Image.fromarray(grey).save(tmp_path / f"a.{ending}")
    done = dfc("restore", lut, tmp_path / f"a.{ending}", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    restored = np.asarray(Image.open(tmp_path / "out" / f"a.{ending}"))
    assert restored.dtype == np.uint16
    np.testing.assert_array_equal(restored, library.restore(grey, lut))


def test_a_smooth_16_bit_gradient_comes_out_smoother_than_in_8_bits() -> None:
    grey = (np.add.outer(np.arange(24), np.arange(32)) * 37 + 8000).astype(np.uint16)
    same = make_identity()
    fine = library.restore(grey, same).astype(float)
    coarse = library.restore(np.rint(grey / 257).astype(np.uint8), same) * 257.0
    target = np.repeat(np.repeat(grey, 2, 0), 2, 1)
    assert np.abs(fine - target).mean() < 0.5 * np.abs(coarse - target).mean()


def test_black_and_white_of_16_bits_stay_black_and_white() -> None:
    for level in (0, 255):
        grey = np.full((4, 4), level, np.uint8)
        restored = library.restore(grey.astype(np.uint16) * 257, make_identity())
        np.testing.assert_array_equal(restored, library.restore(grey, make_identity()) * 257.0)


def test_16_bit_colours_that_are_reduced_are_told(tmp_path: Path, lut: Path) -> None:
    write_16_bit_rgb(tmp_path / "a.png")
    done = dfc("restore", lut, tmp_path / "a.png", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert b"a.png: its 16 bits a colour were read as 8" in done.stderr


def write_16_bit_rgb(path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 8, 6, 16, 2, 0, 0, 0)
    rows = b"".join(b"\0" + bytes(8 * 3 * 2) for _ in range(6))
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)


@pytest.mark.parametrize(("ending", "kind"), [("png", "PNG"), ("jpg", "JPEG"), ("webp", "WEBP")])
def test_a_format_and_a_suffix_are_chosen(
    tmp_path: Path, lut: Path, ending: str, kind: str
) -> None:
    make_picture("RGBA").save(tmp_path / "a.png")
    options = ("--format", ending, "--suffix", "_x2", "--quality", "80")
    done = dfc("restore", lut, tmp_path / "a.png", "-o", tmp_path / "out", *options)
    assert done.returncode == 0, done.stderr
    assert Image.open(tmp_path / "out" / f"a_x2.{ending}").format == kind


def test_standard_input_becomes_standard_output(tmp_path: Path, lut: Path) -> None:
    file = io.BytesIO()
    make_picture().save(file, "PNG")
    done = dfc("restore", lut, "-", "-o", "-", given=file.getvalue())
    assert done.returncode == 0, done.stderr
    restored = np.asarray(Image.open(io.BytesIO(done.stdout)))
    np.testing.assert_array_equal(restored, library.restore(np.asarray(make_picture()), lut))


@pytest.mark.parametrize("command", ["restore LUT a.png", "compress LUT --interval 7"])
def test_a_full_disk_is_one_line(tmp_path: Path, lut: Path, command: str) -> None:
    make_picture().save(tmp_path / "a.png")
    folder = tmp_path / "small"
    folder.mkdir()
    command = command.replace("LUT", f"'{lut}'").replace("a.png", f"'{tmp_path}/a.png'")
    run = f"'{sys.executable}' -c 'from dfc.cli import main; main()' {command}"
    mount = f"mount -t tmpfs -o size=60k tmpfs '{folder}'"
    if subprocess.run(("unshare", "-rm", "sh", "-c", mount), capture_output=True).returncode:
        pytest.skip("no file system may be mounted here")
    fill = f"head -c 100000 /dev/zero >'{folder}/all' 2>/dev/null"
    script = f"{mount} && {{ {fill}; {run} -o '{folder}/out.png'; echo $?; ls -A '{folder}'; }}"
    done = subprocess.run(("unshare", "-rm", "sh", "-c", script), capture_output=True, text=True)
    assert done.stdout == "1\nall\n", "and nothing else is left there"
    assert "Traceback" not in done.stderr
    assert f"error: {folder}/out.png: cannot be written: no space left on the disk" in done.stderr


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path, lut: Path) -> None:
    make_picture().save(tmp_path / "a.png")
    (tmp_path / "out").touch()
    done = dfc("restore", lut, tmp_path / "a.png", "-o", tmp_path / "out/deep")
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b"cannot be written" in done.stderr


def test_standard_input_replaces_no_file_and_makes_no_folder(tmp_path: Path, lut: Path) -> None:
    make_picture().save(tmp_path / "a.png")
    given = (tmp_path / "a.png").read_bytes()
    cases = {
        ("-", "-o", tmp_path / "a.png"): "a.png: exists already; --force replaces it",
        ("-", "-o", tmp_path): "expected the name of a picture for standard input",
        ("-", "-o", tmp_path / "new"): "new: expected the name of a picture for standard input",
        (tmp_path, "-o", "-"): "-: expected one image where standard input or output is used",
    }
    for arguments, message in cases.items():
        done = dfc("restore", lut, *arguments, given=given)
        assert (done.returncode, done.stdout) == (1, b"")
        assert done.stderr.decode().endswith(f"{message}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    assert (tmp_path / "a.png").read_bytes() == given
