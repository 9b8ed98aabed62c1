"""The LUTs that come with the package."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image
from typer.testing import CliRunner

import dfc
from dfc import zoo
from dfc.cli import app
from dfc.common.errors import UserError
from dfc.common.files import hash_file

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", zoo.list_names())
def test_every_lut_is_loaded_by_its_name_and_restores(name: str) -> None:
    lut = dfc.load(name)
    image = np.random.default_rng(0).integers(256, size=(9, 11, 3), dtype=np.uint8)
    scale = lut.architecture.scale
    assert dfc.restore(image, name).shape == (9 * scale, 11 * scale, 3)


def test_a_file_is_a_lut_though_the_zoo_has_its_name(tmp_path: Path) -> None:
    path = tmp_path / "sr-x4-fast"
    assert zoo.find_lut(path) == path


def test_a_name_that_is_none_is_refused_with_the_nearest() -> None:
    with pytest.raises(UserError, match="did you mean sr-x4-fast"):
        dfc.load("sr-x4-fats")


def test_every_lut_has_params_and_is_declared_as_an_artifact() -> None:
    params = yaml.safe_load((ROOT / "zoo/params.yaml").read_text())
    artifacts = yaml.safe_load((ROOT / "zoo/dvc.yaml").read_text())["artifacts"]
    assert set(zoo.list_names()) == set(params["zoo"]) == set(artifacts)
    labels = [label for artifact in artifacts.values() for label in artifact["labels"]]
    assert all(isinstance(label, str) for label in labels), "or DVC refuses all of it"


def test_params_hold_all_that_the_stages_of_a_lut_track() -> None:
    params = yaml.safe_load((ROOT / "zoo/params.yaml").read_text())
    stages = yaml.safe_load((ROOT / "zoo/dvc.yaml").read_text())["stages"].values()
    tracked = [key for stage in stages for key in stage.get("do", {}).get("params", ())]
    assert tracked
    for name in params["zoo"]:
        for key in tracked:
            found = params
            for part in key.replace("${key}", name).split("."):
                assert part in found, f"{name} has no {key}: DVC refuses to train it"
                found = found[part]


def test_a_released_lut_is_got_by_its_name(tmp_path: Path) -> None:
    """`gto` comes with DVC; it releases what `zoo/dvc.yaml` declares as artifacts."""
    path, repository = "src/dfc/zoo/sr-x4-small.safetensors", tmp_path / "repository"
    for name in (path, "zoo/dvc.yaml", "zoo/params.yaml", ".dvc/config"):
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, repository / name)

    def run(*command: str) -> None:
        found = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        subprocess.run(command, cwd=repository, env=os.environ | {"PATH": found}, check=True)

    run("git", "init", "--quiet")
    run("git", "config", "user.name", "test")
    run("git", "config", "user.email", "test@example.org")
    run("git", "add", "--all")
    run("git", "commit", "--quiet", "--message", "state")
    run("gto", "register", "zoo:sr-x4-small", "--version", "v1.0.0")
    got = tmp_path / "got.safetensors"
    run("dvc", "artifacts", "get", str(repository), "zoo:sr-x4-small", "--out", str(got))
    assert hash_file(got) == hash_file(ROOT / path)


def test_the_zoo_is_small() -> None:
    assert sum(zoo.find_lut(name).stat().st_size for name in zoo.list_names()) < 8 * 2**20


def test_every_lut_has_figures_of_itself() -> None:
    for row in zoo.read_figures():
        path = zoo.find_lut(row["name"])
        assert path.stat().st_size == int(row["bytes"])
    assert {row["name"] for row in zoo.read_figures()} == set(zoo.list_names())


def test_the_command_restores_by_name(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "a.png")
    arguments = ["restore", "sr-x4-fast", str(tmp_path / "a.png"), "-o", str(tmp_path / "b.png")]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert Image.open(tmp_path / "b.png").size == (32, 32)


def test_a_lut_is_trained_in_a_workspace_of_its_own(
    tmp_path: Path, quick_params: dict[str, Any]
) -> None:
    for name in ("src", "stages", "zoo"):
        ignored = shutil.ignore_patterns("__pycache__", "work", "*.safetensors")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    shutil.copy(ROOT / "accelerate.yaml", tmp_path)
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(quick_params))
    own = {"common": {"model": {"init_from": "../../../data/init"}}, "zoo": {"tiny": {"seed": 3}}}
    (tmp_path / "zoo/params.yaml").write_text(yaml.safe_dump(own))
    (tmp_path / "data/init").mkdir(parents=True)
    stages = ["prepare", "init", "train", "export", "compress", "finetune"]
    subprocess.run(
        [sys.executable, "run.py", "tiny", *stages],
        cwd=tmp_path / "zoo",
        env=os.environ | {"PYTHONPATH": str(tmp_path / "src")},
        check=True,
    )
    assert dfc.load(tmp_path / "src/dfc/zoo/tiny.safetensors").history[-1]["step"] == "finetune"
    made = json.loads((tmp_path / "zoo/made/tiny.json").read_text())
    assert made["digest"] == hash_file(tmp_path / "src/dfc/zoo/tiny.safetensors")
    assert not list((tmp_path / "zoo/work/tiny").rglob("*.npy")), "they take much space"
