import subprocess
from pathlib import Path

import pytest

from dfc.common.environment import describe_commit, describe_machine, explain_missing
from dfc.common.errors import UserError
from dfc.data.layouts import find_pairs


def test_a_machine_has_cores() -> None:
    assert describe_machine().endswith(" cores")


def test_a_commit_says_whether_files_were_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert describe_commit() is None, "outside of a repository"
    (tmp_path / "reports").mkdir()
    for name in ("file", "dvc.lock", "reports/table.md"):
        (tmp_path / name).write_text("one")
    author = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    for command in (("init",), ("add", "."), (*author, "commit", "-m", "state")):
        subprocess.run(("git", *command), check=True, capture_output=True)
    clean = describe_commit()
    assert clean and len(clean) >= 7 and clean.isalnum()
    for name in ("dvc.lock", "reports/table.md"):
        (tmp_path / name).write_text("two")
    assert describe_commit() == clean, "results are no change"
    (tmp_path / "file").write_text("two")
    assert describe_commit() == f"{clean}, with changes"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a project that DVC runs an experiment of, in the folder of that experiment."""
    experiment = tmp_path / ".dvc/tmp/exps/tmp1"
    for folder in (tmp_path, experiment):
        (folder / "data/train/mine").mkdir(parents=True)
        (folder / "data/train/README.md").touch()
    monkeypatch.chdir(experiment)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    return tmp_path


def test_an_experiment_that_lacks_untracked_images_says_so(project: Path) -> None:
    (project / "data/train/mine/1.png").touch()
    with pytest.raises(UserError) as refused:
        find_pairs(Path("data/train"), 4)
    message = str(refused.value)
    assert "found README.md, mine/; " in message
    assert f"{project}/data/train holds mine/1.png, which this experiment lacks" in message
    assert "absolute path, or `dvc add`" in message


def test_nothing_is_explained_where_nothing_is_untracked(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path("data/train")
    assert explain_missing(folder) == "", "the same files"
    (project / "data/train/1.png").touch()
    assert explain_missing(project / folder) == "", "an absolute path"
    monkeypatch.chdir(project)
    assert explain_missing(folder) == "", "in the project itself"
