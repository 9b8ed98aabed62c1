"""Restoring whole images with the kernels: strips, borders, colours and threads."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from dfc.engine.borders import extend, interleave, read_in
from dfc.engine.location import PIXELS
from dfc.engine.program import LayerProgram, compile_lut
from dfc.engine.threads import in_parallel
from dfc.lut.table import Lut

Image = NDArray[np.uint8]
STRIP_ROWS = 60  # of the input, worked on at once: they and what layers make of them stay in cache
FEWEST_ROWS = 8  # below that, a strip mostly works on the rows around it

_programs: WeakKeyDictionary[Lut, list[LayerProgram]] = WeakKeyDictionary()


def restore(image: Image, lut: Lut, threads: int | None = None) -> Image:
    """Restore an image, each colour as a grey image of its own.

    Parameters
    ----------
    image
        uint8, [H, W] or [H, W, 3].
    lut
        The LUT to restore with.
    threads
        How many threads share the work; all cores by default.

    Returns
    -------
    Image
        The same kind of image, `scale` times larger on each side.
    """
    if lut not in _programs:
        _programs[lut] = compile_lut(lut)
    threads = threads or len(os.sched_getaffinity(0))
    planes = np.ascontiguousarray(np.atleast_3d(image))
    height, width, colours = planes.shape
    scale = lut.architecture.scale
    restored = np.empty((height * scale, width * scale, colours), np.uint8)
    rows = strip_rows(height, threads)
    strips = Strips(_programs[lut], planes, restored, rows, lut.architecture.padding == "reflect")
    in_parallel(strips.restore, range(0, height, rows), threads)
    return restored.reshape(*restored.shape[:2], *image.shape[2:])


def strip_rows(height: int, threads: int) -> int:
    """Rows of a strip: as many strips for every thread, each of at most `STRIP_ROWS`."""
    strips = threads * -(-height // (threads * STRIP_ROWS))
    return max(-(-height // strips), FEWEST_ROWS)


@dataclass
class Strips:
    """An image that is restored strip by strip; strips may be restored at the same time.

    A strip is worked on in planes that extend beyond it on all sides, as far as the layers read.
    Kept channels fill the first planes; the planes after them hold the input and what each layer
    hands to the next.
    """

    program: Sequence[LayerProgram]
    image: NDArray[np.uint8]
    restored: NDArray[np.uint8]
    rows: int
    reflect: bool

    def __post_init__(self) -> None:
        self.halo = sum(layer.reach for layer in self.program)
        self.margin = max(layer.reach for layer in self.program)
        self.kept = sum(step.layer.keeps for step in self.program)
        used = 2 * self.margin + self.image.shape[1] + PIXELS
        self.pitch = -(-used // PIXELS) * PIXELS
        self.plane = (self.rows + 2 * self.halo) * self.pitch
        self.offsets = [layer.offsets(self.pitch, self.plane) for layer in self.program]

    def restore(self, top: int) -> None:
        """Restore the strip whose first row is `top`."""
        height, width, colours = self.image.shape
        bottom = min(top + self.rows, height)
        scale = self.program[-1].layer.scale
        scratch = np.empty(self._planes * self.plane + PIXELS, np.uint8)
        shape = (colours, (bottom - top) * scale, width * scale)
        restored = np.empty(shape, np.uint8)
        for colour in range(colours):
            self._restore_colour(scratch, top, bottom, colour, restored[colour])
        interleave(restored, self.restored[top * scale : bottom * scale])

    @property
    def _planes(self) -> int:
        return self.kept + 1 + sum(step.layer.out_channels for step in self.program[:-1])

    def _restore_colour(
        self, scratch: NDArray[np.uint8], top: int, bottom: int, colour: int, restored: Image
    ) -> None:
        height, width, _ = self.image.shape
        first = top - self.halo  # the image row that row 0 of a plane stands for
        origin = self.margin - first * self.pitch  # of pixel (0, 0) of the image, in a plane
        halo, kept, plane = self.halo, 0, self.kept
        read_in(
            self.image,
            colour,
            scratch[plane * self.plane : (plane + 1) * self.plane],
            self.pitch,
            first,
            self.margin,
            self.reflect,
        )
        following = plane + 1
        for step, offsets in zip(self.program, self.offsets, strict=True):
            layer = step.layer
            halo -= step.reach
            start, stop = max(top - halo, 0), min(bottom + halo, height)
            source = 0 if layer.reads_kept else plane
            arguments = (
                scratch,
                source * self.plane + origin + start * self.pitch,
                self.pitch,
                stop - start,
                width,
                offsets,
                step.lookups,
                step.tables,
                step.unit,
                step.group,
                step.divisor,
                layer.bias,
            )
            if step is self.program[-1]:
                pitch = restored.shape[1]
                step.kernel(*arguments, restored.reshape(-1), 0, pitch, 0)
                return
            # The first channel of a layer that keeps one goes to the kept planes.
            target = kept if layer.keeps else following
            distance = following - kept if layer.keeps else 1
            step.kernel(
                *arguments,
                scratch,
                target * self.plane + origin + start * self.pitch,
                self.pitch,
                distance * self.plane,
            )
            for channel in range(layer.out_channels):
                begin = (target + channel * distance) * self.plane
                extend(
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
            kept += layer.keeps
            plane, following = following, following + layer.out_channels - layer.keeps
