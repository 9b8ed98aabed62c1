"""Training tables with the kernels: the table model with a forward and a backward pass of its own.

The forward pass is that of restoring, in whole numbers; the backward pass is in single precision.
All layers are one function of PyTorch's: nothing but pixels and tables goes in and out.
"""

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, distributed
from torch.autograd.function import FunctionCtx

from dfc.common.parallel import run_parallel
from dfc.engine.borders import extend_planes
from dfc.engine.gradients import pass_clip, pass_residuals
from dfc.engine.isa import choose_isa
from dfc.engine.kernel_cache import compile_kernel
from dfc.engine.kernels import Output, Source
from dfc.engine.one_tap_layer import OneTapLayer
from dfc.engine.planes import Layout, allocate, place_planes
from dfc.engine.program import Floats, LayerProgram, Target, Values
from dfc.engine.strips import compile_layers
from dfc.models.forward import join_turned
from dfc.models.lut import Lut
from dfc.models.table_model import TableModel
from dfc.models.taps import pad_positions


class EngineModel(TableModel):
    """A table model whose layers run on the kernels where the image is on the CPU.

    The tables of its programs are overwritten with those being trained.
    """

    def __init__(self, lut: Lut, intervals: Iterable[int] = ()) -> None:
        super().__init__(lut, intervals)
        self.programs = list(compile_layers(lut.architecture, lut.tables, choose_isa()))

    def run_turn(self, image: Tensor, turn: int) -> Tensor:
        """Run the layers on an image that is turned, with their gradients."""
        if image.device.type != "cpu":
            return super().run_turn(image, turn)
        values = [parameters() for parameters in self.table_parameters.values()]
        made = _Turn.apply(image, self, turn, *values)
        return join_turned(made, self.architecture.layers[-1], turn)

    def fill(self, values: Iterable[Floats]) -> Values:
        """Round values, -1..1, to whole numbers, and lay them out for the kernels."""
        rounded = {}
        for (name, each), value in zip(self.table_parameters.items(), values, strict=True):
            rounded[name] = np.empty(value.shape, np.int8)
            round_values(value.reshape(-1), round(each.lowest * 127), rounded[name].reshape(-1))
        run_parallel(lambda each: each.fill(rounded), self.programs, torch.get_num_threads())
        return rounded


class _Turn(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: FunctionCtx, image: Tensor, model: EngineModel, turn: int, *values: Tensor
    ) -> Tensor:
        ctx.programs, ctx.values = model.programs, [value.detach().numpy() for value in values]
        ctx.rounded = model.fill(ctx.values)
        count = min(count_groups(), len(image))
        parts = [image.detach().numpy()[group::count] for group in range(count)]
        ctx.batches = [Batch(model, part, turn) for part in parts]
        run_parallel(Batch.run, ctx.batches, torch.get_num_threads())
        results = [batch.result for batch in ctx.batches]
        made = np.empty((len(image), *results[0].shape[1:]), np.uint8)
        for group, result in enumerate(results):
            made[group::count] = result
        return torch.from_numpy(made).to(image.dtype) + model.architecture.layers[-1].lowest

    @staticmethod
    def backward(ctx: FunctionCtx, made: Tensor) -> tuple[Tensor | None, ...]:
        batches, parts = ctx.batches, made.detach().numpy()
        for program in ctx.programs:
            program.prepare(ctx.rounded, batches[0].turn)
        found: list[dict[str, Floats]] = [{} for _ in batches]

        def compute(group: int) -> None:
            batches[group].compute_gradients(group, parts[group :: len(batches)])
            for program in ctx.programs:
                found[group] |= program.collect(group, ctx.rounded)

        run_parallel(compute, range(len(batches)), torch.get_num_threads())
        tables = []
        for name, values in zip(ctx.rounded, ctx.values, strict=True):
            total = average_over_processes(add_pairwise([part[name] for part in found]))
            pass_rounding(total.reshape(-1), values.reshape(-1))
            tables.append(torch.from_numpy(total).to(made.dtype))
        return None, None, None, *tables


def count_processes() -> int:
    """Count the processes that train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def count_groups() -> int:
    """Count the groups of crops of a process, the gradients of each of which are added up in turn.

    There are as many as threads, but two at least over all processes. Group k of n has crops k,
    k + n, .. of a batch, as has a process: two processes of so many threads each train the very
    tables that one of twice as many does.
    """
    return max(torch.get_num_threads(), 2 // count_processes())


def add_pairwise(parts: list[Floats]) -> Floats:
    """Add up the parts of even numbers, those of odd ones, and the two sums, in place.

    Of two processes, each has one of the two.
    """
    if len(parts) == 1:
        return parts[0]
    even, odd = add_pairwise(parts[0::2]), add_pairwise(parts[1::2])
    even += odd
    return even


def average_over_processes(gradient: Floats) -> Floats:
    """Average the gradient of a table over all processes, in place.

    Averaging those of coarser lattices, which are sums of these, would round otherwise.
    """
    if count_processes() > 1:
        distributed.all_reduce(torch.from_numpy(gradient))
        gradient /= count_processes()
    return gradient


class Batch:
    """Crops [B, colours, H, W] that one thread works on: side by side, each with its margins."""

    def __init__(self, model: EngineModel, image: NDArray, turn: int) -> None:
        self.turn, self._programs = turn, model.programs
        architecture = self._architecture = model.architecture
        self._crops, _, self._height, self._width = image.shape
        margin = architecture.reach
        self._borders = [
            pad_positions(side, margin, architecture.padding)
            for side in (self._height, self._width)
        ]
        self._step = self._width + 2 * margin  # columns from crop to crop
        width, rows = self._crops * self._step - 2 * margin, self._height + 2 * margin
        # All planes are kept for the backward pass; gradients are where restoring has planes, in
        # margins of twice as many rows: windows around those of the planes are read, too.
        count = architecture.first_planes[-1] + architecture.layers[-1].values
        self._layout = Layout(np.arange(count), count, rows, width, margin)
        self._gradients = Layout(*place_planes(architecture), rows + 2 * margin, width, margin)
        self._memory = allocate(self._layout.size, margin)
        self._planes = self._layout.view(self._memory)
        for plane, each in zip(self._planes, architecture.inputs, strict=False):
            levels = each.take_bits(image[:, each.colour].astype(np.uint8))
            self._view_crops(plane)[:] = levels.transpose(1, 0, 2)
        self._extend(0, len(architecture.inputs))

    @property
    def result(self) -> NDArray[np.uint8]:
        """What the last layer made: [crops, values, H, W], from the lowest of its range on."""
        values = self._architecture.layers[-1].values
        return self._view_crops(self._planes[-values:]).transpose(2, 0, 1, 3)

    def _view_crops(self, planes: NDArray) -> NDArray:
        """View planes [.., R, pitch] as crops [.., H, crops, W]."""
        top = (planes.shape[-2] - self._height) // 2
        used = planes[..., top : top + self._height, : self._crops * self._step]
        crops = used.reshape(*used.shape[:-1], self._crops, self._step)
        return crops[..., self._layout.margin :][..., : self._width]

    def _extend(self, first: int, count: int) -> None:
        planes = self._planes[first : first + count]
        margin = self._layout.margin
        extend_planes(planes, self._crops, -margin, 0, self._height, *self._borders, margin)

    def _list_sources(self, program: LayerProgram) -> Iterable[tuple[int, Source]]:
        """List what a kernel takes at once, all crops or one, and where the first pixel is."""
        layout, together = self._layout, isinstance(program, OneTapLayer)
        width = layout.width if together else self._width
        for crop in range(1 if together else self._crops):
            at = layout.margin * (layout.pitch + 1) + crop * self._step
            yield at, Source(self._memory, (at, layout.pitch, self._height, width))

    def run(self) -> None:
        """Run the layers, one after the other."""
        layout, firsts = self._layout, self._architecture.first_planes
        for program, first in zip(self._programs, firsts, strict=True):
            offsets = program.find_offsets(layout, self.turn)
            for at, source in self._list_sources(program):
                place = first * layout.plane + at, layout.pitch, layout.plane
                program.run(source, offsets, Output(self._memory, place))
            if first != firsts[-1]:
                self._extend(first, program.layer.values)

    def compute_gradients(self, worker: int, gradient: Floats) -> None:
        """Add up the gradients of the tables, given that of `result`, as a worker."""
        layout, margin, firsts = (
            self._gradients,
            self._layout.margin,
            self._architecture.first_planes,
        )
        flat = np.zeros(layout.size, np.float32)
        gradients = layout.view(flat)
        last = gradients[layout.slots[firsts[-1]] :][: gradient.shape[1]]
        self._view_crops(last)[:] = gradient.transpose(1, 2, 0, 3)
        area = margin * (2 * layout.pitch + 1), layout.pitch, self._height, layout.width
        for program, first in reversed([*zip(self._programs, firsts, strict=True)]):
            slot, count, finish = layout.slots[first], program.layer.values, program.finish
            made, planes = gradients[slot : slot + count], self._planes[first : first + count]
            pass_clip(made, planes, self._crops, finish.numbers[-1], *self._borders, margin)
            _, added = program.find_offsets(layout, self.turn)
            pass_residuals(flat, area, slot * layout.plane, layout.plane, added, finish.starts)
            reads = program.locate(self._layout, layout, self.turn)
            for at, source in self._list_sources(program):
                place = at + margin * layout.pitch, slot * layout.plane, layout.plane
                program.add_gradients(worker, source, reads, Target(flat, place))
            made[:] = 0  # for planes of layers before, which have the same slots


@compile_kernel
def round_values(values: NDArray, lowest: int, rounded: NDArray[np.int8]) -> None:
    """Round values, -1..1, to whole numbers, from the lowest to 127."""
    for k in range(len(values)):
        rounded[k] = np.int8(min(max(np.rint(values[k] * 127), lowest), 127))


@compile_kernel
def pass_rounding(gradient: Floats, values: NDArray) -> None:
    """Take the gradient of whole numbers back to values, which are clipped, in place."""
    for k in range(len(values)):
        inside = -128 <= values[k] * 127 <= 127
        gradient[k] = gradient[k] * np.float32(127) if inside else np.float32(0)
