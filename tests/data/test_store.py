import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dfc.common.errors import UserError
from dfc.data.store import Example, PairStore, StoreWriter


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
        assert record.name == expected.name
        assert (record.height, record.width) == expected.degraded.shape[:2]
        for planes, image in ((degraded, expected.degraded), (target, expected.target)):
            pixels = planes.transpose(1, 2, 0).reshape(image.shape)
            np.testing.assert_array_equal(pixels, image)
            assert not planes.flags.writeable
    assert len(PairStore(folder, "val")) == 1


def test_an_unfinished_store_goes_on_where_it_stopped(
    tmp_path: Path, folder: Path, examples: list[Example]
) -> None:
    unfinished, resumed = tmp_path / "unfinished", tmp_path / "resumed"
    writer = StoreWriter(unfinished, 2, "identity")
    for written in examples[:2]:
        writer.append("train", written)
    for half in unfinished.glob("train*"):  # as a kill while the third one is written
        with half.open("a") as file:
            file.write('{"name"')

    writer = StoreWriter(unfinished, 2, "identity")
    assert writer.written("train") == 2
    writer.append("train", examples[2])
    assert writer.written("val") == 0
    writer.append("val", examples[0])
    writer.finish(resumed)
    names = {path.name for path in folder.iterdir()}
    assert {path.name for path in resumed.iterdir()} == names
    for name in names:
        assert (resumed / name).read_bytes() == (folder / name).read_bytes()
    assert not unfinished.exists()


def test_an_unfinished_store_of_other_images_is_deleted(
    tmp_path: Path, examples: list[Example]
) -> None:
    StoreWriter(tmp_path / "unfinished", 2, "identity").append("train", examples[0])
    assert StoreWriter(tmp_path / "unfinished", 2, "other").written("train") == 0


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
    with pytest.raises(ValueError, match=r"a: \(1, 15, 15\) and \(1, 5, 5\)"):
        write_store(tmp_path / "store", {"train": [example("a", 5, 5, scale=3)]}, 2)


def test_a_missing_store_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="absent: expected prepared data"):
        PairStore(tmp_path / "absent", "train")


def test_an_empty_split_is_named(folder: Path) -> None:
    with pytest.raises(UserError, match="'test'"):
        PairStore(folder, "test")


@pytest.mark.parametrize("side", ["target", "degraded"])
def test_a_truncated_store_is_refused(folder: Path, side: str) -> None:
    path = folder / f"train_{side}.bin"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match=rf"train_{side}\.bin: expected \d+ bytes"):
        PairStore(folder, "train")
    path.unlink()
    with pytest.raises(UserError, match=rf"train_{side}\.bin"):
        PairStore(folder, "train")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format_version": 2, "scale": 2}'])
def test_a_damaged_manifest_is_named(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_text(text)
    with pytest.raises(UserError, match=r"manifest\.json"):
        PairStore(folder, "train")


@pytest.mark.parametrize(
    ("key", "value"), [("offset_target", 1), ("height", -5), ("width", "7"), ("colour", 3)]
)
def test_a_manifest_that_disagrees_with_itself_is_named(
    folder: Path, key: str, value: object
) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["splits"]["train"][0][key] = value
    path.write_text(json.dumps(manifest))
    with pytest.raises(UserError, match=r"manifest\.json"):
        PairStore(folder, "train")


def test_a_store_of_another_version_is_refused(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"format_version": 2', '"format_version": 3'))
    with pytest.raises(UserError, match="expected format version 2, found 3"):
        PairStore(folder, "train")
