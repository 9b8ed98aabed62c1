"""What a file of this project holds, told to people and programs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dfc.models.lut import Lut
from dfc.models.trained import load_model


def describe_file(path: Path) -> dict[str, Any]:
    """Describe a LUT or a network.

    Returns
    -------
    dict
        Plain values: kind, architecture, size_mib (of the entries, as published), file_bytes, and
        more that depends on the kind.

    Raises
    ------
    UserError
        If the file holds neither.
    """
    model = load_model(path)
    architecture = model.architecture
    facts = {
        "kind": "lut" if isinstance(model, Lut) else "network",
        "architecture": architecture.name,
        "scale": architecture.scale,
        "patterns": architecture.patterns,
        "stages": architecture.stages,
        "file_bytes": path.stat().st_size,
    }
    if not isinstance(model, Lut):
        weights = sum(weight.numel() for weight in model.parameters())
        return facts | {"features": model.features, "weights": weights}
    return facts | {
        "task": model.task,
        "size_mib": round(model.size_mib, 4),
        "tables": {
            name: {
                "lattice": table.lattice.to_json(),
                "rows": len(table.values),
                "entries": table.values.size,
            }
            for name, table in model.tables.items()
        },
        "history": list(model.history),
    }


def as_text(facts: dict[str, Any]) -> str:
    """Format what `described` gave, for people."""
    return "\n".join(_lines(facts))


def _lines(facts: dict[str, Any]) -> Iterator[str]:
    task = f" ({facts['task']})" if "task" in facts else ""
    yield (
        f"{facts['kind']}: {facts['architecture']} x{facts['scale']}{task}, "
        f"patterns {facts['patterns']}, stages {facts['stages']}"
    )
    if facts["kind"] == "network":
        yield f"{facts['features']} features, {facts['weights']:,} weights"
    else:
        yield f"{facts['size_mib']:.3f} MiB of entries"
    yield f"{facts['file_bytes']:,} bytes on disk"
    for name, table in facts.get("tables", {}).items():
        values = table["entries"] // table["rows"]
        yield f"  {name:10} {table['rows']:>9,} x {values:<3} {format_lattice(**table['lattice'])}"
    for step in facts.get("history", ()):
        told = [f"{key} {value}" for key, value in step.items() if key not in ("step", "stems")]
        stems = step.get("stems")
        told += list(stems.values())[:1] if isinstance(stems, dict) else []
        yield f"made by {step.get('step')}: {', '.join(map(str, told))}"


def format_lattice(kind: str, interval: int, **compressed: Any) -> str:
    """Format what a lattice's `to_json` gives, for people."""
    if not compressed:
        return f"{kind}, interval {interval}"
    return (
        f"{kind}, interval {interval} near the diagonal ({compressed['dims']}, width "
        f"{compressed['diagonal_width']}), {compressed['dfc_interval']} elsewhere"
    )
