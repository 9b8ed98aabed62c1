"""`params.yaml`: what is accepted, and the one line that a mistake gets."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, ValidationError

from dfc.common.errors import UserError
from dfc.params import Params, load_params

COMMITTED = Path(__file__).parents[1] / "params.yaml"
KEY_LINE = re.compile(r"^\s*\w+:")

Change = Callable[..., Params]
"""Load the committed parameters with some of them changed, as `change("data.scale=3", ..)`."""


@pytest.fixture
def change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Change:
    monkeypatch.chdir(tmp_path)

    def load(*changes: str, without: str = "") -> Params:
        params = yaml.safe_load(COMMITTED.read_text())

        def find(path: str) -> tuple[dict[str, Any], str]:
            *sections, key = path.split(".")
            return (params[sections[0]] if sections else params), key

        if without:
            section, key = find(without)
            del section[key]
        for index, change in enumerate(changes):
            section, key = find(change.partition("=")[0])
            section[key] = f"@{index}@"
        text = yaml.safe_dump(params)
        # Each value reaches the file as it is written in the test, quotes or none.
        for index, change in enumerate(changes):
            text = text.replace(f"'@{index}@'", change.partition("=")[2])
        Path("params.yaml").write_text(text)
        return load_params()

    return load


def refusal(change: Change, *changes: str, **options: str) -> str:
    with pytest.raises(UserError) as caught:
        change(*changes, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def keys(model: type[BaseModel], prefix: str = "") -> set[str]:
    found = set()
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found |= keys(field.annotation, f"{prefix}{name}.")
        else:
            found.add(prefix + name)
    return found


def flat(values: dict[str, Any], prefix: str = "") -> set[str]:
    found = set()
    for name, value in values.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name}
    return found


def test_committed_params_are_valid() -> None:
    params = load_params(COMMITTED)
    assert params.task == "sr"
    assert params.train.lr0 > params.train.lr1 > 0
    assert params.launch.mixed_precision == "no"
    assert params.data.benchmarks == ()


def test_committed_params_state_every_key_and_no_other() -> None:
    assert flat(yaml.safe_load(COMMITTED.read_text())) == keys(Params)


def test_every_key_of_the_committed_params_has_a_comment() -> None:
    lines = [line for line in COMMITTED.read_text().splitlines() if KEY_LINE.match(line)]
    assert len(lines) > len(keys(Params))
    assert [line for line in lines if " # " not in line] == []


def test_params_cannot_change_once_read() -> None:
    params = load_params(COMMITTED)
    with pytest.raises(ValidationError):
        params.data.scale = 2


@pytest.mark.parametrize(
    ("written", "value"), [("1e-05", 1e-5), ("1e-3", 1e-3), ("1.5E-4", 1.5e-4), ("0", 0.0)]
)
def test_a_number_may_be_written_in_any_usual_way(
    change: Change, written: str, value: float
) -> None:
    lr1 = change(f"train.lr1={written}").train.lr1
    assert (lr1, type(lr1)) == (value, float)


@pytest.mark.parametrize("written", ["no", '"no"', "bf16"])
def test_mixed_precision_needs_no_quotes(change: Change, written: str) -> None:
    params = change(f"launch.mixed_precision={written}")
    assert params.launch.mixed_precision == written.strip('"')


def test_values_that_dvc_writes_are_read_back(tmp_path: Path) -> None:
    overrides = pytest.importorskip("dvc.utils.hydra")
    path = tmp_path / "params.yaml"
    path.write_text(COMMITTED.read_text())
    changes = ["train.lr1=1e-6", "launch.mixed_precision=no", "data.benchmarks=[Set5,Set14]"]
    overrides.apply_overrides(path, [*changes, "dfc.enabled=false"])
    params = load_params(path)
    assert params.train.lr1 == 1e-6
    assert params.launch.mixed_precision == "no"
    assert params.data.benchmarks == ("Set5", "Set14")
    assert not params.dfc.enabled


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("train.total_itr=5", "train.total_itr: unknown key, did you mean total_iter?"),
        ("trian=5", "trian: unknown key, did you mean train?"),
        ("export.zzz=5", "export.zzz: unknown key, expected one of interval, one_tap_interval"),
        ("seed={zzz: 5}", "seed: expected a whole number, got a section of keys and values"),
        ("seed=-1", "seed: expected 0 or more, got -1"),
        ("seed=1000000000000", "seed: expected 4294967295 or less, got 1000000000000"),
        ('data.scale="4"', 'data.scale: expected a whole number, got "4"'),
        ("data.batch_size=true", "data.batch_size: expected a whole number, got true"),
        ("data.patch_size=24.0", "data.patch_size: expected a whole number, got 24.0"),
        ("data.patch_size=7", "data.patch_size: expected 8 or more, got 7"),
        ("data.source=web", "data.source: expected 'sample' or 'folder', got \"web\""),
        ("data.train_dir=5", "data.train_dir: expected text, got 5"),
        ("data.benchmarks=Set5", 'data.benchmarks: expected a list, got "Set5"'),
        ("data.benchmarks=[5]", "data.benchmarks.0: expected text, got 5"),
        ('train.lr0="1e-3"', 'train.lr0: expected a number, got "1e-3"'),
        ("train.lr0=0", "train.lr0: expected more than 0, got 0"),
        ("train.intervals=[9,5]", "train.intervals.0: expected 8 or less, got 9"),
        ("data.sizes=[]", "data.sizes: expected a list of 1 or more, got []"),
        ("data.sizes=[1,2]", "data.sizes.1: expected 1 or less, got 2"),
        ("train.lr0=.nan", "train.lr0: expected a finite number, got NaN"),
        ("train=", "train: expected a section of keys and values, got null"),
        ("export.interval=9", "export.interval: expected 8 or less, got 9"),
        ("dfc.enabled=yes", 'dfc.enabled: expected true or false, got "yes"'),
    ],
)
def test_a_wrong_key_or_value_is_one_line(change: Change, written: str, message: str) -> None:
    assert refusal(change, written) == f"params.yaml: {message}"


def test_a_misspelt_key_is_named_rather_than_the_missing_one(change: Change) -> None:
    message = refusal(change, "train.total_itr=5", without="train.total_iter")
    assert message == "params.yaml: train.total_itr: unknown key, did you mean total_iter?"


def test_a_missing_key_is_named(change: Change) -> None:
    message = refusal(change, without="train.lr0")
    assert message == "params.yaml: train.lr0: missing, every key must be given"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["export.interval=5"], "dfc.interval: 5 is not above export.interval (5)"),
        (["train.lr0=0.5", "train.lr1=1"], "train.lr1: 1.0 is above train.lr0 (0.5)"),
        (["data.sigma=5", "data.sigma_min=9"], "data.sigma_min: 9.0 is above data.sigma (5.0)"),
        (["data.quality_max=9"], "data.quality_max: 9 is below data.quality (10)"),
        (
            ["finetune.lr0=0.5", "finetune.lr1=1"],
            "finetune.lr1: 1.0 is above finetune.lr0 (0.5)",
        ),
        (
            ["launch.num_processes=3", "data.batch_size=9", "finetune.batch_size=16"],
            "finetune.batch_size: 16 is not a multiple of launch.num_processes (3)",
        ),
        (
            ["launch.num_processes=3", "data.batch_size=16"],
            "data.batch_size: 16 is not a multiple of launch.num_processes (3)",
        ),
        (
            ["train.intervals=[5,6]"],
            "train.intervals: expected coarse to fine, as [6, 5, 4], got [5, 6]",
        ),
        (
            ["finetune.intervals=[6,6]"],
            "finetune.intervals: expected coarse to fine, as [6, 5, 4], got [6, 6]",
        ),
        (
            ["train.method=table", "train.intervals=[]"],
            "train.intervals: expected one or more, as [6, 5, 4], got []",
        ),
    ],
)
def test_an_impossible_combination_is_one_line(
    change: Change, changes: list[str], message: str
) -> None:
    assert refusal(change, *changes) == f"params.yaml: {message}"


def test_uniform_tables_may_be_as_coarse_as_compressed_ones(change: Change) -> None:
    assert change("dfc.enabled=false", "export.interval=6").export.interval == 6


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"task: sr\ndata: [1\nseed: 0\n", "line 3: not valid YAML: "),
        (b"task: \xff\n", "not valid YAML: "),
        (b"seed: 2020-13-45\n", "not valid YAML: "),
        (b"", "expected keys and values, got null"),
        (b"- sr\n", 'expected keys and values, got ["sr"]'),
        (b"5: sr\n", "task: missing, every key must be given"),
    ],
)
def test_a_file_that_is_no_params_is_one_line(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "params.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        load_params(path)
    assert str(caught.value).startswith(f"{path}: {message}")
    assert "\n" not in str(caught.value)
