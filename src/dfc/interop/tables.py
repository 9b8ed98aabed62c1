"""Published tables: one `.npy` file a table, or two with DFC, named for layer and pattern."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from dfc.common.errors import UserError
from dfc.common.files import atomic_write, refuse_existing
from dfc.interop.recognition import recognise_architecture
from dfc.interop.shift_tables import holds_shift_lut, write_shift_tables
from dfc.models import Dims
from dfc.models.lattice import DiagonalFirst, Lattice, Uniform
from dfc.models.lut import CHANNEL_INTERVAL, Lut, Table
from dfc.tasks import guess_task

INTERVALS = range(3, 9)  # of published tables: from 33 points an axis to 2

_PART = re.compile(r"(?s)(?P<stem>.+?)(?:_compress(?P<part>[12]))?")
_TABLE = re.compile(r"(?:(?P<prefix>.+)_)?(?P<table>s\d+(?:_?c\d)?_[sdyeho]|s5_channel)")
_INDEX = re.compile(r"ref2index_(?P<dims>xyzt|xyz|xy)(?P<width>\d+)i(?P<interval>\d)")


@dataclass(frozen=True)
class Files:
    """The files of one LUT."""

    parts: dict[str, list[Path]]  # by table: one file, or the diagonal and the other one
    stems: dict[str, str]  # what the file names of a table start with
    named: bool  # whether the names say which table a file holds

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return next(iter(self.parts.values()))[0].parent

    @property
    def title(self) -> str:
        """For people: what the file names have in common."""
        prefix = os.path.commonprefix([*self.stems.values()])  # noqa: RUF071 (not of paths)
        several = len(self.stems) > 1
        compressed = max(map(len, self.parts.values())) > 1
        return f"{prefix}{'*' * several}{'_compress*' * compressed}.npy"


def find_tables(source: Path) -> list[Files]:
    """Find the LUTs in a folder, or that of one file; a `UserError` for half a compressed table."""
    folder = source if source.is_dir() else source.parent
    groups: dict[str, dict[str, dict[str, Path]]] = {}
    for path in sorted(folder.glob("*.npy")):
        if not _INDEX.fullmatch(path.stem):
            stem, part = _PART.fullmatch(path.stem).groups(default="")
            table = _TABLE.fullmatch(stem)
            prefix = table["prefix"] or "" if table else stem
            groups.setdefault(prefix, {}).setdefault(stem, {})[part] = path
    luts = [files for stems in groups.values() for files in _readings(stems)]
    if source.is_dir():
        return luts
    return [lut for lut in luts if any(source in parts for parts in lut.parts.values())]


def _readings(stems: Mapping[str, Mapping[str, Path]]) -> Iterator[Files]:
    """The LUT of uniform tables and the compressed one that files of one name make up.

    Some tables of a compressed LUT are uniform, too.
    """
    if all("" in paths for paths in stems.values()):
        yield _files({stem: [paths[""]] for stem, paths in stems.items()})
    if any(paths.keys() - {""} for paths in stems.values()):
        yield _files({stem: _parts(stem, paths) for stem, paths in stems.items()})


def _parts(stem: str, paths: Mapping[str, Path]) -> list[Path]:
    parts = [paths[part] for part in ("1", "2") if part in paths]
    if len(parts) == 1:
        raise UserError(f"{parts[0]}: expected both {stem}_compress1.npy and {stem}_compress2.npy")
    return parts or [paths[""]]


def _files(parts_of: Mapping[str, list[Path]]) -> Files:
    parts: dict[str, list[Path]] = {}
    stems: dict[str, str] = {}
    named = False
    for stem, paths in parts_of.items():
        table = _TABLE.fullmatch(stem)
        named = bool(table)
        name = table["table"].replace("_c0", "") if table else "s1_s"
        if name in parts:
            raise UserError(f"{paths[0]}: holds table {name}, as {parts[name][0]} does")
        parts[name], stems[name] = paths, stem
    return Files(parts, stems, named)


def read_tables(files: Files, task: str | None) -> Lut:
    """Read the tables of a LUT, for a task, or the one that `guess_task` guesses.

    Raises `UserError` if a file is damaged, or they are not the tables of an architecture.
    """
    arrays = {name: [_read(path) for path in paths] for name, paths in files.parts.items()}
    index = find_index(files.folder)
    try:
        widths = {name: _width(parts) for name, parts in arrays.items()}
        architecture = recognise_architecture(widths, files.named)
        tables = {}
        for name, (lookup, _) in architecture.lookups.items():
            path, rows = files.parts[name][0], [len(part) for part in arrays[name]]
            lattice = _lattice(path, rows, index)
            values = np.concatenate([part.reshape(len(part), -1) for part in arrays[name]])
            tables[name] = Table(lattice, values)
            if not lookup.is_spatial and lattice != Uniform(CHANNEL_INTERVAL):
                raise ValueError(f"table {name}: expected interval {CHANNEL_INTERVAL}, uniform")
        step = {"step": "import", "stems": files.stems}
        return Lut(architecture, task or guess_task(architecture.scale), tables, (step,))
    except ValueError as error:
        raise UserError(f"{files.folder / files.title}: {error}") from None


def _read(path: Path) -> NDArray[np.int8]:
    try:
        # Mapped, so that a header that claims more than there is costs nothing.
        values = np.array(np.lib.format.open_memmap(path, mode="r"))
    except Exception as error:  # its header is a Python literal, and can be wrong in any way
        reason = str(error).split("\n")[0] or type(error).__name__
        raise UserError(f"{path}: not a readable table of NumPy ({reason})") from None
    if values.dtype != np.int8 or values.ndim < 2 or not values.size:
        raise UserError(
            f"{path}: expected int8 of shape (rows, values), got {values.dtype} of shape "
            f"{values.shape}"
        )
    return values


def _width(parts: Iterable[NDArray[np.int8]]) -> int:
    widths = {part[0].size for part in parts}
    if len(widths) > 1:
        raise ValueError(f"its two files have {' and '.join(map(str, sorted(widths)))} values")
    return widths.pop()


def find_index(folder: Path) -> DiagonalFirst | None:
    """The lattice that a `ref2index` file says; None without one. A `UserError` if damaged."""
    paths = [path for path in sorted(folder.glob("ref2index_*.npy")) if _INDEX.fullmatch(path.stem)]
    if len(paths) != 1:
        return None
    name = _INDEX.fullmatch(paths[0].stem)
    try:
        index = np.lib.format.open_memmap(paths[0], mode="r")
        fine = next(n for n in INTERVALS if Uniform(n).length == index.shape[0])
    except Exception:
        raise UserError(f"{paths[0]}: not a readable map from lattice points to rows") from None
    return DiagonalFirst(
        Uniform(fine), name["dims"], int(name["width"]), Uniform(int(name["interval"]))
    )


def _lattice(path: Path, rows: list[int], index: DiagonalFirst | None) -> Lattice:
    """The lattice of a table, told by how many rows its files have."""
    non_diagonal = next((n for n in INTERVALS if Uniform(n).size == rows[-1]), None)
    if non_diagonal is None:
        sizes = ", ".join(str(Uniform(n).size) for n in INTERVALS)
        raise UserError(f"{path}: expected {sizes} rows, found {rows[-1]}")
    if len(rows) == 1:
        return Uniform(non_diagonal)
    for lattice in [index] if index else _compressions(non_diagonal):
        if [lattice.diagonal_size, lattice.non_diagonal.size] == rows:
            return lattice
    wanted = "the rows that ref2index is for" if index else "the rows of a diagonal"
    raise UserError(f"{path}: expected {wanted}, found {rows[0]}")


def _compressions(non_diagonal: int) -> Iterator[DiagonalFirst]:
    """All ways to compress a table, the likeliest first: at interval 4, as published."""
    for fine in sorted(range(INTERVALS[0], non_diagonal), key=lambda interval: interval != 4):
        for dims in reversed(get_args(Dims)):
            for width in range(Uniform(fine).length):
                yield DiagonalFirst(Uniform(fine), dims, width, Uniform(non_diagonal))


def write_tables(lut: Lut, folder: Path, force: bool = False) -> list[Path]:
    """Write the tables of a LUT as they are published, under the names they were imported with.

    A compressed LUT gets its `ref2index` file, too. Returns the files that were written. Raises
    `UserError` if a file exists and may not be replaced, or there are no published names.
    """
    if holds_shift_lut(lut):
        return write_shift_tables(lut, folder, force)
    if not all(map(_TABLE.fullmatch, lut.tables)):
        raise UserError(f"{lut.architecture.title}: tables of this kind have no published form")
    arrays = dict(_arrays(lut))
    for name in arrays:
        refuse_existing(folder / name, force)
    for name, values in arrays.items():
        with atomic_write(folder / name) as partial, partial.open("wb") as file:
            np.save(file, values)
    return [folder / name for name in arrays]


def _arrays(lut: Lut) -> Iterator[tuple[str, NDArray]]:
    stems = _stems(lut)
    compressed: list[DiagonalFirst] = []
    for name, table in lut.tables.items():
        values, lattice = table.values, table.lattice
        if _is_sr_lut(lut):
            values = values.reshape(-1, 1, lut.architecture.scale, lut.architecture.scale)
        if isinstance(lattice, Uniform):
            yield f"{stems[name]}.npy", values
            continue
        compressed.append(lattice)
        count = lattice.diagonal_size
        yield f"{stems[name]}_compress1.npy", values[:count]
        yield f"{stems[name]}_compress2.npy", values[count:]
    for lattice in dict.fromkeys(compressed):
        knobs = f"{lattice.dims}{lattice.diagonal_width}i{lattice.non_diagonal.interval}"
        yield f"ref2index_{knobs}.npy", _reference_index(lattice)


def _stems(lut: Lut) -> dict[str, str]:
    imported = next((step["stems"] for step in lut.history if "stems" in step), None)
    if _are_names(imported, lut):
        return imported
    scale, interval = lut.architecture.scale, next(iter(lut.tables.values())).lattice.interval
    if _is_sr_lut(lut):
        return {"s1_s": f"Model_S_x{scale}_{interval}bit_int8"}
    channel = r"\1_c0_\2" if scale == 1 else r"\1_\2"  # of MuLUT; that of SPF-LUT is in the names
    return {
        name: f"LUT_x{scale}_{interval}bit_int8_{re.sub(r'^(s[0-9]+)_(.)$', channel, name)}"
        for name in lut.tables
    }


def _is_sr_lut(lut: Lut) -> bool:
    """Whether it is of the one published architecture that mirrors at the border."""
    return lut.architecture.padding == "reflect"


def _are_names(stems: object, lut: Lut) -> bool:
    """Whether a file, which may come from anywhere, names its tables, and no path beside them."""
    return (
        isinstance(stems, dict)
        and stems.keys() == lut.tables.keys()
        and all(isinstance(stem, str) and re.fullmatch(r"[\w.-]+", stem) for stem in stems.values())
        and len(set(stems.values())) == len(stems)
    )


def _reference_index(lattice: DiagonalFirst) -> NDArray[np.int64]:
    """Rows [L, 2 w + 1, ..] of the diagonal table by x and the distances to x, which wrap around.

    Dimensions that are not named come last, whole; -1 stands where there is no such point.
    """
    points = lattice.points[: lattice.diagonal_size] // lattice.diagonal.step
    points[:, lattice.named] -= points[:, :1]
    named = len(lattice.dims)
    length = lattice.diagonal.length
    shape = [length, *[2 * lattice.diagonal_width + 1] * (named - 1), *[length] * (4 - named)]
    index = np.full(shape, -1, np.int64)
    index[tuple(points.T)] = np.arange(len(points))
    return index
