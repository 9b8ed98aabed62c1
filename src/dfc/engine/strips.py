"""Restoring whole images with the kernels: strips, borders, colours and threads."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from dfc.common.parallel import count_cores, run_parallel
from dfc.engine.borders import extend_plane, interleave
from dfc.engine.kernels import Output, Source, round_up_pitch
from dfc.engine.program import LayerProgram, compile_lut
from dfc.engine.simplex import PIXELS
from dfc.models.layers import pad_positions
from dfc.models.lut import Lut

Image = NDArray[np.uint8]
STRIP_ROWS = 60  # of the input, worked on at once: they and what layers make of them stay in cache
FEWEST_ROWS = 8  # below that, a strip mostly works on the rows around it

_programs: WeakKeyDictionary[Lut, list[LayerProgram]] = WeakKeyDictionary()


def restore(image: Image, lut: Lut, threads: int | None = None) -> Image:
    """Restore an image, uint8, [H, W] or [H, W, 3], each colour as a grey image of its own.

    Returns the same kind of image, `scale` times larger on each side. All cores share the work, or
    so many `threads`.
    """
    if lut not in _programs:
        _programs[lut] = compile_lut(lut)
    threads = threads or count_cores()
    planes = np.ascontiguousarray(np.atleast_3d(image))
    height, width, colours = planes.shape
    scale = lut.architecture.scale
    restored = np.empty((height * scale, width * scale, colours), np.uint8)
    rows = choose_strip_rows(height, threads)
    strips = Strips(_programs[lut], planes, restored, rows, lut.architecture.padding)
    run_parallel(strips.restore, range(0, height, rows), threads)
    return restored.reshape(*restored.shape[:2], *image.shape[2:])


def choose_strip_rows(height: int, threads: int) -> int:
    """Rows of a strip: as many strips for every thread, each of at most `STRIP_ROWS`."""
    strips = threads * -(-height // (threads * STRIP_ROWS))
    return max(-(-height // strips), FEWEST_ROWS)


@dataclass(frozen=True)
class Placement:
    """Which planes a layer reads and fills, and how far beyond a strip."""

    source: int  # the first plane that it reads
    outputs: range
    """Planes of the output channels; empty for the last layer, which writes the restored image."""
    halo: int  # rows beyond the strip that later layers read


def place_layers(program: Sequence[LayerProgram]) -> tuple[list[Placement], int]:
    """Find planes for what every layer reads and fills, and how many there are.

    Kept channels fill the first planes; the planes after them hold the input and what each layer
    hands to the next.
    """
    kept, placements = 0, []
    source = sum(step.layer.keeps for step in program)
    free = source + 1
    halo = sum(step.reach for step in program)
    for step in program:
        layer = step.layer
        halo -= step.reach
        # The first channel of a layer that keeps one goes to the kept planes.
        first, distance = (kept, free - kept) if layer.keeps else (free, 1)
        outputs = range(first, first + distance * layer.out_channels, distance)
        outputs = range(0) if step is program[-1] else outputs
        placements.append(Placement(0 if layer.reads_kept else source, outputs, halo))
        kept += layer.keeps
        source, free = free, free + len(outputs) - layer.keeps
    return placements, free


class Strips:
    """An image, uint8 [H, W, C], that is restored strip by strip, several at the same time.

    A strip of so many rows is worked on in planes that extend beyond it on all sides, as far as the
    layers of the program read; the padding, `edge` or `reflect`, says what lies beyond the borders.
    """

    def __init__(
        self,
        program: Sequence[LayerProgram],
        image: Image,
        restored: Image,
        rows: int,
        padding: str,
    ) -> None:
        self._image, self._restored, self._rows = image, restored, rows
        height, width, _ = image.shape
        self._scale = program[-1].layer.scale
        self._halo = sum(step.reach for step in program)
        self._margin = max(step.reach for step in program)
        self._borders = [pad_positions(side, self._margin, padding) for side in (height, width)]
        self._pitch = round_up_pitch(2 * self._margin + width)
        placements, planes = place_layers(program)
        self._shape = (planes, rows + 2 * self._halo, self._pitch)
        plane = self._shape[1] * self._pitch
        offsets = [step.offsets(self._pitch, plane) for step in program]
        self._steps = list(zip(program, offsets, placements, strict=True))

    def restore(self, top: int) -> None:
        """Restore the strip whose first row is `top`."""
        bottom = min(top + self._rows, len(self._image))
        scale = self._scale
        memory = np.empty(math.prod(self._shape) + PIXELS, np.uint8)
        _, width, colours = self._image.shape
        restored = np.empty((colours, (bottom - top) * scale, width * scale), np.uint8)
        for colour in range(colours):
            self._restore_colour(colour, top, bottom, memory, restored[colour].reshape(-1))
        interleave(restored, self._restored[top * scale : bottom * scale])

    def _restore_colour(
        self, colour: int, top: int, bottom: int, memory: Image, restored: Image
    ) -> None:
        height, width, _ = self._image.shape
        margin, pitch = self._margin, self._pitch
        planes = memory[:-PIXELS].reshape(self._shape)
        first = top - self._halo  # the row of the image that row 0 of a plane stands for
        start, stop = max(first, 0), min(bottom + self._halo, height)
        read = planes[self._steps[0][2].source]
        read[start - first : stop - first, margin : margin + width] = self._image[
            start:stop, :, colour
        ]
        extend_plane(read, first, start, stop, *self._borders, margin)
        for step, offsets, placement in self._steps:
            start, stop = max(top - placement.halo, 0), min(bottom + placement.halo, height)
            origin = (start - first) * pitch + margin
            plane, outputs = planes[0].size, placement.outputs
            source = Source(memory, placement.source * plane + origin, pitch, stop - start, width)
            output = Output(restored, 0, width * self._scale, 0)
            if outputs:
                output = Output(memory, outputs[0] * plane + origin, pitch, outputs.step * plane)
            step.run(source, offsets, output)
            for number in outputs:
                extend_plane(planes[number], first, start, stop, *self._borders, margin)
