"""User shaders of mpv, run without a graphics card: by FFmpeg's filter, and by mpv itself."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.engine.random_luts import draw_lut
from tests.runtimes.conftest import LUTS, MakeLut, make_picture

import dfc
from dfc.common.errors import UserError
from dfc.evaluation.runtimes import FFMPEG, can_run_shaders
from dfc.models.lut import Lut
from dfc.runtimes import mpv, write_files
from dfc.runtimes.program import make_program

FORMATS = {1: ("gray", "gray"), 3: ("rgb24", "rgba")}  # of pixels, and on the graphics card
SCRIPT = """
mp.register_event("playback-restart", function()
    mp.add_timeout(0.3, function()
        mp.commandv("screenshot-to-file", mp.get_opt("shot"), "window")
        mp.command("quit")
    end)
end)
"""


def play(
    shader: Path, film: bytes, size: tuple[int, int], larger: int, pixels: str, uploaded: str
) -> bytes:
    """Show a film of one frame `larger` times larger; give the frame as it is shown."""
    if not can_run_shaders():
        pytest.skip("install ffmpeg, with libplacebo, and mesa-vulkan-drivers to test shaders")
    height, width = size
    show = f"libplacebo=w={width * larger}:h={height * larger}:custom_shader_path={shader}"
    filters = (
        f"format={uploaded},hwupload,{show}:dithering=none:peak_detect=0,"
        f"hwdownload,format={uploaded},format={pixels}"
    )
    raw = ["-f", "rawvideo", "-pix_fmt", pixels]
    command = [*FFMPEG, *raw, "-s", f"{width}x{height}", "-i", "-", "-vf", filters, *raw, "-"]
    done = subprocess.run(command, input=film, capture_output=True)
    assert not done.stderr, done.stderr.decode()[:2000]
    return done.stdout


def write_shader(lut: Lut, folder: Path, name: str = "test") -> Path:
    (path,) = write_files(lut, name, "mpv", folder, force=True)
    return path


def assert_restores(lut: Lut, image: np.ndarray, folder: Path) -> None:
    expected = dfc.restore(image, lut, threads=1)
    formats = FORMATS[1 if image.ndim == 2 else 3]
    scale = lut.architecture.scale
    shown = play(write_shader(lut, folder), image.tobytes(), image.shape[:2], scale, *formats)
    found = np.frombuffer(shown, np.uint8).reshape(expected.shape)
    np.testing.assert_array_equal(found, expected)


@given(lut=draw_lut(), size=st.tuples(st.integers(1, 9), st.integers(1, 30)))
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_layers_are_restored_exactly(
    tmp_path: Path, lut: Lut, size: tuple[int, int]
) -> None:
    assert_restores(lut, make_picture(*size, lut.architecture.colours), tmp_path)


@pytest.mark.parametrize("name", LUTS)
def test_every_architecture_is_restored_exactly(
    tmp_path: Path, make_lut: MakeLut, name: str
) -> None:
    lut = LUTS[name](make_lut)
    assert_restores(lut, make_picture(19, 31, lut.architecture.colours), tmp_path)


@pytest.mark.parametrize("name", ["mulut_dfc", "spf_lut_dfc", "shift_lut_l", "sr-x4"])
def test_set5_is_restored_exactly(
    tmp_path: Path, find_published: Callable[[str], Lut], set5: list[Path], name: str
) -> None:
    lut = find_published(name)
    for path in set5:
        image = np.array(Image.open(path).convert("L"))[:48, :64]
        assert_restores(lut, np.ascontiguousarray(image), tmp_path)


@pytest.mark.parametrize("name", ["mulut", "shift_lut_8"])
def test_the_luma_of_a_film_is_restored_exactly(
    tmp_path: Path, make_lut: MakeLut, name: str
) -> None:
    lut, luma = LUTS[name](make_lut), make_picture(20, 30)
    film = luma.tobytes() + bytes([90, 160] * 150)
    shown = play(write_shader(lut, tmp_path), film, (20, 30), 2, "yuv420p", "yuv420p")
    found = np.frombuffer(shown, np.uint8, 40 * 60).reshape(40, 60)
    np.testing.assert_array_equal(found, dfc.restore(luma, lut))


def test_what_a_film_holds_beyond_eight_bits_is_kept(tmp_path: Path, make_lut: MakeLut) -> None:
    lut = LUTS["mulut"](make_lut)
    film = np.random.default_rng(0).integers(2**16, size=(20, 30), dtype="<u2")
    pixels = np.rint(film / 257)
    expected = dfc.restore(pixels.astype(np.uint8), lut)
    expected = expected + (film / 257 - pixels).repeat(2, 0).repeat(2, 1)
    shown = play(write_shader(lut, tmp_path), film.tobytes(), film.shape, 2, "gray16le", "gray16le")
    found = np.frombuffer(shown, "<u2").reshape(expected.shape) / 257
    # Half floats, which frames are drawn to, are up to 1/8 of a level off.
    np.testing.assert_allclose(found, expected.clip(0, 255), atol=0.13)


def test_a_film_that_is_not_enlarged_is_left_alone(tmp_path: Path, make_lut: MakeLut) -> None:
    shader, image = write_shader(LUTS["mulut"](make_lut), tmp_path), make_picture(20, 30)
    shown = play(shader, image.tobytes(), image.shape, 1, *FORMATS[1])
    assert shown == image.tobytes()


def test_shaders_follow_each_other(tmp_path: Path, make_lut: MakeLut) -> None:
    """As one file: FFmpeg takes no more. mpv treats several as such."""
    luts = [make_lut("mulut", scale, "sd", interval=6) for scale in (1, 2)]
    shaders = [write_shader(lut, tmp_path, f"x{scale}") for scale, lut in enumerate(luts)]
    both, image = tmp_path / "both.glsl", make_picture(20, 30)
    both.write_text("".join(shader.read_text() for shader in shaders))
    shown = play(both, image.tobytes(), image.shape, 2, *FORMATS[1])
    expected = dfc.restore(dfc.restore(image, luts[0]), luts[1])
    np.testing.assert_array_equal(np.frombuffer(shown, np.uint8).reshape(40, 60), expected)


@pytest.mark.parametrize("output", ["gpu", "gpu-next"])
@pytest.mark.parametrize("name", ["mulut_dfc", "shift_lut_colours"])
def test_mpv_shows_what_is_restored(
    tmp_path: Path, make_lut: MakeLut, name: str, output: str
) -> None:
    for program in ("mpv", "xvfb-run"):
        if not shutil.which(program):
            pytest.skip(f"install {program} to test shaders in mpv")
    lut = LUTS[name](make_lut)
    image = make_picture(40, 60, lut.architecture.colours)
    expected = dfc.restore(image, lut)
    source, shot, script = tmp_path / "film.png", tmp_path / "shot.png", tmp_path / "shot.lua"
    Image.fromarray(image).save(source)
    script.write_text(SCRIPT)
    options = {
        "vo": output,
        "gpu-api": "opengl",
        "gpu-context": "x11egl",
        "gpu-sw": "yes",
        "dither-depth": "no",
        "geometry": f"{expected.shape[1]}x{expected.shape[0]}",
        "glsl-shader": write_shader(lut, tmp_path),
        "script": script,
        "script-opts": f"shot={shot}",
    }
    command = ["xvfb-run", "-a", "-s", "-screen 0 1280x1024x24", "mpv", "--no-config", "--pause"]
    command += ["--no-border", "--no-keepaspect-window", "--no-osc", "--osd-level=0"]
    command += [f"--{option}={value}" for option, value in options.items()]
    done = subprocess.run([*command, source], capture_output=True, text=True, timeout=120)
    if not shot.exists():
        pytest.skip(f"mpv opens no window: {done.stdout[-300:]}")
    shown = np.array(Image.open(shot).convert("RGB" if image.ndim == 3 else "L"))
    np.testing.assert_array_equal(shown, expected)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"largest_sum": 2**24}, "more than floats of a shader hold"),
        ({"lookups": 20}, "more than the 16 textures of mpv"),
    ],
)
def test_what_mpv_cannot_run_is_refused(
    make_lut: MakeLut, changes: dict[str, int], message: str
) -> None:
    program = make_program(LUTS["shift_lut_8"](make_lut))
    step = program.steps[0]
    if "lookups" in changes:
        changes = {"lookups": step.lookups * changes["lookups"]}
    changed = replace(program, steps=(replace(step, **changes), *program.steps[1:]))
    with pytest.raises(UserError, match=f"^test: .*{message}"):
        list(mpv.print_files(changed, "test"))
