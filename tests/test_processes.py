import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from safetensors.torch import load_file

from dfc.data.degradations import shrink
from dfc.data.store import Example
from dfc.lut.artifact import save_lut
from dfc.lut.table import Lut
from dfc.pipeline import CHECKPOINTS, DFC, FINETUNED, NETWORK, PREPARED, REPORTS

ROOT = Path(__file__).parents[1]
RESULTS = {"train": NETWORK, "finetune": FINETUNED}
SCALE = 2
TINY = {
    "data": {"scale": SCALE, "batch_size": 4, "patch_size": 8},
    "model": {"name": "mulut", "patterns": "sd", "nf": 4},
    "train": {"total_iter": 150, "val_step": 10},
    "finetune": {"total_iter": 150, "val_step": 10, "batch_size": 4, "patch_size": 8},
}


def write_params(folder: Path, changes: dict) -> None:
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    for section, values in changes.items():
        params[section].update(values)
    (folder / "params.yaml").write_text(yaml.safe_dump(params))


@pytest.fixture
def make_workspace(
    tmp_path_factory: pytest.TempPathFactory,
    make_lut: Callable[..., Lut],
    write_store: Callable[..., None],
) -> Callable[[], Path]:
    """Give a function that sets up a folder in which the training stages can run."""
    rows, columns = np.mgrid[:64, :64]
    sharp = (127 + 120 * np.sin(rows / 5) * np.cos(columns / 7)).astype(np.uint8)
    examples = [Example("waves", shrink(sharp, SCALE), sharp)]

    def make() -> Path:
        folder = tmp_path_factory.mktemp("workspace")
        write_params(folder, TINY)
        write_store(folder / PREPARED, {"train": examples, "val": examples}, SCALE)
        save_lut(make_lut("mulut", SCALE, "sd").compressed("xyzt", 1, 7), folder / DFC)
        return folder

    return make


def start(
    stage: str, folder: Path, launcher: tuple[str, ...] = (sys.executable,)
) -> subprocess.Popen:
    return subprocess.Popen(
        [*launcher, str(ROOT / "stages" / f"{stage}.py")],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(stage: str, folder: Path, launcher: tuple[str, ...] = (sys.executable,)) -> str:
    process = start(stage, folder, launcher)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    return output


def kill_after_a_checkpoint(stage: str, folder: Path) -> None:
    process = start(stage, folder)
    deadline = time.monotonic() + 120
    while not (folder / CHECKPOINTS / stage / "state" / "progress.json").exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it ended before it could be killed"
    assert not (folder / RESULTS[stage]).exists()


def assert_same(stage: str, one: Path, other: Path, tolerance: float) -> None:
    first, second = (load_file(folder / RESULTS[stage]) for folder in (one, other))
    for key, tensor in first.items():
        torch.testing.assert_close(
            second[key].double(), tensor.double(), rtol=0, atol=tolerance, msg=key
        )


@pytest.mark.parametrize(("stage", "tolerance"), [("train", 1e-4), ("finetune", 1)])
def test_a_killed_run_resumes_and_ends_as_if_nothing_had_happened(
    make_workspace: Callable[[], Path], stage: str, tolerance: float
) -> None:
    killed, uninterrupted = make_workspace(), make_workspace()
    kill_after_a_checkpoint(stage, killed)
    assert "resumes after iteration" in run(stage, killed)
    assert "resumes" not in run(stage, uninterrupted)
    assert_same(stage, killed, uninterrupted, tolerance)
    curve = pd.read_csv(killed / REPORTS / stage / "plots/metrics/loss.tsv", sep="\t")
    assert curve["step"].tolist() == list(range(10, 151, 10)), "each point of the curve once"
    assert not (killed / CHECKPOINTS / stage).exists()


def test_a_checkpoint_of_other_params_is_not_resumed(
    make_workspace: Callable[[], Path],
) -> None:
    folder = make_workspace()
    kill_after_a_checkpoint("train", folder)
    write_params(folder, TINY | {"train": {"total_iter": 20, "val_step": 10}})
    assert "resumes" not in run("train", folder)


@pytest.mark.parametrize(("stage", "tolerance"), [("train", 1e-3), ("finetune", 1)])
def test_two_processes_train_the_model_that_one_trains(
    make_workspace: Callable[[], Path], stage: str, tolerance: float
) -> None:
    config = str(ROOT / "accelerate.yaml")
    launch = (sys.executable, "-m", "accelerate.commands.launch", "--config_file", config)
    results = []
    for processes in ("1", "2"):
        folder = make_workspace()
        run(stage, folder, (*launch, "--num_processes", processes))
        results.append(folder)
    assert_same(stage, *results, tolerance)
    curves = [
        pd.read_csv(folder / REPORTS / stage / "plots/metrics/val_psnr.tsv", sep="\t")
        for folder in results
    ]
    np.testing.assert_allclose(curves[0]["val_psnr"], curves[1]["val_psnr"], atol=0.05)
    assert curves[0]["val_psnr"].iloc[-1] > curves[0]["val_psnr"].iloc[0], "it learns"


def test_missing_data_is_one_line(tmp_path: Path) -> None:
    write_params(tmp_path, TINY)
    process = start("train", tmp_path)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 1
    assert output.startswith("error: data/prepared: expected prepared data")
    assert len(output.splitlines()) == 1
