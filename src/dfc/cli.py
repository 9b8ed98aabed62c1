"""The `dfc` command."""

from itertools import islice
from statistics import median
from typing import Annotated

import typer

from dfc.errors import UserError, one_line_errors

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def _dfc() -> None:
    """Restoration look-up tables."""


@app.command()
def step_time(
    model: Annotated[str, typer.Option(help="sr_lut, mulut or spf_lut")] = "mulut",
    patterns: Annotated[str, typer.Option(help="letters of sdyeho")] = "sdy",
    stages: Annotated[int, typer.Option(help="layers of mulut")] = 2,
    scale: Annotated[int, typer.Option(help="1 to 4")] = 4,
    nf: Annotated[int, typer.Option(min=1, help="features of a cell")] = 64,
    batch_size: Annotated[int, typer.Option(min=1, help="crops of a step")] = 4,
    patch_size: Annotated[int, typer.Option(min=1, help="side of a degraded crop")] = 48,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads")] = 2,
    steps: Annotated[int, typer.Option(min=1, help="steps to take")] = 10,
) -> None:
    """Print how long one training step of the network takes on the CPU."""
    import torch  # slow to load: not for `dfc --help`

    from dfc.architectures import build
    from dfc.timing import network_steps

    try:
        architecture = build(model, scale, patterns, stages)
    except ValueError as error:
        raise UserError(str(error)) from None
    torch.set_num_threads(threads)
    seconds = network_steps(architecture, nf, batch_size, patch_size)
    next(seconds)  # warms up
    measured = sorted(islice(seconds, steps))
    print(
        f"{model} x{scale} {patterns}, nf {nf}, {batch_size} crops of {patch_size}x{patch_size}, "
        f"{threads} threads: median {median(measured):.3f} s a step "
        f"({measured[0]:.3f} to {measured[-1]:.3f}, {steps} steps)"
    )


def main() -> None:
    """Run the command that the arguments name."""
    with one_line_errors():
        app()
