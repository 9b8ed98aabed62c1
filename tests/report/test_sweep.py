import pandas as pd
import pytest

from dfc.common.errors import UserError
from dfc.report import sweep
from dfc.report.run import Run
from dfc.report.sweep import Sweep


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch, run: Run) -> Sweep:
    monkeypatch.setattr(sweep.runs, "read_experiments", lambda commits: run.experiments)
    return sweep.read_sweep()


def test_experiments_of_another_task_do_not_count(found: Sweep) -> None:
    assert found.set == "sample"
    assert found.keys == ["dfc.dims"], "a scale of 4 is what null means"
    assert set(found.experiments["name"]) == {"workspace", "small-fish", "large-fish"}


def test_the_frontier_is_told_with_the_best_within_a_budget(found: Sweep) -> None:
    text = found.format_text(budget_mib=0.5)
    assert "small-fish" in text and "large-fish" in text
    assert "workspace" not in text, "is beaten by a smaller one"
    assert "Best within 0.5 MiB: 29.250 dB, 0.125 MiB" in text
    assert text.endswith("; dvc exp apply small-fish")


def test_a_budget_that_nothing_fits_is_refused(found: Sweep) -> None:
    with pytest.raises(UserError, match=r"--budget: no LUT fits 0\.1 MiB, .*0\.125"):
        found.format_text(budget_mib=0.1)


def test_a_sweep_is_drawn_with_the_settings_of_its_best(found: Sweep) -> None:
    svg = found.draw(0.5, ".svg").decode()
    assert ">xy<" in svg and ">xyz<" in svg and ">xyzt<" not in svg
    assert "small-fish: 29.25 dB, 0.125 MiB" in svg
    assert "budget 0.5 MiB" in svg


def test_a_set_that_only_another_task_was_measured_on_is_not_offered(
    monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    other = run.experiments.assign(**{"CBSD68.finetuned.psnr": [None, None, None, 30.0]})
    monkeypatch.setattr(sweep.runs, "read_experiments", lambda commits: other)
    with pytest.raises(UserError, match="--set: expected one of sample; got CBSD68"):
        sweep.read_sweep(set_name="CBSD68")


@pytest.mark.parametrize(("suffix", "start"), [(".svg", b"<svg"), (".png", b"\x89PNG")])
def test_a_sweep_is_drawn(found: Sweep, suffix: str, start: bytes) -> None:
    assert found.draw(0.5, suffix).startswith(start)


def test_experiments_that_are_the_same_are_drawn_once(
    monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    twice = pd.concat([run.experiments, run.experiments[1:2]], ignore_index=True)
    monkeypatch.setattr(sweep.runs, "read_experiments", lambda commits: twice)
    assert len(sweep.read_sweep().experiments) == 3


def test_what_was_measured_elsewhere_is_named_beside_what_is_here(
    monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    key = ["sample.finetuned.psnr", "storage_mib.finetuned"]
    known = run.experiments.copy()
    known.loc[1, key] = None
    monkeypatch.setattr(sweep.runs, "read_experiments", lambda commits: known)
    text = sweep.read_sweep().format_text()
    assert "2 LUTs measured" in text and "no results here of small-fish: " in text
    known[key] = None
    with pytest.raises(UserError, match=r"of workspace, small-fish, large-fish: .* `dvc repro`"):
        sweep.read_sweep()


def test_a_set_that_was_not_measured_is_named(found: Sweep) -> None:
    with pytest.raises(UserError, match="--set: expected one of sample; got Set5"):
        sweep.read_sweep(set_name="Set5")


def test_no_results_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        sweep.runs, "read_experiments", lambda commits: pd.DataFrame(columns=["name"])
    )
    with pytest.raises(UserError, match="expected a DVC workspace with results"):
        sweep.read_sweep()
