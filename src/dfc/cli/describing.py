"""What a LUT or a network is, as plain values and in lines for people."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dfc.models.artifact import load_model
from dfc.models.lattice import parse_lattice
from dfc.models.lut import Lut


def describe_file(path: Path) -> dict[str, Any]:
    """Describe the LUT or network of a file, or raise a `UserError`.

    Returns plain values: kind, architecture, size_mib (of the values, as published), file_bytes,
    and more that depends on the kind.
    """
    model = load_model(path)
    architecture = model.architecture
    facts = {
        "kind": "lut" if isinstance(model, Lut) else "network",
        "architecture": architecture.name,
        "scale": architecture.scale,
        "patterns": architecture.patterns,
        "stages": len(architecture.layers),
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
                "columns": table.columns,
                "entries": table.values.size,
            }
            for name, table in model.tables.items()
        },
        "history": list(model.history),
    }


def format_lines(facts: Mapping[str, Any]) -> Iterator[str]:
    """Format what `describe_file` gave, for people, line by line."""
    task = f" ({facts['task']})" if "task" in facts else ""
    patterns = f"patterns {facts['patterns']}, " if facts["patterns"] else ""
    yield (
        f"{facts['kind']}: {facts['architecture']} x{facts['scale']}{task}, "
        f"{patterns}stages {facts['stages']}"
    )
    if facts["kind"] == "network":
        yield f"{facts['features']} features, {facts['weights']:,} weights"
    else:
        yield f"{facts['size_mib']:.3f} MiB of entries"
    yield f"{facts['file_bytes']:,} bytes on disk"
    for name, table in facts.get("tables", {}).items():
        lattice = parse_lattice(table["lattice"]).title
        columns = table["columns"] if table["entries"] > table["rows"] else 1
        yield f"  {name:10} {table['rows']:>9,} x {columns:<3} {lattice}"
    for step in facts.get("history", ()):
        details = [f"{key} {value}" for key, value in step.items() if key not in ("step", "stems")]
        stems = step.get("stems")
        details += list(stems.values())[:1] if isinstance(stems, dict) else []
        yield f"made by {step.get('step')}: {', '.join(map(str, details))}"
