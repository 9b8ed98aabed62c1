"""Export the LUT of what was trained: its cells or tables, sampled on a uniform lattice."""

from dfc.common.errors import exit_on_user_error
from dfc.common.pipeline import LUT, TRAINED, timed
from dfc.models.export import export
from dfc.models.lut_artifact import save_lut
from dfc.models.trained import load_model
from dfc.params import Params, load_params


def main(params: Params) -> None:
    """Run the stage."""
    lut = export(load_model(TRAINED), params.task, params.export.interval)
    save_lut(lut, LUT)
    print(f"{LUT}: {len(lut.tables)} tables, {lut.size_mib:.3f} MiB")


if __name__ == "__main__":
    with exit_on_user_error(), timed("export"):
        main(load_params())
