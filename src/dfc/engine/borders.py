"""Planes that extend beyond an image on all sides, so that kernels need no special case there."""

from numba import njit


@njit(nogil=True, cache=True)
def extend_plane(plane, first, start, stop, rows, columns, margin):
    """Fill in what lies beyond the borders of an image, as far as some of its rows tell.

    Parameters
    ----------
    plane : [R, pitch]: row 0 stands for row `first` of the image, column `margin` for column 0
    start, stop : the rows of the image that the plane holds
    rows, columns : what is read there, from `dfc.models.layers.pad_positions`, with that margin
    """
    height, width = len(rows) - 2 * margin, len(columns) - 2 * margin
    for y in range(start, stop):
        row = plane[y - first]
        for left in range(margin):
            right = margin + width + left
            row[left] = row[margin + columns[left]]
            row[right] = row[margin + columns[right]]
    for y in range(max(first, -margin), min(first + len(plane), height + margin)):
        source = rows[y + margin]
        if not 0 <= y < height and start <= source < stop:
            plane[y - first] = plane[source - first]


@njit(nogil=True, cache=True)
def fold_planes(planes, rows, columns, margin, image):
    """The gradient of extending: add planes [B, C, H + 2 margin, pitch] up to an image."""
    batch, channels, _, width = image.shape
    image[:] = 0
    for index in range(batch):
        for channel in range(channels):
            for y in range(len(rows)):
                plane, target = planes[index, channel, y], image[index, channel, rows[y]]
                for x in range(margin):
                    target[columns[x]] += plane[x]
                for x in range(width):
                    target[x] += plane[margin + x]
                for x in range(margin + width, len(columns)):
                    target[columns[x]] += plane[x]


@njit(nogil=True, cache=True)
def interleave(planes, image):
    """Copy planes [C, H, W] into an image [H, W, C]."""
    colours, height, width = planes.shape
    for y in range(height):
        for x in range(width):
            for colour in range(colours):
                image[y, x, colour] = planes[colour, y, x]
