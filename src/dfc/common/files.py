"""Atomic writes: files that a reader never meets half written; tensors; digests of results."""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from dfc.common.errors import UserError

LONGEST_NAME = 255  # bytes, on most file systems
SMALLEST_SPACE = 2**16  # bytes; where there are fewer, writing has failed for want of them


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Write a file or folder atomically: beside `path`, and renamed onto it when all went well.

    Its parent is created, and what stands there is replaced. Raises `UserError` where it cannot be
    written, or another process is writing it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.filename}: {error.strerror}") from error
    partial = get_partial_path(path)
    lock = partial.with_suffix(".lock")
    try:
        with lock.open("w") as file:
            _take(file, path)
            try:
                try:
                    remove_path(partial)
                    yield partial
                finally:  # before there is a whole file, where this process may be ended
                    lock.unlink(missing_ok=True)
                replace_path(partial, path)
            finally:
                remove_path(partial)
    except Exception as error:
        # Libraries say in many ways that there was no space left, or do not say it.
        if shutil.disk_usage(path.parent).free < SMALLEST_SPACE:
            raise UserError(f"{path}: cannot be written: no space left on the disk") from error
        own = (None, str(partial), str(lock))
        if isinstance(error, OSError) and error.filename in own:
            raise UserError(f"{path}: cannot be written: {error.strerror or error}") from error
        raise


def _take(lock: TextIO, path: Path) -> None:
    """Take the lock on what is written to a path; a `UserError` if another process has it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UserError(f"{path}: cannot be written: another process is writing it") from None
    except OSError:  # a file system without locks
        pass


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
    name = f".{path.name}.partial"
    if len(os.fsencode(name)) > LONGEST_NAME:
        name = f".{hashlib.sha256(os.fsencode(path.name)).hexdigest()}.partial"
    return path.with_name(name)


def refuse_existing(path: Path, force: bool | None) -> None:
    """Refuse, with a `UserError`, to replace a file unless `force` is true, and all else always.

    `force` is None where there is no option that a user could give. A folder that no file can be
    written to is refused, too: better before the work than after it.
    """
    if path == Path("-"):
        raise UserError("-: expected a file; standard output takes pictures and videos alone")
    folder = next(parent for parent in path.absolute().parents if os.path.exists(parent))
    if not folder.is_dir():
        raise UserError(f"{path}: cannot be written: {folder}: expected a folder, found a file")
    if not os.access(folder, os.W_OK):
        raise UserError(f"{path}: cannot be written: {folder} is write-protected")
    there = os.path.exists(path)  # which takes a name that is too long for one that is not there
    if there and not path.is_file():
        found = "a folder" if path.is_dir() else "a device or a pipe"
        raise UserError(f"{path}: expected a file, found {found}")
    if there and not force:
        hint = "" if force is None else "; --force replaces it"
        raise UserError(f"{path}: exists already{hint}")


def refuse_no_folder(path: Path) -> None:
    """Refuse, with a `UserError`, what cannot be a folder to write to: a file, standard output."""
    if path == Path("-"):
        raise UserError("-: expected a folder, found standard output")
    if os.path.exists(path) and not os.path.isdir(path):
        raise UserError(f"{path}: expected a folder, found a file")


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
