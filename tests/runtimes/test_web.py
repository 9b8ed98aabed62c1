"""What workers of the web page compute, in Node.js: the same bytes as the engine."""

import base64
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engine.random_luts import draw_lut, make_noise

import dfc
from dfc.evaluation.runtimes import NODE_SCRIPT
from dfc.images.files import read_image
from dfc.images.pixels import split_planes, upscale_bicubic
from dfc.models.lut import Lut
from dfc.runtimes import print_files, web
from dfc.runtimes.program import make_program

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
Restore = Callable[..., tuple[np.ndarray, np.ndarray]]


@pytest.fixture(scope="module")
def node() -> Iterator[subprocess.Popen]:
    """Give a process that restores; skip where there is no Node.js."""
    path = shutil.which("node")
    if not path:
        pytest.skip("install Node.js (node) to test the scripts of the web page in it")
    with subprocess.Popen(
        [path, NODE_SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.stdin.close()


@pytest.fixture(scope="module")
def restore(node: subprocess.Popen) -> Restore:
    """Give a function that restores a picture, cut before some rows, as workers do."""
    started = [""]  # the page whose worker runs

    def ask(page: str, image: np.ndarray, top: int, bottom: int, halo: int) -> list[np.ndarray]:
        channels = image.shape[2]
        first, end = max(0, top - halo), min(len(image), bottom + halo)
        job = {
            "pixels": base64.b64encode(image[first:end].tobytes()).decode(),
            "width": image.shape[1],
            "height": image.shape[0],
            "channels": channels,
            "first": first,
            "top": top,
            "bottom": bottom,
        }
        new = "" if page == started[-1] else page
        started.append(page)
        print(json.dumps({"page": new, "job": job}), file=node.stdin, flush=True)
        answer = json.loads(node.stdout.readline())
        made = answer["restored"], answer["enlarged"]
        return [np.frombuffer(base64.b64decode(text), np.uint8) for text in made]

    def run(lut: Lut, image: np.ndarray, cuts: tuple[int, ...] = ()) -> tuple[np.ndarray, ...]:
        ((_, page),) = print_files(lut, "tables", "web")
        height, width = image.shape[:2]
        pixels = image[..., np.newaxis] if image.ndim == 2 else image
        halo, scale = max(2, make_program(lut).blocks[0].ahead), lut.architecture.scale
        strips = [
            ask(page, pixels, top, bottom, halo) for top, bottom in pairwise([0, *cuts, height])
        ]
        shape = (height * scale, width * scale, 4)
        made = (np.concatenate(parts).reshape(shape) for parts in zip(*strips, strict=True))
        return tuple(_drop_channels(each, image) for each in made)

    def _drop_channels(rgba: np.ndarray, like: np.ndarray) -> np.ndarray:
        if like.ndim == 3 and like.shape[2] == 4:
            return rgba
        assert (rgba[..., 3] == 255).all()
        if like.ndim == 2:
            assert (rgba[..., :3] == rgba[..., :1]).all()
        return rgba[..., :3] if like.ndim == 3 else rgba[..., 0]

    return run


@st.composite
def draw_picture(draw: st.DrawFn) -> tuple[np.ndarray, tuple[int, ...]]:
    """Draw a picture, grey, coloured or with transparency, and where it is cut into strips."""
    height, width = draw(st.integers(1, 40)), draw(st.sampled_from([1, 2, 5, 16, 33, 130]))
    channels = draw(st.sampled_from([(), (3,), (4,)]))
    image = make_noise((height, width, *channels), draw(st.integers(0, 99)))
    if channels == (4,):
        image[..., 3] |= 1  # what is hidden is the page's to fill
    cuts = draw(st.sets(st.integers(1, height), max_size=2)) - {height}
    return image, tuple(sorted(cuts))


@given(lut=draw_lut(), picture=draw_picture())
@settings(max_examples=60, suppress_health_check=SLOW)
def test_random_layers_are_restored_alike(
    restore: Restore, lut: Lut, picture: tuple[np.ndarray, tuple[int, ...]]
) -> None:
    image, cuts = picture
    restored, enlarged = restore(lut, image, cuts)
    np.testing.assert_array_equal(restored, dfc.restore(image, lut, 1))
    planes = [upscale_bicubic(plane, lut.architecture.scale) for plane in split_planes(image)]
    np.testing.assert_array_equal(split_planes(enlarged), planes)


def test_tables_that_are_too_large_to_unpack_are_restored_alike(
    restore: Restore, make_lut: Callable[..., Lut], monkeypatch: pytest.MonkeyPatch
) -> None:
    lut, image = make_lut("mulut", 4, "sd"), make_noise((12, 16, 3), 0)
    packed = web.choose_packing(make_program(lut).steps[-1])
    monkeypatch.setattr(web, "LARGEST", 0)
    assert web.choose_packing(make_program(lut).steps[-1]).fields == 1 < packed.fields
    np.testing.assert_array_equal(restore(lut, image)[0], dfc.restore(image, lut, 1))


@pytest.mark.parametrize("name", ["sr-x4-fast", "sr-x3", "denoise", "deblock-10"])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_the_zoo_restores_alike(restore: Restore, name: str, channels: tuple[int, ...]) -> None:
    image = make_noise((24, 40, *channels), 1)
    np.testing.assert_array_equal(restore(dfc.load(name), image)[0], dfc.restore(image, name, 1))


@pytest.mark.parametrize(
    ("name", "side"), [("mulut_dfc", 96), ("spf_lut_dfc", 64), ("shift_lut_l", 40), ("sr-x4", 32)]
)
def test_set5_is_restored_to_the_bit(
    restore: Restore,
    find_published: Callable[[str], Lut],
    set5: list[Path],
    name: str,
    side: int,
) -> None:
    lut = find_published(name)
    for path in set5:
        image = np.ascontiguousarray(read_image(path)[:side, :side])
        restored, _ = restore(lut, image, (side // 2,))
        np.testing.assert_array_equal(restored, dfc.restore(image, lut, 1), err_msg=path.name)
