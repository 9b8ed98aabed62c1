"""Restoring whole images with the kernels: strips, borders, colours and threads."""

from collections.abc import Iterator, Mapping, Sequence
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from dfc.common.parallel import count_cores, run_parallel
from dfc.engine.borders import add_turn, extend_planes, interleave, join_blocks
from dfc.engine.isa import choose_isa
from dfc.engine.kernels import Output, Source
from dfc.engine.one_tap_layer import OneTapLayer
from dfc.engine.planes import Layout, allocate, find_halos, place_planes
from dfc.engine.program import LayerProgram, Offsets
from dfc.engine.simplex_layer import SimplexLayer
from dfc.models.layers import Architecture
from dfc.models.lut import Lut, Table
from dfc.models.taps import pad_positions, rotate_block

Image = NDArray[np.uint8]
STRIP_ROWS = 90  # of the input, worked on at once: they and what layers make of them stay in cache
FEWEST_ROWS = 8  # below that, a strip mostly works on the rows around it

_programs: WeakKeyDictionary[Lut, dict[str, list[LayerProgram]]] = WeakKeyDictionary()


def restore(image: Image, lut: Lut, threads: int | None = None) -> Image:
    """Restore an image, uint8, [H, W] or [H, W, C]: the same kind, `scale` times larger.

    Each colour is a grey image of its own; a LUT that restores three colours at once takes a grey
    image for three alike, and gives their mean. All cores share the work, or so many `threads`.
    """
    isa, architecture = choose_isa(), lut.architecture
    programs = _programs.setdefault(lut, {})
    if isa not in programs:
        programs[isa] = list(compile_layers(architecture, lut.tables, isa))
    threads = threads or count_cores()
    planes = np.atleast_3d(image)
    alone = planes.shape[2] < architecture.colours
    planes = np.ascontiguousarray(planes.repeat(3, axis=2) if alone else planes)
    height, width, colours = planes.shape
    scale = architecture.scale
    restored = np.empty((height * scale, width * scale, colours), np.uint8)
    rows = choose_strip_rows(height, threads)
    strips = Strips(architecture, programs[isa], planes, restored, rows)
    run_parallel(strips.restore, range(0, height, rows), threads)
    if alone:
        restored = np.rint(restored.mean(axis=2, dtype=np.float32)).astype(np.uint8)
    return restored.reshape(*restored.shape[:2], *image.shape[2:])


def compile_layers(
    architecture: Architecture,
    tables: Mapping[str, Table],
    isa: str,
    one_tap: type[OneTapLayer] = OneTapLayer,
) -> Iterator[LayerProgram]:
    """Lay out the layers of a LUT for the kernels, those of one tap for those of a class."""
    for layer in architecture.layers:
        own = {lookup.table: tables[lookup.table] for lookup in layer.lookups}
        if layer.is_one_tap:
            program = one_tap(layer, architecture, own, isa)
        else:
            program = SimplexLayer(layer, architecture, own)
        program.fill({name: table.values for name, table in own.items()})
        yield program


def choose_strip_rows(height: int, threads: int) -> int:
    """Rows of a strip: as many strips for every thread, each of at most `STRIP_ROWS`."""
    strips = threads * -(-height // (threads * STRIP_ROWS))
    return max(-(-height // strips), FEWEST_ROWS)


class Strips:
    """An image, uint8 [H, W, C], that is restored strip by strip, several at the same time.

    A strip of so many rows is worked on in planes that extend beyond it on all sides, as far as the
    layers of the program read.
    """

    def __init__(
        self,
        architecture: Architecture,
        program: Sequence[LayerProgram],
        image: Image,
        restored: Image,
        rows: int,
    ) -> None:
        self._architecture, self._program = architecture, program
        self._image, self._restored, self._rows = image, restored, rows
        height, width, _ = image.shape
        self._halos, self._halo = find_halos(architecture)
        margin, last = architecture.reach, architecture.layers[-1]
        self._borders = [
            pad_positions(side, margin, architecture.padding) for side in (height, width)
        ]
        # A last layer that is run once can write its blocks of pixels where they belong.
        plain = architecture.ends_in_pixels and last.out_channels == 1
        self._planar = not plain or isinstance(program[-1], OneTapLayer)
        slots, count = place_planes(architecture, self._planar)
        self._layout = Layout(slots, count, rows + 2 * self._halo, width, margin)
        self._turns = [
            (
                rotate_block(last.out_channels, last.scale, turn),
                [step.find_offsets(self._layout, turn) for step in program],
            )
            for turn in range(architecture.rotations)
        ]

    def restore(self, top: int) -> None:
        """Restore the strip whose first row is `top`."""
        model, layout = self._architecture, self._layout
        height, width, colours = self._image.shape
        bottom, last = min(top + self._rows, height), model.layers[-1]
        memory = allocate(layout.size, layout.margin)
        restored = self._restored[top * model.scale : bottom * model.scale]
        sums = np.empty((last.values * self._planar, bottom - top, width), np.int16)
        rows = 0 if self._planar else len(restored)
        pixels = np.empty((colours, rows, restored.shape[1]), np.uint8)
        for colour in range(0, colours, model.colours):
            self._read(colour, top, bottom, layout.view(memory))
            for number, (order, offsets) in enumerate(self._turns):
                self._run(offsets, top, bottom, memory, pixels[colour])
                if self._planar:
                    made = layout.view(memory)[layout.slots[model.first_planes[-1]] :]
                    add_turn(made, order, self._halo, layout.margin, number == 0, sums)
            if self._planar:
                lowest = model.rotations * last.lowest
                part = restored[..., colour : colour + model.colours]
                join_blocks(sums, model.scale, lowest, model.divisor, model.bias, part)
        if not self._planar:
            interleave(pixels, restored)

    def _read(self, colour: int, top: int, bottom: int, planes: Image) -> None:
        """Make the planes of the inputs."""
        first, margin = top - self._halo, self._layout.margin  # row 0 of a plane is that row
        start, stop = max(first, 0), min(bottom + self._halo, len(self._image))
        inputs = self._architecture.inputs
        for plane, each in zip(planes, inputs, strict=False):
            levels = each.take_bits(self._image[start:stop, :, colour + each.colour])
            plane[start - first : stop - first, margin : margin + levels.shape[1]] = levels
        extend_planes(planes[: len(inputs)], 1, first, start, stop, *self._borders, margin)

    def _run(
        self, offsets: Sequence[Offsets], top: int, bottom: int, memory: Image, pixels: Image
    ) -> None:
        """Run the layers in one turn, to planes, or the last to restored pixels."""
        (height, width, _), layout = self._image.shape, self._layout
        first = top - self._halo
        for index, step in enumerate(self._program):
            halo, is_last = self._halos[index], index == len(self._program) - 1
            start, stop = max(top - halo, 0), min(bottom + halo, height)
            origin = (start - first) * layout.pitch + layout.margin
            source = Source(memory, (origin, layout.pitch, stop - start, width))
            slot = layout.slots[self._architecture.first_planes[index]]
            output = Output(memory, (slot * layout.plane + origin, layout.pitch, layout.plane))
            if is_last and not self._planar:
                output = Output(pixels.reshape(-1), (0, pixels.shape[1], 0))
            step.run(source, offsets[index], output, planar=self._planar or not is_last)
            if not is_last:
                made = layout.view(memory)[slot : slot + step.layer.values]
                extend_planes(made, 1, first, start, stop, *self._borders, layout.margin)
