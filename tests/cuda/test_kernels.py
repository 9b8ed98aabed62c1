"""Training tables of one tap with Triton kernels: on a GPU, or interpreted where Triton is."""

import os
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

ON_GPU = torch.cuda.is_available()
if not ON_GPU:
    os.environ.setdefault("TRITON_INTERPRET", "1")
tl = pytest.importorskip("triton.language", reason="needs Triton, which PyTorch for CUDA brings")

from dfc.cuda import training  # noqa: E402  Triton is there
from dfc.models.architectures import build  # noqa: E402
from dfc.models.lattice import Adaptive  # noqa: E402
from dfc.models.lut import Lut, Table  # noqa: E402
from dfc.models.table_model import TableModel  # noqa: E402
from dfc.training.start import make_nearest_neighbour  # noqa: E402

DEVICE = torch.device("cuda" if ON_GPU else "cpu")
Change = Callable[[Table, np.random.Generator], Table]


@pytest.fixture(autouse=True)
def _interpretable(monkeypatch: pytest.MonkeyPatch) -> None:
    if not ON_GPU:  # the interpreter multiplies no bfloat16
        monkeypatch.setattr(training, "FACTOR", tl.float32)
    for name, value in {"BLOCK": 16, "ROWS_BLOCK": 16, "SPAN": 16, "PROGRAMS": 32}.items():
        monkeypatch.setattr(training, name, value)


def add_noise(table: Table, rng: np.random.Generator) -> Table:
    noise = rng.integers(-30, 31, table.values.shape)
    return Table(table.lattice, (table.values + noise).clip(-127, 127).astype(np.int8))


def make_adaptive(table: Table, rng: np.random.Generator) -> Table:
    intervals = rng.integers(table.lattice.interval, 7, table.columns)
    lattice = Adaptive(tuple(intervals.tolist()), table.lattice.levels)
    return Table(lattice, rng.integers(-60, 61, (lattice.size, 1)).astype(np.int8))


def make_lut(change: Change, scale: int, **knobs: object) -> Lut:
    rng = np.random.default_rng(1)
    lut = make_nearest_neighbour(build("shift_lut", scale, **knobs), "sr", 4)
    return replace(lut, tables={name: change(t, rng) for name, t in lut.tables.items()})


@pytest.mark.parametrize(
    ("change", "scale", "knobs", "turn"),
    [
        (add_noise, 2, {"channels": 4}, 0),
        (make_adaptive, 2, {"channels": 4}, 0),
        (add_noise, 1, {"channels": 3, "colours": 3, "dilations": (1, 2)}, 0),
        (add_noise, 2, {"channels": 4, "bits": 6, "offsets": [[(0, 1), (-1, 0)] * 2] * 2}, 1),
    ],
    ids=["8 bits", "adaptive", "three colours, dilated", "6 bits, shifted, turned"],
)
def test_kernels_give_what_the_table_model_gives_and_its_gradients(
    change: Change, scale: int, knobs: dict[str, object], turn: int
) -> None:
    lut = make_lut(change, scale, stages=2, **knobs)
    generator = torch.Generator().manual_seed(2)
    shape = 1, lut.architecture.colours, 4, 5
    image = torch.randint(256, shape, generator=generator).float().to(DEVICE)
    plain = TableModel(lut, [7, 5]).to(DEVICE).train()
    fast = training.CudaModel(lut, [7, 5]).to(DEVICE).train()
    expected, made = plain.run_turn(image, turn), fast.run_kernels(image, turn)
    assert torch.equal(made, expected)
    weights = torch.randn(made.shape, generator=generator).to(DEVICE)
    (expected * weights).sum().backward()
    (made * weights).sum().backward()
    for (name, one), other in zip(plain.named_parameters(), fast.parameters(), strict=True):
        assert (one.grad - other.grad).norm() <= 0.02 * one.grad.norm(), name
