"""4-simplex interpolation on a lattice, differentiable in the table and in the pixels."""

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from dfc.models.lattice import DiagonalFirst, Lattice, Uniform


def interpolate(values: Tensor, lattice: Lattice, taps: Tensor) -> Tensor:
    """Look up four pixels in a table.

    Parameters
    ----------
    values : the table [lattice.size, V]
    lattice : where the table is sampled
    taps
        Whole-numbered pixels `a b c d` [N, 4], 0..255, in the dtype of `values`; 256, the last
        point of an axis, on a uniform lattice only.

    Returns
    -------
    Tensor
        Interpolated values [N, V]. For int8-valued tables they are exact in float32: multiples of
        1/q far below 2^24.
    """
    rows, weights = find_vertices(lattice, taps)
    # Five plain gathers: their backward pass is one indexed addition each.
    return sum(weights[:, k, None] * values[rows[:, k]] for k in range(5))


def find_vertices(lattice: Lattice, taps: Tensor) -> tuple[Tensor, Tensor]:
    """Find the simplex around each input: rows [N, 5] of five vertices, and their weights [N, 5].

    The weights add up to 1, and carry the gradient to the pixels.
    """
    if isinstance(lattice, Uniform):
        strides = torch.tensor(lattice.strides, device=taps.device)
        return _walk_simplex(taps, lattice.step, strides.expand(len(taps), 4))
    return _find_diagonal_first(lattice, taps)


def _find_diagonal_first(lattice: DiagonalFirst, taps: Tensor) -> tuple[Tensor, Tensor]:
    diagonal = lattice.is_diagonal(taps.detach())[:, None]
    fine, coarse = (
        torch.tensor(part.strides, device=taps.device)
        for part in (lattice.diagonal, lattice.non_diagonal)
    )
    step = torch.where(diagonal, lattice.diagonal.step, lattice.non_diagonal.step).to(taps.dtype)
    rows, weights = _walk_simplex(taps, step, torch.where(diagonal, fine, coarse))
    row_of = _get_rows(lattice, taps.device)
    # Rows of the coarse part may exceed the map; what they read there is discarded.
    diagonal_rows = row_of[rows.clamp(max=len(row_of) - 1)]
    # At width 0 a vertex of weight 0 may be none of the table's; its value counts as 0.
    weights = weights.masked_fill(diagonal & (diagonal_rows < 0), 0)
    return torch.where(diagonal, diagonal_rows.clamp(min=0), lattice.diagonal_size + rows), weights


def _walk_simplex(taps: Tensor, step: Tensor | int, strides: Tensor) -> tuple[Tensor, Tensor]:
    """Walk the simplex from the lower corner, raising the largest remaining fraction first."""
    corner = torch.floor(taps.detach() / step).clamp(max=256 / step - 1)
    fractions = taps - corner * step
    # Among equal fractions the lower corner is raised first: the path then never leaves a diagonal
    # band that holds the input, not even at a vertex of weight 0 (whose value the pixel's gradient
    # still sees).
    order = torch.argsort(fractions.detach() - corner / 1024, dim=1, descending=True, stable=True)
    raised = strides.gather(1, order).cumsum(1)
    first = (corner.long() * strides).sum(1, keepdim=True)
    descending = fractions.gather(1, order)
    shares = -torch.diff(functional.pad(descending, (0, 1)))
    weights = torch.cat([step - descending[:, :1], shares], 1) / step
    return torch.cat([first, first + raised], 1), weights


@lru_cache(maxsize=16)
def _get_rows(lattice: DiagonalFirst, device: torch.device) -> Tensor:
    return torch.from_numpy(lattice.row_of).to(device)
