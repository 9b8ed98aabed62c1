"""JSON that may come from anywhere."""

import json
from typing import Any

LONGEST = 2**20  # characters; a LUT of 40 stages and 64 channels has half of that
DEEPEST = 16  # levels of lists and objects in each other


def parse_bounded_json(text: str) -> Any:
    """Parse JSON of bounded size and depth, finite numbers and proper Unicode, or `ValueError`."""
    if len(text) > LONGEST:
        raise ValueError(f"expected at most {LONGEST:,} characters, found {len(text):,}")
    value = json.loads(text)
    _check_depth(value, DEEPEST)
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    return value


def _check_depth(value: Any, most: int) -> None:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if parts and not most:
        raise ValueError(f"expected at most {DEEPEST} levels")
    for part in parts:
        _check_depth(part, most - 1)
