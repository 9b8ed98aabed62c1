"""Training tables of one tap on CUDA: the table model with forward and backward kernels.

The forward pass gives what the engine gives; in the backward pass, gradients are rounded to
bfloat16 before they are added up in single precision.
"""

from collections.abc import Iterable

import torch
import triton
import triton.language as tl
from torch import Tensor
from torch.autograd.function import FunctionCtx

from dfc.cuda import backward_kernels, forward_kernels
from dfc.cuda.program import LayerProgram, compile_layers
from dfc.models.forward import join_turned
from dfc.models.layers import Architecture
from dfc.models.lut import Lut
from dfc.models.table_model import TableModel
from dfc.models.taps import compute_reach

BLOCK = 64  # pixels of a program
ROWS_BLOCK = 128  # pixels of those that add up gradients
LINES, SPAN = 2, 64  # and of those of depthwise lookups
FACTOR = tl.bfloat16  # what gradients are rounded to before they are added up
PROGRAMS = 1056  # that add up gradients, about


def is_supported(architecture: Architecture) -> bool:
    """Whether these kernels run an architecture: one lookup of one tap a layer, edges repeated."""
    return architecture.padding == "edge" and all(
        len(layer.lookups) == 1 and layer.is_one_tap and layer.rotations == 1
        for layer in architecture.layers
    )


class CudaModel(TableModel):
    """A table model whose layers run on these kernels where the image is on a GPU."""

    def __init__(self, lut: Lut, intervals: Iterable[int] = ()) -> None:
        super().__init__(lut, intervals)
        self.programs: dict[tuple[torch.device, int], list[LayerProgram]] = {}

    def run_turn(self, image: Tensor, turn: int) -> Tensor:
        """Run the layers on an image that is turned, with their gradients."""
        if image.device.type != "cuda" or not is_supported(self.architecture):
            return super().run_turn(image, turn)
        return self.run_kernels(image, turn)

    def run_kernels(self, image: Tensor, turn: int) -> Tensor:
        """Run the layers on the kernels."""
        key = image.device, turn
        if key not in self.programs:
            self.programs[key] = list(compile_layers(self, *key))
        values = [parameters.add_up() for parameters in self.table_parameters.values()]
        made = _Turn.apply(image, self.architecture, self.programs[key], *values)
        return join_turned(made, self.architecture.layers[-1], turn)


class _Turn(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: FunctionCtx,
        image: Tensor,
        model: Architecture,
        programs: list[LayerProgram],
        *values: Tensor,
    ) -> Tensor:
        batch, _, height, width = image.shape
        count = model.first_planes[-1] + model.layers[-1].values
        planes = torch.empty(count, batch, height, width, dtype=torch.uint8, device=image.device)
        for plane, each in zip(planes, model.inputs, strict=False):
            levels = image[:, each.colour].to(torch.uint8)
            plane.copy_(levels >> each.shift & 2**each.bits - 1 if each.bits < 8 else levels)
        for program, value in zip(programs, values, strict=True):
            expand(program, value)
            run(program, planes)
        ctx.model, ctx.programs = model, programs
        ctx.save_for_backward(planes, *values)
        made = planes[model.first_planes[-1] :].transpose(0, 1)
        return made.to(image.dtype) + model.layers[-1].lowest

    @staticmethod
    def backward(ctx: FunctionCtx, made: Tensor) -> tuple[Tensor | None, ...]:
        planes, *values = ctx.saved_tensors
        gradients = torch.zeros(planes.shape, dtype=torch.float32, device=planes.device)
        gradients[ctx.programs[-1].first :] = made.transpose(0, 1)
        sizes = [program.rows * program.length * program.width for program in ctx.programs]
        sizes += [value.numel() for value in values]
        zeros = torch.zeros(sum(sizes), device=planes.device).split(sizes)
        points, found = zeros[: len(values)], zeros[len(values) :]
        for number in reversed(range(len(values))):
            program = ctx.programs[number]
            add_gradients(program, planes, gradients, points[number], len(ctx.model.inputs))
            collect(program, points[number], values[number], found[number])
        shaped = (part.view_as(value) for part, value in zip(found, values, strict=True))
        return None, None, None, *shaped


def expand(program: LayerProgram, values: Tensor) -> None:
    """Round the values of a table, and expand it to every level."""
    lookup, layer = program.lookup, program.layer
    columns = len(lookup.places) * layer.values
    count = lookup.levels * columns
    forward_kernels.expand_table[(triton.cdiv(count, 256),)](
        values, *program.cells, program.gain, program.lowest, program.expanded, program.slopes,
        count, columns, layer.values,
        LEVELS=lookup.levels, PLACES=len(lookup.places), WIDTH=program.width,
        DEPTHWISE=lookup.depthwise, BLOCK=256,
    )  # fmt: skip


def run(program: LayerProgram, planes: Tensor) -> None:
    """Make the planes [planes, B, H, W] of a layer."""
    lookup, layer = program.lookup, program.layer
    pixels, height, width = planes[0].numel(), *planes.shape[2:]
    arguments = planes, program.expanded, program.taps, program.residuals
    numbers = float(layer.divisor), float(layer.bias), float(layer.lowest)
    numbers += (float(layer.range.highest), pixels, height, width, program.first)
    residuals = len(program.residuals)
    if lookup.depthwise:
        forward_kernels.sum_depthwise[(triton.cdiv(pixels, 512), layer.values)](
            *arguments, *numbers, program.source,
            PLACES=len(lookup.places), RESIDUALS=residuals, LEVELS=lookup.levels,
            WIDTH=program.residuals.shape[1], BLOCK=512,
        )  # fmt: skip
    else:
        forward_kernels.sum_rows[(triton.cdiv(pixels, BLOCK),)](
            *arguments, *numbers, layer.values,
            ROWS=program.rows, RESIDUALS=residuals, LEVELS=lookup.levels, WIDTH=program.width,
            MOVED=program.moved, BLOCK=BLOCK,
        )  # fmt: skip


def add_gradients(
    program: LayerProgram, planes: Tensor, gradients: Tensor, points: Tensor, inputs: int
) -> None:
    """Add the gradients of what a layer reads to `gradients`, given those of what it made, and
    those of its table to `points` [rows, points, width]."""
    lookup, layer = program.lookup, program.layer
    pixels, height, width = planes[0].numel(), *planes.shape[2:]
    sizes = pixels, height, width
    wide = program.residuals.shape[1]
    turned = planes.new_empty(0 if lookup.depthwise else pixels * wide, dtype=torch.bfloat16)
    backward_kernels.pass_clip[(triton.cdiv(pixels, BLOCK),)](
        planes, gradients, turned, program.residuals, float(layer.divisor), layer.levels - 1,
        *sizes, program.first, layer.values, inputs,
        RESIDUALS=len(program.residuals), WIDTH=wide, DEPTHWISE=lookup.depthwise, BLOCK=BLOCK,
    )  # fmt: skip
    parts = triton.cdiv(PROGRAMS, program.rows)
    cells = max(16, lookup.levels // program.step)
    lattice = program.length, float(program.step)
    if lookup.depthwise:
        reach = compute_reach(lookup.places)
        high, wide = height + 2 * reach, width + 2 * reach
        arguments = *sizes, program.first, program.source
        tiles = len(planes[0]) * triton.cdiv(high, LINES) * triton.cdiv(wide, SPAN)
        backward_kernels.add_depthwise[(program.rows, parts)](
            planes, gradients, program.taps, points, float(layer.divisor), *arguments, *lattice,
            TURNS=triton.cdiv(tiles, parts), REACH=reach, USED=program.used, WIDTH=program.width,
            CELLS=cells, FACTOR=FACTOR, LINES=LINES, SPAN=SPAN,
        )  # fmt: skip
        looked_at = len(planes[0]) * high * wide
        backward_kernels.pass_depthwise[(triton.cdiv(looked_at, 512), layer.values)](
            planes, gradients, program.slopes, program.taps, float(layer.divisor), *arguments,
            REACH=reach, PLACES=program.used, LEVELS=lookup.levels, BLOCK=512,
        )  # fmt: skip
        return
    backward_kernels.add_rows[(program.rows, parts)](
        planes, turned, program.taps, points, *sizes, *lattice,
        TURNS=triton.cdiv(pixels, ROWS_BLOCK * parts), WIDTH=program.width, CELLS=cells,
        MOVED=program.moved, FACTOR=FACTOR, BLOCK=ROWS_BLOCK,
    )  # fmt: skip
    if program.source >= inputs:
        backward_kernels.pass_rows[(triton.cdiv(pixels, BLOCK),)](
            planes, gradients, turned, program.slopes, program.taps, *sizes,
            ROWS=program.rows, LEVELS=lookup.levels, WIDTH=program.width, MOVED=program.moved,
            BLOCK=BLOCK,
        )  # fmt: skip


def collect(program: LayerProgram, points: Tensor, values: Tensor, found: Tensor) -> None:
    """Take the gradients of the points of rows back to the values of a table, -1..1."""
    lookup, layer = program.lookup, program.layer
    columns = len(lookup.places) * layer.values
    count = program.length * columns
    backward_kernels.collect_table[(triton.cdiv(count, 256),)](
        points, values, *program.points, program.gain, found, count, columns, layer.values,
        program.length, WIDTH=program.width, DEPTHWISE=lookup.depthwise, BLOCK=256,
    )  # fmt: skip
