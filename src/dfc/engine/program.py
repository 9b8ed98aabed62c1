"""A LUT laid out for the kernels, layer by layer: what all kinds of layers have in common."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dfc.engine.kernels import Finish, Output, Source
from dfc.engine.planes import Layout
from dfc.models.layers import Architecture, Layer

Values = Mapping[str, NDArray[np.int8]]  # of tables, by name
Floats = NDArray[np.float32]
Offsets = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Where taps and residuals are, from a pixel, in a buffer of planes."""
WHOLE = 2**24  # whole numbers that single precision holds


class Target(NamedTuple):
    """Gradients of planes."""

    gradients: Floats  # flat
    place: tuple[int, int, int]
    """Where those of the first pixel are, where the first of the values begins, and how far it is
    from one plane to the next."""


class LayerProgram(ABC):
    """What the kernels need to run one layer, forwards and backwards.

    Every worker adds up the gradients of tables in memory of its own, beside others.

    Parameters
    ----------
    taps : plane, row and column [.., 3] of every tap, in the order of the kernel
    unit : sums of values are multiples of 1 / unit
    """

    def __init__(
        self, layer: Layer, architecture: Architecture, taps: NDArray[np.int64], unit: int
    ) -> None:
        self.layer, self.taps, self.unit = layer, taps, unit
        self.group = 2**15 // (128 * unit)  # so many lookups add up within 16 bits
        self.inputs = len(architecture.inputs)  # planes, the first ones, that need no gradient
        residuals = layer.list_residuals()
        added = [tap for taps in residuals for tap in taps]
        self._residuals = np.array(added, np.int64).reshape(-1, 3)
        lowest = [sum(architecture.planes[tap[0]].lowest for tap in taps) for taps in residuals]
        # Beyond the bound, a rounded sum is clipped whatever is added to it.
        bound, divisor = 512 + 256 * max(map(len, residuals)), layer.divisor * unit
        least, most = (-bound, bound) if added else (layer.lowest, layer.range.highest)
        if bound * divisor > WHOLE:
            table = layer.lookups[0].table
            raise ValueError(f"{table}: expected a smaller divisor, or a finer step")
        self.finish = Finish(
            (divisor, layer.bias * divisor, least * divisor, most * divisor, layer.levels - 1),
            np.array(lowest, np.int32) - np.int32(layer.lowest),
            np.cumsum([0, *map(len, residuals)]),
        )
        self._parts: dict[tuple[int, int], Floats] = {}

    @abstractmethod
    def fill(self, values: Values) -> None:
        """Lay out the values of the tables."""

    @abstractmethod
    def run(self, source: Source, offsets: Offsets, output: Output, planar: bool = True) -> None:
        """Run the layer, from planes to a plane a value, or, unless `planar`, to an image."""

    @abstractmethod
    def prepare(self, values: Values, turn: int) -> None:
        """Take the values of the tables, for an image that is turned, before gradients."""

    @abstractmethod
    def locate(self, planes: Layout, gradients: Layout, turn: int) -> Any:
        """Find what is read, and where its gradients are, for `add_gradients`."""

    @abstractmethod
    def add_gradients(self, worker: int, source: Source, reads: Any, target: Target) -> None:
        """Add up the gradients of tables, as a worker, and of planes that are read."""

    @abstractmethod
    def collect(self, worker: int, values: Values) -> dict[str, Floats]:
        """Give the gradients of tables that a worker has added up, and clear them."""

    def find_offsets(self, layout: Layout, turn: int = 0) -> Offsets:
        """Find where taps and residuals are, for an image that is turned so many quarters."""
        return layout.find(self.taps, turn), layout.find(self._residuals, turn)

    def _get_part(self, kind: int, worker: int, shape: tuple[int, ...]) -> Floats:
        part = self._parts.get((kind, worker))
        if part is None or part.shape != shape:
            part = self._parts[kind, worker] = np.zeros(shape, np.float32)
        return part
