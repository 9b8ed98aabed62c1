"""What several commands ask for."""

from pathlib import Path
from typing import Annotated

import typer

LutFile = Annotated[Path, typer.Argument(help="a LUT file", metavar="LUT")]
LutOutput = Annotated[Path, typer.Option("--output", "-o", help="the file to write")]
Threads = Annotated[
    int | None, typer.Option(min=1, help="CPU threads; all cores by default", show_default=False)
]
Force = Annotated[bool, typer.Option("--force", help="replace files that exist")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]
