"""Training tables with the kernels: the table model with a forward and a backward pass of its own.

The pixels that a layer reads and the entries that it adds up are whole numbers, so that the forward
pass is that of restoring; the backward pass is in single precision.
"""

from collections.abc import Callable, Iterable

import numpy as np
import torch
from numba import njit
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import FunctionCtx

from dfc.common.parallel import run_parallel
from dfc.engine.borders import extend_batch, fold_batch
from dfc.engine.kernels import make_gradient_kernel
from dfc.engine.program import LayerProgram, Source, Target, compile_layer
from dfc.engine.simplex import PIXELS
from dfc.models.layers import Layer
from dfc.models.lut import Lut
from dfc.models.table_model import TableModel


class EngineModel(TableModel):
    """A table model whose layers run on the kernels where the image is on the CPU."""

    def __init__(self, lut: Lut, intervals: Iterable[int] = ()) -> None:
        super().__init__(lut, intervals)
        self._layers = {
            layer: TrainableLayer(
                compile_layer(layer, [lut.tables[lookup.table] for lookup in layer.lookups]),
                lut.architecture.padding == "reflect",
            )
            for layer in lut.architecture.layers
        }

    def sum_layer(self, layer: Layer, image: Tensor) -> Tensor:
        """Add up the lookups of one layer, with their gradients."""
        if image.device.type != "cpu":
            return super().sum_layer(layer, image)
        return self._sum(
            layer, image, [self.table_parameters[lookup.table]() for lookup in layer.lookups]
        )

    def _sum(self, layer: Layer, image: Tensor, entries: list[Tensor]) -> Tensor:
        return _LayerSum.apply(image, self._layers[layer], *entries)


class _LayerSum(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: FunctionCtx, image: Tensor, layer: "TrainableLayer", *entries: Tensor
    ) -> Tensor:
        layer.fill([entry.detach().numpy() for entry in entries])
        planes = layer.extended(image.detach().numpy())
        ctx.layer, ctx.planes, ctx.size = layer, planes, image.shape[2:]
        ctx.save_for_backward(*entries)
        return torch.from_numpy(layer.sums(planes, *image.shape[2:])).to(image.dtype)

    @staticmethod
    def backward(ctx: FunctionCtx, sums: Tensor) -> tuple[Tensor | None, ...]:
        layer, dtype = ctx.layer, sums.dtype
        entries = [entry.detach().numpy() for entry in ctx.saved_tensors]
        inner = ctx.needs_input_grad[0]
        gradient = np.ascontiguousarray(sums.detach().numpy(), np.float32)
        image, tables = layer.gradients(gradient, ctx.planes, ctx.size, entries, inner)
        return (
            torch.from_numpy(image).to(dtype) if inner else None,
            None,
            *(torch.from_numpy(table).to(dtype) for table in tables),
        )


class TrainableLayer:
    """The kernels of one layer, with the memory that they work in.

    Parameters
    ----------
    program
        The layer; its tables are overwritten with the entries that are being trained.
    reflect
        Whether the image is mirrored at its borders.
    """

    def __init__(self, program: LayerProgram, reflect: bool) -> None:
        self._program = program
        self._reflect = reflect
        self._gradients: list[NDArray[np.float32]] = []

    def fill(self, entries: Iterable[NDArray]) -> None:
        """Round entries, -1..1, to the whole numbers that the kernels look up."""
        pairs = zip(entries, self._program.places, strict=True)
        _in_parallel(lambda pair: fill(*pair, self._program.tables), pairs)

    def extended(self, image: NDArray) -> NDArray[np.uint8]:
        """Whole-numbered pixels [B, C, H, W] as planes [B, C, H + 2 reach, pitch]."""
        batch, channels, height, width = image.shape
        reach = self._program.reach
        pitch = -(-(width + 2 * reach + PIXELS) // PIXELS) * PIXELS
        planes = np.empty((batch, channels, height + 2 * reach, pitch), np.uint8)
        extend_batch(image, planes, reach, self._reflect)
        return planes

    def sums(self, planes: NDArray[np.uint8], height: int, width: int) -> NDArray[np.float32]:
        """Sums [B, out_channels, H * scale, W * scale] of all lookups."""
        layer = self._program.layer
        shape = (len(planes), layer.out_channels, height * layer.scale, width * layer.scale)
        sums = np.empty(shape, np.float32)
        offsets = self._offsets(planes)

        def run(index: int) -> None:
            source = self._source(planes[index], height, width)
            self._program.run(source, offsets, _flat(sums[index]), sums=True)

        _in_parallel(run, range(len(planes)))
        return sums

    def gradients(
        self,
        sums: NDArray[np.float32],
        planes: NDArray[np.uint8],
        size: tuple[int, int],
        entries: list[NDArray],
        inner: bool,
    ) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
        """Gradients of the image [B, C, H, W] (if `inner`) and of the entries."""
        program, layer = self._program, self._program.layer
        kernel = make_gradient_kernel(layer.scale, layer.out_channels, inner)
        source = np.zeros(planes.shape if inner else (len(planes), 1), np.float32)
        offsets = self._offsets(planes)
        workers = torch.get_num_threads()
        while len(self._gradients) < workers:
            self._gradients.append(np.zeros(program.tables.size, np.float32))

        def run(worker: int) -> None:
            for index in range(worker, len(planes), workers):
                kernel(
                    *self._source(planes[index], *size),
                    offsets,
                    program.lookups,
                    program.tables,
                    program.unit,
                    *_flat(sums[index]),
                    self._gradients[worker],
                    source[index].reshape(-1),
                )

        _in_parallel(run, range(workers))
        tables = [np.empty_like(entry, np.float32) for entry in entries]
        parts = tuple(self._gradients[:workers])
        jobs = zip(entries, program.places, tables, strict=True)
        _in_parallel(lambda job: collect(*job, parts), jobs)
        image = np.empty((*planes.shape[:2], *size), np.float32)
        if inner:
            fold_batch(source, image, program.reach, self._reflect)
        return image, tables

    def _offsets(self, planes: NDArray[np.uint8]) -> NDArray[np.int64]:
        rows, pitch = planes.shape[2:]
        return self._program.offsets(pitch, rows * pitch)

    def _source(self, planes: NDArray[np.uint8], height: int, width: int) -> Source:
        pitch, reach = planes.shape[2], self._program.reach
        return planes.reshape(-1), reach * pitch + reach, pitch, height, width


def _flat(sums: NDArray[np.float32]) -> Target:
    _, height, width = sums.shape
    return sums.reshape(-1), 0, width, height * width


def _in_parallel(job: Callable, items: Iterable) -> None:
    run_parallel(job, items, torch.get_num_threads())


@njit(nogil=True, cache=True)
def fill(entries: NDArray, places: NDArray[np.int64], tables: NDArray[np.int8]) -> None:
    """Round entries [N, V], -1..1, to whole numbers -127..127, at their places in the tables."""
    count, values = entries.shape
    for row in range(count):
        for k in range(values):
            entry = min(max(entries[row, k], -1), 1)
            tables[places[row] + k] = np.int8(np.rint(entry * 127))


@njit(nogil=True, cache=True)
def collect(
    entries: NDArray,
    places: NDArray[np.int64],
    gradient: NDArray[np.float32],
    parts: tuple[NDArray[np.float32], ...],
) -> None:
    """Add up the gradients of the threads for entries [N, V], and clear them."""
    count, values = entries.shape
    for row in range(count):
        for k in range(values):
            total = np.float32(0)
            for part in parts:
                total += part[places[row] + k]
                part[places[row] + k] = 0
            inside = abs(entries[row, k]) <= 1
            gradient[row, k] = total * np.float32(127) if inside else np.float32(0)
