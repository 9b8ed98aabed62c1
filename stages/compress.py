"""Compress the LUT diagonal-first, or hand it on as it is where `dfc.enabled` is false."""

from pathlib import Path

from dfc.common.errors import UserError, exit_on_user_error
from dfc.common.pipeline import DFC, LUT, record_time
from dfc.models.artifact import load_lut, save_model
from dfc.params import Params, load_params


def main(params: Params, root: Path = Path()) -> None:
    """Run the stage."""
    dfc = params.dfc
    lut = load_lut(root / LUT)
    if dfc.enabled:
        try:
            lut = lut.compress(dfc.dims, dfc.diagonal_width, dfc.interval, dfc.error_bound)
        except ValueError as error:
            raise UserError(
                f"{LUT}: {error} (dfc.dims, dfc.diagonal_width, dfc.interval)"
            ) from None
    save_model(lut, root / DFC)
    print(f"{DFC}: {lut.size_mib:.3f} MiB")


if __name__ == "__main__":
    with exit_on_user_error(), record_time("compress"):
        main(load_params())
