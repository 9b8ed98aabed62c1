"""The evidence of a benchmark as files: what reports draw, so that they load no model.

The same tables leave the same bytes: times, which differ from run to run, lie elsewhere.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dfc.common.files import atomic_write
from dfc.evaluation.scores import compute_gains, summarise
from dfc.images.files import read_image, write_image

TARGET = "target"  # what an example shows beside its methods
FACTS, ACCESSES, VALUES, EXAMPLES = "facts.json", "accesses.csv", "values.csv", "examples"
MOST_ERROR = 32  # levels of error from which on an error map does not tell them apart
KINDS = ("windows", "crops", "errors")  # pictures of an example, each with a folder of PNG files


@dataclass(frozen=True)
class LutFacts:
    """What is said of a LUT."""

    model: str  # its architecture, for people
    lattice: str  # of its first table, for people
    history: str  # how it was made, for people
    size_mib: float
    uniform_mib: float  # storage without compression
    diagonal_share: float | None
    """Share of the values on the diagonal lattice, 0..1; None for uniform tables."""
    diagonal_reach: int | None
    """How far from `a` diagonal lookups reach, in grey levels; None for uniform tables."""


@dataclass(frozen=True)
class LayerAccesses:
    """How a layer reads its tables."""

    name: str
    step: int  # levels of a cell
    diagonal_share: float  # share of the lookups that are diagonal, 0..1
    lowest: int = 0  # of the range of levels that it reads
    levels: int = 256  # of that range
    is_one_tap: bool = False  # whether cells are told by `a` alone


@dataclass(frozen=True)
class Example:
    """An image as every method restores it; pictures are uint8, [H, W] or [H, W, 3]."""

    title: str  # why it was chosen
    set: str
    image: str
    gain: float  # how many dB the subject is above the baseline
    psnr: dict[str, float]  # of the whole image, in dB, by method
    mean_error: dict[str, float]
    """Mean absolute error of the luma in the window, in levels, of baseline and subject."""
    windows: dict[str, NDArray[np.uint8]]  # a part of the image, by method, and the target
    crops: dict[str, NDArray[np.uint8]]
    """The part of the window where the subject changes most, by method, and the target."""
    errors: dict[str, NDArray[np.uint8]]
    """Absolute error of the luma in the window, of baseline and subject: 255 for `MOST_ERROR`."""


@dataclass(frozen=True)
class Evidence:
    """All that a benchmark found."""

    task: str
    level: float | None
    task_title: str  # task and level, for people
    caption: str  # what the figures mean
    baseline: str  # the method that the others have to beat
    subject: str  # the LUT that a report is about
    chained: bool  # whether each LUT was made of the one before
    luts: dict[str, LutFacts]
    layers: list[LayerAccesses]  # of the subject
    accesses: pd.DataFrame
    """How often the subject was read: columns layer, a, other (levels where a cell begins) and
    count."""
    values: pd.DataFrame
    """How table values are distributed: columns lut, layers, value (middle of a bin) and share."""
    examples: list[Example]
    scores: pd.DataFrame  # a row an image and method: columns set, method, image, and one a metric

    @property
    def lut(self) -> LutFacts:
        """The LUT that a report is about."""
        return self.luts[self.subject]

    @property
    def sets(self) -> list[str]:
        """The benchmark sets."""
        return list(self.scores["set"].unique())

    @property
    def storage_mib(self) -> dict[str, float]:
        """Storage of the methods that are LUTs."""
        return {name: lut.size_mib for name, lut in self.luts.items()}

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row a set and method: set, method, a column a metric, storage_mib and gain (dB)."""
        table = summarise(self.scores, self.storage_mib)
        return table.assign(gain=compute_gains(table))


def write_evidence(evidence: Evidence, folder: Path) -> None:
    """Write all but the scores to a folder, atomically."""
    facts = {
        key: value
        for key, value in vars(evidence).items()
        if isinstance(value, (str, bool, float, int)) or value is None
    }
    facts["luts"] = {name: asdict(lut) for name, lut in evidence.luts.items()}
    facts["layers"] = [asdict(layer) for layer in evidence.layers]
    facts["examples"] = [  # pictures are replaced by what they show, in the order of their files
        vars(example) | {kind: list(getattr(example, kind)) for kind in KINDS}
        for example in evidence.examples
    ]
    with atomic_write(folder) as partial:
        partial.mkdir()
        (partial / FACTS).write_text(json.dumps(facts, indent=2) + "\n")
        evidence.accesses.to_csv(partial / ACCESSES, index=False)
        evidence.values.to_csv(partial / VALUES, index=False, float_format="%.9g")
        for number, example in enumerate(evidence.examples):
            for kind in KINDS:
                for place, picture in enumerate(getattr(example, kind).values()):
                    write_image(_find_picture(partial, number, kind, place), picture)


def read_evidence(folder: Path, scores: Path) -> Evidence:
    """Read what `write_evidence` wrote, and the scores that lie apart as CSV."""
    facts: dict[str, Any] = json.loads((folder / FACTS).read_text())
    text = {"set": str, "method": str, "image": str}
    found = {
        "luts": {name: LutFacts(**lut) for name, lut in facts["luts"].items()},
        "layers": [LayerAccesses(**layer) for layer in facts["layers"]],
        "accesses": pd.read_csv(folder / ACCESSES),
        "values": pd.read_csv(folder / VALUES, dtype={"lut": str}, keep_default_na=False),
        "examples": [
            _read_example(folder, number, values) for number, values in enumerate(facts["examples"])
        ],
        "scores": pd.read_csv(scores, dtype=text, keep_default_na=False),
    }
    return Evidence(**facts | found)


def _find_picture(folder: Path, number: int, kind: str, place: int) -> Path:
    # Numbers, since a method may be called anything, a path included.
    return folder / EXAMPLES / f"{number}" / kind / f"{place}.png"


def _read_example(folder: Path, number: int, values: Mapping[str, Any]) -> Example:
    def read(kind: str) -> dict[str, NDArray[np.uint8]]:
        paths = (_find_picture(folder, number, kind, place) for place in range(len(values[kind])))
        return dict(zip(values[kind], map(read_image, paths), strict=True))

    return Example(**values | {kind: read(kind) for kind in KINDS})
