"""Checkpoints of PyTorch, read for their tensors; nothing that a file says is ever run."""

import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO

import torch
from torch import Tensor

from dfc.common.errors import UserError

_TRUSTED = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch", "Size"): torch.Size,
    ("torch._utils", "_rebuild_parameter"): torch._utils._rebuild_parameter,
    ("torch._utils", "_rebuild_tensor_v2"): torch._utils._rebuild_tensor_v2,
} | {
    ("torch", f"{kind}Storage"): getattr(torch, f"{kind}Storage")
    for kind in ("BFloat16", "Bool", "Byte", "Char", "Double", "Float", "Half", "Int", "Long")
}
"""All that a tensor is made of. Whatever else a file names is replaced by an `_Inert`."""


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a checkpoint: a state_dict, or a whole module that was pickled.

    It is a file that `torch.save` wrote, in its present format or in that before PyTorch 1.6.
    Returns them by name; names inside dictionaries and modules are joined by dots.
    Raises `UserError` if the file is not such a checkpoint, or holds no tensor.
    """
    try:
        _refuse_bombs(path)
        loaded = torch.load(path, map_location="cpu", weights_only=False, pickle_module=_INERT)
        tensors = dict(_tensors(loaded, ""))
    except UserError:
        raise
    except Exception as error:  # unpickling foreign bytes can raise anything
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        raise UserError(f"{path}: not a readable checkpoint of PyTorch ({reason})") from None
    if not tensors:
        raise UserError(f"{path}: expected the tensors of a network, found none")
    return tensors


def _refuse_bombs(path: Path) -> None:
    """PyTorch stores its records as they are: what unpacks to more than the file is an attack."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        records = archive.infolist()
    if any(record.filename.endswith("/constants.pkl") for record in records):
        raise UserError(f"{path}: expected tensors, found a TorchScript program")
    if any(record.compress_type != zipfile.ZIP_STORED for record in records):
        raise UserError(f"{path}: expected a checkpoint of PyTorch, found a compressed archive")


def _tensors(value: Any, name: str) -> Iterator[tuple[str, Tensor]]:
    """Find the tensors in dictionaries and in what is left of modules."""
    if isinstance(value, Tensor):
        yield name, value.detach()
    elif isinstance(value, _Inert):
        for part in ("_parameters", "_buffers", "_modules"):
            yield from _tensors(vars(value).get(part), name)
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _tensors(part, f"{name}.{key}" if name else str(key))


class _Inert:
    """Takes the place of a class or function: it can be made, called and filled, and does nothing.

    What a module kept in its `__dict__` is kept, so that its tensors can be found.
    """

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, dict):
            self.__dict__.update(state)

    def append(self, _: Any) -> None:
        """Stand in for a list."""

    def __setitem__(self, _: Any, __: Any) -> None:
        """Stand in for a dictionary."""


class _InertUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return _TRUSTED.get((module, name)) or type(name, (_Inert,), {})


def _load(file: BinaryIO, **options: Any) -> Any:
    return _InertUnpickler(file, **options).load()


_INERT = SimpleNamespace(__name__="pickle", Unpickler=_InertUnpickler, load=_load)
"""What PyTorch is given in place of the module `pickle`."""
