"""Access and value statistics: where images read the tables of a LUT, and what values they hold."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from dfc.engine.training import EngineModel
from dfc.models.forward import gather_taps, run_layers
from dfc.models.lattice import DiagonalFirst, Uniform
from dfc.models.layers import Layer
from dfc.models.lut import Lut

SIDE = 256
"""Of the part of an image that is counted, in pixels: thousands of lookups a table are plenty."""


@dataclass
class Accesses:
    """How often the lookups of one layer read what."""

    name: str
    step: int  # levels of a cell
    cells: NDArray[np.int64] = field(init=False)  # by the cell of `a` and that of each of `b c d`
    diagonal: int = 0  # lookups in the diagonal part of a table
    lookups: int = 0

    def __post_init__(self) -> None:
        self.cells = np.zeros((256 // self.step,) * 2, np.int64)

    @property
    def diagonal_share(self) -> float:
        """Share of the lookups in the diagonal part of a table, 0..1."""
        return self.diagonal / self.lookups

    def count(self, taps: NDArray[np.int64], lattice: DiagonalFirst | Uniform) -> None:
        """Count lookups of pixels [N, 4] in a table on a lattice."""
        cells = taps // self.step
        side = len(self.cells)
        places = cells[:, :1] * side + cells[:, 1:]
        self.cells += np.bincount(places.ravel(), minlength=side**2).reshape(side, side)
        self.lookups += len(taps)
        if isinstance(lattice, DiagonalFirst):
            self.diagonal += int(lattice.is_diagonal(taps).sum())

    def tabulate(self) -> pd.DataFrame:
        """Lay out the cells that were read: columns layer, a, other (levels) and count."""
        a, other = np.nonzero(self.cells)
        counts = self.cells[a, other]
        columns = {"a": a * self.step, "other": other * self.step, "count": counts}
        return pd.DataFrame({"layer": self.name} | columns)


@torch.no_grad()
def count_accesses(lut: Lut, images: Iterable[NDArray]) -> list[Accesses]:
    """Count what every spatial layer reads while images are restored.

    Parameters
    ----------
    lut : its finest lattice decides the size of a cell
    images : Degraded, 0..255, [H, W] or [H, W, 3]; the middle of them is counted
    """
    model = EngineModel(lut)
    counts = {}
    for number, layer in enumerate(lut.architecture.layers, 1):
        if all(lookup.is_spatial for lookup in layer.lookups):
            finest = min(lut.tables[lookup.table].lattice.finest for lookup in layer.lookups)
            counts[layer] = Accesses(f"layer {number}", 2**finest)

    def count_layer(layer: Layer, image: Tensor) -> Tensor:
        for lookup in layer.lookups if layer in counts else ():
            taps = gather_taps(image, lookup, lut.architecture.padding).reshape(-1, 4)
            counts[layer].count(taps.numpy().astype(np.int64), lut.tables[lookup.table].lattice)
        return model.sum_layer(layer, image)

    for image in images:
        planes = torch.from_numpy(np.rint(np.atleast_3d(_cut_middle(image)))).float()
        run_layers(lut.architecture, planes.movedim(-1, 0)[:, None], count_layer)
    return list(counts.values())


def find_diagonal_lattice(lut: Lut) -> DiagonalFirst | None:
    """Find the lattice that compressed tables are on; None where none is compressed."""
    lattices = (table.lattice for table in lut.tables.values())
    return next((lattice for lattice in lattices if isinstance(lattice, DiagonalFirst)), None)


def compute_diagonal_share(lut: Lut) -> float:
    """Compute the share of values that stand in the diagonal part of a compressed table, 0..1."""
    diagonal = sum(
        table.lattice.diagonal_size * table.values.shape[1]
        for table in lut.tables.values()
        if isinstance(table.lattice, DiagonalFirst)
    )
    return diagonal / sum(table.values.size for table in lut.tables.values())


def compute_uniform_mib(lut: Lut) -> float:
    """Compute the MiB of values that the LUT would take without compression."""
    values = (
        Uniform(table.lattice.finest).size * table.values.shape[1] for table in lut.tables.values()
    )
    return sum(values) / 2**20


def count_values(lut: Lut, bins: int = 32) -> pd.DataFrame:
    """Count how the values of the hidden layers, and those of the last, are distributed.

    Returns
    -------
    DataFrame
        Columns layers, value (the middle of a bin, -127..127) and share (0..1, of these layers).
    """
    last = {lookup.table for lookup in lut.architecture.layers[-1].lookups}
    groups = {
        "hidden layers": [name for name in lut.tables if name not in last],
        "last layer": [name for name in lut.tables if name in last],
    }
    edges = np.linspace(-128, 128, bins + 1)
    frames = []
    for layers, names in groups.items():
        if names:
            values = np.concatenate([lut.tables[name].values.ravel() for name in names])
            counts, _ = np.histogram(values, edges)
            shares = {"value": (edges[1:] + edges[:-1]) / 2, "share": counts / len(values)}
            frames.append(pd.DataFrame(shares).assign(layers=layers))
    return pd.concat(frames, ignore_index=True)


def _cut_middle(image: NDArray) -> NDArray:
    top, left = (max(side - SIDE, 0) // 2 for side in image.shape[:2])
    return image[top : top + SIDE, left : left + SIDE]
