"""Evidence as files: whole, the same for the same tables, and free of models."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dfc.evaluation.benchmark import Comparison
from dfc.evaluation.collect import collect_evidence, find_best
from dfc.evaluation.evidence import Evidence, read_evidence, write_evidence


@pytest.fixture
def folder(tmp_path: Path, evidence: Evidence) -> Path:
    write_evidence(evidence, tmp_path / "evidence")
    evidence.scores.to_csv(tmp_path / "scores.csv", index=False)
    return tmp_path


def test_evidence_comes_back_from_its_files(folder: Path, evidence: Evidence) -> None:
    found = read_evidence(folder / "evidence", folder / "scores.csv")
    assert found.luts == evidence.luts and found.layers == evidence.layers
    assert (found.caption, found.subject) == (evidence.caption, "finetuned")
    pd.testing.assert_frame_equal(found.accesses, evidence.accesses)
    pd.testing.assert_frame_equal(found.values, evidence.values, rtol=1e-6, check_dtype=False)
    for example, expected in zip(found.examples, evidence.examples, strict=True):
        assert (example.title, example.psnr) == (expected.title, expected.psnr)
        for method, picture in expected.windows.items():
            np.testing.assert_array_equal(example.windows[method], picture)


def test_the_same_tables_leave_the_same_bytes(
    folder: Path, tmp_path: Path, comparison: Comparison
) -> None:
    write_evidence(collect_evidence(comparison, comparison.score(), "finetuned"), tmp_path / "two")
    files = [path for path in (folder / "evidence").rglob("*") if path.is_file()]
    assert len(files) > 30
    for path in files:
        again = tmp_path / "two" / path.relative_to(folder / "evidence")
        assert path.read_bytes() == again.read_bytes(), path


def test_methods_may_be_called_anything(tmp_path: Path, comparison: Comparison) -> None:
    names = ["../a", "b/c", 'd"e']
    luts = dict(zip(names, comparison.luts.values(), strict=True))
    methods = {"bicubic": comparison.methods["bicubic"]}
    methods |= dict(zip(names, list(comparison.methods.values())[1:], strict=True))
    odd = Comparison(comparison.task, comparison.sets, methods, luts)
    write_evidence(collect_evidence(odd, odd.score()), tmp_path / "evidence")
    assert [path.name for path in tmp_path.iterdir()] == ["evidence"]


def test_the_best_lut_is_that_of_the_highest_mean(evidence: Evidence) -> None:
    means = evidence.scores.groupby("method")["psnr"].mean()
    names = list(evidence.luts)
    assert find_best(evidence.scores, names) == means[names].idxmax()


def test_reports_are_drawn_without_any_model() -> None:
    code = "import sys, dfc.report.page, dfc.report.figures; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"torch", "numba", "dfc.models", "dfc.engine", "dfc.data"}
