"""Restoring whole images with the kernels: strips, borders, colours and threads."""

from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from dfc.common.parallel import count_cores, run_parallel
from dfc.engine.borders import extend_plane, interleave, read_plane
from dfc.engine.kernels import Output, Source
from dfc.engine.program import LayerProgram, compile_lut
from dfc.engine.simplex import PIXELS
from dfc.models.lut import Lut

Image = NDArray[np.uint8]
STRIP_ROWS = 60  # of the input, worked on at once: they and what layers make of them stay in cache
FEWEST_ROWS = 8  # below that, a strip mostly works on the rows around it

_programs: WeakKeyDictionary[Lut, list[LayerProgram]] = WeakKeyDictionary()


def restore(image: Image, lut: Lut, threads: int | None = None) -> Image:
    """Restore an image, each colour as a grey image of its own.

    Parameters
    ----------
    image : uint8, [H, W] or [H, W, 3]
    lut : the LUT to restore with
    threads : how many threads share the work; all cores by default

    Returns
    -------
    Image : the same kind of image, `scale` times larger on each side
    """
    if lut not in _programs:
        _programs[lut] = compile_lut(lut)
    threads = threads or count_cores()
    planes = np.ascontiguousarray(np.atleast_3d(image))
    height, width, colours = planes.shape
    scale = lut.architecture.scale
    restored = np.empty((height * scale, width * scale, colours), np.uint8)
    rows = choose_strip_rows(height, threads)
    strips = Strips(_programs[lut], planes, restored, rows, lut.architecture.padding == "reflect")
    run_parallel(strips.restore, range(0, height, rows), threads)
    return restored.reshape(*restored.shape[:2], *image.shape[2:])


def choose_strip_rows(height: int, threads: int) -> int:
    """Rows of a strip: as many strips for every thread, each of at most `STRIP_ROWS`."""
    strips = threads * -(-height // (threads * STRIP_ROWS))
    return max(-(-height // strips), FEWEST_ROWS)


@dataclass(frozen=True)
class Placement:
    """Which planes a layer reads and fills, and how far beyond a strip."""

    source: int
    output: int
    """Plane of the first output channel."""
    distance: int
    """Planes from one output channel to the next."""
    halo: int
    """Rows beyond the strip that later layers read."""


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
        output, distance = (kept, free - kept) if layer.keeps else (free, 1)
        placements.append(Placement(0 if layer.reads_kept else source, output, distance, halo))
        kept += layer.keeps
        source, free = free, free + layer.out_channels - layer.keeps
    return placements, free


@dataclass
class Strips:
    """An image that is restored strip by strip; strips may be restored at the same time.

    A strip is worked on in planes that extend beyond it on all sides, as far as the layers read.
    """

    program: Sequence[LayerProgram]
    image: NDArray[np.uint8]
    restored: NDArray[np.uint8]
    rows: int
    reflect: bool

    def __post_init__(self) -> None:
        self.halo = sum(step.reach for step in self.program)
        self.margin = max(step.reach for step in self.program)
        used = 2 * self.margin + self.image.shape[1] + PIXELS
        self.pitch = -(-used // PIXELS) * PIXELS
        self.plane = (self.rows + 2 * self.halo) * self.pitch
        self.offsets = [step.offsets(self.pitch, self.plane) for step in self.program]
        self.placements, self.planes = place_layers(self.program)

    def restore(self, top: int) -> None:
        """Restore the strip whose first row is `top`."""
        height, width, colours = self.image.shape
        bottom = min(top + self.rows, height)
        scale = self.program[-1].layer.scale
        scratch = np.empty(self.planes * self.plane + PIXELS, np.uint8)
        restored = np.empty((colours, (bottom - top) * scale, width * scale), np.uint8)
        for colour in range(colours):
            self._read(scratch, top, colour)
            *hidden, last = zip(self.program, self.offsets, self.placements, strict=True)
            for step, offsets, placement in hidden:
                self._run(step, offsets, placement, scratch, top, bottom)
            step, offsets, placement = last
            source = placement.source * self.plane + self._origin(top, top)
            step.run(
                self._source(scratch, source, bottom - top),
                offsets,
                Output(restored[colour].reshape(-1), 0, width * scale, 0),
            )
        interleave(restored, self.restored[top * scale : bottom * scale])

    def _origin(self, row: int, top: int) -> int:
        """Where row `row` of the image begins in a plane of the strip that begins at `top`."""
        return (row - top + self.halo) * self.pitch + self.margin

    def _source(self, scratch: NDArray[np.uint8], origin: int, rows: int) -> Source:
        return Source(scratch, origin, self.pitch, rows, self.image.shape[1])

    def _read(self, scratch: NDArray[np.uint8], top: int, colour: int) -> None:
        start = self.placements[0].source * self.plane
        plane = scratch[start : start + self.plane]
        read_plane(
            self.image, colour, plane, self.pitch, top - self.halo, self.margin, self.reflect
        )

    def _run(
        self,
        step: LayerProgram,
        offsets: NDArray[np.int64],
        placement: Placement,
        scratch: NDArray[np.uint8],
        top: int,
        bottom: int,
    ) -> None:
        """Run a hidden layer on the strip and its halo, and extend what it gives."""
        height, width, _ = self.image.shape
        start, stop = max(top - placement.halo, 0), min(bottom + placement.halo, height)
        origin = self._origin(start, top)
        step.run(
            self._source(scratch, placement.source * self.plane + origin, stop - start),
            offsets,
            Output(
                scratch,
                placement.output * self.plane + origin,
                self.pitch,
                placement.distance * self.plane,
            ),
        )
        first = top - self.halo  # the row of the image that row 0 of a plane stands for
        for channel in range(step.layer.out_channels):
            begin = (placement.output + channel * placement.distance) * self.plane
            extend_plane(
                scratch[begin : begin + self.plane],
                self.pitch,
                self.margin,
                width,
                start - first,
                stop - first,
                -first,
                height,
                self.reflect,
            )
