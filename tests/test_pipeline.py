"""The pipeline as users run it: with DVC, in a Git repository of its own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
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
def project(
    tmp_path_factory: pytest.TempPathFactory,
    quick_params: dict[str, Any],
    copy_project: Callable[[Path, dict[str, Any]], None],
) -> Path:
    """Give a clone of the project, with both remotes, and params that make every stage quick."""
    remotes = tmp_path_factory.mktemp("remotes")
    run(remotes, "git", "init", "--quiet", "--bare", "--initial-branch", "main", "git")
    folder = clone(remotes, "first")
    copy_project(folder, quick_params)
    run(folder, "dvc", "remote", "add", "--quiet", "--default", "storage", str(remotes / "storage"))
    commit(folder)
    return folder


def clone(remotes: Path, name: str) -> Path:
    run(remotes, "git", "clone", "--quiet", "git", name)
    folder = remotes / name
    run(folder, "git", "config", "user.name", "test")
    run(folder, "git", "config", "user.email", "test@example.org")
    return folder


def run(folder: Path, *command: str, expect: int = 0, before_path: Path | None = None) -> str:
    folders = [before_path or Path(), Path(sys.executable).parent, os.environ["PATH"]]
    environment = os.environ | {"PATH": os.pathsep.join(map(str, folders))}
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


def read_digests(folder: Path) -> dict[str, str]:
    """Read the digests of all outputs but times, which differ from run to run, and the page."""
    stages = yaml.safe_load((folder / "dvc.lock").read_text())["stages"].values()
    digests = {out["path"]: out["md5"] for stage in stages for out in stage["outs"]}
    differing = ("reports/times/", "reports/index.html")
    return {path: md5 for path, md5 in digests.items() if not path.startswith(differing)}


@pytest.fixture(scope="module")
def experiment(project: Path) -> dict[str, list[str]]:
    """Run the pipeline, commit, run it again and as an experiment; give the stages of each."""
    ran = {"first": list(stages_run(run(project, "dvc", "repro")))}
    commit(project)
    ran["again"] = list(stages_run(run(project, "dvc", "repro")))
    before = read_digests(project)
    run(project, "dvc", "repro", "--force", "--single-item", "benchmark", "report")
    assert read_digests(project) == before
    changed = run(project, "git", "status", "--porcelain").split()
    assert set(changed) <= {"M", "dvc.lock"}, "no output is in Git"
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


@pytest.fixture(scope="module")
def other(project: Path, experiment: dict[str, list[str]]) -> Path:
    """Push all results, and give another clone, which has nothing yet but the remotes."""
    run(project, "git", "push", "--quiet", "origin", "HEAD:main")
    run(project, "dvc", "push", "--all-commits")
    run(project, "dvc", "exp", "push", "origin", "--run-cache")
    return clone(project.parent, "other")


def test_results_that_are_out_of_reach_are_one_line(other: Path) -> None:
    storage, away = (other.parent / name for name in ("storage", "away"))
    run(other, "dvc", "exp", "pull", "--no-cache", "origin")
    storage.rename(away)
    error = run(other, "dfc", "frontier", expect=1)
    away.rename(storage)
    assert error.startswith(
        "error: no results here of workspace, main, coarse: `dvc pull dvc.yaml`"
    )
    assert error.count("\n") == 1


def test_what_one_machine_has_run_no_other_runs_again(
    project: Path, other: Path, tmp_path: Path
) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho a stage was started; exit 1\n")
    python.chmod(0o755)
    change = ("-S", "dfc.interval=6")
    output = run(other, "dvc", "exp", "run", "--pull", *change, before_path=tmp_path)
    assert list(stages_run(output)) == [] and "Stage 'finetune' is cached" in output
    for path in (FINETUNED, "reports/index.html", "reports/times/train.json"):
        assert (other / path).read_bytes() == (project / path).read_bytes()

    change = ("-S", "benchmark.save_images=false")
    output = run(other, "dvc", "exp", "run", "--pull", "--name", "lean", *change)
    assert list(stages_run(output)) == ["benchmark", "report"]
    run(other, "dvc", "exp", "push", "origin", "--run-cache")
    run(project, "dvc", "exp", "pull", "origin", "--run-cache")
    for folder in (project, other):
        assert {"coarse", "lean"} <= set(run(folder, "dvc", "exp", "list", "--name-only").split())
        assert "3 LUTs measured on sample" in run(folder, "dfc", "frontier")


def test_a_trained_lut_comes_from_the_remote(project: Path) -> None:
    run(project, "dvc", "repro")
    commit(project)
    run(project, "dvc", "push")
    run(project, "git", "push", "--quiet", "origin", "HEAD:main")
    folder = clone(project.parent, "third")
    run(folder, "dvc", "pull", str(FINETUNED))
    picture = np.random.default_rng(0).integers(256, size=(9, 8, 3), dtype=np.uint8)
    write_image(folder / "small.png", picture)
    run(folder, "dfc", "restore", str(FINETUNED), "small.png", "-o", "large.png")
    restored = read_image(folder / "large.png")
    np.testing.assert_array_equal(restored, restore(picture, load_lut(project / FINETUNED)))


def test_a_mistake_in_the_params_is_one_line_and_loses_nothing(project: Path) -> None:
    before = (project / "params.yaml").read_text()
    (project / "params.yaml").write_text(before.replace("dims: xyzt", "dims: yz"))
    output = run(project, "dvc", "repro", "compress", expect=255)
    (project / "params.yaml").write_text(before)
    errors = [line for line in output.splitlines() if line.startswith("error:")]
    assert len(errors) == 1 and "dfc.dims" in errors[0]
    assert "Traceback" not in output


@pytest.mark.parametrize("stage", ["prepare", "train", "finetune"])
def test_no_benchmark_images_at_all_is_one_line_before_a_long_stage(
    project: Path, stage: str
) -> None:
    before = (project / "params.yaml").read_text()
    (project / "params.yaml").write_text(before.replace("source: sample", "source: folder"))
    first, *_ = PIPELINE["stages"][stage]["cmd"]
    command = first.replace("${python}", "env PYTHONPATH=src python")
    output = run(project, *command.split(), expect=1)
    (project / "params.yaml").write_text(before)
    assert output.startswith("error: data/benchmark: expected benchmark sets")
    assert output.count("\n") == 1


@pytest.fixture
def unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a project of one quick stage: no repository, and no environment that is active."""
    folder, tools = tmp_path / "as unpacked", tmp_path / "tools"
    (folder / ".dvc").mkdir(parents=True)
    (folder / "reports").mkdir()
    tools.mkdir()
    shutil.copy(ROOT / ".dvc/config", folder / ".dvc")
    shutil.copy(ROOT / "Makefile", folder)
    stage = {"cmd": '${python} -c \'import dfc; print("dfc", "imported")\''}
    pipeline = {"vars": PIPELINE["vars"], "stages": {"only": stage}}
    (folder / "dvc.yaml").write_text(yaml.safe_dump(pipeline))
    (folder / "src").symlink_to(ROOT / "src")
    for name in ("index.html", "table.md"):
        (folder / "reports" / name).write_text("drawn")
    (folder / ".venv").symlink_to(sys.prefix)
    for tool in ("cat", "env", "git", "make", "sh"):
        (tools / tool).symlink_to(shutil.which(tool))
    monkeypatch.setenv("PATH", str(tools))
    for variable in ("PYTHONPATH", "MAKEFLAGS", "MAKELEVEL"):  # `make test` sets the latter
        monkeypatch.delenv(variable, raising=False)
    return folder


def start(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_make_runs_the_pipeline_without_git(unpacked: Path) -> None:
    output = start(unpacked, "make", "--assume-old=.venv/installed", "run")
    assert "dfc imported" in output and output.endswith("drawn")
    assert start(unpacked, ".venv/bin/dvc", "config", "core.no_scm") == "true\n"


def test_in_a_repository_make_leaves_git_to_dvc(unpacked: Path) -> None:
    start(unpacked.parent, "git", "init", "--quiet")  # the project is a folder of it
    start(unpacked, "make", "--assume-old=.venv/installed", "run")
    assert not (unpacked / ".dvc/config.local").exists()


def test_stages_find_their_python_where_no_environment_is_active(unpacked: Path) -> None:
    start(unpacked, "git", "init", "--quiet")
    assert "dfc imported" in start(unpacked, ".venv/bin/dvc", "repro")
