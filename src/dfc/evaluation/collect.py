"""Collecting the evidence of a comparison: scores, examples, access and value statistics."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from dfc.evaluation.accesses import count_accesses, count_values
from dfc.evaluation.benchmark import Comparison
from dfc.evaluation.evidence import Evidence, LutFacts
from dfc.evaluation.examples import make_examples
from dfc.models.lattice import Adaptive, DiagonalFirst, Uniform
from dfc.models.lut import Lut


def collect_evidence(
    comparison: Comparison, scores: pd.DataFrame, subject: str | None = None
) -> Evidence:
    """Collect all that a report shows of a comparison, given the scores that it found.

    `subject` is the last LUT of a chain, in which each was made of the one before; otherwise the
    LUT with the highest PSNR is the subject.
    """
    luts, task = comparison.luts, comparison.task
    chained = subject is not None
    subject = subject or find_best(scores, list(luts))
    # Compressing keeps values as they are: of a chain, the last two tell what changed.
    compared = list(luts)[-2:] if chained else list(luts)
    examples, degraded = zip(*make_examples(comparison, scores, subject), strict=True)
    layers, accesses = count_accesses(luts[subject], degraded)
    values = [count_values(luts[name]).assign(lut=name) for name in compared]
    return Evidence(
        task.name,
        task.level_value,
        task.full_title,
        task.caption,
        task.baseline,
        subject,
        chained,
        luts={name: describe_lut(lut) for name, lut in luts.items()},
        layers=layers,
        accesses=accesses,
        values=pd.concat(values, ignore_index=True),
        examples=list(examples),
        scores=scores,
    )


def find_best(scores: pd.DataFrame, names: list[str]) -> str:
    """Find, of some methods, the one with the highest mean PSNR."""
    return scores.groupby("method")["psnr"].mean()[names].idxmax()


def describe_lut(lut: Lut) -> LutFacts:
    """Describe a LUT in a few words and figures."""
    lattices = [table.lattice for table in lut.tables.values()]
    lattice = next((each for each in lattices if isinstance(each, DiagonalFirst)), None)
    shown = lattice or next((each for each in lattices if isinstance(each, Adaptive)), lattices[0])
    return LutFacts(
        model=lut.architecture.title,
        lattice=shown.title,
        history=", then ".join(map(_describe_step, lut.history)) or "nobody knows",
        size_mib=lut.size_mib,
        uniform_mib=compute_uniform_mib(lut),
        diagonal_share=compute_diagonal_share(lut) if lattice else None,
        diagonal_reach=lattice.reach if lattice else None,
    )


def compute_diagonal_share(lut: Lut) -> float:
    """Compute the share of values that stand in the diagonal part of a compressed table, 0..1."""
    diagonal = sum(
        table.lattice.diagonal_size * table.columns
        for table in lut.tables.values()
        if isinstance(table.lattice, DiagonalFirst)
    )
    return diagonal / sum(table.values.size for table in lut.tables.values())


def compute_uniform_mib(lut: Lut) -> float:
    """Compute the MiB of values that the LUT would take without compression."""
    values = (
        Uniform(table.lattice.interval, table.lattice.taps, table.lattice.levels).size
        * table.columns
        for table in lut.tables.values()
    )
    return sum(values) / 2**20


def _describe_step(step: Mapping[str, Any]) -> str:
    iterations = step.get("iterations")
    return f"{step.get('step')}" + (f" ({iterations} iterations)" if iterations else "")
