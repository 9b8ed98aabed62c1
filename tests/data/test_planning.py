"""What the stage `prepare` finds out before it starts, what it keeps, and what it does again."""

import errno
import os
import shutil
import weakref
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dfc.common.errors import UserError
from dfc.common.parallel import count_image_workers
from dfc.common.pipeline import PREPARED, PREPARING
from dfc.data import planning
from dfc.data.layouts import Pair
from dfc.data.planning import Planned, count_bytes, plan_store
from dfc.data.store import BLOCK, Example, PairStore
from dfc.images.files import write_image
from dfc.tasks import build_task
from dfc.tasks.base import Task

MakeImage = Callable[..., Path]
Run = Callable[..., Any]
SR, PATCH = build_task("sr", 4), 6
FOLDERS = {"source": "folder", "train_dir": "train", "val_dir": "val", "sizes": [1, 0.5]}


@pytest.fixture
def prepare(run_stages: Run) -> Callable[..., None]:
    """Give a function that runs the stage on the folders `train` and `val`."""

    def run(task: str = "sr", **changes: Any) -> None:
        run_stages("prepare", task=task, data=FOLDERS | changes)

    return run


def list_prepared() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in PREPARED.rglob("*") if path.is_file()}


def test_the_key_of_an_image_tells_what_it_is_made_from(
    make_image: MakeImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = Pair("a", make_image("a.png"), make_image("b.png"))

    def key(
        pair: Pair = pair, size: float | None = 1, task: Task = SR, patch_size: int = PATCH
    ) -> str:
        return Planned(pair, size, task, patch_size).key

    first, validation = key(), key(size=None)
    assert key() == first and validation == key(size=None, patch_size=PATCH + 1)
    others = {validation, key(size=0.5), key(patch_size=PATCH + 1), key(task=build_task("sr", 2))}
    others |= {key(Pair("c", pair.target, pair.degraded)), key(Pair("a", pair.target, None))}
    for path in (pair.target, pair.degraded):
        os.utime(path, (0, path.stat().st_mtime + 1))
        others.add(key())
    monkeypatch.setattr(planning, "hash_code", lambda: "other code")
    others.add(key())
    assert len(others) == 9 and first not in others


@pytest.mark.parametrize("task", ["sr", "denoise", "deblock", "deblur"])
def test_headers_tell_the_bytes_that_images_will_take(
    prepare: Callable[..., None], make_image: MakeImage, task: str
) -> None:
    make_image("train/a.png", 61, 75, 3)
    make_image("train/b.png", 180, 170)
    make_image("val/c.png", 601, 550, 3)
    make_image("val/d.png", 33, 90)
    pairs = {split: sorted(Path(split).iterdir()) for split in ("train", "val")}
    splits = {split: [Pair(p.stem, p, None) for p in paths] for split, paths in pairs.items()}
    plans = plan_store(splits, [1, 0.5], build_task(task), 8)
    counted = count_bytes(each for planned in plans.values() for each in planned.values())
    prepare(task)
    sizes = [path.stat().st_size for path in PREPARING.iterdir()]
    assert counted == sum(-(-size // BLOCK) * BLOCK for size in sizes)


def test_images_are_prepared_once(
    prepare: Callable[..., None], make_image: MakeImage, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("train/b.png", "train/c.png", "val/v.png"):
        make_image(name, 48, 64, 3)
    prepare()
    assert "prepares 5 images, which takes 0.00 GB of the " in capsys.readouterr().out
    shutil.rmtree(PREPARED)  # as DVC does
    make_image("train/a.png", 48, 64, 3)  # all others have new numbers
    prepare()
    output = capsys.readouterr().out
    assert "\n5 of 7 images are prepared already\nprepares 2 images, " in output
    resumed = list_prepared()
    shutil.rmtree(PREPARED)
    shutil.rmtree(PREPARING)
    prepare()
    assert list_prepared() == resumed, "whatever was there before"

    Path("train/a.png").unlink()
    capsys.readouterr()
    prepare()
    assert capsys.readouterr().out.endswith("\n5 of 5 images are prepared already\n")
    assert len(PairStore(PREPARED, "train")) == 4
    assert len(list(PREPARING.glob("*.json"))) == 5, "what nobody wants takes no space"


def test_a_full_disk_is_one_line_before_anything_is_written(
    prepare: Callable[..., None], make_image: MakeImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("train/a.png", "val/v.png"):
        make_image(name, 48, 64, 3)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9, 20_000))
    with pytest.raises(
        SystemExit,
        match=r"^error: \.checkpoints/prepare: expected 0\.01 GB of free space for prepared "
        r"images, found 0\.00 GB$",
    ):
        prepare(sizes=[1, *np.linspace(0.1, 0.9, 999).tolist()])
    assert not PREPARED.exists() and not list(PREPARING.iterdir())


def test_unusable_images_are_listed_before_others_are_prepared(
    prepare: Callable[..., None], make_image: MakeImage
) -> None:
    for number in range(9):
        make_image(f"train/small{number}.png", 16, 99)
    Path("train/text.png").write_text("no image")
    Path("train/gone.png").symlink_to("nowhere.png")
    make_image("train/whole.png", 48, 64, 3)
    make_image("val/tiny.png", 3, 3)
    with pytest.raises(SystemExit) as raised:
        prepare()
    first, *lines = str(raised.value.code).split("\n  ")
    assert first == "error: 12 images cannot be used:"
    assert lines[0].startswith("train/gone.png: expected a readable image: ")
    small = "99x16 grey; expected at least 32x32 (patch size 8 at scale 4)"
    assert lines[1:10] == [f"train/small{number}.png: {small}" for number in range(9)]
    assert lines[10:] == ["and 2 more"]
    assert not list(PREPARING.iterdir())


def test_damaged_images_are_listed_and_the_others_stay_prepared(
    prepare: Callable[..., None], make_image: MakeImage, capsys: pytest.CaptureFixture[str]
) -> None:
    make_image("train/whole.png", 48, 64, 3)
    for name in ("train/cut.png", "train/half.png", "val/third.png"):
        path = make_image(name, 48, 64, 3)
        path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(SystemExit, match=r"error: 3 images cannot be used:\n  train/cut\.png: .*"):
        prepare()
    for name in ("train/cut.png", "train/half.png"):
        make_image(name, 48, 64, 3)
    with pytest.raises(SystemExit, match=r"^error: val/third\.png: expected a readable image.*$"):
        prepare()
    make_image("val/third.png", 48, 64, 3)
    capsys.readouterr()
    prepare()
    assert "\n6 of 7 images are prepared already\nprepares 1 " in capsys.readouterr().out


def test_of_many_images_few_are_in_memory_at_once(
    prepare: Callable[..., None], make_image: MakeImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        make_image(f"train/{number}.png", 40, 40)
    alive: set[int] = set()
    most = []

    def load(self: Planned) -> Example:
        example = whole(self)
        alive.add(id(example.target))
        weakref.finalize(example.target, alive.discard, id(example.target))
        most.append(len(alive))
        return example

    whole = Planned.load
    monkeypatch.setattr(planning.Planned, "load", load)
    prepare()
    assert len(most) == 30 * 2 - 2 and max(most) <= count_image_workers() + 1


def test_a_write_that_fails_ends_the_preparation(
    prepare: Callable[..., None], make_image: MakeImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("train/a.png", "train/b.png"):
        make_image(name, 48, 64, 3)

    def fail(*arguments: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(np, "save", fail)
    with pytest.raises(SystemExit, match=r"^error: .*npy: cannot be written: Input/output error$"):
        prepare()


def test_a_message_that_several_sizes_share_is_said_once() -> None:
    with pytest.raises(UserError, match=r"^a is damaged$"):
        planning.refuse_unusable([UserError("a is damaged"), 7, UserError("a is damaged")])


def test_benchmark_sets_are_looked_for_before_anything_else(
    run_stages: Run, make_image: MakeImage
) -> None:
    data = FOLDERS | {"benchmark_dir": "sets"}
    with pytest.raises(SystemExit, match=r"^error: sets: expected benchmark sets "):
        run_stages("check", task="sr", data=data)
    write_image(Path("sets/Set5/a.png"), np.zeros((32, 32), np.uint8))
    run_stages("check", task="sr", data=data)
    with pytest.raises(SystemExit, match=r"^error: sets: expected the benchmark set 'Set14'"):
        run_stages("check", task="sr", data=data | {"benchmarks": ["Set5", "Set14"]})
