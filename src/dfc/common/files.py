"""Atomic writes: files that a reader never meets half written; tensors; digests of results."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dfc.common.errors import UserError

SMALLEST_SPACE = 2**16  # bytes; where there are fewer, writing has failed for want of them


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Write a file or folder atomically: beside `path`, and renamed onto it when all went well.

    Its parent is created, and what stands there is replaced.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.filename}: {error.strerror}") from error
    partial = get_partial_path(path)
    remove_path(partial)
    try:
        yield partial
        replace_path(partial, path)
    except Exception as error:
        # Libraries say in many ways that there was no space left, or do not say it.
        if shutil.disk_usage(path.parent).free < SMALLEST_SPACE:
            raise UserError(f"{path}: cannot be written: no space left on the disk") from error
        if isinstance(error, OSError) and error.filename in (None, str(partial)):
            raise UserError(f"{path}: cannot be written: {error.strerror}") from error
        raise
    finally:
        remove_path(partial)


def read_safetensors(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Read all tensors and the metadata of a safetensors file; a bad file is a `UserError`."""
    from safetensors import SafetensorError, safe_open  # not needed by those that only write

    try:
        with safe_open(path, "numpy") as file:
            return {key: file.get_tensor(key) for key in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        reason = "no such file" if not path.exists() else error
        raise UserError(f"{path}: not a readable safetensors file ({reason})") from None


def replace_path(whole: Path, path: Path) -> None:
    """Rename a file or folder that is whole, replacing what stands at the new path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if whole.is_dir():
        remove_path(path)  # a folder cannot be renamed onto one that is not empty
    os.replace(whole, path)


def get_partial_path(path: Path) -> Path:
    """Name the path where `atomic_write` keeps a file or folder until it is whole."""
    return path.with_name(f".{path.name}.partial")


def refuse_existing(path: Path, force: bool | None) -> None:
    """Refuse, with a `UserError`, to replace a file unless `force` is true, and all else always.

    `force` is None where there is no option that a user could give. A folder that no file can be
    written to is refused, too: better before the work than after it.
    """
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir():
        raise UserError(f"{path}: cannot be written: {folder}: expected a folder, found a file")
    if not os.access(folder, os.W_OK):
        raise UserError(f"{path}: cannot be written: {folder} is write-protected")
    if path.exists() and not path.is_file():
        found = "a folder" if path.is_dir() else "a device or a pipe"
        raise UserError(f"{path}: expected a file, found {found}")
    if path.exists() and not force:
        hint = "" if force is None else "; --force replaces it"
        raise UserError(f"{path}: exists already{hint}")


def fingerprint(identity: Any) -> str:
    """Compute a digest of anything that JSON can express: of what a result depends on."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def hash_file(path: Path) -> str:
    """Compute the digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove_path(path: Path) -> None:
    """Remove a file, a folder with all that is in it, or nothing."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
