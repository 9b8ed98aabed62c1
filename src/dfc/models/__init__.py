"""Architectures as layers of lookups, and what fills them: networks, lattices, tables, files."""
