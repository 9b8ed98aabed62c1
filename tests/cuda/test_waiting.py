"""A training step keeps the host from waiting: nothing is copied from or to it on the way.

That is found out without a GPU, on PyTorch's device `meta`, where tensors have no values.
"""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, Self

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from dfc.engine.training import EngineModel
from dfc.models.architectures import ARCHITECTURES, build
from dfc.models.lut import Lut
from dfc.models.network import Network
from dfc.training.loop import Ema, compute_loss, take_step

MakeLut = Callable[..., Lut]
DEVICE = torch.device("meta")
COLOURS = {"pair_lut": 3}


class CopyRecorder(TorchFunctionMode):
    """Notes what makes tensors of numbers in Python, and operations that mix host and device."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        listed = func is Tensor.__getitem__ and has_numbers(args[1])
        if listed or func in (torch.tensor, torch.as_tensor, Tensor.new_tensor):
            self.found.append(func.__name__)
        return func(*args, **(kwargs or {}))

    def __enter__(self) -> Self:
        self.below = MixRecorder(self.found)
        self.below.__enter__()
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self.below.__exit__(*error)


class MixRecorder(TorchDispatchMode):
    """Notes operations below Python, of the backward pass as well, on tensors of both."""

    def __init__(self, found: list[str]) -> None:
        super().__init__()
        self.found = found

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        made = func(*args, **(kwargs or {}))
        tensors = [leaf for leaf in tree_leaves((args, kwargs, made)) if isinstance(leaf, Tensor)]
        on_host = [each.ndim > 0 for each in tensors if each.device != DEVICE]
        if any(on_host) and len(on_host) < len(tensors):
            self.found.append(str(func))
        return made


def has_numbers(index: Any) -> bool:
    """Whether an index has numbers that become a tensor."""
    return any(isinstance(part, (list, np.ndarray)) for part in tree_leaves(index, is_list))


def is_list(part: Any) -> bool:
    return isinstance(part, list)


def record_copies(model: nn.Module, colours: int) -> list[str]:
    """Name the copies between host and device in the second step: the first may put constants."""
    model = model.to(DEVICE).train()
    optimizer, ema = torch.optim.SGD(model.parameters()), Ema(model)
    degraded = torch.empty(2, colours, 9, 8, device=DEVICE)
    target = torch.empty(2, colours, 18, 16, device=DEVICE)
    recorder = CopyRecorder()
    for recording in (nullcontext(), recorder):
        with recording:
            loss = take_step(compute_loss(model(degraded), target, floor=1e-3), optimizer)
            ema.update(model)
    assert loss.device == DEVICE and all(each.device == DEVICE for each in model.parameters())
    return recorder.found


def test_copies_are_noticed() -> None:
    values = torch.empty(3, device=DEVICE)
    copies = {
        "__getitem__": lambda: values[[1, 2]],
        "new_tensor": lambda: values.new_tensor([1.0, 2.0]),
        "aten._to_copy.default": lambda: torch.ones(2).to(DEVICE),
    }
    for name, copy in copies.items():
        with CopyRecorder() as recorder:
            copy()
        assert recorder.found == [name]
    with pytest.raises(RuntimeError, match="meta tensors"):
        values.sum().item()


CASES = [("mulut", False), *((name, True) for name in ARCHITECTURES)]


@pytest.mark.parametrize(("name", "compressed"), CASES)
def test_a_step_of_tables_copies_nothing(make_lut: MakeLut, name: str, compressed: bool) -> None:
    lut = make_lut(name, 2, "s", interval=5, channels=6)
    if compressed:
        lut = lut.compress("xyzt", 1, 6)
    intervals = [] if name == "shift_lut" else [7, 6]  # `meta` knows no autocast
    assert record_copies(EngineModel(lut, intervals), COLOURS.get(name, 1)) == []


@pytest.mark.parametrize("name", [name for name in ARCHITECTURES if name != "shift_lut"])
def test_a_step_of_a_network_copies_nothing(name: str) -> None:
    network = Network(build(name, 2, patterns="s"), features=4)
    assert record_copies(network, COLOURS.get(name, 1)) == []
