"""What all tests share: the reference data, and a patient hypothesis."""

import json
import os
import runpy
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.linalg  # noqa: F401  before `dfc restore` keeps its process from loading it
import yaml
from hypothesis import settings

from dfc.data import sample
from dfc.data.store import Example, finish_store, store_example
from dfc.evaluation.benchmark import Comparison, compare
from dfc.evaluation.collect import collect_evidence
from dfc.evaluation.evidence import Evidence
from dfc.models.architectures import build
from dfc.models.lut import Lut, Table, choose_lattice
from dfc.tasks import build_task

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")

# Threads of several processes that spin while they wait would take the cores from each other.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# A busy machine is no failure.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with the files that take longest, so that several workers end at the same time."""
    longest = ("test_slurm.py", "test_processes.py", "test_pipeline.py")
    items.sort(key=lambda item: longest.index(item.path.name) if item.path.name in longest else 9)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip tests that need a GPU where there is none."""
    if item.get_closest_marker("cuda"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("needs a GPU")


@pytest.fixture(scope="session")
def reference_dir() -> Path:
    """Give the folder of published tables, networks and images; skip where there is none."""
    folder = os.environ.get("DFC_REFERENCE_DIR")
    if not folder:
        pytest.skip("set DFC_REFERENCE_DIR to the folder of reference data to compare with it")
    return Path(folder)


@pytest.fixture(scope="session")
def make_lut() -> Callable[..., Lut]:
    """Give a function that fills the tables of an architecture with noise."""

    def make(
        name: str, scale: int, patterns: str, interval: int = 6, stages: int = 2, **knobs: int
    ) -> Lut:
        rng = np.random.default_rng(0)
        architecture = build(name, scale, patterns=patterns, stages=stages, **knobs)
        tables = {}
        for table, (lookup, layer) in architecture.lookups.items():
            lattice = choose_lattice(lookup, interval)
            shape = (lattice.size, layer.values * len(lookup.places))
            tables[table] = Table(lattice, rng.integers(-127, 128, shape, dtype=np.int8))
        return Lut(architecture, "sr", tables, ({"step": "noise"},))

    return make


@pytest.fixture(scope="session")
def write_store() -> Callable[..., None]:
    """Give a function that writes whole splits of prepared images to a folder."""

    def write(folder: Path, splits: Mapping[str, Iterable[Example]], scale: int) -> None:
        unfinished = folder.with_name("unfinished")
        stored = {
            split: {
                str(n): store_example(unfinished, f"{split}{n}", example, scale)
                for n, example in enumerate(examples)
            }
            for split, examples in splits.items()
        }
        finish_store(unfinished, stored, folder)

    return write


@pytest.fixture(scope="module")
def quick_params() -> dict[str, Any]:
    """Give the committed parameters, changed so that every stage is quick."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params["model"].update(nf=2, patterns="s")
    params["data"].update(batch_size=2, patch_size=8)
    params["train"].update(total_iter=2, val_step=1)
    params["finetune"].update(total_iter=2, val_step=1, batch_size=2, patch_size=8)
    return params


@pytest.fixture(scope="session")
def copy_project() -> Callable[[Path, dict[str, Any]], None]:
    """Give a function that copies the project to a folder, with other params."""

    def copy(folder: Path, params: dict[str, Any]) -> None:
        # What Numba has compiled comes along, but for what others are writing just now.
        names = ("tmp", "cache", "prepared", "*.local", "*.pyc*", "*.tmp.*")
        ignored = shutil.ignore_patterns(*names)
        for name in (".dvc", "cluster", "stages", "src", "data"):
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        for name in ("dvc.yaml", "accelerate.yaml", ".dvcignore", ".gitignore"):
            shutil.copy(ROOT / name, folder)
        (folder / "reports").mkdir()
        shutil.copy(ROOT / "reports/.gitignore", folder / "reports")
        (folder / "params.yaml").write_text(yaml.safe_dump(params))

    return copy


@pytest.fixture
def run_stages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick_params: dict[str, Any]
) -> Callable[..., dict[str, Any]]:
    """Give a function that runs stages with some params changed and returns the metrics, if any."""
    monkeypatch.chdir(tmp_path)
    Path("data/init").mkdir(parents=True)

    def run(*stages: str, task: str, **changes: dict[str, Any]) -> dict[str, Any]:
        params = quick_params | {"task": task}
        for section, values in changes.items():
            params[section] = params[section] | values
        Path("params.yaml").write_text(yaml.safe_dump(params))
        for stage in stages:
            script = str(ROOT / "stages" / f"{stage}.py")
            monkeypatch.setattr(sys, "argv", [script])
            runpy.run_path(script, run_name="__main__")
        metrics = Path("reports/metrics.json")
        return json.loads(metrics.read_text()) if metrics.exists() else {}

    return run


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Give an installed browser; skip where there is none."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not path:
        pytest.skip(f"install a browser to test pages in it: one of {', '.join(BROWSERS)}")
    # Nothing but our pages is opened in it; root, as in containers, cannot have a sandbox.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    options += ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]  # a camera
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=path, args=options)


@pytest.fixture(scope="session")
def comparison(make_lut: Callable[..., Lut]) -> Comparison:
    """Give what a run of the pipeline compares, with tables of noise."""
    lut = make_lut("mulut", 4, "s", interval=4)
    luts = {"lut": lut, "dfc": lut.compress("xyzt", 2, 5), "finetuned": make_lut("mulut", 4, "s")}
    luts["finetuned"] = luts["finetuned"].compress("xy", 1, 7)
    return compare(build_task("sr", 4), sample.list_benchmark_set(), luts)


@pytest.fixture(scope="session")
def evidence(comparison: Comparison) -> Evidence:
    """Give what was measured of it."""
    return collect_evidence(comparison, comparison.score(), "finetuned")
