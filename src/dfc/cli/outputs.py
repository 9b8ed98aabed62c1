"""Output paths of the command `dfc restore`."""

import mimetypes
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from dfc.common.errors import UserError
from dfc.common.files import refuse_existing, refuse_no_folder
from dfc.images.files import is_image, list_files
from dfc.images.formats import FORMATS

LOSSLESS = (".png", ".bmp", ".tif", ".tiff")


class Plan(NamedTuple):
    """Which image becomes which file, and what was found in folders and is left out, in lines."""

    jobs: list[tuple[Path, Path]]
    notes: list[str]


def plan_outputs(
    inputs: Sequence[Path],
    output: Path,
    force: bool = False,
    skip_existing: bool = False,
    extension: str | None = None,
    suffix: str = "",
) -> Plan:
    """Plan which image becomes which file.

    An image keeps its name, with a suffix, and its place below an input folder; one in a lossy
    format becomes a PNG, unless an extension is given for all. A single image file may be given an
    output file instead of a folder. Of two that would become one file, as `a.png` and `a.jpg`, the
    second keeps its extension in the name, as `a.jpg.png`. What an earlier run has left in an input
    folder is no input.
    Raises `UserError` if an input is missing, a folder holds no image, or a file exists that may be
    neither replaced nor skipped.
    """
    notes: list[str] = []
    if is_output_file(output, extension):
        if len(inputs) != 1 or inputs[0].is_dir():
            raise UserError(f"{output}: expected a folder for more than one image, got a file")
        jobs = [(_check_exists(inputs[0]), output)]
    else:
        earlier = output.resolve()
        if earlier in (path.resolve() for path in inputs) and len(inputs) > 1:
            inputs = [path for path in inputs if path.resolve() != earlier]
            notes.append(f"{output}: left out as an input, as it is the output folder")
        images = (pair for path in inputs for pair in _list_inputs(path, earlier, notes))
        jobs = list(_name_outputs(images, output, extension, suffix))
        if suffix:
            made = {target.resolve() for _, target in jobs}
            jobs = [job for job in jobs if job[0].resolve() not in made]
    if skip_existing:
        jobs = [(source, target) for source, target in jobs if not os.path.isfile(target)]
    for _, target in jobs:
        refuse_existing(target, force)
    return Plan(jobs, notes)


def is_output_file(output: Path, extension: str | None = None) -> bool:
    """Whether an output is a picture file, by its name, and not a folder.

    Raises `UserError` if it is a file of another kind, of one that is not written, or not of that
    of the extension that was asked for.
    """
    if os.path.isdir(output):
        return False
    format = FORMATS.get(output.suffix.lower())
    if format:
        if extension and FORMATS[extension] != format:
            raise UserError(f"{output}: expected a name that ends in {extension}, as --format says")
        return True
    refuse_no_folder(output)
    kind = mimetypes.guess_type(output.name)[0] or ""
    if is_image(output.name) or kind.startswith("image/"):
        endings = " ".join(FORMATS)
        raise UserError(f"{output}: expected a folder, or the name of a picture ({endings})")
    return False


def _list_inputs(path: Path, earlier: Path, notes: list[str]) -> Iterator[tuple[Path, Path]]:
    """List the images at a path, but for those of an earlier run, with their paths below it."""
    if not path.is_dir():
        yield _check_exists(path), Path(path.name)
        return
    root = path.resolve()
    inside = earlier.relative_to(root) if root in earlier.parents else None
    images, others, left = [], Counter(), 0
    for file in list_files(path):
        name = file.relative_to(path)
        if inside and name.is_relative_to(inside):
            left += 1
        elif is_image(file.name):
            images.append((file, name))
        else:
            others[file.suffix.lower() or "no extension"] += 1
    if not images:
        raise UserError(f"{path}: expected images, found none{_count(others)}")
    if left:
        notes.append(f"{path}: left out {left} files of the output folder {inside}")
    if others:
        notes.append(
            f"{path}: left out {others.total()} files that are no pictures{_count(others)}"
        )
    yield from sorted(images)


def _count(kinds: Counter[str]) -> str:
    """Count files by kind, as " (3 .txt, 1 .mp4)"; nothing where there are none."""
    ordered = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    counts = ", ".join(f"{count} {kind}" for kind, count in ordered)
    return f" ({counts})" if counts else ""


def _name_outputs(
    images: Iterable[tuple[Path, Path]], folder: Path, extension: str | None, suffix: str
) -> Iterator[tuple[Path, Path]]:
    taken: dict[Path, Path] = {}
    for source, name in images:
        ending = extension or (name.suffix if name.suffix.lower() in LOSSLESS else ".png")
        for stem in (name.stem, name.name):
            target = folder / name.with_name(f"{stem}{suffix}{ending}")
            if target not in taken:
                break
        else:
            raise UserError(f"{source}: would become {target}, as {taken[target]} does")
        taken[target] = source
        yield source, target


def _check_exists(path: Path) -> Path:
    if not path.exists():
        raise UserError(f"{path}: no such file")
    return path
