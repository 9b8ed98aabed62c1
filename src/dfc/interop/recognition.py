"""Which architecture tables or cells belong to, told by their names and sizes."""

from collections.abc import Mapping

from dfc.models.architectures import ARCHITECTURES, build
from dfc.models.layers import SCALES, Architecture
from dfc.models.taps import PATTERNS


def recognise_architecture(values: Mapping[str, int], named: bool) -> Architecture:
    """Recognise an architecture by how many values a lookup has, by the name of its table.

    If the names came with the tables (`named`), a lone `s1_s` is that of a MuLUT, otherwise that of
    an SR-LUT, of which nothing but the border differs. Raises `ValueError` if no architecture has
    just these tables.
    """
    endings = {name.rpartition("_")[2] for name in values}
    patterns = "".join(letter for letter in PATTERNS if letter in endings)
    stages = len({name.partition("_")[0] for name in values})
    names = list(ARCHITECTURES)
    for name in reversed(names) if named else names:
        for scale in SCALES if patterns and stages <= len(values) else ():
            try:
                candidate = build(name, scale, patterns=patterns, stages=stages)
            except ValueError:  # it cannot have as many stages
                continue
            lookups = candidate.lookups.items()
            if {name: layer.values for name, (_, layer) in lookups} == dict(values):
                return candidate
    found = ", ".join(f"{name} ({count})" for name, count in sorted(values.items())) or "none"
    raise ValueError(f"expected the tables of {', '.join(names)}, found (values each): {found}")
