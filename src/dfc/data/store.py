"""Prepared image pairs on disk: one .npy file an image and side, read through memory maps.

A store has a folder a split ("train" or "val"), of `NUMBER_NAME.target.npy`, their
`NUMBER_NAME.degraded.npy` (none where every crop is degraded anew), and `manifest.json`.

Image pairs are first written to a folder of their own, where a key says what each was made from,
and `KEY.json`, written last, that it is whole: there they outlive a kill, and the next preparation
takes them as they are. A store is made of hard links to them, and takes no space of its own.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dfc.common.errors import UserError
from dfc.common.files import atomic_write
from dfc.images.pixels import split_planes

FORMAT_VERSION = 4
MANIFEST = "manifest.json"
HEADER = 128
"""Bytes that .npy files of three-dimensional arrays begin with: no header need be parsed."""
BLOCK = 4096  # bytes that file systems give to files at once
MOST_MAPPED = 256  # files that a store keeps mapped: each takes one of some 1,024 file descriptors


class Example(NamedTuple):
    """An image pair in memory, on its way into a store."""

    name: str
    degraded: np.ndarray | None
    """uint8, of shape (h, w) or (h, w, C); None if every crop is to be degraded anew."""
    target: np.ndarray  # uint8, of shape (h * scale, w * scale), with as many channels


@dataclass(frozen=True)
class StoredImage:
    """What the manifest says of one image pair."""

    file: str  # what its file names start with
    scale: int  # how many times smaller the degraded image is, on each side
    channels: int
    height: int  # of the degraded image, in pixels, as `width`
    width: int
    has_degraded: bool  # False if every crop is to be degraded anew
    digest: str
    """BLAKE2 of all planes, so that the manifest alone tells whether two stores are the same."""

    @property
    def shapes(self) -> dict[str, tuple[int, int, int]]:
        """Channels, height and width of the planes, by the sides that there are."""
        sides = {"degraded": 1} if self.has_degraded else {}
        return {
            side: (self.channels, self.height * scale, self.width * scale)
            for side, scale in (sides | {"target": self.scale}).items()
        }

    @property
    def disk_bytes(self) -> int:
        """Bytes that it takes on a disk, with its description."""
        files = [int(np.prod(shape)) + HEADER for shape in self.shapes.values()]
        return sum(-(-size // BLOCK) * BLOCK for size in (*files, BLOCK))


def find_stored(folder: Path, key: str) -> StoredImage | None:
    """Find an image pair that `store_example` has written; None unless it is whole."""
    try:
        image = StoredImage(**json.loads((folder / f"{key}.json").read_text()))
        _check_files(folder, image)
    except (OSError, TypeError, ValueError, UserError):
        return None
    return image


def store_example(folder: Path, key: str, example: Example, scale: int) -> StoredImage:
    """Write an image pair to a folder, under a key, and describe it.

    Raises `ValueError` if the two images of the pair do not fit each other.
    """
    sides = {"target": split_planes(example.target)}
    channels, height, width = sides["target"].shape
    shape, found = (channels, height // scale, width // scale), None
    if example.degraded is not None:
        sides["degraded"] = split_planes(example.degraded)
        found = sides["degraded"].shape
    if height % scale or width % scale or found not in (None, shape):
        raise ValueError(f"{key}: {sides['target'].shape} and {found} at scale {scale}")
    digest = hashlib.blake2b(digest_size=16)
    for side, planes in sides.items():
        digest.update(planes)
        path = _find_file(folder, key, side)
        with atomic_write(path) as partial, partial.open("wb") as file:
            np.save(file, planes)
    image = StoredImage(key, scale, *shape, found is not None, digest.hexdigest())
    with atomic_write(folder / f"{key}.json") as partial:
        partial.write_text(json.dumps(asdict(image)))
    return image


def list_unwanted(folder: Path, keys: Collection[str]) -> list[Path]:
    """List what lies in a folder of image pairs, but belongs to none of these keys."""
    return [path for path in folder.glob("*") if path.name.split(".")[0] not in keys]


def finish_store(
    folder: Path, splits: Mapping[str, Mapping[str, StoredImage]], store: Path
) -> None:
    """Make a store of image pairs in a folder, by split and start of their file names.

    It replaces what is there, unless that is the same. Where the file system has no hard links,
    files are copied.
    """
    manifests = {}
    for split, images in splits.items():
        named = [asdict(replace(image, file=file)) for file, image in images.items()]
        manifest = {"format_version": FORMAT_VERSION, "images": named}
        manifests[split] = json.dumps(manifest, indent=2) + "\n"
    if _is_whole(store, manifests):
        return  # perhaps in use
    with atomic_write(store) as partial:
        for split, images in splits.items():
            (partial / split).mkdir(parents=True)
            for file, image in images.items():
                for side in image.shapes:
                    source = _find_file(folder, image.file, side)
                    _link(source, _find_file(partial / split, file, side))
            (partial / split / MANIFEST).write_text(manifests[split])


def _is_whole(store: Path, manifests: Mapping[str, str]) -> bool:
    """Whether a store has these manifests, and all files that they name."""
    try:
        return all(
            (store / split / MANIFEST).read_text() == text and PairStore(store, split)
            for split, text in manifests.items()
        )
    except (OSError, UserError):
        return False


def _link(source: Path, path: Path) -> None:
    try:
        os.link(source, path)
    except OSError:
        shutil.copyfile(source, path)


def _find_file(folder: Path, file: str, side: str) -> Path:
    return folder / f"{file}.{side}.npy"


def _check_files(folder: Path, image: StoredImage) -> None:
    """Refuse files of an image pair that are missing or cut short."""
    for side, shape in image.shapes.items():
        path, expected = _find_file(folder, image.file, side), np.prod(shape) + HEADER
        found = path.stat().st_size if path.is_file() else 0
        if found != expected:
            raise UserError(f"{path}: expected {expected} bytes, found {found}; prepare it again")


class PairStore:
    """One split of a store, opened for reading.

    Raises `UserError` if the store is missing, damaged, cut short or of another version, or the
    split is empty.
    """

    def __init__(self, folder: Path, split: str) -> None:
        self._folder = folder / split
        self.images = _read_manifest(folder, split)
        for image in self.images:
            _check_files(self._folder, image)
        self._map = lru_cache(MOST_MAPPED)(self._map_planes)

    def __len__(self) -> int:
        return len(self.images)

    @property
    def scale(self) -> int:
        """How many times smaller the degraded images are, on each side."""
        return self.images[0].scale

    def planes(self, index: int) -> tuple[np.ndarray | None, np.ndarray]:
        """Map an image pair, without reading it into memory.

        Returns
        -------
        degraded : uint8 [channels, height, width]; None if every crop is to be degraded anew
        target : uint8 [channels, height * scale, width * scale]
        """
        has_degraded = self.images[index].has_degraded
        return self._map(index, "degraded") if has_degraded else None, self._map(index, "target")

    def _map_planes(self, index: int, side: str) -> np.ndarray:
        image = self.images[index]
        path, shape = _find_file(self._folder, image.file, side), image.shapes[side]
        return np.memmap(path, np.uint8, "r", HEADER, shape).view(np.ndarray)


def _read_manifest(folder: Path, split: str) -> list[StoredImage]:
    path = folder / split / MANIFEST
    try:
        manifest = json.loads(path.read_text())
        if manifest["format_version"] != FORMAT_VERSION:
            found = manifest["format_version"]
            raise UserError(f"{path}: expected format version {FORMAT_VERSION}, found {found}")
        images = [StoredImage(**image) for image in manifest["images"]]
        if any(min(image.scale, image.channels, image.height, image.width) < 1 for image in images):
            raise ValueError("sizes below 1")
    except OSError as error:
        raise UserError(f"{folder}: expected prepared data: {error}") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path}: expected the manifest of prepared data: {error!r}") from error
    if not images:
        raise UserError(f"{path}: expected images in the split {split!r}, found none")
    return images
