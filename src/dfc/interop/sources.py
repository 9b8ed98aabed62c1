"""Whatever people have, recognised by its content: tables, networks, and files of this project."""

from dataclasses import dataclass
from pathlib import Path

import torch

from dfc.common.errors import UserError
from dfc.common.files import read_safetensors
from dfc.interop.networks import build_published_network
from dfc.interop.pickles import read_checkpoint
from dfc.interop.shift_tables import holds_shift_tables, read_shift_tables
from dfc.interop.tables import find_index, find_tables, read_tables
from dfc.models.artifact import load_model
from dfc.models.lattice import DiagonalFirst
from dfc.models.lut import Lut
from dfc.models.network import Network

_TABLE, _ZIP, _PICKLE = b"\x93NUMPY", b"PK", b"\x80"


@dataclass(frozen=True)
class Found:
    """What a file or folder holds."""

    model: Network | Lut
    readings: tuple[str, ...] = ()
    """What was decided where it could have been read in another way, too."""


def find_source(path: Path) -> Path | None:
    """The LUT or network at a path: what it names, or what lies in a folder; None in an empty one.

    Raises `UserError` if there is nothing at the path, or several files in the folder.
    """
    if not path.exists():
        raise UserError(f"{path}: no such file or folder")
    if path.suffix == ".npz":  # one of many tables
        return path.parent
    if not path.is_dir() or any(path.glob("*.npy")):
        return path
    files = sorted(file for file in path.iterdir() if file.suffix in (".safetensors", ".pth"))
    if len(files) > 1:
        names = ", ".join(file.name for file in files)
        raise UserError(f"{path}: expected one LUT or network, found {names}")
    return files[0] if files else None


def read_source(source: Path, task: str | None = None) -> Found:
    """Read a LUT or a network, published or of this project; a folder holds the tables of one LUT.

    The task is what published tables are for, of which the files do not say it.
    Raises `UserError` if there is neither, or more than one.
    """
    found = find_source(source)
    if found is None:
        raise UserError(f"{source}: expected a LUT or a network, found none")
    if not found.is_dir():
        return _read_file(found, task)
    if not holds_shift_tables(found):
        return _tables(found, task)
    lut = read_shift_tables(found, task)
    return Found(lut, _name_guess(found, lut, task))


def _read_file(source: Path, task: str | None) -> Found:
    try:
        with source.open("rb") as file:
            start = file.read(16)
    except OSError as error:
        raise UserError(f"{source}: cannot be read: {error.strerror}") from None
    if start.startswith(_TABLE):
        return _tables(source, task)
    # The length of a safetensors header, which may be the same bytes, is followed by the header.
    if start.startswith((_ZIP, _PICKLE)) and start[8:9] != b"{":
        return _published_network(source, read_checkpoint(source))
    tensors, header = read_safetensors(source)
    if "dfc" in header:
        return Found(load_model(source))
    weights = {name: torch.from_numpy(tensor) for name, tensor in tensors.items()}
    return _published_network(source, weights)


def _published_network(source: Path, tensors: dict[str, torch.Tensor]) -> Found:
    try:
        network, wrapper = build_published_network(tensors)
    except (ValueError, RuntimeError) as error:
        raise UserError(f"{source}: {' '.join(str(error).split())}") from None
    others = sorted({name.split(".")[0] for name in tensors if not name.startswith(wrapper)})
    ignored = f"{source}: took the weights in {wrapper.rstrip('.')}, ignored {', '.join(others)}"
    return Found(network, (ignored,) if others else ())


def _tables(source: Path, task: str | None) -> Found:
    luts = find_tables(source)
    if not luts:
        raise UserError(f"{source}: expected the tables of a LUT (.npy), found none")
    if len(luts) > 1:
        titles = ", ".join(lut.title for lut in luts)
        raise UserError(f"{source}: expected the tables of one LUT, found {titles}; name a file")
    (files,) = luts
    lut = read_tables(files, task)
    readings = []
    if set(lut.tables) == {"s1_s"}:
        other = "mulut with one layer" if lut.architecture.name == "sr_lut" else "sr_lut"
        readings.append(f"{files.title}: took it for {lut.architecture.name}; {other} would fit")
    lattice = next(iter(lut.tables.values())).lattice
    if isinstance(lattice, DiagonalFirst) and not find_index(files.folder):
        readings.append(
            f"{files.title}: took its diagonal for one of interval {lattice.diagonal.interval}, "
            f"{lattice.dims} and width {lattice.diagonal_width}; no ref2index file says it"
        )
    return Found(lut, (*readings, *_name_guess(files.title, lut, task)))


def _name_guess(source: object, lut: Lut, task: str | None) -> tuple[str, ...]:
    if lut.architecture.scale > 1 or task is not None:
        return ()
    return (f"{source}: took it for the task {lut.task}; --task says another",)
