"""Restoration look-up tables: train, export, compress, fine-tune and benchmark them.

>>> lut = dfc.load("models/finetuned.safetensors")  # doctest: +SKIP
>>> large = dfc.restore(small, lut)  # doctest: +SKIP
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dfc.engine.pictures import restore
    from dfc.models.artifact import load_lut as load

__all__ = ["load", "restore"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import what is asked for, so that `import dfc` costs nothing."""
    if name == "load":
        from dfc.models.artifact import load_lut

        return load_lut
    if name == "restore":
        from dfc.engine.pictures import restore

        return restore
    raise AttributeError(f"module 'dfc' has no attribute {name!r}")
