"""Print a LUT as a web page: one HTML file that restores pictures in any browser, and asks for
nothing else.

Its workers run plain JavaScript: `restore.js` for any LUT, and the inner loops of `kernels.js`,
which are printed for the sizes that occur.
"""

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple

from jinja2 import Environment

from dfc.runtimes.printing import make_environment
from dfc.runtimes.program import OneTap, Part, Program, Simplex, Step
from dfc.runtimes.runs import list_runs
from dfc.tasks import find_task

EXACT = 54
"""Bits of a double, its sign among them, that fields may take: whole numbers up to 2^53."""
MOST_TAPS = 9
"""That are added up at once; their addresses stay in registers."""
LARGEST = 2**25
"""Bytes of a layer's tables of doubles; larger ones stay bytes, which takes longer."""


class Purpose(NamedTuple):
    """What people want who open the page, in their words; `{}` stands for the scale."""

    title: str
    text: str


MOST_PIXELS, MOST_SIDE = 2**25, 2**14
"""Of a restored picture: what browsers hold in a canvas, and phones several times in memory."""
ENGINE = ("kernels.js", "layers.js", "restore.js", "bicubic.js", "worker.js")
PAGE = ("picture.js", "pool.js", "compare.js", "page.js")
PURPOSES = {
    "sr": Purpose(
        "Enlarge pictures {} times",
        "Small pictures become {} times as wide and as high, with sharper edges than interpolation"
        " gives them.",
    ),
    "denoise": Purpose(
        "Remove noise from pictures",
        "Random noise, as in pictures that were taken in little light, becomes weaker.",
    ),
    "deblock": Purpose(
        "Remove the blocks of JPEG pictures",
        "The blocks of pictures that were compressed too much become weaker.",
    ),
    "deblur": Purpose(
        "Sharpen blurred pictures", "The blur of a camera that moved becomes weaker."
    ),
}


class Packing(NamedTuple):
    """How the values of a layer are packed: so many in each element, each in bits of its own."""

    fields: int
    bits: int
    elements: int


@dataclass(frozen=True)
class SimplexKind:
    """Numbers of a table of several taps that are printed into its loop."""

    elements: int
    packed: bool
    bits: int  # weights add up to 2^bits
    diagonal: Part
    other: Part
    reach: tuple[int, ...]


@dataclass(frozen=True)
class Kinds:
    """The kinds of inner loops that a LUT needs."""

    rows: list[int]
    taps: list[int]
    simplices: dict[str, SimplexKind]
    packings: list[tuple[int, int]]
    finishes: list[tuple[int, int]]


def print_files(program: Program, name: str) -> Iterator[tuple[str, str]]:
    """Print the page of a LUT: its file's name and what it holds."""
    purpose = PURPOSES.get(program.task, Purpose("Restore pictures", "Pictures are restored."))
    labels = {"before": "bicubic" if program.scale > 1 else "before", "after": "restored"}
    limits = {"most": MOST_PIXELS // program.scale**2, "side": MOST_SIDE // program.scale}
    values = {
        "program": program,
        "task": find_task(program.task).title,
        "limits": limits,
        "name": name,
        "purpose": Purpose(*(text.format(program.scale) for text in purpose)),
        "labels": labels,
        "style": _render("style.css"),
        "script": "\n".join(map(_render, PAGE)),
        "engine": print_engine(program),
        "lut": print_lut(program, {"name": name, "labels": labels, "limits": limits}),
    }
    yield f"{name}.html", _render("page.html", **values)


@cache
def _make_environment() -> Environment:
    environment = make_environment()
    environment.filters["hash"] = print_hash
    return environment


def _render(file: str, **values: Any) -> str:
    return _make_environment().get_template(f"web/{file}").render(values)


def print_engine(program: Program) -> str:
    """Print what workers run."""
    kinds = list_kinds(program)
    return "\n".join(_render(file, kinds=kinds, most_taps=MOST_TAPS) for file in ENGINE)


def print_hash(text: str) -> str:
    """Print the hash by which a page allows a script or a style sheet of its own."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def print_lut(program: Program, more: dict[str, Any] | None = None) -> str:
    """Print a LUT as JSON that may stand in a script element, with more that the page needs."""
    tables = b"".join(each.values.tobytes() for step in program.steps for each in step.lookups)
    values = describe(program) | (more or {}) | {"tables": b64encode(tables).decode()}
    return json.dumps(values, separators=(",", ":")).replace("<", "\\u003c")


def describe(program: Program) -> dict[str, Any]:
    """Describe a LUT for `restore.js`: all but the values of its tables."""
    return {
        "scale": program.scale,
        "colours": program.colours,
        "padding": program.padding,
        "inputs": [
            {"colour": each.colour, "shift": each.shift, "mask": 2**each.bits - 1}
            for each in program.inputs
        ],
        "blocks": [
            {"channels": each.channels, "depth": each.depth, "margin": each.margin}
            for each in program.blocks
        ],
        # How many rows the inputs and each layer are ahead of the row that is finished.
        "ahead": [program.blocks[0].ahead, *program.halos],
        "steps": [_describe_step(step, program) for step in program.steps],
        "turns": program.turns,
        "orders": program.orders,
        "divisor": program.divisor,
        "bias": program.bias,
        "lowest": program.lowest,
    }


def _describe_step(step: Step, program: Program) -> dict[str, Any]:
    return {
        "values": step.values,
        "parts": step.parts,
        "orders": step.orders,
        "unit": step.unit,
        "levels": step.levels,
        **choose_packing(step)._asdict(),
        "lookups": [_describe_lookup(each, step) for each in step.lookups],
        "runs": [
            run._asdict()
            | {
                "kernel": f"{step.divisor}_{len(run.taps)}",
                "bias": step.bias,
                "highest": step.levels - 1,
                "steps": [program.blocks[tap.block].channels for tap in run.taps],
                "step": step.values,
            }
            for run in list_runs(step)
        ],
    }


def _describe_lookup(lookup: OneTap | Simplex, step: Step) -> dict[str, Any]:
    if isinstance(lookup, Simplex):
        kernel = _name_simplex(_find_simplex_kind(lookup, step))
        numbers = {"kernel": kernel, "rows": lookup.rows}
        return {"kind": "simplex", "places": lookup.places, **numbers}
    return {
        "kind": "taps" if lookup.depthwise else "rows",
        "places": lookup.places,
        "levels": lookup.levels,
        "intervals": "".join(map(str, lookup.intervals)),  # a digit each
    }


def choose_packing(step: Step) -> Packing:
    """Choose how many values of a layer a double holds, so that no sum leaves its bits."""
    bits = (step.largest_sum // step.parts).bit_length() + 1
    fields = max(1, min(EXACT // bits, step.values))
    elements = -(-step.values // fields)
    rows = sum(len(each.values) for each in step.lookups if isinstance(each, Simplex))
    if rows * elements * 8 > LARGEST:
        elements = step.values
    return Packing(-(-step.values // elements), bits, elements)


def list_kinds(program: Program) -> Kinds:
    """List the kinds of inner loops that a LUT needs."""
    lookups = [(step, each) for step in program.steps for each in step.lookups]
    one_tap = [(step, each) for step, each in lookups if isinstance(each, OneTap)]
    simplices = [
        _find_simplex_kind(each, step) for step, each in lookups if isinstance(each, Simplex)
    ]
    rows = {choose_packing(step).elements for step, each in one_tap if not each.depthwise}
    depthwise = [(step, each) for step, each in one_tap if each.depthwise]
    finishes = {(step.divisor, len(run.taps)) for step in program.steps for run in list_runs(step)}
    return Kinds(
        rows=sorted(rows),
        taps=sorted({count for step, each in depthwise for count in _list_groups(each, step)}),
        simplices={_name_simplex(kind): kind for kind in simplices},
        packings=sorted({choose_packing(step)[:2] for step in program.steps}),
        finishes=sorted(finishes),
    )


def _list_groups(lookup: OneTap, step: Step) -> Iterator[int]:
    """List how many taps, all of one block, are added up at once."""
    for places in Counter(tap.block for tap in lookup.places).values():
        whole, rest = divmod(places * step.rotations, MOST_TAPS)
        yield from [MOST_TAPS] * min(whole, 1) + [rest] * min(rest, 1)


def _find_simplex_kind(lookup: Simplex, step: Step) -> SimplexKind:
    packing, bits = choose_packing(step), step.unit.bit_length() - 1
    parts = (lookup.diagonal, lookup.other, lookup.reach)
    return SimplexKind(packing.elements, packing.fields > 1, bits, *parts)


def _name_simplex(kind: SimplexKind) -> str:
    parts = [(part.interval, part.offset, *part.strides) for part in (kind.diagonal, kind.other)]
    numbers = (kind.elements, kind.bits, *kind.reach, *parts[0], *parts[1])
    return "_".join(map(str, numbers))
