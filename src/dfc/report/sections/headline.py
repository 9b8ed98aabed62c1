"""In short: the figures that count, and what was run."""

from collections.abc import Iterator
from typing import Any

from dfc.evaluation.evidence import Evidence
from dfc.report.run import Run

ID, TITLE = "headline", "In short"


def make_section(evidence: Evidence, run: Run) -> dict[str, Any]:
    """Give the figures, each with what it is, and facts by their names."""
    lut = evidence.lut
    facts = {"Task": evidence.task_title, "Model": lut.model, "Lattice": lut.lattice}
    facts |= run.facts or {"Made by": lut.history}
    if run.seconds:
        facts["Time"] = f"{sum(run.seconds.values()) / 60:.1f} minutes"
    return {"figures": list(list_figures(evidence, run)), "facts": facts | run.provenance}


def list_figures(evidence: Evidence, run: Run) -> Iterator[tuple[str, str]]:
    """List the figures that count, each with what it is."""
    table, lut = evidence.table, evidence.lut
    first = table[table["method"] == evidence.subject].iloc[0]
    baseline = evidence.baseline
    beaten = "doing nothing" if baseline == "input" else f"{baseline} interpolation"
    yield f"{first['gain']:+.2f} dB", f"above {beaten} on {first['set']}"
    yield f"{lut.size_mib:.3f} MiB", "all values of all tables"
    if (times := lut.uniform_mib / lut.size_mib) > 1:
        yield f"{times:.1f} times", "smaller than uniform tables"
    if run.milliseconds is not None:
        yield f"{run.milliseconds:.1f} ms", "to make 1280x720 pixels in colour"
