from pathlib import Path

import pytest

from dfc.cli.outputs import plan_outputs
from dfc.common.errors import UserError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.png", "b.jpg", "in/c.PNG", "in/deep/d.webp", "in/notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def names(folder: Path, *inputs: str, output: str = "out", force: bool = False) -> list[str]:
    plan = plan_outputs([folder / name for name in inputs], folder / output, force)
    return [target.relative_to(folder).as_posix() for _, target in plan]


def test_images_keep_their_names_and_folders(folder: Path) -> None:
    assert names(folder, "a.png", "in") == ["out/a.png", "out/c.PNG", "out/deep/d.png"]


def test_a_lossy_format_becomes_png(folder: Path) -> None:
    assert names(folder, "b.jpg") == ["out/b.png"]


def test_a_single_image_may_be_given_a_file(folder: Path) -> None:
    assert names(folder, "a.png", output="large.jpg") == ["large.jpg"]


@pytest.mark.parametrize("inputs", [["in"], ["a.png", "b.jpg"]])
def test_many_images_do_not_go_into_one_file(folder: Path, inputs: list[str]) -> None:
    with pytest.raises(UserError, match="expected a folder"):
        names(folder, *inputs, output="large.png")


def test_files_are_replaced_only_by_force(folder: Path) -> None:
    with pytest.raises(UserError, match=r"a\.png: exists already; --force"):
        names(folder, "a.png", output=".")
    assert names(folder, "a.png", output=".", force=True) == ["a.png"]


def test_two_images_of_one_name_become_two_files(folder: Path) -> None:
    (folder / "in/e.jpg").touch()
    (folder / "in/e.webp").touch()
    expected = ["out/c.PNG", "out/deep/d.png", "out/e.png", "out/e.webp.png"]
    assert names(folder, "in") == expected


def test_two_images_never_become_one_file(folder: Path) -> None:
    with pytest.raises(UserError, match=r"a\.png: would become .*a\.png\.png, as .*a\.png does"):
        names(folder, "a.png", "a.png", "a.png")


def test_missing_inputs_and_empty_folders_are_named(folder: Path) -> None:
    with pytest.raises(UserError, match=r"none\.png: no such file"):
        names(folder, "none.png")
    (folder / "empty").mkdir()
    with pytest.raises(UserError, match="empty: expected images"):
        names(folder, "empty")
