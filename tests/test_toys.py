"""A task and an architecture that the project never heard of, each one registered object."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import yaml

from dfc import tasks
from dfc.common.pipeline import FINETUNED
from dfc.engine import restore
from dfc.images.files import read_image, write_image
from dfc.models.architectures import ARCHITECTURES
from dfc.models.artifact import load_lut
from dfc.models.layers import Architecture, Layer, Lookup
from dfc.tasks.base import Task
from dfc.tasks.metrics import compute_psnr, compute_ssim

ROOT = Path(__file__).parents[1]
STAGES = list(yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"])
Run = Callable[..., dict[str, Any]]


@dataclass(frozen=True)
class Brightening(Task):
    """Images that are too dark become brighter."""

    name: ClassVar = "brighten"
    title: ClassVar = "brightening"
    metrics: ClassVar = {"psnr": compute_psnr, "ssim": compute_ssim}

    @property
    def caption(self) -> str:
        """What the figures of a benchmark mean, in one line."""
        return "Half as bright: PSNR and SSIM on all channels."

    def degrade(self, target: np.ndarray, name: str = "") -> np.ndarray:
        """Halve the levels of a target."""
        return target // 2


def make_star(scale: int) -> Architecture:
    """Three layers that no other architecture has: a star, two channels of it, a turned square."""
    star = ((0, 0, 0), (0, -2, 1), (0, 3, 0), (0, 0, -4))
    first = Layer((Lookup("star", (star,)),), divisor=4, bias=127)
    turned = tuple((1, row, column) for _, row, column in star)
    both = Layer((Lookup("both", (turned,)),), divisor=1, bias=127, out_channels=2, rotations=1)
    square = ((2, 0, 0), (3, 0, 0), (2, 1, 1), (3, 1, -1))
    return Architecture("star", (first, both, Layer((Lookup("last", (square,)),), 4, scale=scale)))


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Register both, until the test ends."""
    monkeypatch.setattr(tasks, "_registered", {})
    tasks.register(Brightening)
    monkeypatch.setitem(ARCHITECTURES, "star", make_star)
    yield


def restore_elsewhere(lut: Path, folder: Path) -> np.ndarray:
    """Restore a picture in a process that does not know the toys."""
    picture = np.random.default_rng(0).integers(256, size=(9, 12, 3), dtype=np.uint8)
    write_image(folder / "small.png", picture)
    command = (sys.executable, "-c", "from dfc.cli import main; main()", "restore", str(lut))
    subprocess.run(
        [*command, "small.png", "-o", "large.png"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        check=True,
        timeout=120,
    )
    np.testing.assert_array_equal(
        read_image(folder / "large.png"), restore(picture, load_lut(lut)), "as in this process"
    )
    return read_image(folder / "large.png")


@pytest.mark.usefixtures("toys")
def test_a_task_of_ones_own_runs_through_the_pipeline(run_stages: Run, tmp_path: Path) -> None:
    metrics = run_stages(*STAGES, task="brighten")
    assert list(metrics["sample"]) == ["input", "lut", "dfc", "finetuned"]
    assert load_lut(FINETUNED).task == "brighten"
    page = Path("reports/index.html").read_text()
    assert "brightening" in page and "Half as bright" in page
    assert restore_elsewhere(FINETUNED.absolute(), tmp_path).shape == (9, 12, 3)


@pytest.mark.usefixtures("toys")
@pytest.mark.parametrize("method", ["table", "network"])
def test_an_architecture_of_ones_own_runs_through_the_pipeline(
    run_stages: Run, tmp_path: Path, method: str
) -> None:
    metrics = run_stages(*STAGES, task="sr", model={"name": "star"}, train={"method": method})
    assert metrics["sample"]["finetuned"]["psnr"] > 15
    assert load_lut(FINETUNED).architecture == make_star(4)
    assert restore_elsewhere(FINETUNED.absolute(), tmp_path).shape == (36, 48, 3)


def test_without_registration_they_are_unknown(run_stages: Run) -> None:
    with pytest.raises(SystemExit, match=r"task: expected one of sr, .*, got 'brighten'"):
        run_stages("prepare", task="brighten")
    with pytest.raises(SystemExit, match="model: architecture 'star' is none of"):
        run_stages("init", task="sr", model={"name": "star"})
