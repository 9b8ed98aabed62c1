from pathlib import Path

import pandas as pd
import pytest
from dvc.exceptions import DvcException

from dfc.common.errors import UserError
from dfc.evaluation.experiments import (
    describe_absent,
    format_settings,
    list_varied,
    read_experiments,
    select_alike,
    select_measured,
)

TWO = pd.DataFrame(
    {
        "name": ["workspace", "small"],
        "task": ["sr", "sr"],
        "data.scale": ["None", 4.0],
        "dfc.dims": ["xyzt", "xy"],
        "dfc.interval": [5.0, 6.0],
        "models/dfc.safetensors": ["5d41", "7d79"],
        "storage_mib.finetuned": [0.4, 0.2],
        "sample.finetuned.psnr": [29.5, 29.25],
        "Set5.finetuned.psnr": [30.5, "None"],
    }
)


def test_outside_of_a_repository_there_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_experiments().empty


def test_what_has_not_ended_well_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    def row(name: str | None, state: str | None, psnr: float | str) -> dict[str, object]:
        rev = "5d41402" if name else "workspace"
        metrics = {"storage_mib.finetuned": psnr and 0.4, "sample.finetuned.psnr": psnr}
        return {"Experiment": name, "rev": rev, "State": state, **metrics}

    rows = [row(None, None, 29.5), row("good", "Success", 29.0), row("applied", None, 29.0)]
    rows += [row(state.lower(), state, 29.5) for state in ("Queued", "Running", "Failed")]
    rows += [{**row("empty", None, 0.0), "storage_mib.finetuned": "None"}]
    monkeypatch.setattr("dvc.api.exp_show", lambda num: rows)
    found = read_experiments()
    assert found["name"].tolist() == ["workspace", "good", "applied"]
    assert found["applicable"].tolist() == [False, True, True]
    assert describe_absent(found) == ""


def test_experiments_whose_results_are_elsewhere_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = {"Experiment": None, "rev": "workspace", "State": None, "storage_mib.finetuned": 0.4}
    away = {"Experiment": "away", "rev": "5d41402", "State": None, "reports/scores.csv": "7d79"}
    never = {"Experiment": "never", "rev": "7d79303", "State": None, "reports/scores.csv": None}
    monkeypatch.setattr("dvc.api.exp_show", lambda num: [here, away, never])
    found = read_experiments()
    assert found["name"].tolist() == ["workspace", "away"]
    assert describe_absent(found).startswith("no results here of away: `dvc pull dvc.yaml`")


def test_files_that_dvc_cannot_read_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(num: int) -> None:
        raise DvcException("dvc.yaml is broken")

    monkeypatch.setattr("dvc.api.exp_show", broken)
    with pytest.raises(UserError, match=r"dvc: dvc\.yaml is broken"):
        read_experiments()


def test_the_params_in_which_experiments_differ_are_found() -> None:
    keys = list_varied(select_alike(TWO))
    assert keys == ["dfc.dims", "dfc.interval"], "no digest, no metric, and no scale: 4 is null"
    assert format_settings(TWO.iloc[1], keys) == "xy, 6"


def test_only_those_of_the_same_task_and_scale_are_alike() -> None:
    other = TWO.assign(**{"data.scale": ["None", 2.0]})
    assert select_alike(other)["name"].tolist() == ["workspace"]
    other = TWO.assign(task=["sr", "deblur"])
    assert select_alike(other)["name"].tolist() == ["workspace"]
    other = TWO.assign(task="deblur")
    assert len(select_alike(other)) == 2


def test_experiments_are_compared_on_a_set_that_they_were_measured_on() -> None:
    assert select_measured(TWO, "sample")["psnr"].tolist() == [29.5, 29.25]
    assert select_measured(TWO, "Set5")["psnr"].tolist() == [30.5]
    assert select_measured(TWO, "Set14").empty
