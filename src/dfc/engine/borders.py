"""Planes that extend beyond an image on all sides, so that kernels need no special case there."""

import numpy as np

from dfc.engine.kernel_cache import compile_kernel


@compile_kernel
def extend_planes(planes, images, first, start, stop, rows, columns, margin):
    """Fill in what lies beyond the borders of images, as far as some of their rows tell.

    Parameters
    ----------
    planes
        [N, R, pitch]: as many images side by side, each with margins. Row 0 stands for row `first`
        of an image, column `margin` for column 0.
    start, stop : the rows of the images that the planes hold
    rows, columns : what is read there, from `dfc.models.taps.pad_positions`, with that margin
    """
    height, width = len(rows) - 2 * margin, len(columns) - 2 * margin
    for left in range(0, images * len(columns), len(columns)):
        for plane in planes[:, :, left : left + len(columns)]:
            for y in range(start, stop):
                row = plane[y - first]
                for k in range(margin):
                    right = margin + width + k
                    row[k] = row[margin + columns[k]]
                    row[right] = row[margin + columns[right]]
            for y in range(max(first, -margin), min(first + len(plane), height + margin)):
                source = rows[y + margin]
                if not 0 <= y < height and start <= source < stop:
                    plane[y - first] = plane[source - first]


@compile_kernel
def add_turn(planes, order, top, left, first, sums):
    """Add the values of a turn to the sums of all [N, H, W], or begin them: planes [N, R, pitch] in
    some order, from row `top` and column `left` on."""
    values, height, width = sums.shape
    for value in range(values):
        for y in range(height):
            source, target = planes[order[value], top + y, left : left + width], sums[value, y]
            for x in range(width):
                target[x] = source[x] + (np.int16(0) if first else target[x])


@compile_kernel
def join_blocks(sums, scale, lowest, divisor, bias, image):
    """Lay blocks of values [C * scale * scale, H, W] side by side in an image [H * scale,
    W * scale, C]: less the lowest, divided by 1 or 4, plus a bias, clipped to 0..255."""
    half, mask = divisor // 2, divisor - 1
    bits = 2 * (divisor > 1)
    _, height, width = sums.shape
    for y in range(height * scale):
        for channel in range(image.shape[2]):
            for column in range(scale):
                source = sums[(channel * scale + y % scale) * scale + column, y // scale]
                for x in range(width):
                    total = np.int32(source[x]) + lowest
                    rounded = (total + half) >> bits
                    # Half to even: what was rounded up from the middle, to odd, goes down.
                    rounded -= ((total & mask) == half) & rounded & (divisor > 1)
                    image[y, x * scale + column, channel] = min(max(rounded + bias, 0), 255)


@compile_kernel
def interleave(planes, image):
    """Copy planes [C, H, W] into an image [H, W, C]."""
    colours, height, width = planes.shape
    for y in range(height):
        for x in range(width):
            for colour in range(colours):
                image[y, x, colour] = planes[colour, y, x]
