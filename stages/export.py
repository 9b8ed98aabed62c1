"""Export the LUT of the trained model: its cells or tables, sampled on a uniform lattice."""

from pathlib import Path

from dfc.common.errors import exit_on_user_error
from dfc.common.pipeline import LUT, TRAINED, record_time
from dfc.models.artifact import load_model, save_model
from dfc.models.export import export
from dfc.params import Params, load_params


def main(params: Params, root: Path = Path()) -> None:
    """Run the stage."""
    intervals = params.export.interval, params.export.one_tap_interval
    lut = export(load_model(root / TRAINED), params.task, *intervals)
    save_model(lut, root / LUT)
    print(f"{LUT}: {len(lut.tables)} tables, {lut.size_mib:.3f} MiB")


if __name__ == "__main__":
    with exit_on_user_error(), record_time("export"):
        main(load_params())
