"""Experiment directories: the commands of the published code, on the stages of the pipeline."""

import os
import runpy
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dfc.common.errors import UserError
from dfc.interop.experiment_directory import CONFIG, TEMPLATE, create, load_experiment
from dfc.models.artifact import load_lut, load_model
from dfc.models.lattice import DiagonalFirst
from dfc.models.network import Network

ROOT = Path(__file__).parents[2]
EXPERIMENT = "models/my_experiment"
SMALL = {
    'model = "SPF_LUT_net"': 'model = "MuLUT_net"',
    'branches = "sdy"': 'branches = "s"',
    "nf = 64": "nf = 2",
    'train_dir = "data/train"': 'train_dir = "photographs"',
    "batch_size = 32": "batch_size = 4",
    "patch_size = 48": "patch_size = 8",
    "patch_size = 32": "patch_size = 8",
    "total_iter = 200000": "total_iter = 4",
    "val_step = 2000": "val_step = 2",
    "total_iter = 2000 ": "total_iter = 2 ",
    "val_step = 100": "val_step = 2",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Give a copy of what the commands need, with a small folder of photographs."""
    for name in ("run.py", "stages", "src/new_experiment.py"):
        source, target = ROOT / name, tmp_path / name
        target.parent.mkdir(exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    rng = np.random.default_rng(0)
    (tmp_path / "photographs").mkdir()
    for number in range(3):
        pixels = rng.integers(256, size=(64, 72, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "photographs" / f"{number}.png")
    return tmp_path


def run(project: Path, command: str, expect: int = 0) -> str:
    """Run a command as it would be typed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command.split(),
        cwd=project,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout + done.stderr


def configure(project: Path, **changes: str) -> None:
    """Make the experiment small, with further changes."""
    path = project / EXPERIMENT / CONFIG
    text = path.read_text()
    for before, after in (SMALL | changes).items():
        assert before in text
        text = text.replace(before, after)
    path.write_text(text)


def test_the_published_commands_work_word_for_word(project: Path) -> None:
    run(project, "python -m src.new_experiment models/my_experiment")
    configure(project, **{"checkpoint_iter = 0": "checkpoint_iter = 2"})
    folder = project / EXPERIMENT

    run(project, "accelerate launch run.py src.sr.1_train_model -e models/my_experiment")
    networks = {path.stem for path in (folder / "models/networks").iterdir()}
    assert networks == {"2", "4"}
    assert isinstance(load_model(folder / "models/networks/4.safetensors"), Network)

    run(project, "accelerate launch run.py src.sr.2_compress_lut_from_net -e models/my_experiment")
    assert [path.stem for path in (folder / "models/luts").iterdir()] == ["2"], "as chosen"

    run(project, "accelerate launch run.py src.sr.3_finetune_compress_lut -e models/my_experiment")
    finetuned = load_lut(folder / "models/finetuned.safetensors")
    assert (finetuned.architecture.scale, finetuned.task) == (4, "sr")
    curve = folder / "reports/finetune/plots/metrics/val_psnr.tsv"
    assert len(curve.read_text().splitlines()) == 2

    assert {path.name for path in project.iterdir()} - {"models"} == {
        "photographs",
        "run.py",
        "src",
        "stages",
    }, "all outputs stay in the experiment directory"


def test_four_processes_share_the_training(project: Path) -> None:
    run(project, "python -m src.new_experiment models/my_experiment")
    configure(project)
    command = "accelerate launch --multi_gpu --num_processes=4 run.py src.sr.1_train_model"
    output = run(project, f"{command} -e models/my_experiment")
    assert output.count("waited for crops") == 1, "one process speaks"
    assert (project / EXPERIMENT / "models/networks/4.safetensors").exists()


Step = Callable[[str], None]


@pytest.fixture
def run_step(project: Path, monkeypatch: pytest.MonkeyPatch) -> Step:
    """Give a function that runs a step of a small experiment in this process."""
    monkeypatch.syspath_prepend(str(project))
    monkeypatch.chdir(project)
    create(Path(EXPERIMENT))
    configure(project)

    def step(name: str) -> None:
        monkeypatch.chdir(project)
        monkeypatch.setattr(sys, "argv", ["run.py", name, "-e", EXPERIMENT])
        runpy.run_path("run.py", run_name="__main__")

    return step


@pytest.mark.parametrize(
    ("name", "task"), [("dnoising", "denoise"), ("dblocking", "deblock"), ("dblur", "deblur")]
)
def test_every_task_has_the_same_steps(project: Path, run_step: Step, name: str, task: str) -> None:
    configure_dfc = {"enabled = false": "enabled = true"}
    path = project / EXPERIMENT / CONFIG
    for before, after in configure_dfc.items():
        path.write_text(path.read_text().replace(before, after))
    for step in ("1_train_model", "2_compress_lut_from_net", "3_finetune_compress_lut"):
        run_step(f"src.{name}.{step}")
    lut = load_lut(project / EXPERIMENT / "models/finetuned.safetensors")
    assert (lut.architecture.scale, lut.task) == (1, task)
    assert all(isinstance(table.lattice, DiagonalFirst) for table in lut.tables.values())


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("src.sr.4_dance", r"src\.sr\.4_dance: expected src\.TASK\.STEP"),
        ("src.sr.2_compress_lut_from_net", r"checkpoint_iter: .*found none: run the step before"),
        ("src.sr.3_finetune_compress_lut", r"export_lut_iter: .*found none: run the step before"),
    ],
)
def test_a_step_that_cannot_be_run_is_named(run_step: Step, step: str, message: str) -> None:
    with pytest.raises(SystemExit, match=message):
        run_step(step)


def test_the_configuration_documents_every_key() -> None:
    keys = tomllib.loads(TEMPLATE.read_text())
    assert keys["train"] | {"total_iter": 200000, "lr0": 0.001, "lr1": 0.0001} == keys["train"]
    assert keys["model"]["model"] == "SPF_LUT_net"
    dfc = keys["export_lut"]["dfc"]
    assert (dfc["enabled"], dfc["diagonal_width"], dfc["sampling_interval"]) == (False, 2, 5)
    for line in TEMPLATE.read_text().splitlines():
        assert "=" not in line.split("#")[0] or "#" in line, f"{line!r} lacks a comment"


def test_keys_that_are_left_out_are_those_of_the_template(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text('[model]\nmodel = "MuLUT_net"\n[train]\nlr0 = 0.5\n')
    params, _ = load_experiment(tmp_path, "sr")
    assert (params.model.name, params.model.patterns, params.train.lr0) == ("mulut", "sdy", 0.5)
    assert params.train.total_iter == 200000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[model]\nmodle = 1", r"config\.toml: model\.modle: unknown key, did you mean model\.mod"),
        (
            "[train]\ntotal_iter = -1",
            r"config\.toml: train\.total_iter: expected 0 or more, got -1",
        ),
        ('[model]\nbranches = "xx"', r"config\.toml: model: patterns 'xx'"),
        ("[model]\nmodel = [1]", r"config\.toml: model\.model: expected text, got \[1\]"),
        ("[model]\nscale = 5", r"config\.toml: model\.scale: sr has the scale 2, 3, 4, got 5"),
        ("[finetune_lut]\nlr1 = 9.0", r"finetune_lut\.lr1: 9\.0 is above finetune_lut\.lr0"),
        ("[export_lut.dfc]\nsampling_interval = 9", r"export_lut\.dfc\.sampling_interval: expect"),
        ("[export_lut]\ncheckpoint_iter = -1", r"export_lut\.checkpoint_iter: expected an iter"),
        ("[model", r"config\.toml: not valid TOML"),
    ],
)
def test_a_mistake_names_the_file_and_its_own_key(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / CONFIG).write_text(text)
    with pytest.raises(UserError, match=message):
        load_experiment(tmp_path, "sr")


def test_an_experiment_is_not_overwritten(tmp_path: Path) -> None:
    create(tmp_path / "mine")
    with pytest.raises(UserError, match=r"config\.toml: exists already"):
        create(tmp_path / "mine")
    with pytest.raises(UserError, match=r"new_experiment .*other creates it"):
        load_experiment(tmp_path / "other", "sr")
