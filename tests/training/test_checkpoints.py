from pathlib import Path

from dfc.training.checkpoints import Checkpoints


def test_forgetting_all_leaves_a_link_to_a_disk_that_other_machines_see(tmp_path: Path) -> None:
    shared, folder = tmp_path / "shared", tmp_path / "train"
    for state in ("state", "before", "curves"):
        (shared / state).mkdir(parents=True)
    folder.symlink_to(shared)
    Checkpoints(folder, {}).clear()
    assert folder.is_symlink() and shared.is_dir() and not list(shared.iterdir())
