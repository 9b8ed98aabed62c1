"""Atomic writes: of two at a time, of long names, and where nothing can be written."""

from pathlib import Path

import pytest

from dfc.common.errors import UserError
from dfc.common.files import atomic_write, get_partial_path


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_of_two_that_write_one_output_the_second_is_told(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "out"

    def write(partial: Path) -> None:
        file = partial if kind == "file" else partial / "file"
        partial.mkdir() if kind == "folder" else None
        file.write_text("whole")

    with atomic_write(path) as partial:
        write(partial)
        with (
            pytest.raises(UserError, match="out: cannot be written: another process is writing it"),
            atomic_write(path) as second,
        ):
            write(second)
    assert (path if kind == "file" else path / "file").read_text() == "whole"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_a_killed_process_left_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "out"
    get_partial_path(path).write_text("half")
    get_partial_path(path).with_suffix(".lock").touch()
    with atomic_write(path) as partial:
        assert not partial.exists()
        partial.write_text("whole")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("name", ["n" * 255, "ä" * 127])
def test_every_name_that_may_be_written_is(tmp_path: Path, name: str) -> None:
    with atomic_write(tmp_path / name) as partial:
        partial.write_text("whole")
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("name", "reason"), [("n" * 256, "File name too long"), ("file/a", "Not a dir|File exists")]
)
def test_what_cannot_be_written_is_named(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(UserError, match=rf"{name}: cannot be written: {reason}"),
        atomic_write(tmp_path / name) as partial,
    ):
        partial.write_text("whole")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
