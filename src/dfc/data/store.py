"""Prepared image pairs on disk: raw planes, one file a side and split, read through memory maps.

A store is a folder of `manifest.json` and, for each split, `SPLIT_sharp.bin` and
`SPLIT_degraded.bin`: the planes of all images, one after the other, uint8. The operating system
keeps what is in use in memory, so that data sets larger than the memory work, and several
processes share one copy.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from dfc.data.images import to_planes
from dfc.errors import UserError
from dfc.files import written_whole

FORMAT_VERSION = 1


class Example(NamedTuple):
    """An image pair in memory, on its way into a store."""

    name: str
    source: str
    """Where it comes from, for messages: a path, or the name of a sample photograph."""
    degraded: np.ndarray
    """uint8, of shape (h, w) or (h, w, C)."""
    sharp: np.ndarray
    """uint8, of shape (h * scale, w * scale), with as many channels."""


@dataclass(frozen=True)
class StoredImage:
    """What the manifest says of one image pair."""

    name: str
    source: str
    channels: int
    height: int
    """Of the degraded image, in pixels, as `width`."""
    width: int
    offset_sharp: int
    """First byte in the file of sharp planes."""
    offset_degraded: int
    """First byte in the file of degraded planes."""
    digest: str
    """BLAKE2 of all planes, so that the manifest alone tells whether two stores are the same."""

    @property
    def degraded_bytes(self) -> int:
        """Size of the degraded planes; the sharp ones are scale squared times as large."""
        return self.channels * self.height * self.width


def write_store(folder: Path, splits: Mapping[str, Iterable[Example]], scale: int) -> None:
    """Write a store, whole or not at all, with one image pair in memory at a time.

    Parameters
    ----------
    folder
        The folder to create or replace.
    splits
        The image pairs of each split ("train", "val"), kept in the order they come in.
    scale
        How many times smaller the degraded images are, on each side.

    Raises
    ------
    ValueError
        If the two images of a pair do not fit each other.
    """
    with written_whole(folder) as partial:
        partial.mkdir()
        records = {
            split: _write_split(partial, split, examples, scale)
            for split, examples in splits.items()
        }
        manifest = {"format_version": FORMAT_VERSION, "scale": scale, "splits": records}
        (partial / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


def _write_split(
    folder: Path, split: str, examples: Iterable[Example], scale: int
) -> list[dict[str, Any]]:
    with (
        _plane_file(folder, split, "sharp").open("wb") as sharp_file,
        _plane_file(folder, split, "degraded").open("wb") as degraded_file,
    ):
        return [asdict(_append(example, sharp_file, degraded_file, scale)) for example in examples]


def _append(
    example: Example, sharp_file: BinaryIO, degraded_file: BinaryIO, scale: int
) -> StoredImage:
    degraded, sharp = to_planes(example.degraded), to_planes(example.sharp)
    channels, height, width = degraded.shape
    if sharp.shape != (channels, height * scale, width * scale):
        raise ValueError(f"{example.source}: {degraded.shape} and {sharp.shape} at scale {scale}")
    sharp_digest = hashlib.blake2b(sharp.data).digest()
    record = StoredImage(
        name=example.name,
        source=example.source,
        channels=channels,
        height=height,
        width=width,
        offset_sharp=sharp_file.tell(),
        offset_degraded=degraded_file.tell(),
        digest=hashlib.blake2b(degraded.data, key=sharp_digest, digest_size=16).hexdigest(),
    )
    sharp_file.write(sharp.data)
    degraded_file.write(degraded.data)
    return record


class PairStore:
    """One split of a store, opened for reading.

    Parameters
    ----------
    folder
        A folder that `write_store` wrote.
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
        self.folder = folder
        self.scale, self.images = _read_manifest(folder, split)
        last = self.images[-1]
        degraded_end = last.offset_degraded + last.degraded_bytes
        sharp_end = last.offset_sharp + last.degraded_bytes * self.scale**2
        self._degraded = _map_planes(_plane_file(folder, split, "degraded"), degraded_end)
        self._sharp = _map_planes(_plane_file(folder, split, "sharp"), sharp_end)

    def __len__(self) -> int:
        return len(self.images)

    def planes(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Look at an image pair, without reading it into memory.

        Parameters
        ----------
        index
            0 .. len - 1.

        Returns
        -------
        degraded : numpy.ndarray
            uint8, read-only, of shape (channels, height, width).
        sharp : numpy.ndarray
            uint8, read-only, of shape (channels, height * scale, width * scale).
        """
        image, s = self.images[index], self.scale
        small = (image.channels, image.height, image.width)
        large = (image.channels, image.height * s, image.width * s)
        return (
            _planes_at(self._degraded, image.offset_degraded, small),
            _planes_at(self._sharp, image.offset_sharp, large),
        )


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
        contiguous = _is_contiguous(images, scale)
    except OSError as error:
        raise UserError(f"{folder}: expected prepared data: {error}") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path}: expected the manifest of prepared data: {error!r}") from error
    if not images:
        raise UserError(f"{path}: expected images in the split {split!r}, found none")
    if not contiguous:
        raise UserError(f"{path}: expected images one after the other; sizes and offsets disagree")
    return scale, images


def _is_contiguous(images: list[StoredImage], scale: int) -> bool:
    offset = 0
    for image in images:
        expected = (offset, offset * scale**2)
        if (image.offset_degraded, image.offset_sharp) != expected or image.degraded_bytes <= 0:
            return False
        offset += image.degraded_bytes
    return True


def _map_planes(path: Path, expected_bytes: int) -> np.ndarray:
    if not path.is_file():
        raise UserError(f"{path}: expected prepared data, found no file")
    if path.stat().st_size != expected_bytes:
        found = path.stat().st_size
        raise UserError(f"{path}: expected {expected_bytes} bytes, found {found}; prepare it again")
    return np.memmap(path, dtype=np.uint8, mode="r")
