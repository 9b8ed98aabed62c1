"""Print a LUT as portable C99: one source file and its header, with an example of their use.

Only whole numbers are computed, nothing is allocated, and nothing is kept between calls.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from dfc.runtimes.lines import Line, list_batches
from dfc.runtimes.printing import make_environment
from dfc.runtimes.program import OneTap, Part, Program, Simplex, Step, Tap
from dfc.runtimes.runs import list_runs

CHUNK = 128
"""Pixels of a row that a layer works on at once: their sums stay in the fastest cache."""
FILES = ("lut.c", "lut.h", "main.c", "Makefile")
Item = TypeVar("Item")


class Residual(NamedTuple):
    """A run of residuals: what is added to `count` values from the first on: levels `step` apart
    from pixel to pixel; of channel after channel where `advance` is 1, and of one where it is 0."""

    first: int
    count: int
    advance: int
    step: int
    tap: Tap

    def covers(self, values: int) -> bool:
        """Whether it adds channels that lie as the values of a layer do, all of them."""
        return (self.count, self.advance, self.step) == (values, 1, values)


class PlacedBatch(NamedTuple):
    """Lines of a depthwise lookup, and where their tables are expanded, in 16-bit numbers."""

    turn: int  # of the picture, modulo 2
    columns: tuple[int, ...]
    reach: int
    lines: tuple[Line, ...]
    offset: int


@dataclass
class Tables:
    """Where the tables of one tap are expanded in the working memory, by the names of lookups."""

    offsets: dict[str, int]
    batches: dict[str, list[PlacedBatch]]
    size: int = 0  # in 16-bit numbers
    largest: int = 0  # that are expanded at once

    def place(self, tables: int, size: int) -> int:
        """Make room for so many tables of a size."""
        start = self.size
        self.size += -(-tables * size // 4) * 4
        self.largest = max(self.largest, size)
        return start


@dataclass(frozen=True)
class Memory:
    """Bytes of working memory."""

    sums: int
    tables: int  # expanded to all levels
    small_table: int  # the largest that is expanded at once
    others: int
    a_pixel: int  # of the width

    @property
    def fast(self) -> int:
        """Beside what the width of a picture takes."""
        return self.sums + self.tables + self.others

    @property
    def small(self) -> int:
        """The same where tables are expanded over and over."""
        return self.sums + self.small_table + self.others

    def for_width(self, width: int, small: bool = False) -> int:
        """Bytes for a picture of a width in pixels."""
        return width * self.a_pixel + (self.small if small else self.fast)


def print_files(program: Program, name: str) -> Iterator[tuple[str, str]]:
    """Print the files of a LUT: their names and what they hold."""
    pixel_steps = find_pixel_steps(program)
    sums = [choose_sum(step) for step in program.steps]
    residuals = [list(list_residuals(step, pixel_steps)) for step in program.steps]
    tables = place_tables(program)
    one_tap = list_one_tap(program)
    each_step = list(zip(program.steps, sums, residuals, strict=True))
    environment = make_environment()
    environment.filters |= {"taps": print_taps, "part": print_part}
    environment.filters["steps"] = lambda taps: ", ".join(
        str(pixel_steps[tap.block]) for tap in taps
    )
    values = {
        "name": name,
        "program": program,
        "steps": program.steps,
        "last": program.steps[-1],
        "chunk": CHUNK,
        "pixel_steps": pixel_steps,
        "ahead": [program.blocks[0].ahead, *program.halos],
        "sums": sums,
        "residuals": residuals,
        "offsets": tables.offsets,
        "batches": tables.batches,
        "tables": bool(one_tap),
        "simplex": any(not step.is_one_tap for step in program.steps),
        "memory": measure_memory(program, tables),
        # Functions are printed for each kind of call.
        "row_kinds": list_kinds(
            (step.values, sums[layer]) for _, layer, step, each in one_tap if not each.depthwise
        ),
        "line_kinds": list_kinds(
            (len(batch.lines), each.levels, sums[layer])
            for name, layer, _, each in one_tap
            for batch in tables.batches.get(name, ())
        ),
        "level_kinds": list_kinds(
            sum for step, sum, runs in each_step for run in runs if not run.covers(step.values)
        ),
        "vertex_kinds": list_kinds(step.values for step in program.steps if not step.is_one_tap),
    }
    for file in FILES:
        yield file, environment.get_template(f"c/{file}").render(values)


def list_kinds(kinds: Iterable[Item]) -> list[Item]:
    """List what differs, in order."""
    return list(dict.fromkeys(kinds))


def list_one_tap(program: Program) -> list[tuple[str, int, Step, OneTap]]:
    """List the lookups of one tap: their names, LAYER_NUMBER, layers and steps."""
    return [
        (f"{layer}_{number}", layer, step, lookup)
        for layer, step in enumerate(program.steps)
        for number, lookup in enumerate(step.lookups)
        if isinstance(lookup, OneTap)
    ]


def print_taps(taps: Iterable[Tap]) -> str:
    """Print taps as initialisers, one a line."""
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


def place_tables(program: Program) -> Tables:
    """Find where tables of one tap are expanded, those of lines with values of 64 bits."""
    tables = Tables({}, {})
    for name, _, step, lookup in list_one_tap(program):
        if not lookup.depthwise:
            items = len(lookup.places) * step.rotations
            tables.offsets[name] = tables.place(items, lookup.levels * step.values)
            continue
        tables.batches[name] = [
            PlacedBatch(
                turn,
                batch.columns,
                max(map(abs, batch.columns)),
                batch.lines,
                tables.place(step.values, 4 * len(batch.lines) * lookup.levels),
            )
            for turn in range(min(program.turns, 2))
            for batch in list_batches(lookup, step, upright=turn == 0)
        ]
    return tables


def list_residuals(step: Step, pixel_steps: Sequence[int]) -> Iterator[Residual]:
    """List what is added to the rounded sums of a layer, in runs as long as possible."""
    for run in list_runs(step):
        for tap, advance in zip(run.taps, run.advances, strict=True):
            yield Residual(run.first, run.count, advance, pixel_steps[tap.block], tap)


def find_pixel_steps(program: Program) -> list[int]:
    """Find how far it is from pixel to pixel in the rows of every block.

    Layers of one tap read and write all channels of a pixel at once. Others read one, of many
    pixels: its pixels are neighbours.
    """
    read = {
        tap.block
        for step in program.steps
        for lookup in step.lookups
        if isinstance(lookup, Simplex)
        for taps in lookup.places
        for tap in taps
    }
    return [1 if k in read else block.channels for k, block in enumerate(program.blocks)]


def measure_memory(program: Program, tables: Tables) -> Memory:
    """Find how much working memory a picture takes."""
    rings = [(block.depth * block.channels, 2 * block.margin) for block in program.blocks]
    sums = max(step.values * step.parts for step in program.steps)
    simplex = 2 * 5 * 4 * CHUNK  # rows and weights of the vertices
    found = 8 * (CHUNK + 2 * program.reach)  # in the lines of a depthwise layer
    last = program.steps[-1].values
    alignment = 8 * (7 + program.turns * len(program.blocks))
    margins = program.turns * sum(size * margin for size, margin in rings)
    return Memory(
        sums=4 * CHUNK * sums,
        tables=2 * tables.size,
        small_table=2 * tables.largest,
        others=simplex + found + CHUNK * last + margins + alignment,
        a_pixel=program.turns * sum(size for size, _ in rings) + 2 * last,
    )
