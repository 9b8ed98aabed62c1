"""Planes that extend beyond an image on all sides, so that kernels need no special case there."""

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def _clamp_position(position, length, reflect):
    """Where a position beyond the border reads: the edge, or what it mirrors."""
    if 0 <= position < length:
        return position
    if reflect and length > 1:
        period = 2 * (length - 1)
        position %= period
        return min(position, period - position)
    return min(max(position, 0), length - 1)


@njit(nogil=True, cache=True)
def read_plane(image, colour, plane, pitch, first, margin, reflect):
    """Copy one colour into a plane, with what lies beyond the borders."""
    height, width, _ = image.shape
    for row in range(len(plane) // pitch):
        y = _clamp_position(first + row, height, reflect)
        start = row * pitch + margin
        for x in range(width):
            plane[start + x] = image[y, x, colour]
        _extend_row(plane, start, width, margin, reflect)


@njit(nogil=True, cache=True)
def _extend_row(plane, start, width, margin, reflect):
    for x in range(1, margin + 1):
        plane[start - x] = plane[start + _clamp_position(-x, width, reflect)]
        plane[start + width - 1 + x] = plane[start + _clamp_position(width - 1 + x, width, reflect)]


@njit(nogil=True, cache=True)
def extend_plane(plane, pitch, margin, width, start, stop, top, height, reflect):
    """Fill in what lies beyond the borders of rows start..stop; the image begins at row `top`."""
    for row in range(start, stop):
        _extend_row(plane, row * pitch + margin, width, margin, reflect)
    for row in range(max(top - margin, 0), min(top + height + margin, len(plane) // pitch)):
        if row < top or row >= top + height:
            source = top + _clamp_position(row - top, height, reflect)
            if start <= source < stop:
                for x in range(pitch):
                    plane[row * pitch + x] = plane[source * pitch + x]


@njit(nogil=True, cache=True)
def interleave(planes, image):
    """Copy planes [C, H, W] into an image [H, W, C]."""
    colours, height, width = planes.shape
    for y in range(height):
        for x in range(width):
            for colour in range(colours):
                image[y, x, colour] = planes[colour, y, x]


@njit(nogil=True, cache=True)
def extend_batch(image, planes, reach, reflect):
    """Copy whole-numbered pixels [B, C, H, W] into planes, with what lies beyond the borders."""
    batch, channels, height, width = image.shape
    for index in range(batch):
        for channel in range(channels):
            for row in range(height + 2 * reach):
                y = _clamp_position(row - reach, height, reflect)
                plane = planes[index, channel, row]
                for x in range(width):
                    plane[reach + x] = np.uint8(image[index, channel, y, x])
                _extend_row(plane, reach, width, reach, reflect)


@njit(nogil=True, cache=True)
def fold_batch(planes, image, reach, reflect):
    """The gradient of `extend_batch`: add what was read beyond the borders to its source."""
    batch, channels, height, width = image.shape
    image[:] = 0
    for index in range(batch):
        for channel in range(channels):
            for row in range(height + 2 * reach):
                target = image[index, channel, _clamp_position(row - reach, height, reflect)]
                plane = planes[index, channel, row]
                for x in range(-reach, 0):
                    target[_clamp_position(x, width, reflect)] += plane[reach + x]
                for x in range(width):
                    target[x] += plane[reach + x]
                for x in range(width, width + reach):
                    target[_clamp_position(x, width, reflect)] += plane[reach + x]
