"""n-simplex interpolation on a lattice, differentiable in the table and in the taps."""

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from dfc.models.lattice import Adaptive, Cells, DiagonalFirst, Lattice, Uniform, find_cells


def interpolate(values: Tensor, lattice: Uniform | DiagonalFirst, taps: Tensor) -> Tensor:
    """Look up some taps in a table [lattice.size, V].

    They are whole-numbered levels `a b c d` [N, n], in the dtype of the values; the last point of
    an axis, one above the highest level, on a uniform lattice only. Returns interpolated values
    [N, V]. For int8-valued tables they are exact in float32: multiples of 1/q far below 2^24.
    """
    rows, weights = find_vertices(lattice, taps)
    # Plain gathers: their backward pass is one indexed addition each.
    return sum(weights[:, k, None] * values[rows[:, k]] for k in range(rows.shape[1]))


def interpolate_columns(values: Tensor, cells: Cells, taps: Tensor) -> Tensor:
    """Look up one tap in columns of a table: levels [N, 1], or one a column.

    Returns interpolated values [N, columns] of the table [lattice.size, ..], at the cells that
    `put_cells` has put on its device.
    """
    lower, upper, fraction, steps = cells
    flat = values.reshape(-1)
    below, slope = flat[lower], (flat[upper] - flat[lower]) / steps
    level = taps.detach().long().expand(-1, below.shape[1])
    found = (below + slope * fraction).gather(0, level)
    return found + slope.detach().gather(0, level) * (taps - level)


def find_vertices(lattice: Lattice, taps: Tensor) -> tuple[Tensor, Tensor]:
    """Find the simplex around each input: rows [N, n + 1] of its vertices, and their weights.

    The weights add up to 1, and carry the gradient to the taps.
    """
    if isinstance(lattice, Uniform):
        strides = _put(lattice.strides, taps.device).expand(len(taps), lattice.taps)
        whole = lattice.step == 1
        corner = (taps.detach() // lattice.step).clamp(max=lattice.length - 2 + whole)
        first = (corner.long() * strides).sum(1, keepdim=True)
        if whole:  # nothing lies above the last point
            strides = strides.masked_fill(corner >= lattice.length - 1, 0)
        return _walk_simplex(taps, corner, lattice.step, first, strides)
    return _find_diagonal_first(lattice, taps)


def _find_diagonal_first(lattice: DiagonalFirst, taps: Tensor) -> tuple[Tensor, Tensor]:
    diagonal = lattice.is_diagonal(taps.detach())[:, None]
    fine, coarse = (
        _put(part.strides, taps.device) for part in (lattice.diagonal, lattice.non_diagonal)
    )
    step = torch.where(diagonal, lattice.diagonal.step, lattice.non_diagonal.step).to(taps.dtype)
    corner = torch.floor(taps.detach() / step)
    strides = torch.where(diagonal, fine, coarse)
    first = (corner.long() * strides).sum(1, keepdim=True)
    rows, weights = _walk_simplex(taps, corner, step, first, strides)
    row_of = _get_rows(lattice, taps.device)
    # Rows of the coarse part may exceed the map; what they read there is discarded.
    diagonal_rows = row_of[rows.clamp(max=len(row_of) - 1)]
    # At width 0 a vertex of weight 0 may be none of the table's; its value counts as 0.
    weights = weights.masked_fill(diagonal & (diagonal_rows < 0), 0)
    return torch.where(diagonal, diagonal_rows.clamp(min=0), lattice.diagonal_size + rows), weights


def _walk_simplex(
    taps: Tensor, corner: Tensor, step: Tensor | int, first: Tensor, strides: Tensor
) -> tuple[Tensor, Tensor]:
    """Walk the simplex from the `first` row [N, 1], raising the largest fraction left first."""
    fractions = taps - corner * step
    # Among equal fractions the lower corner is raised first: the path then never leaves a diagonal
    # band that holds the input, not even at a vertex of weight 0, whose value a gradient sees.
    order = torch.argsort(fractions.detach() - corner / 1024, dim=1, descending=True, stable=True)
    raised = strides.gather(1, order).cumsum(1)
    descending = fractions.gather(1, order)
    shares = -torch.diff(functional.pad(descending, (0, 1)))
    weights = torch.cat([step - descending[:, :1], shares], 1) / step
    return torch.cat([first, first + raised], 1), weights


# What does not change is put on a device once: a host that copies to it waits until it is done with
# all that it was given before.


@lru_cache(maxsize=256)
def put_cells(lattice: Uniform | Adaptive, columns: int, device: torch.device) -> Cells:
    """Put the cells that `find_cells` finds on a device."""
    return Cells(*(torch.tensor(part, device=device) for part in find_cells(lattice, columns)))


@lru_cache(maxsize=64)
def _put(numbers: tuple[int, ...], device: torch.device) -> Tensor:
    return torch.tensor(numbers, device=device)


@lru_cache(maxsize=16)
def _get_rows(lattice: DiagonalFirst, device: torch.device) -> Tensor:
    return torch.from_numpy(lattice.row_of).to(device)
