"""Methods: the table of all figures."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from dfc.evaluation.evidence import Evidence
from dfc.evaluation.scores import SHOWN
from dfc.report.run import Run

ID, TITLE = "table", "Methods"


def make_section(evidence: Evidence, run: Run) -> dict[str, Any]:
    """Lay out the table."""
    columns = {key: SHOWN[key] for key in SHOWN if key in evidence.table}
    return {
        "caption": evidence.caption,
        "columns": columns,
        "rows": list(list_rows(evidence.table, columns)),
    }


def list_rows(
    table: pd.DataFrame, columns: Mapping[str, tuple[str, str]]
) -> Iterator[dict[str, Any]]:
    """List rows: set, method, and for every column its value, its text, and whether it is best."""
    for _, rows in table.groupby("set", sort=False):
        best = {key: _find_best(rows[key], text) for key, (_, text) in columns.items()}
        for _, row in rows.iterrows():
            cells = []
            for key, (_, text) in columns.items():
                shown = text.format(row[key]) if pd.notna(row[key]) else ""
                value = str(row[key]) if shown else ""
                cells.append({"value": value, "text": shown, "best": shown == best[key]})
            yield {"set": row["set"], "method": row["method"], "cells": cells}


def _find_best(values: pd.Series, text: str) -> str:
    """Find the best of a column, as it is shown: all that look alike are best."""
    return text.format(values.min() if values.name == "storage_mib" else values.max())
