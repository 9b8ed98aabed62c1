"""Checkpoints of PyTorch, read for their tensors; nothing that a file says is ever run."""

import pickle
import pickletools
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from itertools import islice
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
}
"""What a tensor is made of; whatever else a file names is replaced by an `_Inert`."""
_STORAGES = ("BFloat16", "Bool", "Byte", "Char", "Double", "Float", "Half", "Int", "Long")
MOST_OPERATIONS = 10**6  # of a pickle; a network of 100 layers takes some 5,000
MOST_TENSORS = 10**4


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a checkpoint: a state_dict, or a whole module that was pickled.

    It is a file that `torch.save` wrote, in its present format or in that before PyTorch 1.6.
    Returns them by name; names inside dictionaries and modules are joined by dots.
    Raises `UserError` if the file is not such a checkpoint, or holds no tensor.
    """
    try:
        _refuse_bombs(path)
        loaded = torch.load(path, map_location="cpu", weights_only=False, pickle_module=_INERT)
        tensors = dict(islice(_tensors(loaded, "", set()), MOST_TENSORS))
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


def _tensors(value: Any, name: str, seen: set[int]) -> Iterator[tuple[str, Tensor]]:
    """Find the tensors in dictionaries and in what is left of modules; each is looked at once."""
    if isinstance(value, Tensor):
        if value.nbytes > value.untyped_storage().nbytes():
            raise ValueError(f"{name} has {value.numel():,} numbers, and fewer are stored")
        yield name, value.detach()
    elif isinstance(value, (_Inert, Mapping)) and id(value) not in seen:
        seen.add(id(value))
        if isinstance(value, _Inert):
            for part in ("_parameters", "_buffers", "_modules"):
                yield from _tensors(vars(value).get(part), name, seen)
            return
        for key, part in value.items():
            yield from _tensors(part, f"{name}.{key}" if name else str(key), seen)


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
    def __init__(self, file: BinaryIO, **options: Any) -> None:
        super().__init__(file, **options)
        self._file = file

    def load(self) -> Any:
        start = self._file.tell()
        _check_operations(self._file)
        self._file.seek(start)
        return super().load()

    def find_class(self, module: str, name: str) -> Any:
        kind = name.removesuffix("Storage")
        # PyTorch asks the class of a storage for its type alone; to make one may cost any memory.
        holds = {"dtype": getattr(torch, f"{kind}Storage").dtype} if kind in _STORAGES else {}
        return _TRUSTED.get((module, name)) or type(name, (_Inert,), holds)


def _check_operations(file: BinaryIO) -> None:
    """Refuse a pickle that asks for more memory than it could need, before it is run."""
    start = file.tell()
    for count, (operation, argument, position) in enumerate(pickletools.genops(file)):
        stores = operation.name in ("PUT", "BINPUT", "LONG_BINPUT")
        if count > MOST_OPERATIONS or (stores and argument > position - start):
            raise ValueError("it asks for more memory than a network could need")


def _load(file: BinaryIO, **options: Any) -> Any:
    return _InertUnpickler(file, **options).load()


_INERT = SimpleNamespace(__name__="pickle", Unpickler=_InertUnpickler, load=_load)
"""What PyTorch is given in place of the module `pickle`."""
