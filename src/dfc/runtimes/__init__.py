"""LUTs on other machines: a LUT as plain data, and a printer of it for each target.

A target is one file here, `dfc.runtimes.TARGET`, with its templates: it knows the kinds of layers
of `dfc.runtimes.program`, and nothing of architectures.
"""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from dfc.common.files import atomic_write, refuse_existing

if TYPE_CHECKING:
    from dfc.models.lut import Lut

TARGETS = ("c", "mpv", "web")


def write_files(
    lut: "Lut", name: str, target: str, folder: Path, force: bool = False
) -> list[Path]:
    """Write a LUT, which people know by a name, for a target of `TARGETS`.

    Returns the files that were written. Raises `UserError` if one exists and may not be replaced.
    """
    files = dict(print_files(lut, name, target))
    for file in files:
        refuse_existing(folder / file, force)
    for file, text in files.items():
        with atomic_write(folder / file) as partial:
            partial.write_text(text, encoding="utf-8")
    return [folder / file for file in files]


def print_files(lut: "Lut", name: str, target: str) -> Iterator[tuple[str, str]]:
    """Print the files of a LUT for a target: their names, and what they hold."""
    from dfc.runtimes.program import make_program

    yield from import_module(f"dfc.runtimes.{target}").print_files(make_program(lut), name)
