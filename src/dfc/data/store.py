"""Prepared image pairs on disk: raw planes, one file a side and split, read through memory maps.

A store is a folder of `manifest.json` and, for each split, `SPLIT_target.bin` and
`SPLIT_degraded.bin`: the planes of all images, one after the other, uint8. The operating system
keeps what is in use in memory, so that data sets larger than the memory work, and several
processes share one copy.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from dfc.common.errors import UserError
from dfc.common.files import fingerprint, replace_path
from dfc.images import split_planes

FORMAT_VERSION = 2


class Example(NamedTuple):
    """An image pair in memory, on its way into a store."""

    name: str
    degraded: np.ndarray | None
    """uint8, of shape (h, w) or (h, w, C); None if every crop is to be degraded anew."""
    target: np.ndarray
    """uint8, of shape (h * scale, w * scale), with as many channels."""


@dataclass(frozen=True)
class StoredImage:
    """What the manifest says of one image pair."""

    name: str
    channels: int
    height: int
    """Of the degraded image, in pixels, as `width`."""
    width: int
    offset_target: int
    """First byte in the file of target planes."""
    offset_degraded: int | None
    """First byte in the file of degraded planes; None if every crop is to be degraded anew."""
    digest: str
    """BLAKE2 of all planes, so that the manifest alone tells whether two stores are the same."""

    @property
    def pixels(self) -> int:
        """Size of the degraded planes; the target ones are scale squared times as large."""
        return self.channels * self.height * self.width


class StoreWriter:
    """Writes a store image by image; after a kill, another one goes on where it stopped.

    Parameters
    ----------
    folder
        Where the unfinished store grows.
    scale
        How many times smaller the degraded images are, on each side.
    identity
        Everything that the images depend on: an unfinished store of another identity is deleted.
    """

    def __init__(self, folder: Path, scale: int, identity: object) -> None:
        self._folder = folder
        self._scale = scale
        self._splits: dict[str, _Split] = {}
        stamp, made_from = folder / "identity", fingerprint([FORMAT_VERSION, scale, identity])
        if not stamp.is_file() or stamp.read_text() != made_from:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            stamp.write_text(made_from)

    def written(self, split: str) -> int:
        """How many images the split ("train" or "val") has."""
        return len(self._split(split).images)

    def append(self, split: str, example: Example) -> None:
        """Write an image pair, or all but its record if killed.

        Raises
        ------
        ValueError
            If the two images of the pair do not fit each other.
        """
        self._split(split).append(example, self._scale)

    def finish(self, folder: Path) -> None:
        """Write the manifest, and move the whole store to a folder, replacing what is there."""
        records = {name: [asdict(i) for i in split.images] for name, split in self._splits.items()}
        for split in self._splits.values():
            split.close()
        manifest = {"format_version": FORMAT_VERSION, "scale": self._scale, "splits": records}
        (self._folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
        (self._folder / "identity").unlink()
        replace_path(self._folder, folder)

    def _split(self, name: str) -> "_Split":
        if name not in self._splits:
            self._splits[name] = _Split(self._folder, name, self._scale)
        return self._splits[name]


class _Split:
    """The growing files of a split, and a journal: a line for every image that is whole."""

    def __init__(self, folder: Path, name: str, scale: int) -> None:
        self._journal_file = folder / f"{name}.journal"
        self._journal_file.touch()
        *lines, _half = self._journal_file.read_text().split("\n")
        self.images = [StoredImage(**json.loads(line)) for line in lines]
        self._degraded = _plane_file(folder, name, "degraded").open("ab")
        self._target = _plane_file(folder, name, "target").open("ab")
        self._journal = self._journal_file.open("ab")
        degraded_end, target_end = _ends(self.images, scale)
        _cut(self._degraded, degraded_end)
        _cut(self._target, target_end)
        _cut(self._journal, sum(len(line) + 1 for line in lines))

    def append(self, example: Example, scale: int) -> None:
        target = split_planes(example.target)
        channels, height, width = target.shape
        shape = (channels, height // scale, width // scale)
        degraded = None if example.degraded is None else split_planes(example.degraded)
        if height % scale or width % scale or (degraded is not None and degraded.shape != shape):
            sizes = f"{target.shape} and {None if degraded is None else degraded.shape}"
            raise ValueError(f"{example.name}: {sizes} at scale {scale}")
        digest = hashlib.blake2b(target.data, digest_size=16)
        if degraded is not None:
            digest.update(degraded.data)
        image = StoredImage(
            example.name,
            *shape,
            offset_target=self._target.tell(),
            offset_degraded=None if degraded is None else self._degraded.tell(),
            digest=digest.hexdigest(),
        )
        if degraded is not None:
            self._degraded.write(degraded.data)
        self._target.write(target.data)
        self._degraded.flush()
        self._target.flush()
        self._journal.write(json.dumps(asdict(image)).encode() + b"\n")
        self._journal.flush()
        self.images.append(image)

    def close(self) -> None:
        for file in (self._degraded, self._target, self._journal):
            file.close()
        self._journal_file.unlink()


def _cut(file: BinaryIO, end: int) -> None:
    """Drop what a kill left half written."""
    file.truncate(end)
    file.seek(end)


class PairStore:
    """One split of a store, opened for reading.

    Parameters
    ----------
    folder
        A folder that `StoreWriter` finished.
    split
        "train" or "val".

    Raises
    ------
    UserError
        If the store is missing, damaged, cut short, of another version, or the split is empty.
    """

    scale: int
    """How many times smaller the degraded images are, on each side."""
    images: list[StoredImage]
    """The manifest's records, in the order of the images."""

    def __init__(self, folder: Path, split: str) -> None:
        self.scale, self.images = _read_manifest(folder, split)
        degraded_end, target_end = _ends(self.images, self.scale)
        self._degraded = _map_planes(_plane_file(folder, split, "degraded"), degraded_end)
        self._target = _map_planes(_plane_file(folder, split, "target"), target_end)

    def __len__(self) -> int:
        return len(self.images)

    def planes(self, index: int) -> tuple[np.ndarray | None, np.ndarray]:
        """Look at an image pair, without reading it into memory.

        Parameters
        ----------
        index
            0 .. len - 1.

        Returns
        -------
        degraded : numpy.ndarray or None
            uint8, read-only, of shape (channels, height, width); None if every crop is to be
            degraded anew.
        target : numpy.ndarray
            uint8, read-only, of shape (channels, height * scale, width * scale).
        """
        image, s = self.images[index], self.scale
        small = (image.channels, image.height, image.width)
        large = (image.channels, image.height * s, image.width * s)
        degraded = None
        if image.offset_degraded is not None:
            degraded = _planes_at(self._degraded, image.offset_degraded, small)
        return degraded, _planes_at(self._target, image.offset_target, large)


def _planes_at(data: np.ndarray, offset: int, shape: tuple[int, int, int]) -> np.ndarray:
    return data[offset : offset + int(np.prod(shape))].reshape(shape)


def _plane_file(folder: Path, split: str, side: str) -> Path:
    return folder / f"{split}_{side}.bin"


def _read_manifest(folder: Path, split: str) -> tuple[int, list[StoredImage]]:
    path = folder / "manifest.json"
    try:
        manifest = json.loads(path.read_text())
        if manifest["format_version"] != FORMAT_VERSION:
            found = manifest["format_version"]
            raise UserError(f"{path}: expected format version {FORMAT_VERSION}, found {found}")
        scale = manifest["scale"]
        images = [StoredImage(**record) for record in manifest["splits"].get(split, [])]
        _ends(images, scale)
    except OSError as error:
        raise UserError(f"{folder}: expected prepared data: {error}") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path}: expected the manifest of prepared data: {error!r}") from error
    if not images:
        raise UserError(f"{path}: expected images in the split {split!r}, found none")
    return scale, images


def _ends(images: Iterable[StoredImage], scale: int) -> tuple[int, int]:
    """Where the degraded and the target planes of all images end, in bytes.

    Raises
    ------
    ValueError
        If they do not lie one after the other.
    """
    degraded = target = 0
    for image in images:
        starts = (image.offset_degraded, image.offset_target)
        if starts not in ((degraded, target), (None, target)) or image.pixels <= 0:
            raise ValueError(f"the sizes and offsets of {image.name} disagree")
        degraded += image.pixels if image.offset_degraded is not None else 0
        target += image.pixels * scale**2
    return degraded, target


def _map_planes(path: Path, expected_bytes: int) -> np.ndarray:
    if not path.is_file():
        raise UserError(f"{path}: expected prepared data, found no file")
    if path.stat().st_size != expected_bytes:
        found = path.stat().st_size
        raise UserError(f"{path}: expected {expected_bytes} bytes, found {found}; prepare it again")
    if not expected_bytes:
        return np.empty(0, np.uint8)  # an empty file cannot be mapped
    return np.memmap(path, dtype=np.uint8, mode="r")
