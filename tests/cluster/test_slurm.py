"""The batch scripts, run by a Slurm of their own on this machine."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file

from dfc.common.pipeline import CHECKPOINTS, FINETUNED, TRAINED
from dfc.images.files import write_image

DAEMONS = ("munged", "slurmctld", "slurmd")
KILLED = 1  # the first task, which takes long enough
SWEEP = ["-S finetune.total_iter=500", "-S dfc.diagonal_width=1"]
SWEEP += [f"-S dfc.interval={n} -S dfc.dims={dims}" for n in (6, 7) for dims in ("xy", "xyz")]
Run = Callable[..., str]


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Give the environment in which commands of Slurm talk to one that runs here."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"], "/usr/sbin"))
    missing = [name for name in DAEMONS if not shutil.which(name, path=path)]
    if missing:
        pytest.skip(f"install slurm-wlm and munge to test what runs on clusters: no {missing[0]}")
    folder, node = (tmp_path_factory.mktemp(name) for name in ("slurm", "node"))
    script = Path(__file__).with_name("slurm.sh")
    try:
        subprocess.run(["bash", script, "start", folder], check=True)
        yield os.environ | {
            "PATH": path,
            "TMPDIR": str(node),
            "SLURM_CONF": str(folder / "slurm.conf"),
        }
    finally:
        subprocess.run(["bash", script, "stop", folder], check=True)


@pytest.fixture(scope="module")
def run(slurm: dict[str, str]) -> Run:
    """Give a function that runs a command in a folder, and returns what it prints."""

    def run(folder: Path, *command: str) -> str:
        done = subprocess.run(
            command, cwd=folder, env=slurm, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="module")
def first(
    tmp_path_factory: pytest.TempPathFactory,
    copy_project: Callable[[Path, dict[str, Any]], None],
    quick_params: dict[str, Any],
    run: Run,
) -> Path:
    """Give a clone of the project that has been run, with few and small images, and no report."""
    folder = tmp_path_factory.mktemp("first")
    quick_params["data"] |= {"source": "folder", "sizes": [1]}
    quick_params["train"] |= {"total_iter": 60, "val_step": 20}
    quick_params["finetune"] |= {"total_iter": 60, "val_step": 20}
    copy_project(folder, quick_params)
    pipeline = yaml.safe_load((folder / "dvc.yaml").read_text())
    del pipeline["stages"]["report"], pipeline["plots"]
    (folder / "dvc.yaml").write_text(yaml.safe_dump(pipeline, sort_keys=False))
    rng = np.random.default_rng(0)
    for name in ("train/1.png", "train/2.png", "benchmark/small/1.png"):
        coarse = rng.integers(256, size=(8, 8, 3), dtype=np.uint8)
        write_image(folder / "data" / name, coarse.repeat(16, 0).repeat(16, 1))
    run(folder, "git", "init", "--quiet")
    run(folder, "git", "config", "user.name", "test")
    run(folder, "git", "config", "user.email", "test@example.org")
    run(folder, "git", "add", "--all")
    run(folder, "git", "commit", "--quiet", "--message", "code")
    run(folder, "dvc", "repro")
    run(folder, "git", "add", "--all")
    run(folder, "git", "commit", "--quiet", "--message", "trained")
    return folder


def wait_until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 600
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture(scope="module")
def sweep(first: Path, run: Run, slurm: dict[str, str]) -> str:
    """Run the sweep, one of whose tasks is killed while it trains; give the number of its job."""
    (first / "sweep.txt").write_text("\n".join(SWEEP) + "\n")
    array = f"--array=1-{len(SWEEP)}"
    batch = (array, "cluster/sweep.sbatch", "sweep.txt", "HEAD")
    job = run(first, "sbatch", "--parsable", *batch).strip()
    name = f"sweep-{job}_{KILLED}"
    wait_until((first / CHECKPOINTS / name / "finetune/state/progress.json").exists)
    process = (Path(slurm["TMPDIR"]) / name / CHECKPOINTS / "finetune.lock").read_text()
    os.kill(int(process), signal.SIGKILL)
    wait_until(lambda: not run(first, "squeue", "--noheader", "--jobs", job))
    return job


def test_all_experiments_of_a_sweep_reach_the_first_clone(
    first: Path, run: Run, slurm: dict[str, str], sweep: str
) -> None:
    names = {f"sweep-{sweep}_{task}" for task in range(1, len(SWEEP) + 1)}
    assert set(run(first, "dvc", "exp", "list", "--name-only").split()) == names
    measured = run(first, "dfc", "frontier")
    assert measured.startswith(f"{len(SWEEP) + 1} LUTs measured"), "these, and what was there"
    for folder in (Path(slurm["TMPDIR"]), first / CHECKPOINTS):
        assert not list(folder.glob("sweep-*")), "nothing is left behind"


def test_a_killed_task_is_requeued_and_goes_on_from_its_checkpoint(first: Path, sweep: str) -> None:
    output = (first / f"slurm-{sweep}_{KILLED}.out").read_text()
    before, killed, after = output.partition("failed to reproduce 'finetune'")
    assert killed and "resumes" not in before
    assert "resumes after iteration" in after


def test_two_tasks_train_the_tables_that_one_process_trains(
    first: Path, run: Run, tmp_path: Path
) -> None:
    together = shutil.copytree(first, tmp_path / "together", symlinks=True)
    run(together, "git", "rm", "--quiet", "dvc.lock")  # nothing is up to date
    tasks = ("--nodes=1", "--ntasks-per-node=2")
    run(together, "sbatch", "--wait", "--output=log", *tasks, "cluster/train.sbatch")
    assert (together / "log").read_text().count("waited for crops") == 2, "it has trained twice"
    for path in (TRAINED, FINETUNED):
        alone, shared = (load_file(folder / path) for folder in (first, together))
        assert alone.keys() == shared.keys()
        for table, values in alone.items():
            assert torch.equal(values, shared[table]), (path, table)
    assert "up to date" in run(together, "dvc", "status"), "DVC knows what the tasks have left"


def test_tasks_that_cannot_share_a_batch_are_refused_before_any_stage(
    first: Path, run: Run, tmp_path: Path
) -> None:
    odd = shutil.copytree(first, tmp_path / "odd", symlinks=True)
    params = yaml.safe_load((odd / "params.yaml").read_text())
    params["finetune"]["batch_size"] = 7
    (odd / "params.yaml").write_text(yaml.safe_dump(params))
    submit = "sbatch --wait --output=log --nodes=1 --ntasks-per-node=2 cluster/train.sbatch"
    run(odd, "bash", "-c", f"! {submit}")
    (line,) = (odd / "log").read_text().splitlines()
    assert line.startswith("error: params.yaml: finetune.batch_size: 7 is not a multiple of")


def test_a_task_without_a_line_in_the_list_says_so(first: Path, run: Run, tmp_path: Path) -> None:
    listed, log = tmp_path / "list.txt", tmp_path / "log"
    listed.write_text("-S dfc.interval=6\n")
    submit = f"sbatch --wait --output={log} --array=2 cluster/sweep.sbatch {listed}"
    run(first, "bash", "-c", f"! {submit}")
    assert log.read_text() == f"error: {listed}: no settings in line 2\n"
