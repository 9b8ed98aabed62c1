"""The file of a LUT."""

from pathlib import Path
from typing import Any

from dfc.common.errors import UserError
from dfc.models.architectures import build
from dfc.models.artifact import Tensors, describe, read_artifact, write_artifact
from dfc.models.lattice import parse_lattice
from dfc.models.lut import Lut, Table

KIND = "lut"


def save_lut(lut: Lut, path: Path) -> None:
    """Write a LUT: one int8 tensor a table, and all else as its description."""
    write_artifact(
        path,
        KIND,
        {name: table.values for name, table in lut.tables.items()},
        architecture=describe(lut.architecture),
        task=lut.task,
        lattices={name: table.lattice.to_json() for name, table in lut.tables.items()},
        history=lut.history,
    )


def load_lut(path: Path | str) -> Lut:
    """Read a LUT that `save_lut` wrote.

    Raises
    ------
    UserError
        If the file is missing, damaged, of another kind or version, or does not hold the tables
        that its own description asks for.
    """
    path = Path(path)
    return lut_from(path, *read_artifact(path, KIND))


def lut_from(path: Path, tensors: Tensors, description: dict[str, Any]) -> Lut:
    """Build the LUT that was read from a file; what does not fit is a `UserError`."""
    try:
        architecture = build(**description["architecture"])
        tables = {
            name: Table(parse_lattice(description["lattices"][name]), tensors[name])
            for name in architecture.lookups
        }
        history = description["history"]
        if not isinstance(history, list) or not all(isinstance(step, dict) for step in history):
            raise ValueError("expected its history as a list of steps")
        return Lut(architecture, description["task"], tables, tuple(history))
    except KeyError as error:
        raise UserError(f"{path}: a LUT needs {error}, which is missing") from None
    except (TypeError, ValueError) as error:
        raise UserError(f"{path}: {error}") from None
