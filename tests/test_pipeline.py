"""The pipeline as users run it: with DVC, in a Git repository of its own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from dfc import restore
from dfc.common.pipeline import FINETUNED
from dfc.images.files import read_image, write_image
from dfc.models.artifact import load_lut

ROOT = Path(__file__).parents[1]
STAGES = ["prepare", "init", "train", "export", "compress", "finetune", "benchmark", "report"]
PIPELINE = yaml.safe_load((ROOT / "dvc.yaml").read_text())


def test_the_stages_form_the_documented_chain() -> None:
    assert list(PIPELINE["stages"]) == STAGES


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, quick_params: dict[str, Any]) -> Path:
    """Give a copy of the project, committed, with params that make every stage quick."""
    folder = tmp_path_factory.mktemp("project")
    for name in (".dvc", "stages", "src", "data"):
        ignored = shutil.ignore_patterns("__pycache__", "tmp", "cache", "prepared", "*.local")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("dvc.yaml", "accelerate.yaml", ".dvcignore", ".gitignore"):
        shutil.copy(ROOT / name, folder)
    (folder / "reports").mkdir()
    shutil.copy(ROOT / "reports/.gitignore", folder / "reports")
    (folder / "params.yaml").write_text(yaml.safe_dump(quick_params))
    run(folder, "git", "init", "--quiet")
    run(folder, "git", "config", "user.name", "test")
    run(folder, "git", "config", "user.email", "test@example.org")
    commit(folder)
    return folder


def run(folder: Path, *command: str, expect: int = 0) -> str:
    scripts = Path(sys.executable).parent
    environment = os.environ | {"PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout + done.stderr


def commit(folder: Path) -> None:
    run(folder, "git", "add", "--all")
    run(folder, "git", "commit", "--quiet", "--message", "state")


def stages_run(output: str) -> Iterator[str]:
    return (stage for stage in STAGES if f"Running stage '{stage}'" in output)


@pytest.fixture(scope="module")
def experiment(project: Path) -> dict[str, list[str]]:
    """Run the pipeline, commit, run it again and as an experiment; give the stages of each."""
    ran = {"first": list(stages_run(run(project, "dvc", "repro")))}
    commit(project)
    ran["again"] = list(stages_run(run(project, "dvc", "repro")))
    # Times differ from run to run: neither they nor the page that shows them are outputs.
    run(project, "dvc", "repro", "--force", "--single-item", "benchmark", "report")
    assert run(project, "git", "status", "--porcelain") == ""
    output = run(project, "dvc", "exp", "run", "--name", "coarse", "-S", "dfc.interval=6")
    return ran | {"experiment": list(stages_run(output))}


def test_a_change_runs_the_stages_it_concerns_and_no_other(
    experiment: dict[str, list[str]],
) -> None:
    assert experiment["first"] == STAGES
    assert experiment["again"] == []
    assert experiment["experiment"] == ["compress", "finetune", "benchmark", "report"]


@pytest.mark.usefixtures("experiment")
def test_a_run_leaves_its_results(project: Path) -> None:
    metrics = json.loads((project / "reports/metrics.json").read_text())
    assert list(metrics["sample"]) == ["bicubic", "lut", "dfc", "finetuned"]
    assert metrics["storage_mib"]["dfc"] < metrics["storage_mib"]["lut"]
    assert len(list((project / "reports/images/sample/finetuned").glob("*.png"))) == 3
    page = project / "reports/index.html"
    assert page.stat().st_size < 8 * 2**20
    branch = run(project, "git", "branch", "--show-current").strip()
    assert f'aria-label="{branch} (' in page.read_text(), "what the experiment was started from"


@pytest.mark.usefixtures("experiment")
@pytest.mark.parametrize(
    ("edited", "reruns"),
    [
        ("src/dfc/report/page.py", False),
        ("src/dfc/cli/files.py", False),
        ("src/dfc/common/errors.py", False),
        ("src/dfc/common/parallel.py", False),
        ("src/dfc/params.py", False),
        ("src/dfc/interop/tables.py", False),
        ("src/dfc/evaluation/benchmark.py", False),
        ("src/dfc/tasks/denoise.py", False),
        ("src/dfc/tasks/sr.py", True),
        ("src/dfc/engine/kernels.py", True),
        ("src/dfc/data/crops.py", True),
        ("src/dfc/training/loop.py", True),
        ("src/dfc/models/forward.py", True),
        ("stages/train.py", True),
    ],
)
def test_who_edits_this_trains_again(project: Path, edited: str, reruns: bool) -> None:
    path = project / edited
    before = path.read_text()
    path.write_text(before + "# edited\n")
    status = json.loads(run(project, "dvc", "status", "--json", "train"))
    path.write_text(before)
    assert ("train" in status) == reruns, status


@pytest.mark.usefixtures("experiment")
def test_a_param_of_another_stage_leaves_training_up_to_date(project: Path) -> None:
    path = project / "params.yaml"
    before = path.read_text()
    path.write_text(before.replace("benchmark:\n", "benchmark:\n  new_key: 1\n"))
    status = json.loads(run(project, "dvc", "status", "--json", "train"))
    path.write_text(before)
    assert status == {}


@pytest.mark.usefixtures("experiment")
def test_experiments_are_seen_side_by_side(project: Path) -> None:
    assert "storage_mib.dfc" in run(project, "dvc", "metrics", "diff", "--md")
    run(project, "dvc", "plots", "diff", "HEAD", "-o", "plots")
    plots = (project / "plots/index.html").read_text()
    assert '<meta charset="utf-8">' in plots, "minus signs are read as such"
    assert '"rev": "workspace"' in plots and '"rev": "HEAD"' in plots
    for title in ("Quality and storage", "Training: loss", "Fine-tuning: validation"):
        assert title in plots
    pictures = {path.name for path in (project / "plots/static").iterdir()}
    assert {f"{rev}_reports_figures_sample_coffee.png" for rev in ("HEAD", "workspace")} <= pictures

    text = run(project, "dfc", "frontier", "--budget", "1", "-o", "frontier.svg")
    assert "2 LUTs measured on sample" in text, "the experiment, and the commit it was started from"
    assert "Best within 1 MiB" in text
    assert (project / "frontier.svg").read_text().startswith("<svg")
    refused = run(project, "dfc", "frontier", "-o", "frontier.svg", expect=1)
    assert refused == "error: frontier.svg: exists already; --force replaces it\n"


def test_trained_luts_travel_through_a_remote(project: Path, tmp_path: Path) -> None:
    run(project, "dvc", "repro")
    run(project, "dvc", "remote", "add", "--force", "--default", "storage", str(tmp_path / "store"))
    run(project, "dvc", "push")
    commit(project)

    run(tmp_path, "git", "clone", "--quiet", str(project), "other")
    other = tmp_path / "other"
    assert not (other / FINETUNED).exists()
    run(other, "dvc", "pull", str(FINETUNED))
    picture = np.random.default_rng(0).integers(256, size=(9, 8, 3), dtype=np.uint8)
    write_image(other / "small.png", picture)
    run(other, "dfc", "restore", str(FINETUNED), "small.png", "-o", "large.png")
    restored = read_image(other / "large.png")
    np.testing.assert_array_equal(restored, restore(picture, load_lut(project / FINETUNED)))


def test_a_mistake_in_the_params_is_one_line_and_loses_nothing(project: Path) -> None:
    before = (project / "params.yaml").read_text()
    (project / "params.yaml").write_text(before.replace("dims: xyzt", "dims: yz"))
    output = run(project, "dvc", "repro", "compress", expect=255)
    (project / "params.yaml").write_text(before)
    errors = [line for line in output.splitlines() if line.startswith("error:")]
    assert len(errors) == 1 and "dfc.dims" in errors[0]
    assert "Traceback" not in output


def test_no_benchmark_images_at_all_is_one_line(project: Path) -> None:
    before = (project / "params.yaml").read_text()
    (project / "params.yaml").write_text(before.replace("source: sample", "source: folder"))
    output = run(project, "env", "PYTHONPATH=src", "python", "stages/benchmark.py", expect=1)
    (project / "params.yaml").write_text(before)
    assert output.startswith("error: data/benchmark: expected benchmark sets")
