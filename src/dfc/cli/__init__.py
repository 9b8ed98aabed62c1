"""The `dfc` command: what it is given is checked here, what it does is done elsewhere."""

import gc
from typing import Annotated

import typer

import dfc
from dfc.cli import files, measuring, pictures, reporting
from dfc.common.errors import exit_on_user_error

app = typer.Typer(
    help="Restoration look-up tables.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def print_version(wanted: bool) -> None:
    """Print the version and exit, where that is asked for."""
    if wanted:
        print(f"dfc {dfc.__version__}")
        raise typer.Exit


@app.callback()
def check_options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=print_version, is_eager=True, help="print the version"),
    ] = False,
) -> None:
    """Take the options of `dfc` itself, before those of a command."""


app.command()(pictures.restore)
app.command()(files.zoo)
app.command()(files.info)
app.command("import")(files.import_)
app.command()(files.export)
app.command()(files.compress)
app.command()(measuring.benchmark)
app.command()(reporting.compare)
app.command()(reporting.frontier)
app.command()(measuring.bench)
app.command()(measuring.step_time)


def main() -> None:
    """Run the command that the arguments name."""
    gc.set_threshold(50_000)  # what is loaded lives to the end: to search it takes half a second
    with exit_on_user_error():
        app()
