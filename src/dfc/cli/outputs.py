"""Output paths of the command `dfc restore`."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from dfc.common.errors import UserError
from dfc.common.files import refuse_existing
from dfc.images.files import EXTENSIONS, is_image, list_images

LOSSLESS = (".png", ".bmp", ".tif", ".tiff")


def plan_outputs(
    inputs: Sequence[Path],
    output: Path,
    force: bool = False,
    skip_existing: bool = False,
    extension: str | None = None,
    suffix: str = "",
) -> list[tuple[Path, Path]]:
    """Plan which image becomes which file.

    An image keeps its name, with a suffix, and its place below an input folder; one in a lossy
    format becomes a PNG, unless an extension is given for all. A single image file may be given an
    output file instead of a folder. Of two that would become one file, as `a.png` and `a.jpg`, the
    second keeps its extension in the name, as `a.jpg.png`.
    Raises `UserError` if an input is missing, a folder holds no image, or a file exists that may be
    neither replaced nor skipped.
    """
    if is_image(output.name) and not output.is_dir():
        if len(inputs) != 1 or inputs[0].is_dir():
            raise UserError(f"{output}: expected a folder for more than one image, got a file")
        plan = [(_check_exists(inputs[0]), output)]
    else:
        images = (pair for path in inputs for pair in _list_inputs(path))
        plan = list(_name_outputs(images, output, extension, suffix))
    if skip_existing:
        return [(source, target) for source, target in plan if not target.is_file()]
    for _, target in plan:
        refuse_existing(target, force)
    return plan


def _list_inputs(path: Path) -> Iterator[tuple[Path, Path]]:
    """List the images at a path, and what each is called below the output folder."""
    if not path.is_dir():
        yield _check_exists(path), Path(path.name)
        return
    images = list_images(path)
    if not images:
        kinds = ", ".join(extension.removeprefix(".") for extension in EXTENSIONS)
        raise UserError(f"{path}: expected images ({kinds}), found none")
    for image in images:
        yield image, image.relative_to(path)


def _name_outputs(
    images: Iterator[tuple[Path, Path]], folder: Path, extension: str | None, suffix: str
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
