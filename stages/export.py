"""Export the LUT of what was trained: its cells or tables, sampled on a uniform lattice."""

from dfc.errors import one_line_errors
from dfc.lut.artifact import save_lut
from dfc.lut.export import export
from dfc.params import Params, load_params
from dfc.pipeline import LUT, TRAINED, timed
from dfc.trained import load_trained


def main(params: Params) -> None:
    """Run the stage."""
    lut = export(load_trained(TRAINED), params.task, params.export.interval)
    save_lut(lut, LUT)
    print(f"{LUT}: {len(lut.tables)} tables, {lut.size_mib:.3f} MiB")


if __name__ == "__main__":
    with one_line_errors(), timed("export"):
        main(load_params())
