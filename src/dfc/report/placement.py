"""Where things go in a chart, in pixels: axes, labels that do not cover each other, arrows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

Point = tuple[float, float]
Line = tuple[Point, Point]
Box = tuple[float, float, float, float]  # Left, top, right, bottom

MARK = 7  # half the side of what a mark takes up
LETTER = 0.56  # width of an average letter, in heights of the font


@dataclass(frozen=True)
class Frame:
    """The area of a chart with a logarithmic x axis and a linear y axis."""

    width: int
    height: int
    x: tuple[float, float]  # the values at the left and at the right
    y: tuple[float, float]  # the values at the bottom and at the top
    title: str = ""  # of the x axis

    @classmethod
    def around(
        cls, xs: Sequence[float], ys: Sequence[float], width: int, height: int, title: str = ""
    ) -> "Frame":
        """A frame that shows all points, with space around them."""
        margin = max((max(ys) - min(ys)) * 0.1, 0.02)
        x, y = (min(xs) / 1.7, max(xs) * 1.7), (min(ys) - margin, max(ys) + margin)
        return cls(width, height, x, y, title)

    def pixels(self, x: float, y: float) -> Point:
        """Where values are drawn, from the left and from the top."""
        across = math.log(x / self.x[0]) / math.log(self.x[1] / self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return across * self.width, (1 - up) * self.height

    def values(self, point: Point) -> Point:
        """What is drawn at a place: the reverse of `pixels`."""
        across, down = point[0] / self.width, point[1] / self.height
        x = self.x[0] * (self.x[1] / self.x[0]) ** across
        return x, self.y[1] - down * (self.y[1] - self.y[0])


@dataclass
class Labels:
    """Finds a place for one label after the other, beside their marks."""

    frame: Frame
    font: int
    taken: list[Box] = field(default_factory=list)

    def keep_free(self, point: Point, across: float = MARK, down: float = MARK) -> None:
        """Let no label cover a mark, or what reaches so far across and down from a point."""
        x, y = point
        self.taken.append((x - across, y - down, x + across, y + down))

    def keep_line_free(self, start: Point, end: Point) -> None:
        """Let no label cover a line, if there is another place for it."""
        for point in np.linspace(start, end, max(1, round(math.dist(start, end) / MARK)) + 1):
            self.keep_free(tuple(point.tolist()), MARK / 2, 2)

    def place(self, point: Point, text: str) -> Point:
        """Where a label begins: its left end, and the middle of its height."""
        width, height = len(text) * self.font * LETTER, self.font + 2
        x, y = point
        left, right = x - MARK - 3 - width, x + MARK + 3
        above, below = y - MARK - height / 2, y + MARK + height / 2
        starts = [(right, y), (x - width / 2, above), (x - width / 2, below), (left, y)]
        starts += [(start, row) for row in (above, below) for start in (x - 2, x + 2 - width)]
        far = 1.2 * height
        starts += [(start, y + row) for start in (right, left) for row in (far, -far)]
        boxes = [(x, y - height / 2, x + width, y + height / 2) for x, y in starts]
        chosen = min(boxes, key=self._covered)
        self.taken.append(chosen)
        return starts[boxes.index(chosen)]

    def _covered(self, box: Box) -> float:
        """How much of a box is taken already, or outside."""
        left, top, right, bottom = box
        inside = _overlap(box, (0, 0, self.frame.width, self.frame.height))
        outside = (right - left) * (bottom - top) - inside
        return 5 * outside + sum(_overlap(box, other) for other in self.taken)


def _overlap(one: Box, other: Box) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(width, 0) * max(height, 0)


def arrow(start: Point, end: Point) -> tuple[Point, Point, float] | None:
    """Shorten the way between two marks to an arrow: start, tip and direction.

    The direction is in degrees, 0..360, clockwise from upwards. None where the marks are too close.
    """
    across, down = end[0] - start[0], end[1] - start[1]
    length = math.hypot(across, down)
    gap = MARK + 3
    if length < 3 * gap:
        return None
    x, y = across / length * gap, down / length * gap
    direction = math.degrees(math.atan2(across, -down)) % 360
    return (start[0] + x, start[1] + y), (end[0] - x, end[1] - y), direction
