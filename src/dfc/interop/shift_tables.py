"""Published ShiftLUT tables: a pair of files, `.npz` and `.json`, a table, and `offset.npy`.

`DW0_MSB.npz` holds an array `i{input}o{output}` for every input and output of a table; the file
`DW0_MSB.json` says their steps.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dfc.common.errors import UserError
from dfc.common.files import atomic_write, refuse_existing
from dfc.models.architectures import make_shift_lut
from dfc.models.lattice import Adaptive, Uniform
from dfc.models.layers import Architecture, Lookup
from dfc.models.lut import Lut, Table
from dfc.tasks import guess_task

OFFSETS = "offset.npy"
MOST_BYTES = 2**24  # of a file: those that were published have 100,000


def holds_shift_tables(folder: Path) -> bool:
    """Whether a folder is one of ShiftLUT tables."""
    return any(folder.glob("UP_*.npz"))


def holds_shift_lut(lut: Lut) -> bool:
    """Whether a LUT has tables that are published as those of ShiftLUT are."""
    return "UP_MSB" in lut.tables


def read_shift_tables(folder: Path, task: str | None) -> Lut:
    """Read the tables of a folder, for a task, or the one that `guess_task` guesses.

    Raises `UserError` if a file is missing or damaged, or they do not fit each other.
    """
    offsets = _read_offsets(folder / OFFSETS)
    *_, channels = offsets.shape
    last = _read_json(folder / "UP_MSB.json")
    scale = round(_get_count(folder, last, "OUT") ** 0.5)
    moves = [[tuple(map(int, move)) for move in stage.T] for stage in offsets]
    try:
        architecture = make_shift_lut(scale, len(moves), channels, 6, offsets=moves)
    except ValueError as error:
        raise UserError(f"{folder}: {error}") from None
    tables = {}
    for name, (lookup, layer) in architecture.lookups.items():
        tables[name] = _read_table(folder / name, lookup, layer.values)
    history = ({"step": "import"},)
    return Lut(architecture, task or guess_task(scale), tables, history)


def _read_offsets(path: Path) -> NDArray[np.int64]:
    try:
        offsets = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"{path}: not a readable table of shifts ({error})") from None
    if offsets.ndim != 3 or offsets.shape[1] != 2 or offsets.dtype.kind not in "iu":
        raise UserError(f"{path}: expected whole numbers [stages, 2, channels], a row and a column")
    return np.array(offsets)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError("too large")
        values = json.loads(path.read_text())
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: not readable as JSON ({error})") from None
    if not isinstance(values, dict) or not isinstance(values.get("LUTs"), list):
        raise UserError(f"{path}: expected IN, OUT and LUTs")
    return values


def _get_count(folder: Path, values: dict[str, Any], key: str) -> int:
    count = values.get(key)
    if type(count) is not int or not 1 <= count <= 64:
        raise UserError(f"{folder}: {key}: expected 1 to 64, found {count!r}")
    return count


def _read_table(path: Path, lookup: Lookup, values: int) -> Table:
    """Read a table: an array a pair of place and value, each with a step of its own."""
    described = _read_json(path.with_suffix(".json"))
    steps = {}
    for each in described["LUTs"]:
        try:
            steps[each["in"], each["out"]] = each["step"]
        except (TypeError, KeyError):
            raise UserError(f"{path}.json: expected in, out and step of every table") from None
    columns, intervals = [], []
    source = path.with_suffix(".npz")
    arrays = _read_arrays(source)
    for pair in list_pairs(lookup, values):
        step, column = steps.get(pair), arrays.get("i{}o{}".format(*pair))
        if type(step) is not int or step < 1 or step & (step - 1) or step > lookup.levels:
            raise UserError(f"{path}.json: in {pair[0]}, out {pair[1]}: no step is {step!r}")
        interval = step.bit_length() - 1
        expected = Uniform(interval, 1, lookup.levels).length
        if column is None or column.shape != (expected,):
            found = "none" if column is None else column.shape
            raise UserError(f"{source}: i{pair[0]}o{pair[1]}: expected {expected} values, {found}")
        if not np.array_equal(column, np.rint(column).clip(-128, 127)):
            raise UserError(f"{source}: i{pair[0]}o{pair[1]}: expected whole numbers of int8")
        columns.append(column.astype(np.int8))
        intervals.append(interval)
    lattice = Adaptive(tuple(intervals), lookup.levels)
    return Table(lattice, np.concatenate(columns)[:, None])


def _read_arrays(path: Path) -> dict[str, NDArray]:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError("too large")
        with np.load(path) as arrays:
            return dict(arrays)
    except Exception as error:  # a ZIP of headers that are Python literals: wrong in any way
        reason = str(error).split("\n")[0] or type(error).__name__
        raise UserError(f"{path}: not readable tables of NumPy ({reason})") from None


def list_pairs(lookup: Lookup, values: int) -> Iterator[tuple[int, int]]:
    """List input and output of every column, as published files count them.

    The inputs are the places of a lookup, tap after tap or channel after channel.
    """
    return ((place, value) for place in range(len(lookup.places)) for value in range(values))


def write_shift_tables(lut: Lut, folder: Path, force: bool = False) -> list[Path]:
    """Write the tables of a LUT as they are published, and return the files.

    Raises `UserError` if one exists and may not be replaced.
    """
    names = [f"{name}{end}" for name in lut.tables for end in (".npz", ".json")] + [OFFSETS]
    for name in names:
        refuse_existing(folder / name, force)
    for name, (lookup, layer) in lut.architecture.lookups.items():
        pairs = list(list_pairs(lookup, layer.values))
        table = lut.tables[name]
        lattice = table.lattice
        if isinstance(lattice, Uniform):
            table = Table(
                Adaptive((lattice.interval,) * table.columns, lattice.levels),
                table.values.T.reshape(-1, 1),
            )
            lattice = table.lattice
        columns = np.split(table.values[:, 0], np.cumsum(lattice.lengths)[:-1])
        arrays = {f"i{i}o{o}": column for (i, o), column in zip(pairs, columns, strict=True)}
        with atomic_write(folder / f"{name}.npz") as partial, partial.open("wb") as file:
            np.savez(file, **arrays)
        steps = [
            {"in": i, "out": o, "step": 2**interval}
            for (i, o), interval in zip(pairs, lattice.intervals, strict=True)
        ]
        described = {"IN": len(lookup.places), "OUT": layer.values, "LUTs": steps}
        with atomic_write(folder / f"{name}.json") as partial:
            partial.write_text(json.dumps(described, indent=2))
    with atomic_write(folder / OFFSETS) as partial, partial.open("wb") as file:
        np.save(file, list_offsets(lut.architecture))
    return [folder / name for name in names]


def list_offsets(architecture: Architecture) -> NDArray[np.int32]:
    """List by how much every stage of a ShiftLUT shifts its channels: [stages, 2, channels]."""
    stages = [
        [taps[0][1:] for taps in lookup.places]
        for name, (lookup, _) in architecture.lookups.items()
        if name.startswith("PW")
    ]
    return np.array(stages, np.int32).transpose(0, 2, 1)
