"""Which images of a data set are target and which degraded ones, as folders or files are named."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dfc.common.errors import UserError
from dfc.data.names import CERTAIN, DEGRADED, OF_FOLDERS, SPLITS, TARGETS, Reading, read_name


@dataclass(frozen=True)
class NamedImage:
    """An image file, and what its folders, or its own name, say of it."""

    path: Path
    name: str  # its path in the data set, "/" as "_", without folders that say what it is
    place: str  # what its folders have in common with those of its counterpart
    stem: str  # what its name has in common with that of its counterpart,
    loose: str  # .. and where this may have a scale or a word more
    words: tuple[str, ...] = ()  # that make it a target or a degraded image, if any
    how: tuple[str, ...] = ()  # it was degraded
    scale: int | None = None
    split: str | None = None
    home: Path | None = None  # the data set that its target or degraded folder belongs to

    @property
    def is_degraded(self) -> bool:
        """Whether it is called a degraded image."""
        return any(word in DEGRADED for word in self.words)

    @property
    def is_target(self) -> bool:
        """Whether it is called a target image."""
        return bool(self.words) and not self.is_degraded

    @property
    def rank(self) -> tuple[int, ...]:
        """Which of several files is taken for one image: that of the least rank."""
        if not self.is_degraded:
            return (min(map(TARGETS.index, self.words), default=0),)
        return (self.scale is None, not {"bic", "bicubic"} & {*self.how}, len(self.how))


def read_folders(root: Path, paths: Sequence[Path]) -> list[NamedImage]:
    """Read what the folders below a data set say of its images.

    Words count where paths that are alike but for them are of a target and of a degraded image. So
    do those of a folder that says it alone: of degraded images, or HR and NAME_HR.
    """
    parts = [path.relative_to(root).with_suffix("").parts for path in paths]
    counting = _confirm((_join_rests(part), _list_words(part[:-1])) for part in parts)
    for name in {name for *folders, _ in parts for name in folders}:
        reading = read_name(name)
        if reading.is_certain or name.lower() == "hr" or name.endswith("_HR"):
            counting |= {word for word in reading.words if word in (*CERTAIN, "hr")}
    return [_read_path(root, path, part, counting) for path, part in zip(paths, parts, strict=True)]


def _read_path(root: Path, path: Path, parts: Sequence[str], counting: set[str]) -> NamedImage:
    *folders, stem = parts
    readings = {folder: read_name(folder) for folder in folders}
    telling = [folder for folder in folders if counting & {*readings[folder].words}]
    place = (
        readings[folder].rest
        if folder in telling or readings[folder].scale
        else readings[folder].whole
        for folder in folders
    )
    splits = {
        folder: _find_split(readings[folder].rest.split("_") if folder in telling else [folder])
        for folder in folders
    }
    image = NamedImage(
        path,
        "_".join(parts),
        "_".join(filter(None, place)),
        stem,
        read_name(stem).rest,
        scale=next((readings[name].scale for name in folders[::-1] if readings[name].scale), None),
        split=next(filter(None, splits.values()), None),
    )
    if not telling:
        return image
    return replace(
        image,
        name="_".join(
            [name for name in folders if name not in telling and not splits[name]] + [stem]
        ),
        words=_choose_words(readings[telling[-1]], counting),  # of the folder next to the file
        how=readings[telling[-1]].how,
        home=root.joinpath(*folders[: folders.index(telling[0])]),
    )


def read_files(images: Sequence[NamedImage]) -> list[NamedImage]:
    """Read what the names of files say, where those of folders say nothing.

    Words count where files are alike but for them. Others that begin as target images do (as what
    other methods made of an image) are left out. Raises `UserError` where target images have a word
    and further images have none.
    """
    readings = [read_name(image.stem) for image in images]
    words = [_list_words([image.stem]) - {*OF_FOLDERS} for image in images]
    places = [f"{image.place}/{image.loose}" for image in images]
    counting = _confirm(zip(places, words, strict=True))
    if images and all(word & {*CERTAIN} for word in words):
        counting |= {*CERTAIN}
    read = [
        replace(
            image,
            stem=reading.rest,
            words=_choose_words(reading, counting),
            how=reading.how,
            scale=reading.scale or image.scale,
        )
        if counting & word
        else image
        for image, reading, word in zip(images, readings, words, strict=True)
    ]
    target = next((image for image in read if image.is_target), None)
    if target is None:
        return read
    begins = {_find_beginning(image.path) for image in read if image.words}
    for image in read:
        if not image.words and _find_beginning(image.path) not in begins:
            raise UserError(
                f"{image.path}: expected a word that says whether it is a target or a degraded "
                f"image, as {target.path.name} has; found none"
            )
    return [image for image in read if image.words]


def _find_beginning(path: Path) -> Path:
    return path.parent / path.stem.rpartition("_")[0]


def _join_rests(names: Iterable[str]) -> str:
    return "_".join(filter(None, (read_name(name).rest for name in names)))


def _list_words(names: Iterable[str]) -> frozenset[str]:
    return frozenset(word for name in names for word in read_name(name).words)


def _confirm(found: Iterable[tuple[str, frozenset[str]]]) -> set[str]:
    """Find the words that tell counterparts apart.

    Of what is alike but for its words, those that not all have in common count if a target and a
    degraded image are among them. Beside those of `CERTAIN`, an image without words is a target.
    """
    groups: dict[str, list[frozenset[str]]] = defaultdict(list)
    for rest, words in found:
        groups[rest].append(words)
    confirmed: set[str] = set()
    for group in groups.values():
        words, common = frozenset.union(*group), frozenset.intersection(*group)
        degraded = (words - common) & {*DEGRADED}
        targets = (words - common) & {*TARGETS} or words & {*TARGETS}
        if targets and degraded:
            confirmed |= targets | degraded
        elif frozenset() in group:
            confirmed |= degraded & {*CERTAIN}
    return confirmed


def _choose_words(reading: Reading, counting: set[str]) -> tuple[str, ...]:
    """Choose the words that decide: those for degraded images, if there are any."""
    words = [word for word in reading.words if word in counting]
    return tuple(word for word in words if word in DEGRADED) or tuple(words)


def _find_split(words: Iterable[str]) -> str | None:
    found = {word.lower() for word in words}
    return next((split for split, names in SPLITS.items() if found & {*names}), None)
