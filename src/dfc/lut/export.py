"""Export: sample the cells of a network on a lattice."""

import numpy as np
import torch

from dfc.lut.table import Lut, Table, lattice_for
from dfc.network import Network


@torch.no_grad()
def export(network: Network, task: str, interval: int) -> Lut:
    """Evaluate every cell at every point of the uniform lattice.

    Parameters
    ----------
    network
        The trained network.
    task
        What it was trained for.
    interval
        Sample every 2^interval grey levels (4 as published).

    Returns
    -------
    Lut
        Uniform int8 tables. The last point of an axis, 256, holds the answer at 255 (NUMERICS).
    """
    device = next(network.parameters()).device
    tables = {}
    for name, (lookup, _) in network.architecture.lookups.items():
        lattice = lattice_for(lookup.pattern, interval)
        points = np.minimum(lattice.points, 255).astype(np.float32)
        values = network.cells[name](torch.from_numpy(points).to(device))
        tables[name] = Table(lattice, values.cpu().numpy().astype(np.int8))
    step = {"step": "export", "interval": interval, "features": network.features}
    return Lut(network.architecture, task, tables, (step,))
