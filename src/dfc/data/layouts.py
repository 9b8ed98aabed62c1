"""Where data sets keep their target and their degraded images."""

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dfc.common.environment import explain_missing
from dfc.common.errors import UserError
from dfc.data.names import SPLITS, read_name
from dfc.data.roles import NamedImage, read_files, read_folders
from dfc.images.files import is_image, list_images, read_shape

PARTS = ("hr", "sharp", "target", *(name for names in SPLITS.values() for name in names))
"""Folders that are never a benchmark set by themselves."""
LARGEST_SCALE = 8  # that is looked for where no name tells it


@dataclass(frozen=True)
class Pair:
    """A target image file and the degraded one that belongs to it."""

    name: str  # unique in its set: the path below the target folder, "/" as "_", without extension
    target: Path
    degraded: Path | None  # None if there is no such file, so that it is to be made from `target`


def find_pairs(
    root: Path, scale: int, split: str = "train", reads_files: bool = True
) -> list[Pair]:
    """Find the image pairs of one data set, as the names of its folders, or files, tell them.

    `dfc.data.names` lists the words: `HR/` beside `LR_bicubic/X4/`, `GTmod12/` beside `LRbicx4/`,
    `train_sharp/` beside `train_blur/`, `a_GT.png` beside `a_NOISY.png`. What else is in its path,
    an image has in common with its counterpart. Degraded images are `scale` times smaller; those of
    another scale, by name or by size, are left out. Of folders as `train/` and `test/`, or
    `DIV2K_train_HR/`, those of the split are taken, if there are any. Without such words, all
    images anywhere below `root` are target images. Where a task never `reads_files` of degraded
    images, none are looked for.

    Returns them in the order of the paths of the target images. Raises `UserError` if there are no
    target images, two of them would have one name, one lacks the partner that others have, none of
    a folder of degraded images has a target image, or more than one might be the degraded one.
    """
    images = _select_split(_read_images(root), split)
    targets = _choose_targets(root, images, scale)
    candidates = _match(targets, [image for image in images if image.is_degraded])
    degraded = _find_degraded(targets, candidates if reads_files else [[]] * len(targets), scale)
    names = [image.name for image in targets]
    if len({*names}) < len(names):
        names = ["_".join(image.path.relative_to(root).with_suffix("").parts) for image in targets]
    pairs: dict[str, Pair] = {}
    for name, target, partner in zip(names, targets, degraded, strict=True):
        other = pairs.setdefault(name, Pair(name, target.path, partner))
        if other.target != target.path:
            raise UserError(f"{target.path}: expected another name, as {other.target} has it too")
    return list(pairs.values())


def find_benchmark_sets(
    root: Path, names: Sequence[str], scale: int, reads_files: bool = True
) -> dict[str, list[Pair]]:
    """Find the benchmark data sets in a folder of sets, or the one set that it is.

    Returns their pairs by folder name, those of `names` in this order, or of all there are. Raises
    `UserError` if a set in `names` is not there.
    """
    folders = {folder.absolute().name: folder for folder in _list_set_folders(root)}
    for name in names:
        if name not in folders:
            found = f"{', '.join(folders) or 'none'}{explain_missing(root)}"
            raise UserError(f"{root}: expected the benchmark set {name!r}; the sets found: {found}")
    return {name: find_pairs(folders[name], scale, "val", reads_files) for name in names or folders}


def join_folders(paths: Iterable[Path]) -> str:
    """Name the folders of files, with a * for what differs in them."""
    folders = {path.parent for path in paths}
    if len({len(folder.parts) for folder in folders}) > 1:
        return f"{len(folders)} folders of {os.path.commonpath(folders)}"
    parts = ({*part} for part in zip(*(folder.parts for folder in folders), strict=True))
    return str(Path(*(part.pop() if len(part) == 1 else "*" for part in parts)))


def _read_images(root: Path) -> list[NamedImage]:
    """Read the images of a data set, or of its target folder, with their counterparts beside it."""
    paths, reading = list_images(root), read_name(root.name)
    images = read_folders(root, paths)
    if any(image.words for image in images):
        return images
    if reading.says_target and root.is_dir():
        beside = [
            path
            for folder in root.parent.iterdir()
            if (other := read_name(folder.name)).says_degraded and other.rest == reading.rest
            for path in list_images(folder)
        ]
        images_and_beside = read_folders(root.parent, sorted([*paths, *beside]))
        if any(image.is_target for image in images_and_beside):
            return images_and_beside
    return read_files(images)


def _select_split(images: list[NamedImage], split: str) -> list[NamedImage]:
    """Select the images of a split where names tell target images; or else all others."""
    if not any(image.is_target for image in images):
        return images
    chosen = [image for image in images if image.words and image.split == split]
    if any(image.is_target for image in chosen):
        return chosen
    return [image for image in images if image.split != split]


def _choose_targets(root: Path, images: list[NamedImage], scale: int) -> list[NamedImage]:
    """Choose the target images: those that names call so, and those that they say nothing of.

    Of the latter, those beside the former are left out. Of several files of one image, as in
    `original/` and `GTmod12/`, the best word decides.
    """
    named = [image for image in images if image.is_target]
    homes = {image.home for image in named}
    targets = [image for image in named if image.scale in (None, scale)]
    if targets or not (named or _is_called_degraded(root.absolute())):
        others = (image for image in images if not image.words)
        targets += [image for image in others if homes.isdisjoint(image.path.parents)]
        targets.sort(key=lambda image: image.path)
    if not targets:
        found = _describe_content(root)
        if images:
            what = f"of scale {named[0].scale}" if named else "called degraded"
            found += f" ({len(images)} images {what})"
        expected = _describe_layouts(scale)
        raise UserError(f"{root}: expected {expected}; found {found}{explain_missing(root)}")
    best: dict[tuple[str, str], tuple[int, ...]] = {}
    for image in targets:
        key = image.place, image.stem
        best[key] = min(best.get(key, image.rank), image.rank)
    return [image for image in targets if image.rank == best[image.place, image.stem]]


def _is_called_degraded(folder: Path) -> bool:
    """Whether the name of a folder, or that above `X4/`, says that its images are degraded."""
    reading = read_name(folder.name)
    if reading.scale and not (reading.rest or reading.words):
        return _is_called_degraded(folder.parent)
    return reading.is_certain


def _match(targets: list[NamedImage], degraded: list[NamedImage]) -> list[list[NamedImage]]:
    """Match target images with degraded ones by their names, several each, of any scale."""
    by_name: dict[tuple[str, str], list[NamedImage]] = defaultdict(list)
    for image in degraded:
        by_name[image.place, image.loose].append(image)
    matches = [by_name.get((target.place, target.loose), []) for target in targets]
    matched = {image.path.parent for images in matches for image in images}
    for image in degraded:
        if image.path.parent not in matched:
            raise UserError(
                f"{image.path}: called degraded ({image.words[0]}); expected its target image in "
                f"{join_folders(target.path for target in targets)}, found none of that name"
            )
    return matches


def _find_degraded(
    targets: list[NamedImage], candidates: list[list[NamedImage]], scale: int
) -> list[Path | None]:
    """Find the degraded image of every target image; None for all if there are none at a scale."""
    measured: dict[tuple[Path, Path, tuple[str, ...]], int] = {}

    def measure(target: NamedImage, image: NamedImage) -> int:
        key = target.path.parent, image.path.parent, image.words  # once a folder
        if key not in measured:
            measured[key] = measure_scale(target.path, image.path)
        return measured[key]

    def choose(target: NamedImage, images: list[NamedImage]) -> Path | None:
        of_scale = [
            image
            for image in images
            if (_state_scale(target, image) or measure(target, image)) == scale
        ]
        if len(of_scale) > 1:
            of_scale = [image for image in of_scale if measure(target, image) == scale] or of_scale
        ranks = {image.path: (image.stem != target.stem, *image.rank) for image in of_scale}
        best = [path for path, rank in ranks.items() if rank == min(ranks.values())]
        if len(best) > 1:
            raise UserError(
                f"{target.path}: expected one degraded image, found {best[0]} and {best[1]}"
            )
        return best[0] if best else None

    found = [*map(choose, targets, candidates)]
    paths = [path for path in found if path]
    if paths and None in found:
        target = targets[found.index(None)]
        names = target.stem if scale == 1 else f"{target.stem} or {target.stem}x{scale}"
        raise UserError(
            f"{target.path}: expected its degraded image, named {names}, as there are "
            f"{len(paths)} in {join_folders(paths)}; found none"
        )
    return found


def _state_scale(target: NamedImage, image: NamedImage) -> int | None:
    """Say which scale names state: of folders, or of a file that is not named as its target."""
    own = None if image.stem == target.stem else read_name(image.stem).scale
    return image.scale or own


def measure_scale(target: Path, degraded: Path) -> int:
    """Measure how many times smaller a degraded image is; a `UserError` if it is no whole number.

    Where the target image has pixels left over, the degraded one may have one more for them.
    """
    large, small = (read_shape(path)[1::-1] for path in (target, degraded))
    for scale in range(1, LARGEST_SCALE + 1):
        fits = (
            few in (many // scale, -(-many // scale))
            for few, many in zip(small, large, strict=True)
        )
        if all(fits):
            return scale
    raise UserError(
        f"{degraded}: {small[0]}x{small[1]}; expected sides a whole number of times smaller, as "
        f"{target} is {large[0]}x{large[1]}"
    )


def _list_set_folders(root: Path) -> list[Path]:
    if not root.is_dir():
        return []
    entries = sorted(entry for entry in root.iterdir() if not entry.name.startswith("."))
    folders = [entry for entry in entries if entry.is_dir()]
    if any(is_image(entry.name) for entry in entries) or _are_parts([x.name for x in folders]):
        return [root] if list_images(root) else []
    return [folder for folder in folders if list_images(folder)]


def _are_parts(folders: Sequence[str]) -> bool:
    """Whether folders are parts of one set (target, degraded, train, test), and not sets each."""
    readings = [*map(read_name, folders)]
    if any(name.lower() in PARTS for name in folders):
        return True
    if readings and all(read.scale and read.rest in ("", "image") for read in readings):
        return True
    targets = {read.rest for read in readings if read.says_target}
    others = {read.rest for read in readings if not read.words}
    return any(
        read.rest in targets or (read.is_certain and read.rest in {"", *others})
        for read in readings
        if read.says_degraded
    )


def _describe_layouts(scale: int) -> str:
    pairs = (
        "train/ and test/ of SEQUENCE/sharp/ beside SEQUENCE/blur/, target/ beside input/, or "
        "a_GT.png beside a_NOISY.png"
        if scale == 1
        else f"HR/ (beside LR_bicubic/X{scale}/ or LR/X{scale}/, if any), DIV2K_train_HR/ and "
        f"DIV2K_valid_HR/ (beside DIV2K_train_LR_bicubic/X{scale}/, if any), GT/ beside LQ/, or "
        "a_HR.png beside a_LR.png"
    )
    kinds = "png, jpg, webp, tif, bmp, .."
    return f"target images ({kinds}) directly in this folder or in folders of it; or {pairs}"


def _describe_content(root: Path) -> str:
    """Say in a few words what is at a path."""
    if not root.is_dir():
        return "a file" if root.exists() else "no such folder"
    names = sorted(
        path.name + "/" * path.is_dir() for path in root.iterdir() if not path.name.startswith(".")
    )
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown or "an empty folder"
