import subprocess
from pathlib import Path

import pytest

from dfc.common.environment import describe_commit, describe_machine


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
