"""Access and value statistics: where images read the tables of a LUT, and what values they hold."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from dfc.evaluation.evidence import LayerAccesses
from dfc.models.forward import run_layers
from dfc.models.lattice import DiagonalFirst, Lattice
from dfc.models.layers import Layer, Lookup
from dfc.models.lut import Lut
from dfc.models.table_model import TableModel

SIDE = 128
"""Of the part of an image that is counted, in pixels: thousands of lookups a table are plenty."""


class _Counter:
    """How often the cells of one layer are read, by `a` and each of `b c d`, or by a single tap."""

    def __init__(self, layer: Layer, lattices: Mapping[str, Lattice]) -> None:
        self._lattices = lattices
        self.step = 2 ** min(lattices[lookup.table].interval for lookup in layer.lookups)
        self.lowest, levels = layer.lookups[0].range
        self.is_one_tap = layer.is_one_tap
        side = levels // self.step
        self.cells = np.zeros((side, 1 if layer.is_one_tap else side), int)
        self.lookups = self.diagonal = 0

    def count(self, lookup: Lookup, taps: NDArray[np.int64]) -> None:
        """Count the levels [N, taps] of a lookup; [N, values] of a depthwise one."""
        a, others = (taps.reshape(-1, 1), 0) if self.is_one_tap else (taps[:, :1], taps[:, 1:])
        a, others = np.broadcast_arrays(a // self.step, np.asarray(others) // self.step)
        np.add.at(self.cells, (a, others), 1)
        self.lookups += len(taps)
        if isinstance(lattice := self._lattices[lookup.table], DiagonalFirst):
            self.diagonal += int(lattice.is_diagonal(taps).sum())

    def make_frame(self, name: str) -> pd.DataFrame:
        """List the cells that were read: columns layer, a, other, count."""
        a, other = np.nonzero(self.cells)
        columns = {"a": a * self.step + self.lowest, "other": other * self.step + self.lowest}
        return pd.DataFrame({"layer": name} | columns | {"count": self.cells[a, other]})


@torch.no_grad()
def count_accesses(lut: Lut, images: Iterable[NDArray]) -> tuple[list[LayerAccesses], pd.DataFrame]:
    """Count what layers read while images are restored, 0..255, [H, W] or [H, W, 3].

    These are the layers of one tap, and of several pixels of one range. The finest lattice of a
    layer decides the size of a cell; the middle of images is counted, as they are (not turned). The
    columns are layer, a, other (levels where a cell of `a` and `b c d` begins; of one tap, the
    lowest) and count.
    """
    model, architecture = TableModel(lut), lut.architecture
    lattices = {name: table.lattice for name, table in lut.tables.items()}
    counters = {
        index: _Counter(layer, lattices)
        for index, layer in enumerate(architecture.layers)
        if layer.is_one_tap
        or (
            all(lookup.is_spatial and lookup.taps > 1 for lookup in layer.lookups)
            and len({lookup.range for lookup in layer.lookups}) == 1
        )
    }
    numbers = {
        lookup.table: index
        for index, layer in enumerate(architecture.layers)
        for lookup in layer.lookups
    }

    def look_up(lookup: Lookup, place: int, taps: Tensor) -> Tensor:
        if counter := counters.get(numbers[lookup.table]):
            counter.count(lookup, taps.numpy().astype(int))
        return model.look_up(lookup, place, taps)

    for image in images:
        top, left = (max(side - SIDE, 0) // 2 for side in image.shape[:2])
        middle = np.atleast_3d(image[top : top + SIDE, left : left + SIDE])
        planes = torch.from_numpy(np.rint(middle)).float().movedim(-1, 0)
        together = architecture.colours
        planes = planes.expand(max(len(planes), together), -1, -1).unflatten(0, (-1, together))
        run_layers(architecture, planes, look_up)
    layers, frames = [], []
    for index, counter in counters.items():
        name = f"layer {index + 1}"
        share = round(counter.diagonal / counter.lookups, 6)
        side = len(counter.cells) * counter.step
        facts = counter.step, share, counter.lowest, side, counter.is_one_tap
        layers.append(LayerAccesses(name, *facts))
        frames.append(counter.make_frame(name))
    return layers, pd.concat(frames, ignore_index=True)


def count_values(lut: Lut, bins: int = 32) -> pd.DataFrame:
    """Count how the values of the hidden layers, and those of the last, are distributed.

    Returns
    -------
    DataFrame
        Columns layers, value (the middle of a bin, -127..127) and share (0..1, of these layers).
    """
    last = {lookup.table for lookup in lut.architecture.layers[-1].lookups}
    groups = {"hidden layers": lut.tables.keys() - last, "last layer": last}
    edges = np.linspace(-128, 128, bins + 1)
    frames = []
    for layers, names in groups.items():
        if names:
            values = np.concatenate([lut.tables[name].values.ravel() for name in names])
            share = np.histogram(values, edges)[0] / len(values)
            columns = {"value": (edges[1:] + edges[:-1]) / 2, "share": share, "layers": layers}
            frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True)
