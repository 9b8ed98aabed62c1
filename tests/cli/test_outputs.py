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
    jobs, _ = plan_outputs([folder / name for name in inputs], folder / output, force)
    return [target.relative_to(folder).as_posix() for _, target in jobs]


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


@pytest.mark.parametrize(
    ("inputs", "output", "suffix"),
    [
        (["in"], "in/out", ""),
        (["in"], "in/deep/out", ""),
        (["in/c.PNG", "in/deep", "in/out"], "in/out", ""),
        (["in"], "in", "_x4"),
        (["in"], "in/out", "_x4"),
        (["in", "a.png"], "in/../in/out", "_x4"),
    ],
)
def test_what_an_earlier_run_restored_is_no_input(
    folder: Path, inputs: list[str], output: str, suffix: str
) -> None:
    (folder / output).mkdir(parents=True, exist_ok=True)
    sources = [folder / name for name in inputs]
    first = plan_outputs(sources, folder / output, suffix=suffix)
    assert len(first.jobs) == 2 + ("a.png" in inputs)
    for _, target in first.jobs:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    again = plan_outputs(sources, folder / output, force=True, suffix=suffix)
    assert again.jobs == first.jobs
    assert plan_outputs(sources, folder / output, skip_existing=True, suffix=suffix).jobs == []


def test_what_is_left_out_of_a_folder_is_counted(folder: Path) -> None:
    for name in ("in/out/c.PNG", "in/out/notes.md", "in/film.mp4", "in/.hidden"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    assert plan_outputs([folder / "in"], folder / "in/out", force=True).notes == [
        f"{folder}/in: left out 2 files of the output folder out",
        f"{folder}/in: left out 2 files that are no pictures (1 .mp4, 1 .txt)",
    ]
