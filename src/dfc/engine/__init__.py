"""The CPU backend: Numba kernels that restore 8-bit images, without PyTorch, and train tables."""

from dfc.engine.strips import restore

__all__ = ["restore"]
