"""Print a LUT as a user shader of mpv: one file of GLSL, with its tables as textures.

Every layer is a pass. Four of its planes lie in the channels of a texture, in a cell as large as
the picture, and the next four in the next cell; so do the planes of all turns of the whole picture.
A last pass makes pixels of what the last layer made.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from dfc.common.errors import UserError
from dfc.runtimes.printing import make_environment
from dfc.runtimes.program import OneTap, Program, Simplex, Step, Tap
from dfc.runtimes.textures import Columns, Groups, Texture, pack_columns, pack_simplex

ENLARGED = 1.3
"""How many times larger a film is shown, at least, where a LUT that enlarges runs."""
MOST_TEXTURES = 16  # that mpv binds to a pass
LARGEST_TEXTURE = 16384  # pixels of a side, on desktops
LARGEST_WHOLE = 2**24  # that 32-bit floats hold exactly
LETTERS = "xyzw"  # of the channels of a pixel


@dataclass(frozen=True)
class Sheet:
    """The planes of a layer as a texture."""

    name: str
    planes: int
    groups: int
    turns: int

    @property
    def columns(self) -> int:
        """How many cells lie side by side: textures become as high as wide, where they can."""
        cells = self.groups * self.turns
        return max(n for n in range(1, cells + 1) if cells % n == 0 and n * n <= cells)

    @property
    def rows(self) -> int:
        """How many cells lie above each other."""
        return self.groups * self.turns // self.columns


class Read(NamedTuple):
    """Planes of a block that are read at once: those of a cell."""

    block: int
    four: int
    row: int
    column: int


class Residuals(NamedTuple):
    """What is added to rounded sums."""

    alike: list[Tap]  # to all values alike
    planes: list[Tap]  # to each value a plane, from that of a tap on
    given: dict[int, list[Tap]]  # to some values what taps of their own read


@dataclass(frozen=True)
class Pass:
    """A layer as a pass of the shader."""

    step: Step
    sheet: Sheet  # that it makes
    groups: Groups
    cyclic: bool
    """Whether what a quarter turn finds goes to the next value of each group."""
    tables: list[Texture]
    columns: list[Columns]  # of each lookup of one tap
    starts: list[list[int]]  # of places of several taps, in the texture that holds all tables
    blocks: list[int]  # that are read
    bound: list[str]  # textures that hold them, and tables
    residuals: Residuals

    @property
    def in_order(self) -> bool:
        """Whether values lie in the order of their numbers."""
        return is_in_order(self.groups)

    @property
    def needs_values(self) -> bool:
        """Whether it needs the numbers of values, not only those of groups."""
        lookups = [each for each in self.step.lookups if isinstance(each, OneTap)]
        taps = [tap for each in lookups if each.depthwise for tap in each.places]
        apart = bool(taps) and not self.in_order
        return apart or any(tap.channel % 4 for tap in taps) or bool(self.residuals.given)

    @property
    def constants(self) -> list[list[float]]:
        """What is added to the values of each group."""
        return [[float(self.step.constants[max(k, 0)]) for k in group] for group in self.groups]

    @property
    def kinds(self) -> list[tuple]:
        """What lookups of several taps differ in, beside their values."""
        return list(dict.fromkeys(map(get_kind, self.step.lookups)))


def print_files(program: Program, name: str) -> Iterator[tuple[str, str]]:
    """Print the file of a LUT: its name and what it holds."""
    label = make_identifier(name)
    sheets = list(make_sheets(program, label))
    passes = [make_pass(step, sheets, label) for step in program.steps]
    check_limits(program, passes, name)
    environment = make_environment()
    environment.filters["letter"] = LETTERS.__getitem__
    environment.filters |= {"kind": get_kind, "read": print_read, "reads": list_reads}
    values = {
        "name": name,
        "program": program,
        "hook": "LUMA" if program.colours == 1 else "MAIN",
        "enlarged": ENLARGED,
        "keeps_rest": program.colours == 1 and len(program.inputs) < 4,
        "sheets": sheets,
        "passes": passes,
        "places": list(list_places(passes[-1], program)),
    }
    yield f"{name}.glsl", environment.get_template("mpv/shader.glsl").render(values)


def make_identifier(name: str) -> str:
    """Make an identifier of a name: all shaders that mpv loads share the names of textures."""
    return re.sub("[^A-Za-z0-9]+", "_", name).strip("_")


def make_sheets(program: Program, label: str) -> Iterator[Sheet]:
    """Make a sheet for each block of planes and, at the end, for the last layer."""
    planes = len(program.inputs)
    yield Sheet(f"planes_{label}_0", planes, -(-planes // 4), 1)
    for step in program.steps:
        groups, _ = group_values(step)
        yield Sheet(f"planes_{label}_{step.block}", step.values, len(groups), program.turns)


def group_values(step: Step) -> tuple[Groups, bool]:
    """Group the values of a layer by four, and say whether a quarter turn moves them by one.

    What turned lookups find goes to other values. Those that trade places share a group, so that a
    pixel of a table serves every turn.
    """
    orbits = list(zip(*step.orders, strict=True))
    if any(len(set(orbit)) > 1 for orbit in orbits):
        return list({frozenset(orbit): orbit for orbit in orbits}.values()), True
    numbers = [*range(step.values), *[-1] * (-step.values % 4)]
    return [numbers[first : first + 4] for first in range(0, len(numbers), 4)], False


def is_in_order(groups: Groups) -> bool:
    """Tell whether values lie in the order of their numbers."""
    values = [value for group in groups for value in group if value >= 0]
    return values == [*range(len(values))]


def make_pass(step: Step, sheets: list[Sheet], label: str) -> Pass:
    """Lay the tables of a layer out as textures, and list what it reads."""
    groups, cyclic = group_values(step)
    columns, starts = [], []
    if step.is_one_tap:
        columns = [
            pack_columns(lookup, step, groups, f"table_{label}_{step.block}_{number}")
            for number, lookup in enumerate(step.lookups)
        ]
        tables = [each.texture for each in columns]
    else:
        table, starts = pack_simplex(step, groups, f"table_{label}_{step.block}_0")
        tables = [table]
    blocks = sorted({tap.block for tap in list_taps(step)})
    return Pass(
        step=step,
        sheet=sheets[step.block],
        groups=groups,
        cyclic=cyclic,
        tables=tables,
        columns=columns,
        starts=starts,
        blocks=blocks,
        bound=[*(sheets[block].name for block in blocks), *(table.name for table in tables)],
        residuals=sort_residuals(step, groups),
    )


def list_taps(step: Step) -> Iterator[Tap]:
    """List all taps of a layer."""
    for lookup in step.lookups:
        for place in lookup.places:
            yield from (place,) if isinstance(lookup, OneTap) else place
    for taps in step.residuals:
        yield from taps


def sort_residuals(step: Step, groups: Groups) -> Residuals:
    """Find which residuals are alike for all values, or a plane for each: those are read once."""
    found = Residuals([], [], {})
    for number in range(max(map(len, step.residuals))):
        values = {k: taps[number] for k, taps in enumerate(step.residuals) if len(taps) > number}
        first = next(iter(values.values()))
        planes = {k: first._replace(channel=first.channel + k) for k in range(step.values)}
        if values == dict.fromkeys(range(step.values), first):
            found.alike.append(first)
        elif values == planes and is_in_order(groups) and first.channel % 4 == 0:
            found.planes.append(first)
        else:
            for value, tap in values.items():
                found.given.setdefault(value, []).append(tap)
    return found


def get_kind(lookup: Simplex) -> tuple:
    """Get what a row of a lookup of several taps is found by."""
    return lookup.diagonal, lookup.other, lookup.reach, lookup.rows


def print_read(tap: Tap) -> str:
    """Print what reads a tap."""
    at = f"find({tap.row}, {tap.column})"
    return f"read_{tap.block}({at}, {tap.channel // 4}).{LETTERS[tap.channel % 4]}"


def list_reads(lookup: OneTap) -> list[tuple[Read, list[tuple[int, int]]]]:
    """List what a lookup of one tap reads, each with the channels and the places that take it."""
    reads: dict[Read, list[tuple[int, int]]] = {}
    for number, tap in enumerate(lookup.places):
        read = Read(tap.block, tap.channel // 4, tap.row, tap.column)
        reads.setdefault(read, []).append((tap.channel % 4, number))
    return list(reads.items())


def list_places(last: Pass, program: Program) -> Iterator[int]:
    """List where each value of the last layer lies at each turn: four times the cell, and the
    channel."""
    values = [value for group in last.groups for value in group]
    for turn, order in enumerate(program.orders):
        for value in order:
            yield turn * len(values) + values.index(value)


def check_limits(program: Program, passes: Iterable[Pass], name: str) -> None:
    """Refuse a LUT that needs more than mpv, or a graphics card, offers."""
    if len(program.inputs) > 4:
        raise UserError(f"{name}: expected pixels in 4 planes at most, got {len(program.inputs)}")
    for each in passes:
        if len(each.bound) > MOST_TEXTURES:
            raise UserError(f"{name}: a layer reads more than the {MOST_TEXTURES} textures of mpv")
        if max(side for one in each.tables for side in (one.width, one.height)) > LARGEST_TEXTURE:
            raise UserError(f"{name}: a table is larger than a texture of mpv may be")
        if each.step.largest_sum >= LARGEST_WHOLE:
            raise UserError(f"{name}: a layer adds up more than floats of a shader hold exactly")
