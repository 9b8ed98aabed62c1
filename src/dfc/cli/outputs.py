"""Output paths of the command `dfc restore`."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from dfc.common.errors import UserError
from dfc.common.files import refuse_existing
from dfc.images import EXTENSIONS, is_image, list_images

LOSSLESS = (".png", ".bmp", ".tif", ".tiff")


def plan_outputs(inputs: Sequence[Path], output: Path, force: bool) -> list[tuple[Path, Path]]:
    """Plan which image becomes which file.

    An image keeps its name, and its place below an input folder; one in a lossy format becomes a
    PNG. A single image file may be given an output file instead of a folder.
    Raises `UserError` if an input is missing, a folder holds no image, two images would become the
    same file, or a file exists that may not be replaced.
    """
    if is_image(output.name) and not output.is_dir():
        if len(inputs) != 1 or inputs[0].is_dir():
            raise UserError(f"{output}: expected a folder for more than one image, got a file")
        plan = [(_check_exists(inputs[0]), output)]
    else:
        plan = [pair for path in inputs for pair in _plan_input(path, output)]
    taken: dict[Path, Path] = {}
    for source, target in plan:
        if target in taken:
            raise UserError(f"{source}: would become {target}, as {taken[target]} does")
        refuse_existing(target, force)
        taken[target] = source
    return plan


def _plan_input(path: Path, folder: Path) -> Iterator[tuple[Path, Path]]:
    if not path.is_dir():
        yield _check_exists(path), folder / _make_lossless(Path(path.name))
        return
    images = list_images(path)
    if not images:
        kinds = ", ".join(extension.removeprefix(".") for extension in EXTENSIONS)
        raise UserError(f"{path}: expected images ({kinds}), found none")
    for image in images:
        yield image, folder / _make_lossless(image.relative_to(path))


def _make_lossless(path: Path) -> Path:
    return path if path.suffix.lower() in LOSSLESS else path.with_suffix(".png")


def _check_exists(path: Path) -> Path:
    if not path.exists():
        raise UserError(f"{path}: no such file")
    return path
