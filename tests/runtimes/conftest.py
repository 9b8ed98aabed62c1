"""What tests of runtimes share: LUTs of every kind, and pictures for them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import dfc
from dfc.interop.sources import read_source
from dfc.models.architectures import build
from dfc.models.lattice import Uniform
from dfc.models.layers import Architecture, Layer, Lookup
from dfc.models.lut import Lut, Table, choose_lattice

MakeLut = Callable[..., Lut]
LUTS: dict[str, Callable[[MakeLut], Lut]] = {
    "sr_lut": lambda make: make("sr_lut", 3, "s", interval=5),
    "mulut": lambda make: make("mulut", 2, "sdy", interval=5),
    "mulut_dfc": lambda make: make("mulut", 4, "sdyeho", interval=5).compress("xyzt", 1, 6),
    "spf_lut_dfc": lambda make: make("spf_lut", 4, "dy", interval=6).compress("xy", 1, 7),
    "pair_lut": lambda make: make("pair_lut", 1, "sd", interval=6),
    "shift_lut": lambda make: make_shift_lut(bits=6),
    "shift_lut_8": lambda make: make_shift_lut(bits=8, dilations=(1, 2), rotations=4),
    "shift_lut_colours": lambda make: make_shift_lut(bits=8, colours=3, channels=15, scale=1),
    "depthwise": lambda make: make_depthwise_lut(),
}
"""By name: small ones, with tables of noise."""


def make_shift_lut(scale: int = 2, channels: int = 5, **knobs: object) -> Lut:
    """Make a ShiftLUT of noise, compressed, whose channels are shifted where it has 6 bits."""
    rng = np.random.default_rng(0)
    if knobs["bits"] == 6:
        knobs["offsets"] = rng.integers(-1, 2, (2, channels, 2)).tolist()
    architecture = build("shift_lut", scale, stages=2, channels=channels, **knobs)
    tables = {}
    for name, (lookup, layer) in architecture.lookups.items():
        lattice = choose_lattice(lookup, 4)
        shape = (lattice.size, layer.values * len(lookup.places))
        table = Table(lattice, rng.integers(-25, 26, shape).astype(np.int8))
        tables[name] = table.resample_columns(9.0)
    return Lut(architecture, "sr", tables)


def make_depthwise_lut() -> Lut:
    """Make a LUT of noise whose one layer is depthwise, and adds nothing."""
    lookup = Lookup("table", (((0, 0, 0),), ((0, -1, 2),)), 0, 256, depthwise=True)
    architecture = Architecture("depthwise", (Layer((lookup,), divisor=2),))
    values = np.random.default_rng(0).integers(-99, 100, (256, 2)).astype(np.int8)
    return Lut(architecture, "sr", {"table": Table(Uniform(0, 1), values)})


@pytest.fixture(scope="session")
def set5(reference_dir: Path) -> list[Path]:
    """Give the small pictures of Set5."""
    return sorted((reference_dir / "data/Set5/LR_bicubic/X4").glob("*.png"))


@pytest.fixture(scope="session")
def find_published(reference_dir: Path) -> Callable[[str], Lut]:
    """Give a function that reads what is published, or is in the zoo, by name."""

    def find(name: str) -> Lut:
        folder = reference_dir / "reference"
        match name:
            case "mulut_dfc":
                return read_source(folder / "mulut_x4", "sr").model.compress("xyzt", 2, 5)
            case "spf_lut_dfc":
                return read_source(folder / "random_spf_x4/tables_xyzt2i5", "sr").model
            case "shift_lut_l":
                return read_source(folder / "shiftlut_x4/L", "sr").model
        return dfc.load(name)

    return find


def make_picture(height: int, width: int, channels: int = 1) -> np.ndarray:
    """Make noise on a smooth ground, uint8 [H, W] or [H, W, C]."""
    rng = np.random.default_rng(height + width)
    rows, columns = np.mgrid[:height, :width]
    ground = 127 + 120 * np.sin(rows / 5 + columns / 9)
    shape = (height, width) if channels == 1 else (height, width, channels)
    spread = rng.choice([0, 3, 90], size=shape) * rng.standard_normal(shape)
    ground = ground if channels == 1 else ground[..., None]
    return np.clip(ground + spread, 0, 255).astype(np.uint8)
