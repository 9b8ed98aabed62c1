"""Access and value statistics: where images read the tables of a LUT, and what values they hold."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from dfc.engine.training import EngineModel
from dfc.evaluation.evidence import LayerAccesses
from dfc.models.forward import gather_taps, run_layers
from dfc.models.lattice import DiagonalFirst
from dfc.models.layers import Layer
from dfc.models.lut import Lut

SIDE = 256
"""Of the part of an image that is counted, in pixels: thousands of lookups a table are plenty."""


@torch.no_grad()
def count_accesses(lut: Lut, images: Iterable[NDArray]) -> tuple[list[LayerAccesses], pd.DataFrame]:
    """Count what every spatial layer reads while images are restored, 0..255, [H, W] or [H, W, 3].

    The finest lattice of a layer decides the size of a cell; the middle of images is counted. The
    columns are layer, a, other (levels where a cell of `a` and `b c d` begins) and count.
    """
    model, padding = EngineModel(lut), lut.architecture.padding
    lattices = {name: table.lattice for name, table in lut.tables.items()}
    steps = {
        layer: 2 ** min(lattices[lookup.table].finest for lookup in layer.lookups)
        for layer in lut.architecture.layers
        if all(lookup.is_spatial for lookup in layer.lookups)
    }
    cells = {layer: np.zeros((256 // step, 256 // step), int) for layer, step in steps.items()}
    diagonal = dict.fromkeys(steps, 0)

    def count_layer(layer: Layer, image: Tensor) -> Tensor:
        for lookup in layer.lookups if layer in steps else ():
            taps = gather_taps(image, lookup, padding).reshape(-1, 4).numpy().astype(int)
            a, others = np.broadcast_arrays(taps[:, :1], taps[:, 1:])
            np.add.at(cells[layer], (a // steps[layer], others // steps[layer]), 1)
            if isinstance(lattice := lattices[lookup.table], DiagonalFirst):
                diagonal[layer] += int(lattice.is_diagonal(taps).sum())
        return model.sum_layer(layer, image)

    for image in images:
        top, left = (max(side - SIDE, 0) // 2 for side in image.shape[:2])
        middle = np.atleast_3d(image[top : top + SIDE, left : left + SIDE])
        planes = torch.from_numpy(np.rint(middle)).float()
        run_layers(lut.architecture, planes.movedim(-1, 0)[:, None], count_layer)
    layers, frames = [], []
    for layer, step in steps.items():
        name = f"layer {lut.architecture.layers.index(layer) + 1}"
        lookups = cells[layer].sum() / 3  # each reads b, c and d
        layers.append(LayerAccesses(name, step, round(diagonal[layer] / lookups, 6)))
        a, other = np.nonzero(cells[layer])
        columns = {"a": a * step, "other": other * step, "count": cells[layer][a, other]}
        frames.append(pd.DataFrame({"layer": name} | columns))
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
