"""What is measured side by side: methods, and the images that they restore."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from dfc.data.layouts import Pair
from dfc.evaluation.benchmark import tabulate
from dfc.evaluation.protocol import Method, Protocol
from dfc.models.lut import Lut


@dataclass(frozen=True)
class Comparison:
    """Methods, and the images that they restore."""

    protocol: Protocol
    sets: Mapping[str, Sequence[Pair]]
    methods: Mapping[str, Method]
    """All that is measured; the first is what the others have to beat."""
    luts: Mapping[str, Lut]
    """Those of the methods that are LUTs."""

    @property
    def baseline(self) -> str:
        """The first method: bicubic interpolation, or doing nothing."""
        return next(iter(self.methods))

    @property
    def storage_mib(self) -> dict[str, float]:
        """Storage of the methods that are LUTs."""
        return {name: lut.size_mib for name, lut in self.luts.items()}

    def scores(self, folder: Path | None = None) -> pd.DataFrame:
        """Restore and score all images: a row an image and method, as `tabulate` lays them out.

        Parameters
        ----------
        folder
            Where to keep the restored images, as SET/METHOD/IMAGE.png.
        """
        return tabulate(self.protocol.score(self.sets, self.methods, folder))


def compare(
    protocol: Protocol,
    sets: Mapping[str, Sequence[Pair]],
    luts: Mapping[str, Lut],
    others: Mapping[str, Method] | None = None,
) -> Comparison:
    """Compare LUTs, and other methods before them, with the baseline of a protocol."""
    restored_by = {name: protocol.method(lut) for name, lut in luts.items()}
    return Comparison(protocol, sets, protocol.baseline() | (others or {}) | restored_by, luts)
