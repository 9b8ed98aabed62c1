"""The file a LUT or a network travels in: safetensors, self-contained, checked when loaded."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from dfc.architectures import Architecture, build
from dfc.errors import UserError
from dfc.files import written_whole
from dfc.lut.lattice import lattice_from_json
from dfc.lut.table import Lut, Table
from dfc.network import Network

FORMAT_VERSION = 1


def save_lut(lut: Lut, path: Path) -> None:
    """Write a LUT: one int8 tensor a table, and all else as JSON in the metadata."""
    tensors = {name: torch.from_numpy(table.values) for name, table in lut.tables.items()}
    lattices = {name: table.lattice.to_json() for name, table in lut.tables.items()}
    _save(
        path,
        tensors,
        kind="lut",
        architecture=_describe(lut.architecture),
        task=lut.task,
        lattices=lattices,
        history=lut.history,
    )


def load_lut(path: Path) -> Lut:
    """Read a LUT that `save_lut` wrote.

    Raises
    ------
    UserError
        If the file is missing, damaged, of another format or version, or does not hold the tables
        that its own description asks for.
    """
    tensors, description = _load(path, "lut")
    try:
        architecture = build(**description["architecture"])
        tables = {
            name: Table(lattice_from_json(description["lattices"][name]), tensors[name].numpy())
            for name in architecture.lookups
        }
        return Lut(architecture, description["task"], tables, tuple(description["history"]))
    except KeyError as error:
        raise UserError(f"{path}: a LUT needs {error}, which is missing") from None
    except (TypeError, ValueError) as error:
        raise UserError(f"{path}: {error}") from None


def save_network(network: Network, path: Path) -> None:
    """Write a network: its weights, and its description as JSON in the metadata."""
    _save(
        path,
        {name: tensor.contiguous().cpu() for name, tensor in network.state_dict().items()},
        kind="network",
        architecture=_describe(network.architecture),
        features=network.features,
    )


def load_network(path: Path) -> Network:
    """Read a network that `save_network` wrote.

    Raises
    ------
    UserError
        If the file is missing, damaged, of another format or version, or its weights do not fit.
    """
    tensors, description = _load(path, "network")
    try:
        network = Network(build(**description["architecture"]), description["features"])
        network.load_state_dict(tensors)
    except KeyError as error:
        raise UserError(f"{path}: a network needs {error}, which is missing") from None
    except (TypeError, ValueError, RuntimeError) as error:
        raise UserError(f"{path}: {' '.join(str(error).split())}") from None
    return network


def _describe(architecture: Architecture) -> dict[str, Any]:
    keys = ("name", "scale", "patterns", "stages")
    return {key: getattr(architecture, key) for key in keys}


def _save(path: Path, tensors: dict[str, Tensor], **description: Any) -> None:
    # One key, since safetensors writes several in no certain order: the same LUT, the same bytes.
    header = {"dfc": json.dumps({"version": FORMAT_VERSION, **description})}
    with written_whole(path) as partial:
        save_file(tensors, partial, header)


def _load(path: Path, kind: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    tensors, header = read_safetensors(path)
    try:
        description = json.loads(header.get("dfc", "{}"))
    except json.JSONDecodeError as error:
        raise UserError(f"{path}: its description is damaged ({error})") from None
    found = description.get("kind") if isinstance(description, dict) else None
    if found != kind:
        raise UserError(f"{path}: expected the description of a {kind}, found {found or 'none'}")
    if description.get("version") != FORMAT_VERSION:
        found = description.get("version")
        raise UserError(f"{path}: expected format version {FORMAT_VERSION}, found {found}")
    return tensors, description


def read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read all tensors and the metadata of a safetensors file; a bad file is a `UserError`."""
    try:
        with safe_open(path, "pt") as file:
            return {key: file.get_tensor(key) for key in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        reason = "no such file" if not path.exists() else error
        raise UserError(f"{path}: not a readable safetensors file ({reason})") from None
