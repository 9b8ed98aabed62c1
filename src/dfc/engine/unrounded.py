"""Restoring images whose levels are not whole numbers, as in noise that was not rounded.

Tables of one tap alone: there, the table model in PyTorch takes five times as long as a kernel in
single precision. Other kernels of the engine take whole levels, 0..255.
"""

import numpy as np
import torch
from torch import Tensor

from dfc.engine.borders import extend_planes
from dfc.engine.isa import choose_isa
from dfc.engine.kernel_cache import compile_kernel
from dfc.engine.kernels import Output, Source
from dfc.engine.one_tap_layer import OneTapLayer
from dfc.engine.planes import Layout, place_planes
from dfc.engine.program import Floats, Offsets, Values
from dfc.engine.strips import compile_layers
from dfc.models.forward import join_turned
from dfc.models.lut import Lut
from dfc.models.table_model import TableModel
from dfc.models.taps import pad_positions


def make_unrounded_model(lut: Lut) -> TableModel:
    """Make the fastest model that restores images of any levels, 0..255, with a LUT."""
    layers, inputs = lut.architecture.layers, lut.architecture.inputs
    whole = all(each.bits == 8 for each in inputs)
    fast = whole and all(layer.is_one_tap for layer in layers)
    return UnroundedModel(lut) if fast else TableModel(lut)


class UnroundedModel(TableModel):
    """A table model that restores in single precision, by a kernel, and passes no gradients."""

    def __init__(self, lut: Lut) -> None:
        super().__init__(lut)
        compiled = compile_layers(lut.architecture, lut.tables, choose_isa(), UnroundedLayer)
        self.programs = list(compiled)

    def run_turn(self, image: Tensor, turn: int) -> Tensor:
        """Run the layers on an image that is turned."""
        last = self.architecture.layers[-1]
        made = torch.from_numpy(np.stack([self._run(each, turn) for each in image.numpy()]))
        return join_turned(made + last.lowest, last, turn)

    def _run(self, image: Floats, turn: int) -> Floats:
        """Run pixels [colours, H, W]; returns [values, H, W], from the lowest of their range on."""
        model, (_, height, width) = self.architecture, image.shape
        margin, inputs = model.reach, len(model.inputs)
        layout = Layout(*place_planes(model), height + 2 * margin, width, margin)
        memory = np.empty(layout.size, np.float32)
        planes = layout.view(memory)
        inside = planes[:, margin : margin + height, margin : margin + width]
        borders = [pad_positions(side, margin, model.padding) for side in (height, width)]
        inside[:inputs] = image[[each.colour for each in model.inputs]]
        extend_planes(planes[:inputs], 1, -margin, 0, height, *borders, margin)
        at = margin * (layout.pitch + 1)
        source = Source(memory, (at, layout.pitch, height, width))
        for program, first in zip(self.programs, model.first_planes, strict=True):
            slot, count = layout.slots[first], program.layer.values
            output = Output(memory, (slot * layout.plane + at, layout.pitch, layout.plane))
            program.run(source, program.find_offsets(layout, turn), output)
            extend_planes(planes[slot : slot + count], 1, -margin, 0, height, *borders, margin)
        return inside[slot : slot + count]


class UnroundedLayer(OneTapLayer):
    """A layer of tables of one tap that reads and writes levels in single precision."""

    def fill(self, values: Values) -> None:
        """Interpolate the values of the tables at all levels, and once more the last of them:
        [items, levels + 1, values]."""
        flat, cells = self._flatten(values).astype(np.float32), self._cells
        below, above = flat[cells.lower], flat[cells.upper]
        rows = below + (above - below) * (cells.fraction / cells.steps).astype(np.float32)
        self._rows = np.concatenate([rows, rows[:, -1:]], 1)

    def run(self, source: Source, offsets: Offsets, output: Output, planar: bool = True) -> None:
        """Run the layer; always to planes."""
        layer, (_, *finish) = self.layer, self.finish
        numbers = np.float32(layer.divisor), np.float32(layer.bias), np.float32(layer.levels - 1)
        finish = *numbers, *finish
        interpolate_rows(*source, *offsets, self._depthwise, self._rows, finish, *output)


@compile_kernel
def interpolate_rows(planes, area, taps, added, depthwise, rows, finish, written, place) -> None:
    """Add up what rows [items, levels, values] hold at taps [values, items], interpolated between
    levels, and finish the sums as `Finish` says, in single precision."""
    origin, pitch, height, width = area
    divisor, bias, top, constants, starts = finish
    output_origin, output_pitch, output_plane = place
    # Of unsigned integers, or Numba would look whether an index counts from the end.
    one, totals = np.uint32(1), np.empty(rows.shape[2], np.float32)
    for y in range(height):
        for x in range(width):
            at = origin + y * pitch + x
            totals[:] = 0
            for item in range(len(rows)):
                if depthwise[item]:
                    for value in range(len(totals)):
                        level = planes[at + taps[value, item]]
                        whole = np.uint32(level)
                        below, above = rows[item, whole, value], rows[item, whole + one, value]
                        totals[value] += below + (above - below) * (level - np.float32(whole))
                else:
                    level = planes[at + taps[0, item]]
                    whole = np.uint32(level)
                    share = level - np.float32(whole)
                    lower, upper = rows[item, whole], rows[item, whole + one]
                    for value in range(len(totals)):
                        totals[value] += lower[value] + (upper[value] - lower[value]) * share
            target = output_origin + y * output_pitch + x
            for value in range(len(totals)):
                made = np.rint(totals[value] / divisor + bias) + constants[value]
                for residual in range(starts[value], starts[value + 1]):
                    made += planes[at + added[residual]]
                written[target + value * output_plane] = min(max(made, 0), top)
