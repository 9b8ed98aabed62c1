import errno
import json
import os
import resource
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dfc.common.errors import UserError
from dfc.data.store import (
    Example,
    PairStore,
    find_stored,
    finish_store,
    list_unwanted,
    store_example,
)


def example(name: str, *degraded_shape: int, scale: int = 2) -> Example:
    rng = np.random.default_rng(len(name))
    height, width, *channels = degraded_shape
    target_shape = (height * scale, width * scale, *channels)
    return Example(
        name,
        rng.integers(256, size=degraded_shape, dtype=np.uint8),
        rng.integers(256, size=target_shape, dtype=np.uint8),
    )


@pytest.fixture
def examples() -> list[Example]:
    return [example("zebra", 5, 7, 3), example("ant", 6, 4), example("mole", 3, 3, 3)]


@pytest.fixture
def folder(tmp_path: Path, examples: list[Example], write_store: Callable) -> Path:
    write_store(tmp_path / "store", {"train": examples, "val": examples[:1]}, scale=2)
    return tmp_path / "store"


def test_images_come_back_in_order_as_planes(folder: Path, examples: list[Example]) -> None:
    store = PairStore(folder, "train")
    assert (len(store), store.scale) == (3, 2)
    for index, (record, expected) in enumerate(zip(store.images, examples, strict=True)):
        degraded, target = store.planes(index)
        assert (record.height, record.width) == expected.degraded.shape[:2]
        for planes, image in ((degraded, expected.degraded), (target, expected.target)):
            pixels = planes.transpose(1, 2, 0).reshape(image.shape)
            np.testing.assert_array_equal(pixels, image)
            assert not planes.flags.writeable
    assert len(PairStore(folder, "val")) == 1


def test_what_was_stored_before_a_kill_is_found_and_nothing_else(
    tmp_path: Path, examples: list[Example]
) -> None:
    stored = store_example(tmp_path, "whole", examples[0], 2)
    store_example(tmp_path, "cut", examples[1], 2)
    for name in ("cut.json", "whole.json"):  # a kill comes before the description, or within it
        (tmp_path / f".{name}.partial").write_text((tmp_path / name).read_text()[:20])
    (tmp_path / "cut.json").unlink()
    assert find_stored(tmp_path, "whole") == stored
    assert find_stored(tmp_path, "cut") is None and find_stored(tmp_path, "absent") is None
    path = tmp_path / "whole.degraded.npy"
    path.write_bytes(path.read_bytes()[:-1])
    assert find_stored(tmp_path, "whole") is None


def test_only_what_belongs_to_no_key_is_unwanted(tmp_path: Path, examples: list[Example]) -> None:
    for key in ("one", "two"):
        store_example(tmp_path, key, examples[0], 2)
    (tmp_path / ".one.target.npy.partial").touch()
    unwanted = {path.name for path in list_unwanted(tmp_path, {"one"})}
    two = {"two.json", "two.target.npy", "two.degraded.npy"}
    assert unwanted == two | {".one.target.npy.partial"}
    assert list_unwanted(tmp_path / "absent", {"one"}) == []


def test_a_store_takes_no_space_of_its_own(tmp_path: Path, examples: list[Example]) -> None:
    image = store_example(tmp_path / "images", "key", examples[0], 2)
    finish_store(tmp_path / "images", {"train": {"0_zebra": image}}, tmp_path / "store")
    path = tmp_path / "store/train/0_zebra.target.npy"
    assert path.samefile(tmp_path / "images/key.target.npy")


def test_where_there_are_no_hard_links_a_store_is_copied(
    tmp_path: Path, examples: list[Example], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*paths: Path) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    image = store_example(tmp_path / "images", "key", examples[0], 2)
    finish_store(tmp_path / "images", {"train": {"0": image}}, tmp_path / "store")
    _, target = PairStore(tmp_path / "store", "train").planes(0)
    np.testing.assert_array_equal(target.transpose(1, 2, 0), examples[0].target)


def test_a_store_is_replaced_by_another_but_not_by_the_same(
    tmp_path: Path, examples: list[Example]
) -> None:
    one, other = (store_example(tmp_path, str(n), examples[n], 2) for n in range(2))
    store = tmp_path / "store"
    finish_store(tmp_path, {"train": {"0": one}}, store)
    before = store.stat().st_ino
    finish_store(tmp_path, {"train": {"0": one}}, store)
    assert store.stat().st_ino == before, "a training may read it"
    (store / "train/0.target.npy").unlink()
    finish_store(tmp_path, {"train": {"0": one}}, store)
    assert len(PairStore(store, "train")) == 1
    finish_store(tmp_path, {"train": {"0": other, "1": one}}, store)
    assert [image.width for image in PairStore(store, "train").images] == [4, 7]


def test_more_images_than_file_descriptors_are_read(tmp_path: Path, write_store: Callable) -> None:
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    images = [example(f"{n}", 1, 1, scale=1) for n in range(min(limit, 1024) // 2 + 8)]
    write_store(tmp_path / "store", {"train": images}, 1)
    store = PairStore(tmp_path / "store", "train")
    kept = [store.planes(index) for index in range(0, len(store), 8)]
    for index in range(len(store)):
        assert store.planes(index)[1].shape == (1, 1, 1)
    assert len(kept) == -(-len(store) // 8)


def test_degraded_images_may_be_left_out(tmp_path: Path, write_store: Callable) -> None:
    kept, per_crop = example("a", 4, 4, scale=1), example("b", 5, 5, scale=1)
    per_crop = per_crop._replace(degraded=None)
    write_store(tmp_path / "some", {"train": [kept, per_crop, kept]}, 1)
    write_store(tmp_path / "none", {"train": [per_crop]}, 1)
    some, none = (PairStore(tmp_path / name, "train") for name in ("some", "none"))
    assert [some.planes(index)[0] is None for index in range(3)] == [False, True, False]
    np.testing.assert_array_equal(some.planes(2)[0][0], kept.degraded)
    assert none.planes(0)[0] is None
    np.testing.assert_array_equal(none.planes(0)[1][0], per_crop.target)


def test_images_that_do_not_fit_each_other_are_refused(
    tmp_path: Path, write_store: Callable
) -> None:
    with pytest.raises(ValueError, match=r"train0: \(1, 15, 15\) and \(1, 5, 5\)"):
        write_store(tmp_path / "store", {"train": [example("a", 5, 5, scale=3)]}, 2)


def test_a_missing_store_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="absent: expected prepared data"):
        PairStore(tmp_path / "absent", "train")


def test_an_empty_split_is_named(folder: Path) -> None:
    (folder / "train/manifest.json").write_text('{"format_version": 4, "images": []}')
    with pytest.raises(UserError, match="'train'"):
        PairStore(folder, "train")


@pytest.mark.parametrize("side", ["target", "degraded"])
def test_a_truncated_store_is_refused(folder: Path, side: str) -> None:
    path = folder / "train" / f"1.{side}.npy"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match=rf"1\.{side}\.npy: expected \d+ bytes"):
        PairStore(folder, "train")
    path.unlink()
    with pytest.raises(UserError, match=rf"1\.{side}\.npy: expected"):
        PairStore(folder, "train")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format_version": 4}'])
def test_a_damaged_manifest_is_named(folder: Path, text: str) -> None:
    (folder / "train/manifest.json").write_text(text)
    with pytest.raises(UserError, match=r"manifest\.json"):
        PairStore(folder, "train")


@pytest.mark.parametrize(
    ("key", "value"), [("scale", 0), ("height", -5), ("width", "7"), ("colour", 3)]
)
def test_a_manifest_that_disagrees_with_itself_is_named(
    folder: Path, key: str, value: object
) -> None:
    path = folder / "train/manifest.json"
    manifest = json.loads(path.read_text())
    manifest["images"][0][key] = value
    path.write_text(json.dumps(manifest))
    with pytest.raises(UserError, match=r"manifest\.json"):
        PairStore(folder, "train")


def test_a_store_of_another_version_is_refused(folder: Path) -> None:
    path = folder / "train/manifest.json"
    path.write_text(path.read_text().replace('"format_version": 4', '"format_version": 9'))
    with pytest.raises(UserError, match="expected format version 4, found 9"):
        PairStore(folder, "train")
