"""The network that a LUT is exported from: one small convolutional cell a lookup."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from dfc.architectures import Architecture, Layer, Lookup
from dfc.forward import restore, round_straight_through, sum_lookups

DEPTH = 5  # hidden layers of a cell, as published
TILE = 2048  # rows of a cell in work at once: their features (2.6 MB at 64 wide) stay in cache


class Cell(nn.Module):
    """Four pixels in, the values of one lookup out: a densely connected block of 1x1 convolutions.

    Every hidden layer of `features` ReLU units reads all hidden layers before it, and the linear
    output reads them all. A position is one row of a matrix, since nothing but the four taps is
    read.

    Parameters
    ----------
    features
        Width `nf` of a hidden layer.
    values
        Values that one lookup yields.
    """

    def __init__(self, features: int, values: int) -> None:
        super().__init__()
        inputs = [4, *(features * depth for depth in range(1, DEPTH + 1))]
        outputs = [features] * DEPTH + [values]
        self.layers = nn.ModuleList(map(nn.Linear, inputs, outputs))
        for layer in self.layers:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
        with torch.no_grad():  # start near the middle grey of tanh, where gradients flow
            self.layers[-1].weight.mul_(0.1)

    def forward(self, taps: Tensor) -> Tensor:
        """Answer taps [N, 4], 0..255, with table values [N, values], whole numbers -127..127."""
        raw = torch.cat([self._tile(tile) for tile in (taps / 255).split(TILE)])
        return round_straight_through(torch.tanh(raw.float()) * 127)

    def _tile(self, taps: Tensor) -> Tensor:
        """Run the block without ever concatenating features: each hidden layer is multiplied into
        all later ones as soon as it is there (half the time of concatenating, on a CPU)."""
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


class Network(nn.Module):
    """The trainable network of an architecture.

    Parameters
    ----------
    architecture
        The layers; every lookup gets a cell of its own.
    features
        Width `nf` of the hidden layers of a cell (64 as published).
    """

    def __init__(self, architecture: Architecture, features: int) -> None:
        super().__init__()
        self.architecture = architecture
        self.features = features
        self.cells = nn.ModuleDict(
            {
                name: Cell(features, layer.values_per_lookup)
                for name, (_, layer) in architecture.lookups.items()
            }
        )

    def forward(self, image: Tensor) -> Tensor:
        """Restore pixels [B, 1, H, W], 0..255, to [B, 1, H * scale, W * scale], 0..255."""
        return restore(self.architecture, image, self._layer_sum)

    def _layer_sum(self, layer: Layer, image: Tensor) -> Tensor:
        return sum_lookups(layer, image, self.architecture.padding, self._answer)

    def _answer(self, lookup: Lookup, taps: Tensor) -> Tensor:
        return self.cells[lookup.table](taps)
