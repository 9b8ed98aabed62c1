"""`params.yaml` as typed, validated objects; the only place that knows its keys. Builds nothing.

The file states every key, so that it alone says what a run does, and what each key means: nothing
here has a default, or repeats the comments there.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from dfc.common.errors import UserError, suggest

NonNegative = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
PatchSize = Annotated[int, Field(ge=8)]
Intervals = Annotated[tuple[Annotated[int, Field(ge=3, le=8)], ...], Field(strict=False)]


class Section(BaseModel):
    """Keys that are all required, of exactly the stated type, and cannot change once read."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Data(Section):
    """Images to learn from and to measure on, and the crops that training takes from them."""

    source: Literal["sample", "folder"]
    train_dir: str
    val_dir: str
    benchmark_dir: str
    benchmarks: Annotated[tuple[str, ...], Field(strict=False)]
    scale: int | None
    sizes: Annotated[
        tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(strict=False, min_length=1)
    ]
    sigma: Annotated[float, Field(gt=0, le=255)]
    sigma_min: Annotated[float, Field(gt=0)] | None
    quality: Annotated[int, Field(ge=1, le=100)]
    quality_max: Annotated[int, Field(le=100)] | None
    batch_size: Positive
    patch_size: PatchSize


class Model(Section):
    """The restoration network."""

    name: str
    patterns: str
    stages: Positive
    channels: Positive
    bits: Positive
    colours: Positive
    rotations: Positive
    divisors: Annotated[tuple[Positive, Positive, Positive], Field(strict=False)]
    dilations: Annotated[tuple[Positive, ...], Field(strict=False, min_length=1)]
    nf: Positive
    init_from: str


class Schedule(Section):
    """How long and how fast to learn; the same for the network and for its tables."""

    total_iter: NonNegative
    lr0: Annotated[float, Field(gt=0)]
    lr1: Annotated[float, Field(ge=0)]
    mse_floor: Annotated[float, Field(gt=0)]
    val_step: Positive


class Training(Schedule):
    """Training what the LUT is exported from."""

    method: Literal["network", "table"]
    intervals: Intervals


class Export(Section):
    """Sampling what was trained into uniform tables."""

    interval: Annotated[int, Field(ge=3, le=8)]
    one_tap_interval: Annotated[int, Field(ge=0, le=8)]


class Compression(Section):
    """Diagonal-first compression of the tables."""

    enabled: bool
    dims: Literal["xy", "xyz", "xyzt"]
    diagonal_width: NonNegative
    interval: Annotated[int, Field(ge=5, le=7)]
    error_bound: Annotated[float, Field(ge=0)]


class Finetune(Schedule):
    """Training the values of the tables."""

    batch_size: Positive
    patch_size: PatchSize
    intervals: Intervals


class Benchmark(Section):
    """Measuring the tables on the benchmark sets."""

    save_images: bool
    quantize_input: bool


class Launch(Section):
    """How the training stages are started."""

    num_processes: Positive
    mixed_precision: Literal["no", "bf16", "fp16"]


class Params(Section):
    """All of `params.yaml`."""

    task: str
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)]  # as far as NumPy goes
    data: Data
    model: Model
    train: Training
    export: Export
    dfc: Compression
    finetune: Finetune
    benchmark: Benchmark
    launch: Launch

    @model_validator(mode="after")
    def _check_combinations(self) -> Self:
        for conflict in self._list_conflicts():
            raise ValueError(conflict)
        return self

    def _list_conflicts(self) -> Iterator[str]:
        """List combinations that cannot work, as `key: what is wrong`."""
        for name, schedule in (("train", self.train), ("finetune", self.finetune)):
            if schedule.lr1 > schedule.lr0:
                yield f"{name}.lr1: {schedule.lr1} is above {name}.lr0 ({schedule.lr0})"
            if list(schedule.intervals) != sorted(set(schedule.intervals), reverse=True):
                shown = list(schedule.intervals)
                yield f"{name}.intervals: expected coarse to fine, as [6, 5, 4], got {shown}"
        if self.train.method == "table" and not self.train.intervals:
            yield "train.intervals: expected one or more, as [6, 5, 4], got []"
        coarse, fine = self.dfc.interval, self.export.interval
        if self.dfc.enabled and coarse <= fine:
            yield f"dfc.interval: {coarse} is not above export.interval ({fine})"
        if self.data.sigma_min and self.data.sigma_min > self.data.sigma:
            yield f"data.sigma_min: {self.data.sigma_min} is above data.sigma ({self.data.sigma})"
        best, worst = self.data.quality_max, self.data.quality
        if best is not None and best < worst:
            yield f"data.quality_max: {best} is below data.quality ({worst})"
        processes = self.launch.num_processes
        for name, section in (("data", self.data), ("finetune", self.finetune)):
            if section.batch_size % processes:
                yield (
                    f"{name}.batch_size: {section.batch_size} is not a multiple of "
                    f"launch.num_processes ({processes})"
                )


def load_params(path: Path = Path("params.yaml")) -> Params:
    """Read and check the parameters of a file.

    Raises `UserError` for a file that cannot be read, a missing or unknown key, or a value or a
    combination of values that cannot work; one line names the file, the first such key and what was
    expected.
    """
    try:
        # YAML 1.2, which DVC reads and writes: `1e-05` is a number and `no` is a word.
        values = YAML(typ="safe", pure=True).load(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
    except MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise UserError(f"{path}: {line}not valid YAML: {error.problem}") from error
    except (YAMLError, ValueError) as error:
        raise UserError(f"{path}: not valid YAML: {str(error).splitlines()[0]}") from error
    if not isinstance(values, dict):
        raise UserError(f"{path}: expected keys and values, got {_show(values)}")
    return check_params(values, path)


def check_params(
    values: dict[str, Any], path: Path, renamed: Callable[[str], str] = lambda message: message
) -> Params:
    """Check the values of params, by section and key, that were read from a file at a path.

    Raises a `UserError` as `load_params` does; `renamed` puts the keys of the file into its
    message, where they are called otherwise.
    """
    try:
        return Params.model_validate(values)
    except ValidationError as error:
        # A misspelt key is both unknown and missing: the unknown one says more.
        first = min(error.errors(), key=lambda details: details["type"] != "extra_forbidden")
        raise UserError(f"{path}: {renamed(_format_error(first))}") from error


_EXPECTED = {
    "bool_type": "true or false",
    "finite_number": "a finite number",
    "float_type": "a number",
    "greater_than": "more than {gt:g}",
    "greater_than_equal": "{ge:g} or more",
    "int_type": "a whole number",
    "less_than_equal": "{le:.10g} or less",
    "literal_error": "{expected}",
    "model_type": "a section of keys and values",
    "string_type": "text",
    "too_short": "a list of {min_length} or more",
    "tuple_type": "a list",
}
"""What was expected, by the type of a pydantic error."""


def _format_error(error: ErrorDetails) -> str:
    """`key: what is wrong`, in one line."""
    *sections, key = error["loc"] or ("",)
    path = ".".join(str(part) for part in error["loc"])
    context = error.get("ctx", {})
    match error["type"]:
        case "value_error":  # From `_list_conflicts`, which names the key itself.
            return str(context["error"])
        case "missing":
            return f"{path}: missing, every key must be given"
        case "extra_forbidden":
            section: Any = Params
            for name in sections:
                section = section.model_fields[name].annotation
            return f"{path}: {describe_unknown(str(key), section.model_fields)}"
        case kind if kind in _EXPECTED:
            expected = _EXPECTED[kind].format(**context)
            return f"{path}: expected {expected}, got {_show(error['input'])}"
        case _:
            return f"{path}: {error['msg']}"


def describe_unknown(key: str, keys: Iterable[str]) -> str:
    """Say that a key is unknown, and which one may have been meant."""
    return f"unknown key, {suggest(key, keys)}"


def _show(value: object) -> str:
    """A value as it would be written in YAML, in one line."""
    if isinstance(value, dict):
        return "a section of keys and values"
    return json.dumps(value, default=str, ensure_ascii=False)
