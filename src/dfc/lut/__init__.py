"""Look-up tables: lattices, values on them, interpolation and the file they travel in."""
