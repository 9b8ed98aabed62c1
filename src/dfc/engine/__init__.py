"""The CPU backend: Numba kernels that restore 8-bit images, and that train tables.

`restore` needs no PyTorch; `dfc.engine.training.EngineModel` makes a LUT trainable.
"""

from dfc.engine.strips import restore

__all__ = ["restore"]
