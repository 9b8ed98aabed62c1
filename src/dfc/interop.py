"""Published files: the networks and tables that SR-LUT, MuLUT and SPF-LUT were released as."""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from dfc.architectures import Architecture
from dfc.artifact import read_safetensors
from dfc.errors import UserError
from dfc.lut.lattice import DiagonalFirst, Lattice
from dfc.lut.table import Lut, Table
from dfc.network import DEPTH, Network

_PUBLISHED_PREFIXES = (
    # MuLUT: s1_d.model.
    (re.compile(r"^(s\d+_[sdyeho])\.model\."), r"\1"),
    # SPF-LUT: hidden layers, the channel layer, the last layer with its four input channels
    (
        re.compile(r"^convblock(\d)\.module_dict\.DepthwiseBlock(\d)_([sdyeho])\.model\."),
        r"s\1c\2_\3",
    ),
    (re.compile(r"^ChannelConv\."), "s5_channel"),
    (re.compile(r"^upblock\.module_dict\.DepthwiseBlock(\d)_([sdyeho])\.model\."), r"s6c\1_\2"),
)
_PUBLISHED_LAYER = re.compile(r"^conv([1-6])\.(?:conv1\.)?conv\.(weight|bias)$")


def load_published_network(path: Path, architecture: Architecture) -> Network:
    """Read a published MuLUT or SPF-LUT network.

    Parameters
    ----------
    path
        Its state as a safetensors file with the published key names.
    architecture
        What the file is expected to hold.

    Raises
    ------
    UserError
        If a key is not known, or the weights do not fit the architecture.
    """
    tensors, _ = read_safetensors(path)
    try:
        state = {key: torch.from_numpy(tensor) for key, tensor in tensors.items()}
        return network_from_published(state, architecture)
    except (KeyError, ValueError, RuntimeError) as error:
        raise UserError(f"{path}: {' '.join(str(error).split())}") from None


def network_from_published(state: Mapping[str, Tensor], architecture: Architecture) -> Network:
    """Build a network from weights under their published names."""
    renamed = {_our_key(key): tensor for key, tensor in state.items()}
    features = len(renamed[f"cells.{next(iter(architecture.lookups))}.layers.0.bias"])
    network = Network(architecture, features)
    # Published convolutions have trailing 1x1 (or 2x2, 1x4) axes; the taps are in our order.
    network.load_state_dict({key: t.flatten(1) if t.ndim > 1 else t for key, t in renamed.items()})
    return network


def _our_key(key: str) -> str:
    for prefix, table in _PUBLISHED_PREFIXES:
        if match := prefix.match(key):
            layer = _PUBLISHED_LAYER.match(key[match.end() :])
            if layer and int(layer[1]) <= DEPTH + 1:
                return f"cells.{match.expand(table)}.layers.{int(layer[1]) - 1}.{layer[2]}"
    raise ValueError(f"{key!r} is not a name of a published network")


def read_published_tables(
    folder: Path, prefix: str, architecture: Architecture, lattices: Mapping[str, Lattice]
) -> Lut:
    """Read published `.npy` tables, one file a table, or two (`_compress1`, `_compress2`) with DFC.

    Parameters
    ----------
    folder
        Where they lie.
    prefix
        What the file names start with, such as `LUT_ft_x4_4bit_int8`.
    architecture
        What the files hold.
    lattices
        The lattice of each table.
    """
    tables = {}
    for name in architecture.lookups:
        stem = folder / f"{prefix}_{name}"
        suffixes = (
            ("_compress1", "_compress2") if isinstance(lattices[name], DiagonalFirst) else ("",)
        )
        parts = [_read_npy(Path(f"{stem}{suffix}.npy")) for suffix in suffixes]
        tables[name] = Table(lattices[name], np.concatenate(parts))
    return Lut(architecture, "sr", tables, ({"step": "import", "prefix": prefix},))


def _read_npy(path: Path) -> np.ndarray:
    try:
        values = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: not a readable table of NumPy ({error})") from None
    return values.reshape(len(values), -1)
