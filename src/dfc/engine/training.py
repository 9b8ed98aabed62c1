"""Training tables with the kernels: the table model with a forward and a backward pass of its own.

The pixels that a layer reads and the values that it adds up are whole numbers, so that the forward
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
from dfc.engine.borders import extend_plane, fold_planes
from dfc.engine.kernels import Output, Source, make_gradient_kernel, round_up_pitch
from dfc.engine.program import LayerProgram, compile_layer
from dfc.models.layers import Layer, pad_positions
from dfc.models.lut import Lut
from dfc.models.table_model import TableModel


class EngineModel(TableModel):
    """A table model whose layers run on the kernels where the image is on the CPU."""

    def __init__(self, lut: Lut, intervals: Iterable[int] = ()) -> None:
        super().__init__(lut, intervals)
        self._layers = {
            layer: TrainableLayer(
                compile_layer(layer, [lut.tables[lookup.table] for lookup in layer.lookups]),
                lut.architecture.padding,
            )
            for layer in lut.architecture.layers
        }

    def sum_layer(self, layer: Layer, image: Tensor) -> Tensor:
        """Add up the lookups of one layer, with their gradients."""
        if image.device.type != "cpu":
            return super().sum_layer(layer, image)
        values = [self.table_parameters[lookup.table]() for lookup in layer.lookups]
        return self._sum(layer, image, values)

    def _sum(self, layer: Layer, image: Tensor, values: list[Tensor]) -> Tensor:
        return _LayerSum.apply(image, self._layers[layer], *values)


class _LayerSum(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: FunctionCtx, image: Tensor, layer: "TrainableLayer", *values: Tensor
    ) -> Tensor:
        layer.fill([value.detach().numpy() for value in values])
        planes = layer.extend(image.detach().numpy())
        ctx.layer, ctx.planes, ctx.size = layer, planes, image.shape[2:]
        ctx.save_for_backward(*values)
        return torch.from_numpy(layer.sum_lookups(planes, *image.shape[2:])).to(image.dtype)

    @staticmethod
    def backward(ctx: FunctionCtx, sums: Tensor) -> tuple[Tensor | None, ...]:
        layer, dtype = ctx.layer, sums.dtype
        values = [value.detach().numpy() for value in ctx.saved_tensors]
        inner = ctx.needs_input_grad[0]
        gradient = np.ascontiguousarray(sums.detach().numpy(), np.float32)
        image, tables = layer.compute_gradients(gradient, ctx.planes, ctx.size, values, inner)
        return (
            torch.from_numpy(image).to(dtype) if inner else None,
            None,
            *(torch.from_numpy(table).to(dtype) for table in tables),
        )


class TrainableLayer:
    """The kernels of one layer, with the memory that they work in.

    The tables of its program are overwritten with the values that are being trained.
    """

    def __init__(self, program: LayerProgram, padding: str) -> None:
        self._program = program
        self._padding = padding
        self._gradients: list[NDArray[np.float32]] = []

    def fill(self, values: Iterable[NDArray]) -> None:
        """Round values, -1..1, to the whole numbers that the kernels look up."""
        pairs = zip(values, self._program.places, strict=True)
        _in_parallel(lambda pair: fill(*pair, self._program.tables.values), pairs)

    def extend(self, image: NDArray) -> NDArray[np.uint8]:
        """Copy whole-numbered pixels [B, C, H, W] to planes [B, C, H + 2 reach, pitch]."""
        batch, channels, height, width = image.shape
        reach = self._program.reach
        shape = (batch, channels, height + 2 * reach, round_up_pitch(width + 2 * reach))
        planes = np.empty(shape, np.uint8)
        planes[:, :, reach : reach + height, reach : reach + width] = image
        rows, columns = self._borders(height, width)
        for plane in planes.reshape(-1, *shape[2:]):
            extend_plane(plane, -reach, 0, height, rows, columns, reach)
        return planes

    def sum_lookups(self, planes: NDArray[np.uint8], height: int, width: int) -> NDArray:
        """Add up all lookups: float32 [B, out_channels, H * scale, W * scale]."""
        layer, offsets = self._program.layer, self._offsets(planes)
        shape = (len(planes), layer.out_channels, height * layer.scale, width * layer.scale)
        sums = np.empty(shape, np.float32)

        def run(index: int) -> None:
            source = self._source(planes[index], height, width)
            self._program.run(source, offsets, _flatten(sums[index]), sums=True)

        _in_parallel(run, range(len(planes)))
        return sums

    def compute_gradients(
        self,
        sums: NDArray[np.float32],
        planes: NDArray[np.uint8],
        size: tuple[int, int],
        values: list[NDArray],
        inner: bool,
    ) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
        """Compute the gradients of the image [B, C, H, W], if `inner`, and of the tables."""
        program = self._program
        kernel = make_gradient_kernel(program.layer.scale, program.layer.out_channels, inner)
        source = np.zeros(planes.shape if inner else (len(planes), 1), np.float32)
        offsets, tables = self._offsets(planes), program.tables
        workers = torch.get_num_threads()
        while len(self._gradients) < workers:
            self._gradients.append(np.zeros(program.tables.values.size, np.float32))

        def run(worker: int) -> None:
            for index in range(worker, len(planes), workers):
                written = self._gradients[worker], source[index].reshape(-1)
                read = self._source(planes[index], *size)
                kernel(*read, offsets, *tables[:3], *_flatten(sums[index]), *written)

        _in_parallel(run, range(workers))
        gradients = [np.empty_like(value, np.float32) for value in values]
        parts = tuple(self._gradients[:workers])
        jobs = zip(values, program.places, gradients, strict=True)
        _in_parallel(lambda job: collect(*job, parts), jobs)
        image = np.empty((*planes.shape[:2], *size), np.float32)
        if inner:
            fold_planes(source, *self._borders(*size), program.reach, image)
        return image, gradients

    def _borders(self, height: int, width: int) -> list[NDArray[np.int64]]:
        reach = self._program.reach
        return [pad_positions(length, reach, self._padding) for length in (height, width)]

    def _offsets(self, planes: NDArray[np.uint8]) -> NDArray[np.int64]:
        rows, pitch = planes.shape[2:]
        return self._program.offsets(pitch, rows * pitch)

    def _source(self, planes: NDArray[np.uint8], height: int, width: int) -> Source:
        pitch, reach = planes.shape[2], self._program.reach
        return Source(planes.reshape(-1), reach * (pitch + 1), pitch, height, width)


def _flatten(sums: NDArray[np.float32]) -> Output:
    _, height, width = sums.shape
    return Output(sums.reshape(-1), 0, width, height * width)


def _in_parallel(job: Callable, items: Iterable) -> None:
    run_parallel(job, items, torch.get_num_threads())


@njit(nogil=True, cache=True)
def fill(values: NDArray, places: NDArray[np.int64], tables: NDArray[np.int8]) -> None:
    """Round values [N, V], -1..1, to whole numbers -127..127, at their places in the tables."""
    count, width = values.shape
    for row in range(count):
        for k in range(width):
            value = min(max(values[row, k], -1), 1)
            tables[places[row] + k] = np.int8(np.rint(value * 127))


@njit(nogil=True, cache=True)
def collect(
    values: NDArray,
    places: NDArray[np.int64],
    gradient: NDArray[np.float32],
    parts: tuple[NDArray[np.float32], ...],
) -> None:
    """Add up the gradients of the threads for values [N, V], and clear them."""
    count, width = values.shape
    for row in range(count):
        for k in range(width):
            total = np.float32(0)
            for part in parts:
                total += part[places[row] + k]
                part[places[row] + k] = 0
            inside = abs(values[row, k]) <= 1
            gradient[row, k] = total * np.float32(127) if inside else np.float32(0)
