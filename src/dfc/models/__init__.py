"""Architectures as layers of lookups, and what fills them: networks, lattices, tables, files."""

from typing import Literal

Dims = Literal["xy", "xyz", "xyzt"]
"""Dimensions of a table that diagonal-first compression keeps near the first one."""
