"""Restoring whole images with the kernels: strips, borders, colours and threads."""

import math
from collections.abc import Iterator, Mapping, Sequence
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from dfc.common.parallel import count_cores, run_parallel
from dfc.engine.borders import add_turn, extend_planes, interleave, join_blocks
from dfc.engine.isa import choose_isa
from dfc.engine.kernels import Output, Source
from dfc.engine.one_tap import SLACK, allocate
from dfc.engine.one_tap_layer import OneTapLayer
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
    """Restore an image, uint8, [H, W] or [H, W, 3].

    Each colour is a grey image of its own; a LUT that restores three colours at once takes a grey
    image for three alike, and gives the mean of the three. Returns the same kind of image, `scale`
    times larger on each side. All cores share the work, or so many `threads`.
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
    architecture: Architecture, tables: Mapping[str, Table], isa: str
) -> Iterator[LayerProgram]:
    """Lay out the layers of a LUT for the kernels."""
    for layer in architecture.layers:
        own = {lookup.table: tables[lookup.table] for lookup in layer.lookups}
        if layer.is_one_tap:
            program = OneTapLayer(layer, architecture, own, isa)
        else:
            program = SimplexLayer(layer, architecture, own)
        program.fill({name: table.values for name, table in own.items()})
        yield program


def choose_strip_rows(height: int, threads: int) -> int:
    """Rows of a strip: as many strips for every thread, each of at most `STRIP_ROWS`."""
    strips = threads * -(-height // (threads * STRIP_ROWS))
    return max(-(-height // strips), FEWEST_ROWS)


def round_up_pitch(width: int, margin: int) -> int:
    """Elements from row to row of a plane, of which kernels write whole lines of the cache."""
    lines = -(-width // SLACK) * SLACK
    return -(-(lines + 2 * margin) // SLACK) * SLACK


def place_planes(architecture: Architecture, planar: bool = True) -> tuple[NDArray[np.int64], int]:
    """Find slots in a buffer for all planes, and how many there are.

    The planes of a layer lie side by side; those of the last are its values, if `planar`, or none.
    Slots of planes that no later layer reads are used again, but for those of the inputs, which
    every turn of the model reads.
    """
    layers, firsts = architecture.layers, architecture.first_planes
    last_read = np.full(len(architecture.planes), -1)
    for index, layer in enumerate(layers):
        last_read[[tap[0] for tap, _ in layer.list_reads()]] = index
    slots = np.zeros(len(architecture.planes), np.int64)
    slots[: firsts[0]] = np.arange(firsts[0])
    busy = [len(layers)] * firsts[0]  # until when, by slot
    for index, (layer, first) in enumerate(zip(layers, firsts, strict=True)):
        channels, count = layer.out_channels, layer.values
        if layer is layers[-1] and not planar:
            break
        start = next(
            at for at in range(len(busy) + 1) if all(end < index for end in busy[at : at + count])
        )
        busy += [-1] * (start + count - len(busy))
        ends = last_read[first : first + channels].clip(index)
        busy[start : start + count] = [*ends, *[index] * (count - channels)]
        slots[first : first + channels] = np.arange(start, start + channels)
    return slots, len(busy)


def find_halos(architecture: Architecture) -> tuple[list[int], int]:
    """Find how many rows beyond a strip every layer makes, and how many of the inputs are read."""
    inputs = len(architecture.inputs)
    needed = np.zeros(len(architecture.planes), np.int64)
    halos = []
    for layer, first in reversed(
        [*zip(architecture.layers, architecture.first_planes, strict=True)]
    ):
        own = int(needed[first : first + layer.out_channels].max())
        halos.append(own)
        for (plane, row, column), _ in layer.list_reads():
            # An ensemble turns columns into rows.
            needed[plane] = max(needed[plane], own + max(abs(row), abs(column)))
    return halos[::-1], int(needed[:inputs].max())


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
        self._margin = max(layer.reach for layer in architecture.layers)
        self._borders = [
            pad_positions(side, self._margin, architecture.padding) for side in (height, width)
        ]
        self._pitch = round_up_pitch(width, self._margin)
        # A last layer that is run once can write its blocks of pixels where they belong.
        last = architecture.layers[-1]
        once = architecture.rotations == 1 and architecture.bias == 0
        pixels = last.range == (0, 256) and last.out_channels == 1
        self._planar = not (once and pixels) or isinstance(program[-1], OneTapLayer)
        self._slots, count = place_planes(architecture, self._planar)
        self._shape = (count, rows + 2 * self._halo, self._pitch)
        self._plane = self._shape[1] * self._pitch
        self._turns = [
            (
                rotate_block(last.out_channels, last.scale, turn),
                [
                    step.find_offsets(self._slots, self._plane, self._pitch, turn)
                    for step in program
                ],
            )
            for turn in range(architecture.rotations)
        ]

    def restore(self, top: int) -> None:
        """Restore the strip whose first row is `top`."""
        bottom = min(top + self._rows, len(self._image))
        model, (_, width, colours) = self._architecture, self._image.shape
        memory = allocate(math.prod(self._shape) + SLACK, self._margin)
        restored = self._restored[top * model.scale : bottom * model.scale]
        values = model.layers[-1].values
        if self._planar:
            sums = np.empty((values, bottom - top, width), np.int16)
        else:
            parts = np.empty((colours, (bottom - top) * model.scale, width * model.scale), np.uint8)
        for colour in range(0, colours, model.colours):
            planes = self._read(colour, top, bottom, memory)
            for number, (order, offsets) in enumerate(self._turns):
                if not self._planar:
                    self._run(offsets, top, bottom, memory, planes, parts[colour].reshape(-1))
                    continue
                self._run(offsets, top, bottom, memory, planes)
                made = planes[self._slots[model.first_planes[-1]] :]
                add_turn(made, order, self._halo, self._margin, number == 0, sums)
            if self._planar:
                bias = model.rotations * model.layers[-1].lowest + model.bias
                part = restored[..., colour : colour + model.colours]
                join_blocks(sums, model.scale, bias, part)
        if not self._planar:
            interleave(parts, restored)

    def _read(self, colour: int, top: int, bottom: int, memory: Image) -> Image:
        """Make the planes of the inputs, and give all planes."""
        first = top - self._halo  # the row of the image that row 0 of a plane stands for
        start, stop = max(first, 0), min(bottom + self._halo, len(self._image))
        planes, margin = memory[: math.prod(self._shape)].reshape(self._shape), self._margin
        inputs = self._architecture.inputs
        for plane, each in zip(planes, inputs, strict=False):
            levels = each.take_bits(self._image[start:stop, :, colour + each.colour])
            plane[start - first : stop - first, margin : margin + levels.shape[1]] = levels
        extend_planes(planes[: len(inputs)], first, start, stop, *self._borders, margin)
        return planes

    def _run(
        self,
        offsets: Sequence[Offsets],
        top: int,
        bottom: int,
        memory: Image,
        planes: Image,
        restored: Image | None = None,
    ) -> None:
        """Run the layers in one turn, to planes, or the last to restored pixels."""
        height, width, _ = self._image.shape
        margin, pitch, plane = self._margin, self._pitch, self._plane
        first = top - self._halo
        for index, step in enumerate(self._program):
            halo, count = self._halos[index], step.layer.values
            start, stop = max(top - halo, 0), min(bottom + halo, height)
            origin = (start - first) * pitch + margin
            source = Source(memory, (origin, pitch, stop - start, width))
            if restored is not None and step is self._program[-1]:
                output = Output(restored, (0, width * self._architecture.scale, 0))
                step.run(source, offsets[index], output, planar=False)
                return
            slot = self._slots[self._architecture.first_planes[index]]
            output = Output(memory, (slot * plane + origin, pitch, plane))
            step.run(source, offsets[index], output)
            if step is not self._program[-1]:
                made = planes[slot : slot + count]
                extend_planes(made, first, start, stop, *self._borders, margin)
