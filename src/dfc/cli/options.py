"""What several commands ask for."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from dfc.tasks import NAMES
from dfc.zoo import find_lut

Task = Literal[NAMES]
LutFile = Annotated[
    Path, typer.Argument(help="a LUT: a file, or a name of the zoo", metavar="LUT", parser=find_lut)
]
LutOutput = Annotated[Path, typer.Option("--output", "-o", help="the file to write")]
Threads = Annotated[
    int | None, typer.Option(min=1, help="CPU threads; all cores by default", show_default=False)
]
Force = Annotated[bool, typer.Option("--force", help="replace files that exist")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]
LutFiles = Annotated[
    list[Path],
    typer.Argument(help="LUTs: files, or names of the zoo", metavar="LUT..", parser=find_lut),
]
TaskOfLuts = Annotated[
    Task | None, typer.Option("--task", help="that of the LUTs by default", show_default=False)
]
Sets = Annotated[
    list[str], typer.Option("--set", help="a set to take; all by default", show_default=False)
]
Sigma = Annotated[float, typer.Option(min=0, help="of the noise (denoise)")]
Quality = Annotated[int, typer.Option(min=1, max=100, help="of JPEG (deblock)")]
