"""Where the published data sets keep their target and their degraded images."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dfc.common.environment import explain_missing
from dfc.common.errors import UserError
from dfc.images.files import EXTENSIONS, is_image, list_images

_SPLIT_SUFFIX = {"train": "_train_HR", "val": "_valid_HR"}

# The folders of blurred images that may stand beside each folder of target ones.
_BLURRED_BESIDE = {"sharp": ("blur", "blur_gamma"), "target": ("input",)}

# Never mistaken for target images.
_DEGRADED_FOLDER = re.compile(r"(.*_)?LR(_.*)?|blur(_gamma)?")


@dataclass(frozen=True)
class Pair:
    """A target image file and the degraded one that belongs to it."""

    name: str  # unique in its set: the path below the target folder, "/" as "_", without extension
    target: Path
    degraded: Path | None  # None if there is no such file, so that it is to be made from `target`


def find_pairs(root: Path, scale: int, split: str = "train") -> list[Pair]:
    """Find the image pairs of one data set, in any of the layouts in use.

    Where folders `sharp` stand beside `blur` (or `blur_gamma`), or `target` beside `input`, their
    images of one name are pairs (GoPro: below `train/` for the split "train", below `test/` for
    "val"), at scale 1; at others, only the target ones are taken. Target images are otherwise those
    in `HR/`, in `*_train_HR/` or `*_valid_HR/` (DIV2K), in the only `*_HR/`, or else anywhere below
    `root`. Degraded ones, `scale` times smaller, are looked for in `LR_bicubic/X4/` and `LR/X4/`
    (at scale 4) and, for DIV2K, in `DIV2K_train_LR_bicubic/X4/` beside `DIV2K_train_HR/`; they are
    named as the target image, with or without "x4" at the end.

    Returns them in the order of the paths of the target images. Raises `UserError` if there are no
    images, two of them would have one name, or one lacks the partner that others have.
    """
    pairs = _find_blur_pairs(root, scale, split) or _find_sr_pairs(root, scale, split)
    if not pairs:
        raise UserError(
            f"{root}: expected {_describe_layouts(scale)}; found {_describe_content(root)}"
            f"{explain_missing(root)}"
        )
    by_name: dict[str, Pair] = {}
    for pair in pairs:
        other = by_name.setdefault(pair.name, pair)
        if other is not pair:
            raise UserError(f"{pair.target}: expected another name, as {other.target} has it too")
    return pairs


def _find_blur_pairs(root: Path, scale: int, split: str) -> list[Pair]:
    """Pairs of GoPro and of those that keep `input` and `target` apart; none in other layouts."""
    part = root / ("train" if split == "train" else "test")
    root = part if part.is_dir() else root
    pairs: list[Pair] = []
    unpaired: list[Path] = []
    for target_name, blurred_names in _BLURRED_BESIDE.items():
        for folder in sorted(path for path in root.rglob(target_name) if path.is_dir()):
            beside = (folder.with_name(name) for name in blurred_names)
            blurred = next((path for path in beside if path.is_dir()), None)
            if blurred is None:
                unpaired.append(folder)
                continue
            place = folder.parent.relative_to(root).as_posix()
            partners = _map_stems(blurred)
            for stem, target in _map_stems(folder).items():
                name = f"{place}/{stem}".removeprefix("./").replace("/", "_")
                degraded = _find_partner(target, [stem], partners, blurred)
                pairs.append(Pair(name, target, degraded if scale == 1 else None))
    if pairs and unpaired:
        raise UserError(f"{unpaired[0]}: expected blurred images beside it, as in other folders")
    return pairs


def _find_sr_pairs(root: Path, scale: int, split: str) -> list[Pair]:
    """Target images with, in the layouts of super-resolution, their smaller ones."""
    folder = _find_target_folder(root, split)
    degraded_folder = _find_degraded_folder(folder, scale)
    partners = _map_stems(degraded_folder) if degraded_folder else {}
    pairs = []
    for target in list_images(folder):
        stem, degraded = _get_stem(target, folder), None
        if any(map(_is_degraded, stem.split("/")[:-1])):
            continue
        if partners:
            degraded = _find_partner(target, [stem, f"{stem}x{scale}"], partners, degraded_folder)
        pairs.append(Pair(stem.replace("/", "_"), target, degraded))
    return pairs


def _find_partner(target: Path, stems: list[str], partners: dict[str, Path], folder: Path) -> Path:
    for stem in stems:
        if stem in partners:
            return partners[stem]
    names = " or ".join(stems)
    raise UserError(
        f"{target}: expected its degraded image in {folder}, named {names}; "
        f"found none among the {len(partners)} there"
    )


def _map_stems(folder: Path) -> dict[str, Path]:
    return {_get_stem(path, folder): path for path in list_images(folder)}


def _get_stem(path: Path, folder: Path) -> str:
    """The path below a folder, without extension."""
    return path.relative_to(folder).with_suffix("").as_posix()


def find_benchmark_sets(root: Path, names: Sequence[str], scale: int) -> dict[str, list[Pair]]:
    """Find the benchmark data sets in a folder of sets, or the one set that it is.

    Returns their pairs by folder name, those of `names` in this order, or of all there are. Raises
    `UserError` if a set in `names` is not there.
    """
    folders = {folder.absolute().name: folder for folder in _list_set_folders(root)}
    for name in names:
        if name not in folders:
            found = f"{', '.join(folders) or 'none'}{explain_missing(root)}"
            raise UserError(f"{root}: expected the benchmark set {name!r}; the sets found: {found}")
    return {name: find_pairs(folders[name], scale, "val") for name in names or folders}


def _list_set_folders(root: Path) -> list[Path]:
    if not root.is_dir():
        return []
    entries = sorted(root.iterdir())
    names = {entry.name for entry in entries}
    one_set = names & {"HR", "train", "test", *_BLURRED_BESIDE}
    if one_set or any(_is_degraded(name) or is_image(name) for name in names):
        return [root] if list_images(root) else []
    return [entry for entry in entries if not entry.name.startswith(".") and list_images(entry)]


def _find_target_folder(root: Path, split: str) -> Path:
    if (root / "HR").is_dir():
        return root / "HR"
    for pattern in (f"*{_SPLIT_SUFFIX[split]}", "*_HR"):
        folders = [folder for folder in root.glob(pattern) if folder.is_dir()]
        if len(folders) == 1:
            return folders[0]
    return root


def _find_degraded_folder(target_folder: Path, scale: int) -> Path | None:
    set_folder = target_folder.parent if target_folder.name == "HR" else target_folder
    candidates = [set_folder / "LR_bicubic", set_folder / "LR"]
    if target_folder.name.endswith("_HR"):
        sibling = target_folder.name.removesuffix("HR") + "LR_bicubic"
        candidates.insert(0, target_folder.with_name(sibling))
    folders = (candidate / f"X{scale}" for candidate in candidates)
    return next((folder for folder in folders if folder.is_dir()), None)


def _is_degraded(folder_name: str) -> bool:
    """Whether it holds degraded images: LR, LR_bicubic, DIV2K_train_LR_bicubic, blur, .."""
    return bool(_DEGRADED_FOLDER.fullmatch(folder_name))


def _describe_layouts(scale: int) -> str:
    kinds = ", ".join(extension.removeprefix(".") for extension in EXTENSIONS)
    pairs = (
        "train/ and test/ of SEQUENCE/sharp/ beside SEQUENCE/blur/, or target/ beside input/"
        if scale == 1
        else f"HR/ (beside LR_bicubic/X{scale}/ or LR/X{scale}/, if any), or DIV2K_train_HR/ and "
        f"DIV2K_valid_HR/ (beside DIV2K_train_LR_bicubic/X{scale}/, if any)"
    )
    return f"images ({kinds}) directly in this folder or in folders of it; or {pairs}"


def _describe_content(root: Path) -> str:
    """Say in a few words what is at a path."""
    if not root.is_dir():
        return "a file" if root.exists() else "no such folder"
    names = sorted(
        path.name + "/" * path.is_dir() for path in root.iterdir() if not path.name.startswith(".")
    )
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown or "an empty folder"
