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

FORMAT_VERSION = "1"


def save_lut(lut: Lut, path: Path) -> None:
    """Write a LUT: one int8 tensor a table; everything else in the metadata as JSON."""
    tensors = {name: torch.from_numpy(table.values) for name, table in lut.tables.items()}
    lattices = {name: table.lattice.to_json() for name, table in lut.tables.items()}
    _save(
        path,
        tensors,
        format="dfc-lut",
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
    tensors, metadata = _load(path, "dfc-lut")
    try:
        architecture = build(**metadata["architecture"])
        tables = {
            name: Table(lattice_from_json(metadata["lattices"][name]), tensors[name].numpy())
            for name in architecture.lookups
        }
        return Lut(architecture, metadata["task"], tables, tuple(metadata["history"]))
    except KeyError as error:
        raise UserError(f"{path}: a LUT needs {error}, which is missing") from None
    except (TypeError, ValueError) as error:
        raise UserError(f"{path}: {error}") from None


def save_network(network: Network, path: Path) -> None:
    """Write a network: its weights, and its description in the metadata."""
    _save(
        path,
        {name: tensor.contiguous().cpu() for name, tensor in network.state_dict().items()},
        format="dfc-network",
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
    tensors, metadata = _load(path, "dfc-network")
    try:
        network = Network(build(**metadata["architecture"]), metadata["features"])
        network.load_state_dict(tensors)
    except KeyError as error:
        raise UserError(f"{path}: a network needs {error}, which is missing") from None
    except (TypeError, ValueError, RuntimeError) as error:
        raise UserError(f"{path}: {' '.join(str(error).split())}") from None
    return network


def _describe(architecture: Architecture) -> dict[str, Any]:
    keys = ("name", "scale", "patterns", "stages")
    return {key: getattr(architecture, key) for key in keys}


def _save(path: Path, tensors: dict[str, Tensor], format: str, **metadata: Any) -> None:
    texts = {key: json.dumps(value) for key, value in metadata.items()}
    header = {"format": format, "format_version": FORMAT_VERSION, **texts}
    with written_whole(path) as partial:
        save_file(tensors, partial, header)


def _load(path: Path, format: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    tensors, header = read_safetensors(path)
    found = header.pop("format", "no description"), header.pop("format_version", None)
    if found != (format, FORMAT_VERSION):
        raise UserError(
            f"{path}: expected {format} version {FORMAT_VERSION}, found {found[0]}"
            + (f" version {found[1]}" if found[1] else "")
        )
    try:
        return tensors, {key: json.loads(text) for key, text in header.items()}
    except json.JSONDecodeError as error:
        raise UserError(f"{path}: its metadata is damaged ({error})") from None


def read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read all tensors and the metadata of a safetensors file; a bad file is a `UserError`."""
    try:
        with safe_open(path, "pt") as file:
            return {key: file.get_tensor(key) for key in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        reason = "no such file" if not path.exists() else error
        raise UserError(f"{path}: not a readable safetensors file ({reason})") from None
