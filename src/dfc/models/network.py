"""The network that a LUT is exported from: one small convolutional cell a lookup."""

from collections.abc import Mapping
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from dfc.models.forward import LookupModel, round_straight_through
from dfc.models.layers import Architecture, Layer, Lookup

DEPTH = 5  # hidden layers of a cell, as published
HINGES = 8  # first-layer units that start as hinges of the first tap
TILE = 8192  # rows of a cell in work at once on a CPU, in whose cache a layer of them (2 MB) stays


class Cell(nn.Module):
    """Taps in, the values of a lookup out: a densely connected block of 1x1 convolutions.

    Every hidden layer of `features` ReLU units (the width `nf`) reads all hidden layers before it,
    and the linear output reads them all. Training starts where every value is about gain * a +
    offset, for the first tap `a`.
    """

    def __init__(self, lookup: Lookup, layer: Layer, features: int) -> None:
        super().__init__()
        self._highest = lookup.levels - 1
        values = layer.values * len(lookup.places)
        inputs = [lookup.taps, *(features * depth for depth in range(1, DEPTH + 1))]
        outputs = [features] * DEPTH + [values]
        self.layers = nn.ModuleList(map(nn.Linear, inputs, outputs))
        for linear in self.layers:
            nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
            nn.init.zeros_(linear.bias)
        self._start_from_first_tap(layer.gain, -layer.bias * layer.gain)

    @torch.no_grad()
    def _start_from_first_tap(self, gain: float, offset: float) -> None:
        """Let a few first-layer units be hinges of `a` that add up to the inverse of tanh."""
        first, last = self.layers[0], self.layers[-1]
        hinges = min(HINGES, len(first.bias))
        knots = torch.arange(hinges + 1) / hinges
        heights = torch.atanh(((gain * self._highest * knots + offset) / 127).clamp(-0.98, 0.98))
        slopes = heights.diff() * hinges
        first.weight[:hinges] = torch.eye(1, first.weight.shape[1])
        first.bias[:hinges] = -knots[:-1]
        last.weight.mul_(0.1)  # the other units come in gently
        last.weight[:, :hinges] = slopes.diff(prepend=torch.zeros(1))
        last.bias.fill_(heights[0])

    def forward(self, taps: Tensor) -> Tensor:
        """Compute lookup values [N, values], whole numbers -127..127, of taps [N, taps]."""
        taps = taps / self._highest
        tiles = taps.split(TILE) if taps.device.type == "cpu" else [taps]
        raw = torch.cat([self._run_tile(tile) for tile in tiles])
        return round_straight_through(torch.tanh(raw.float()) * 127)

    def _run_tile(self, taps: Tensor) -> Tensor:
        """Run the block without concatenating features, which takes twice the time on a CPU."""
        first, *later = self.layers
        hidden = functional.relu(first(taps))
        width = hidden.shape[1]
        sums = [layer.bias for layer in later]
        for depth in range(DEPTH):
            columns = slice(depth * width, (depth + 1) * width)
            for after in range(depth, DEPTH):
                weight = later[after].weight[:, columns]
                sums[after] = torch.addmm(sums[after], hidden, weight.t())
            if depth < DEPTH - 1:
                hidden = functional.relu(sums[depth])
        return sums[-1]


class Network(LookupModel):
    """The trainable network of an architecture: every lookup gets a cell of its own.

    The hidden layers of a cell have `features` units (`nf`, 64 as published).
    """

    def __init__(self, architecture: Architecture, features: int) -> None:
        super().__init__(architecture)
        if any(lookup.depthwise for lookup, _ in architecture.lookups.values()):
            raise ValueError(f"{architecture.title}: has no network; its tables are trained")
        self.features = features
        self.cells = nn.ModuleDict(
            {
                name: Cell(lookup, layer, features)
                for name, (lookup, layer) in architecture.lookups.items()
            }
        )
        self.eval()

    @classmethod
    def from_state(cls, architecture: Architecture, state: Mapping[str, Tensor]) -> Self:
        """Build a network around its weights; a ValueError or RuntimeError if they do not fit."""
        first = state.get(f"cells.{next(iter(architecture.lookups))}.layers.0.bias")
        if first is None or not all(tensor.isfinite().all() for tensor in state.values()):
            raise ValueError("expected finite weights of every layer")
        with torch.device("meta"):  # takes no memory before the shapes are known to fit
            network = cls(architecture, features=first.numel())
        weights = {name: tensor.float().clone() for name, tensor in state.items()}
        network.load_state_dict(weights, assign=True)
        return network

    def look_up(self, lookup: Lookup, place: int, taps: Tensor) -> Tensor:
        """Evaluate the cell of a lookup at the levels of its taps."""
        _, layer = self.architecture.lookups[lookup.table]
        values = self.cells[lookup.table](taps)
        return values[:, place * layer.values : (place + 1) * layer.values]
