"""Experiment directories: `config.toml` read as the params that every stage takes.

They serve people who come from the published code, and need no DVC.
"""

import os
import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from dfc import tasks
from dfc.common.errors import UserError
from dfc.common.files import refuse_existing
from dfc.models import architectures
from dfc.params import Params, check_params, describe_unknown

CONFIG = "config.toml"
TEMPLATE = files("dfc.interop") / "experiment.toml"
"""The documented configuration that an experiment starts with; it names every key."""

_MODELS = {"SPF_LUT_net": "spf_lut", "MuLUT_net": "mulut", "SR_LUT_net": "sr_lut"}
_PARAMS = {
    "model.model": "model.name",
    "model.scale": "data.scale",
    "model.branches": "model.patterns",
    "train.seed": "seed",
    "export_lut.interval": "export.interval",
    "export_lut.dfc.enabled": "dfc.enabled",
    "export_lut.dfc.dims": "dfc.dims",
    "export_lut.dfc.diagonal_width": "dfc.diagonal_width",
    "export_lut.dfc.sampling_interval": "dfc.interval",
}
"""The params whose names differ from those of a key, besides `finetune_lut`."""
_ITERATIONS = ("export_lut.checkpoint_iter", "finetune_lut.export_lut_iter")
_FOLDERS = ("data.train_dir", "data.val_dir", "model.init_from")


def create(folder: Path) -> Path:
    """Create an experiment directory with a documented configuration, or raise a `UserError`."""
    path = folder / CONFIG
    refuse_existing(path, force=None)
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(TEMPLATE.read_text())
    return path


def load_experiment(folder: Path, task: str) -> tuple[Params, dict[str, int]]:
    """Read the configuration of an experiment in a folder.

    Raises `UserError` if the file is missing or a key is unknown or wrong; keys that are left out
    are those of the template.

    Returns
    -------
    params : Params; folders are absolute, or relative to the present directory if they were
    iterations : the chosen checkpoint and LUT, by key; 0 for the last
    """
    path = folder / CONFIG
    keys = dict(_flatten(tomllib.loads(TEMPLATE.read_text())))
    for key, value in _flatten(_read(path)):
        if key not in keys:
            raise UserError(f"{path}: {key}: {describe_unknown(key, keys)}")
        keys[key] = value
    iterations = {key: _check_iteration(path, key, keys.pop(key)) for key in _ITERATIONS}
    for key in _FOLDERS:
        if isinstance(keys[key], str) and keys[key]:
            keys[key] = os.path.abspath(keys[key])
    name = keys["model.model"]
    keys["model.model"] = _MODELS.get(name, name) if isinstance(name, str) else name
    if tasks.find_task(task).scales == (1,):
        keys["model.scale"] = None
    params = check_params(_nest(keys, task), path, _rename_to_keys)
    try:
        architectures.from_params(params.model, tasks.from_params(params).scale)
    except UserError as error:
        raise UserError(f"{path}: {_rename_to_keys(str(error))}") from None
    return params, iterations


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except OSError as error:
        hint = f"python -m src.new_experiment {path.parent} creates it"
        raise UserError(f"{path}: cannot be read: {error.strerror}; {hint}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not valid TOML: {error}") from None


def _flatten(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """All keys with their sections, as `export_lut.dfc.enabled`."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _check_iteration(path: Path, key: str, value: Any) -> int:
    if type(value) is not int or value < 0:
        raise UserError(f"{path}: {key}: expected an iteration, or 0 for the last, got {value!r}")
    return value


def _nest(keys: dict[str, Any], task: str) -> dict[str, Any]:
    """The values of all params, those that have no key included."""
    params: dict[str, Any] = {
        "task": task,
        "data": {
            "source": "folder",
            "benchmark_dir": "",
            "benchmarks": [],
            "sizes": [1.0],
            "sigma_min": None,
            "quality_max": None,
        },
        "model": {
            "channels": 16,
            "bits": 8,
            "colours": 1,
            "divisors": [2, 4, 4],
            "dilations": [1],
            "rotations": 1,
        },
        "train": {"method": "network", "intervals": [], "mse_floor": 3e-4},
        "export": {"one_tap_interval": 2},
        "dfc": {"error_bound": 0.0},
        "finetune": {"mse_floor": 3e-4},
        "benchmark": {"save_images": False, "quantize_input": True},
        "launch": {"num_processes": int(os.environ.get("WORLD_SIZE", 1)), "mixed_precision": "no"},
    }
    for key, value in keys.items():
        param = _PARAMS.get(key, key.replace("finetune_lut.", "finetune."))
        *sections, name = param.split(".")
        section = params
        for part in sections:
            section = section[part]
        section[name] = value
    return params


def _rename_to_keys(message: str) -> str:
    """A message about params, with the keys of this file."""
    keys = {param: key for key, param in _PARAMS.items()}
    renamed = re.sub(r"\b\w+\.\w+\b", lambda match: keys.get(match[0], match[0]), message)
    return re.sub(r"\bfinetune\.", "finetune_lut.", renamed)
