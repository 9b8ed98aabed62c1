"""The zoo: trained LUTs that come with the package, and what they reach."""

import csv
from pathlib import Path

from dfc.common.errors import UserError, suggest

FOLDER = Path(__file__).parent
FIGURES = FOLDER / "zoo.csv"
"""A row for every LUT and benchmark set."""


def list_names() -> list[str]:
    """List the names of the LUTs, as `sr-x4-fast`, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.safetensors"))


def find_lut(lut: str | Path) -> Path:
    """Find the file of a LUT: a file, or a name of the zoo.

    What looks like a path is handed on as it is. Raises `UserError` for a name that is none.
    """
    path, names = Path(lut), list_names()
    if str(path) in names and not path.is_file():
        return FOLDER / f"{path}.safetensors"
    if path.exists() or path.suffix or len(path.parts) != 1:
        return path
    raise UserError(f"{lut}: neither a file nor a LUT of the zoo, {suggest(path.name, names)}")


def find_levels(name: str) -> dict[int, Path]:
    """Find the LUTs that are called NAME-LEVEL, by level."""
    parts = (each.rpartition("-") for each in list_names())
    levels = sorted(int(level) for first, _, level in parts if first == name and level.isdigit())
    return {level: FOLDER / f"{name}-{level}.safetensors" for level in levels}


def read_figures() -> list[dict[str, str]]:
    """Read what the LUTs reach: a row for each and every benchmark set, as in `zoo.csv`."""
    with FIGURES.open(newline="") as file:
        return list(csv.DictReader(file))
