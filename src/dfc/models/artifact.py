"""The file a LUT or a network travels in: safetensors, self-contained, checked when loaded."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from dfc.common.errors import UserError
from dfc.common.files import atomic_write
from dfc.models.architectures import Architecture

FORMAT_VERSION = 1
Tensors = dict[str, NDArray]


def write_artifact(path: Path, kind: str, tensors: Mapping[str, NDArray], **details: Any) -> None:
    """Write tensors, and their description as JSON in the metadata."""
    # One key, since safetensors writes several in no certain order: the same LUT, the same bytes.
    header = {"dfc": json.dumps({"version": FORMAT_VERSION, "kind": kind, **details})}
    contiguous = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    with atomic_write(path) as partial:
        save_file(contiguous, partial, header)


def read_artifact(path: Path, *kinds: str) -> tuple[Tensors, dict[str, Any]]:
    """Read tensors and their description, whose `kind` is one of `kinds`.

    Raises
    ------
    UserError
        If the file is missing, damaged, or of another kind or version.
    """
    tensors, header = read_safetensors(path)
    try:
        description = json.loads(header.get("dfc", "{}"))
    except json.JSONDecodeError as error:
        raise UserError(f"{path}: its description is damaged ({error})") from None
    found = description.get("kind") if isinstance(description, dict) else None
    if found not in kinds:
        expected = " or a ".join(kinds)
        raise UserError(
            f"{path}: expected the description of a {expected}, found {found or 'none'}"
        )
    if description.get("version") != FORMAT_VERSION:
        found = description.get("version")
        raise UserError(f"{path}: expected format version {FORMAT_VERSION}, found {found}")
    return tensors, description


def read_safetensors(path: Path) -> tuple[Tensors, dict[str, str]]:
    """Read all tensors and the metadata of a safetensors file; a bad file is a `UserError`."""
    try:
        with safe_open(path, "numpy") as file:
            return {key: file.get_tensor(key) for key in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        reason = "no such file" if not path.exists() else error
        raise UserError(f"{path}: not a readable safetensors file ({reason})") from None


def describe(architecture: Architecture) -> dict[str, Any]:
    """What `architectures.build` needs to build an architecture again."""
    keys = ("name", "scale", "patterns", "stages")
    return {key: getattr(architecture, key) for key in keys}
