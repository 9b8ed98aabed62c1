"""Print a LUT as portable C99: one source file and its header, with an example of their use.

Only whole numbers are computed, nothing is allocated, and nothing is kept between calls.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from dfc.runtimes.printing import make_environment
from dfc.runtimes.program import Part, Program, Step, Tap

CHUNK = 128
"""Pixels of a row that a layer works on at once: their sums stay in the fastest cache."""
FILES = ("lut.c", "lut.h", "main.c", "Makefile")


class Residual(NamedTuple):
    """What is added to `count` values from the first on: levels `step` apart from pixel to pixel;
    of channel after channel where `advance` is 1, and of one where it is 0."""

    first: int
    count: int
    advance: int
    step: int
    tap: Tap


@dataclass(frozen=True)
class Memory:
    """Bytes of working memory."""

    sums: int
    tables: int  # expanded to all levels
    small_table: int  # the largest that is expanded at once
    simplex: int
    made: int
    a_pixel: int  # of the width
    margins: int

    def _sum_up(self, tables: int) -> int:
        slack = 3 + 4 * 256  # of alignment
        return self.sums + tables + self.simplex + self.made + self.margins + slack

    @property
    def fast(self) -> int:
        """Beside what the width of a picture takes."""
        return self._sum_up(self.tables)

    @property
    def small(self) -> int:
        """The same where tables are expanded over and over."""
        return self._sum_up(self.small_table)

    def for_width(self, width: int, small: bool = False) -> int:
        """Bytes for a picture of a width in pixels."""
        return width * self.a_pixel + (self.small if small else self.fast)


def print_files(program: Program, name: str) -> Iterator[tuple[str, str]]:
    """Print the files of a LUT: their names and what they hold."""
    environment = make_environment()
    environment.filters |= {"taps": print_taps, "part": print_part}
    environment.filters["steps"] = lambda taps: ", ".join(
        str(program.blocks[tap.block].channels) for tap in taps
    )
    sums = [choose_sum(step) for step in program.steps]
    one_tap = [(step, each) for step in program.steps if step.is_one_tap for each in step.lookups]
    kinds = zip(program.steps, sums, strict=True)
    kinds = [(step, each, sum) for step, sum in kinds if step.is_one_tap for each in step.lookups]
    values = {
        "program": program,
        "name": name,
        "steps": program.steps,
        "last": program.steps[-1],
        "chunk": CHUNK,
        "ahead": [program.blocks[0].ahead, *program.halos],
        "sums": sums,
        "shifts": [
            2 * (-(-step.largest_sum // (2 * step.divisor)) + 256) for step in program.steps
        ],
        "row_kinds": unique((step.values, sum) for step, each, sum in kinds if not each.depthwise),
        "tap_kinds": unique(
            (len(each.places) * step.rotations, each.levels, sum)
            for step, each, sum in kinds
            if each.depthwise
        ),
        "vertex_kinds": unique(step.values for step in program.steps if not step.is_one_tap),
        "tables": bool(one_tap),
        "simplex": len(one_tap) < sum_lookups(program),
        "offsets": list(place_tables(program)),
        "residuals": [list(list_residuals(step, program)) for step in program.steps],
        "memory": measure_memory(program),
    }
    for name in FILES:
        yield name, environment.get_template(f"c/{name}").render(values)


def unique(kinds: Iterable) -> list:
    """List what differs, in order."""
    return list(dict.fromkeys(kinds))


def sum_lookups(program: Program) -> int:
    """Count the lookups of all layers."""
    return sum(len(step.lookups) for step in program.steps)


def print_taps(taps: Iterable[Tap]) -> str:
    """Print taps as initialisers, several a line."""
    return "\n".join(
        f"    {{{tap.block}, {tap.channel}, {tap.row}, {tap.column}}}," for tap in taps
    )


def print_part(part: Part) -> str:
    """Print a part of a table as a compound literal."""
    strides = ", ".join(map(str, part.strides))
    return f"(part_t){{{part.interval}, {part.offset}, {{{strides}}}}}"


def choose_sum(step: Step) -> str:
    """Choose the type of the sums of a layer: the smallest that holds them."""
    small = step.is_one_tap and step.largest_sum < 2**15
    return "int16_t" if small else "int32_t"


def place_tables(program: Program) -> Iterator[list[int]]:
    """Yield where the expanded tables of each layer begin, in values."""
    start = 0
    for step in program.steps:
        starts = []
        for lookup in step.lookups:
            starts.append(start)
            if step.is_one_tap:
                start += lookup.levels * step.values * len(lookup.places) * step.rotations
        yield starts
    yield [start]


def list_residuals(step: Step, program: Program) -> Iterator[Residual]:
    """List what is added to the rounded sums of a layer, in runs as long as possible."""
    for number in range(max(map(len, step.residuals))):
        taps = [taps[number] if number < len(taps) else None for taps in step.residuals]
        first = 0
        while first < step.values:
            tap, count, advance = taps[first], 1, 0
            if tap is None:
                first += 1
                continue
            for advance in (1, 0):
                count = 1
                while first + count < step.values and taps[first + count] == tap._replace(
                    channel=tap.channel + count * advance
                ):
                    count += 1
                if count > 1:
                    break
            yield Residual(first, count, advance, program.blocks[tap.block].channels, tap)
            first += count


def measure_memory(program: Program) -> Memory:
    """Find how much working memory a picture takes."""
    rings = [
        (block.depth * block.channels, 2 * block.margin * block.depth * block.channels)
        for block in program.blocks
    ]
    sums = max(step.values * (1 if step.is_one_tap else step.rotations) for step in program.steps)
    one_tap = [(step, each) for step in program.steps if step.is_one_tap for each in step.lookups]
    expanded = (
        each.levels * (len(each.places) * step.rotations if each.depthwise else step.values)
        for step, each in one_tap
    )
    *_, (values,) = place_tables(program)
    last = program.steps[-1].values
    return Memory(
        sums=4 * CHUNK * sums,
        tables=2 * values,
        small_table=2 * max(expanded, default=0),
        simplex=2 * 5 * 4 * CHUNK * (len(one_tap) < sum_lookups(program)),
        made=CHUNK * last,
        a_pixel=program.turns * sum(ring for ring, _ in rings) + 2 * last,
        margins=program.turns * sum(margin for _, margin in rings),
    )
