"""The file of a LUT or a network: safetensors, with all else as JSON, checked when it is loaded."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from dfc.common.errors import UserError
from dfc.common.files import atomic_write, read_safetensors
from dfc.common.json import parse_bounded_json
from dfc.models.architectures import parse_architecture
from dfc.models.lattice import parse_lattice
from dfc.models.lut import Lut, Table

if TYPE_CHECKING:  # PyTorch is not needed to read a LUT
    from dfc.models.network import Network

FORMAT_VERSION = 3
READABLE_VERSIONS = (1, 2, 3)
"""Version 1 names architectures; in 2, layers read the one before, or channels that were kept."""
PUBLISHED = (b"\x93NUMPY", b"PK", b"\x80")
"""How files start that `dfc import` reads: a table, several, a network of PyTorch's."""
HINT = "; `dfc import` makes one of published tables, or of a network"
Model = Union[Lut, "Network"]
Tensors = dict[str, NDArray]


def save_model(model: Model, path: Path) -> None:
    """Write a LUT, one int8 tensor a table, or a network, with all else as its description."""
    if isinstance(model, Lut):
        lattices = {name: table.lattice.to_json() for name, table in model.tables.items()}
        kind = "lut"
        details = {"task": model.task, "lattices": lattices, "history": model.history}
        tensors = {name: table.values for name, table in model.tables.items()}
    else:
        kind, details = "network", {"features": model.features}
        tensors = {name: tensor.cpu().numpy() for name, tensor in model.state_dict().items()}
    description = {"version": FORMAT_VERSION, "kind": kind}
    description |= {"architecture": model.architecture.to_json(), **details}
    contiguous = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    text = json.dumps(description, separators=(",", ":"))
    with atomic_write(path) as partial:
        # One key: safetensors writes several in no certain order, not the same bytes each time.
        partial.write_bytes(save(contiguous, {"dfc": text}))


def load_lut(path: Path | str) -> Lut:
    """Read a LUT.

    Raises
    ------
    UserError
        If the file is missing, damaged, of another kind or version, or does not hold the tables
        that its own description asks for.
    """
    return _load(Path(path), "lut")


def load_model(path: Path) -> Model:
    """Read a LUT or a network; a file that is neither is a `UserError`, as for `load_lut`."""
    return _load(path, "network", "lut")


def _load(path: Path, *kinds: str) -> Model:
    try:
        tensors, header = read_safetensors(path)
    except UserError:
        if not _is_published(path):
            raise
        expected = f"expected the file of a {' or a '.join(kinds)}"
        raise UserError(f"{path}: {expected}{HINT}") from None
    try:
        description = parse_bounded_json(header.get("dfc", "{}"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: its description is damaged ({error})") from None
    found = description.get("kind") if isinstance(description, dict) else None
    if found not in kinds:
        expected = f"expected the description of a {' or a '.join(kinds)}"
        raise UserError(f"{path}: {expected}, found {found or 'none'}{HINT}")
    version = description.get("version")
    if version not in READABLE_VERSIONS:
        raise UserError(f"{path}: expected format version {FORMAT_VERSION}, found {version}")
    try:
        return (_build_lut if found == "lut" else _build_network)(tensors, description)
    except KeyError as error:
        raise UserError(f"{path}: a {found} needs {error}, which is missing") from None
    except (AttributeError, TypeError, ValueError, RuntimeError) as error:
        raise UserError(f"{path}: {' '.join(str(error).split())}") from None


def _is_published(path: Path) -> bool:
    if path.is_dir():
        return True
    try:
        with path.open("rb") as file:
            start = file.read(9)
    except OSError:
        return False
    return start.startswith(PUBLISHED) and not start.endswith(b"{")  # the header of safetensors


def _build_lut(tensors: Tensors, description: dict[str, Any]) -> Lut:
    architecture = parse_architecture(description["architecture"])
    tables = {
        name: Table(parse_lattice(description["lattices"][name]), tensors[name])
        for name in architecture.lookups
    }
    history = description["history"]
    if not isinstance(history, list) or not all(isinstance(step, dict) for step in history):
        raise ValueError("expected its history as a list of steps")
    return Lut(architecture, description["task"], tables, tuple(history))


def _build_network(tensors: Tensors, description: dict[str, Any]) -> "Network":
    import torch

    from dfc.models.network import Network

    state = {name: torch.from_numpy(part) for name, part in tensors.items()}
    return Network.from_state(parse_architecture(description["architecture"]), state)
