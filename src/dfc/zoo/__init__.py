"""The zoo: trained LUTs that come with the package, and what they reach."""

import csv
from pathlib import Path

from dfc.common.errors import UserError, suggest

FOLDER = Path(__file__).parent
FIGURES = FOLDER / "zoo.csv"
"""A row for every LUT and benchmark set."""


def list_names() -> list[str]:
    """List the names of the LUTs, as `sr-x4-best`, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.safetensors"))


def find_lut(lut: str | Path) -> Path:
    """Find the file of a LUT: a file, or a name of the zoo.

    What looks like a path is handed on as it is. Raises `UserError` for a name that is none.
    """
    path, names = Path(lut), list_names()
    if path.exists() or path.suffix or len(path.parts) != 1:
        return path
    if path.name in names:
        return FOLDER / f"{path.name}.safetensors"
    if levels := find_levels(path):
        several = ", ".join(each.stem for each in levels.values())
        raise UserError(f"{lut}: expected one LUT of the zoo: {several}")
    raise UserError(f"{lut}: neither a file nor a LUT of the zoo, {suggest(path.name, names)}")


def find_levels(lut: str | Path) -> dict[int, Path]:
    """Find the LUTs of the zoo that are called NAME-LEVEL, by level; none for a file."""
    if Path(lut).exists():
        return {}
    parts = ((path, *path.stem.rpartition("-")) for path in FOLDER.glob("*.safetensors"))
    found = {
        int(level): path for path, name, _, level in parts if level.isdigit() and name == str(lut)
    }
    return dict(sorted(found.items()))


def read_figures() -> list[dict[str, str]]:
    """Read what the LUTs reach: a row for each and every benchmark set, as in `zoo.csv`."""
    with FIGURES.open(newline="") as file:
        return list(csv.DictReader(file))
