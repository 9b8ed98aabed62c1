"""Where the published data sets keep their sharp and their degraded images."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dfc.data.images import EXTENSIONS, is_image, list_images
from dfc.errors import UserError

_SPLIT_SUFFIX = {"train": "_train_HR", "val": "_valid_HR"}

_BLURRED_BESIDE = {"sharp": ("blur", "blur_gamma"), "target": ("input",)}

# LR, LR_bicubic, DIV2K_train_LR_bicubic: never mistaken for sharp images.
_DEGRADED_FOLDER = re.compile(r"(.*_)?LR(_.*)?")


@dataclass(frozen=True)
class Pair:
    """A sharp image file and the degraded one that belongs to it."""

    name: str
    """Unique in its set: the path below the sharp folder, "/" as "_", without extension."""
    sharp: Path
    degraded: Path | None
    """None if there is no such file, so that it is to be made from `sharp`."""


def find_pairs(root: Path, scale: int, split: str = "train") -> list[Pair]:
    """Find the image pairs of one data set, in any of the layouts in use.

    Where folders `sharp` stand beside `blur` (or `blur_gamma`), or `target` beside `input`, their
    images of one name are pairs (GoPro: below `train/` for training, below `test/` otherwise).
    Sharp images are otherwise those in `HR/`, in `*_train_HR/` or `*_valid_HR/` (DIV2K), in the
    only `*_HR/`, or else anywhere below `root`. Degraded ones are looked for in `LR_bicubic/X4/`
    and `LR/X4/` (at scale 4) and, for DIV2K, in `DIV2K_train_LR_bicubic/X4/` beside
    `DIV2K_train_HR/`; they are named as the sharp image, with or without "x4" at the end, with any
    image extension.

    Parameters
    ----------
    root
        The folder of the data set.
    scale
        How many times smaller the degraded images are, on each side.
    split
        "train" or "val": which part to take where a set keeps the two apart.

    Returns
    -------
    list of Pair
        In the order of the paths of the sharp images.

    Raises
    ------
    UserError
        If there are no images, two of them would have one name, or one has no blurred partner.
    """
    if blurred := _blurred_pairs(root, split):
        return blurred
    folder = _sharp_folder(root, split)
    sharp = _sharp_images(folder)
    if not sharp:
        raise UserError(f"{root}: {_expected_layouts(scale)}")
    degraded = _degraded_images(folder, scale)
    pairs: dict[str, Pair] = {}
    for path in sharp:
        stem = path.relative_to(folder).with_suffix("").as_posix()
        name = stem.replace("/", "_")
        if name in pairs:
            raise UserError(f"{path}: expected another name, as {pairs[name].sharp} has it too")
        pairs[name] = Pair(name, path, degraded.get(stem) or degraded.get(f"{stem}x{scale}"))
    return list(pairs.values())


def _blurred_pairs(root: Path, split: str) -> list[Pair]:
    """Pairs of GoPro and of those that keep `input` and `target` apart; none in other layouts."""
    part = root / ("train" if split == "train" else "test")
    root = part if part.is_dir() else root
    pairs = []
    for sharp_name, blurred_names in _BLURRED_BESIDE.items():
        for folder in sorted(path for path in root.rglob(sharp_name) if path.is_dir()):
            beside = (folder.with_name(name) for name in blurred_names)
            blurred = next((path for path in beside if path.is_dir()), None)
            if blurred is None:
                continue
            partners = {path.relative_to(blurred): path for path in list_images(blurred)}
            for sharp in list_images(folder):
                inside = sharp.relative_to(folder)
                if inside not in partners:
                    raise UserError(f"{sharp}: expected its blurred image {blurred / inside}")
                name = (folder.parent.relative_to(root) / inside.with_suffix("")).as_posix()
                pairs.append(Pair(name.replace("/", "_"), sharp, partners[inside]))
    return pairs


def benchmark_sets(root: Path, names: Sequence[str], scale: int) -> dict[str, list[Pair]]:
    """Find the benchmark data sets in a folder.

    Parameters
    ----------
    root
        One set (it has `HR/`, or images directly in it), or a folder of sets.
    names
        The sets to take, in this order; empty for all of them.
    scale
        As for `find_pairs`.

    Returns
    -------
    dict of str to list of Pair
        By folder name; empty if there are no images and `names` is empty.

    Raises
    ------
    UserError
        If a set in `names` is not there.
    """
    folders = {folder.absolute().name: folder for folder in _set_folders(root)}
    for name in names:
        if name not in folders:
            found = ", ".join(folders) or "none"
            raise UserError(f"{root}: expected the benchmark set {name!r}; the sets found: {found}")
    return {name: find_pairs(folders[name], scale, "val") for name in names or folders}


def _set_folders(root: Path) -> list[Path]:
    if not root.is_dir():
        return []
    entries = sorted(root.iterdir())
    names = {entry.name for entry in entries}
    is_set = names & {"HR", "train", "test", *_BLURRED_BESIDE} or any(map(is_image, names))
    if is_set:
        return [root] if _sharp_images(root) else []
    return [
        entry
        for entry in entries
        if not entry.name.startswith(".")
        and not _DEGRADED_FOLDER.fullmatch(entry.name)
        and _sharp_images(entry)
    ]


def _sharp_folder(root: Path, split: str) -> Path:
    if (root / "HR").is_dir():
        return root / "HR"
    for pattern in (f"*{_SPLIT_SUFFIX[split]}", "*_HR"):
        folders = [folder for folder in root.glob(pattern) if folder.is_dir()]
        if len(folders) == 1:
            return folders[0]
    return root


def _sharp_images(folder: Path) -> list[Path]:
    """List the images below `folder`, save those in a folder of degraded ones."""

    def is_sharp(path: Path) -> bool:
        folders = path.relative_to(folder).parts[:-1]
        return not any(_DEGRADED_FOLDER.fullmatch(name) for name in folders)

    return [path for path in list_images(folder) if is_sharp(path)]


def _degraded_images(sharp_folder: Path, scale: int) -> dict[str, Path]:
    """Map the path below the folder of degraded images, without extension, to the file."""
    set_folder = sharp_folder.parent if sharp_folder.name == "HR" else sharp_folder
    candidates = [set_folder / "LR_bicubic", set_folder / "LR"]
    if sharp_folder.name.endswith("_HR"):
        sibling = sharp_folder.name.removesuffix("HR") + "LR_bicubic"
        candidates.insert(0, sharp_folder.with_name(sibling))
    for folder in (candidate / f"X{scale}" for candidate in candidates):
        if folder.is_dir():
            images = list_images(folder)
            return {p.relative_to(folder).with_suffix("").as_posix(): p for p in images}
    return {}


def _expected_layouts(scale: int) -> str:
    kinds = ", ".join(extension.removeprefix(".") for extension in EXTENSIONS)
    return (
        f"expected images ({kinds}) in HR/ (beside LR_bicubic/X{scale}/ or LR/X{scale}/, if any), "
        "in DIV2K_train_HR/ or DIV2K_valid_HR/, or directly in this folder; found none"
    )
