"""Prepared image pairs on disk: one .npy file an image and side, read through memory maps.

A store has a folder a split ("train" or "val"), of `NUMBER_NAME.target.npy`, their
`NUMBER_NAME.degraded.npy` (none where every crop is degraded anew), and `manifest.json`, written
last. A file is whole or not there, so that writing goes on after a kill where it stopped, and data
sets that share images share files in DVC's cache.
"""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dfc.common.errors import UserError
from dfc.common.files import atomic_write, fingerprint, replace_path
from dfc.images.pixels import split_planes

FORMAT_VERSION = 4
MANIFEST = "manifest.json"
HEADER = 128
"""Bytes that .npy files of three-dimensional arrays begin with: no header need be parsed."""
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


def start_store(folder: Path, identity: object) -> None:
    """Create the folder of an unfinished store, or keep one that was started alike.

    The identity is everything that the images depend on, as JSON can express it.
    """
    stamp, made_from = folder / "identity", fingerprint([FORMAT_VERSION, identity])
    if not stamp.is_file() or stamp.read_text() != made_from:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        stamp.write_text(made_from)


def is_stored(folder: Path, file: str) -> bool:
    """Whether an image pair is in the folder of a split already."""
    return _find_file(folder, file, "target").exists()  # which is written last


def store_example(folder: Path, file: str, load: Callable[[], Example], scale: int) -> StoredImage:
    """Write an image pair to the folder of a split, unless it is stored, and describe it.

    `load` gives the pair, and is called only where it is to be written. Raises `ValueError` if the
    two images of the pair do not fit each other.
    """
    if not is_stored(folder, file):
        example = load()
        if example.degraded is not None:
            _write_planes(_find_file(folder, file, "degraded"), example.degraded)
        _write_planes(_find_file(folder, file, "target"), example.target)
    target = np.load(_find_file(folder, file, "target"), mmap_mode="r")
    digest = hashlib.blake2b(target.data, digest_size=16)
    channels, height, width = target.shape
    shape, found = (channels, height // scale, width // scale), None
    path = _find_file(folder, file, "degraded")
    if path.exists():
        degraded = np.load(path, mmap_mode="r")
        digest.update(degraded.data)
        found = degraded.shape
    if height % scale or width % scale or found not in (None, shape):
        raise ValueError(f"{file}: {target.shape} and {found} at scale {scale}")
    return StoredImage(file, scale, *shape, found is not None, digest.hexdigest())


def finish_store(unfinished: Path, splits: dict[str, list[StoredImage]], folder: Path) -> None:
    """Write the manifests, and move the whole store to a folder, replacing what is there."""
    for split, images in splits.items():
        manifest = {"format_version": FORMAT_VERSION, "images": [*map(asdict, images)]}
        (unfinished / split / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
    (unfinished / "identity").unlink()
    replace_path(unfinished, folder)


def _find_file(folder: Path, file: str, side: str) -> Path:
    return folder / f"{file}.{side}.npy"


def _write_planes(path: Path, image: np.ndarray) -> None:
    with atomic_write(path) as partial, partial.open("wb") as file:
        np.save(file, split_planes(image))


class PairStore:
    """One split of a store, opened for reading.

    Raises `UserError` if the store is missing, damaged, cut short or of another version, or the
    split is empty.
    """

    def __init__(self, folder: Path, split: str) -> None:
        self._folder = folder / split
        self.images = _read_manifest(folder, split)
        for image in self.images:
            for side, shape in image.shapes.items():
                path, expected = _find_file(self._folder, image.file, side), np.prod(shape) + HEADER
                found = path.stat().st_size if path.is_file() else 0
                if found != expected:
                    raise UserError(
                        f"{path}: expected {expected} bytes, found {found}; prepare it again"
                    )
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
