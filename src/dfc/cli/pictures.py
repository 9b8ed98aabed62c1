"""Commands that work on pictures."""

from pathlib import Path
from typing import Annotated

import typer

from dfc.cli.options import Force, LutFile, Threads
from dfc.common.errors import UserError

# Libraries that are slow to load are imported by the commands that need them.


def restore(
    lut: LutFile,
    inputs: Annotated[list[Path], typer.Argument(help="image files, or folders of them")],
    output: Annotated[Path, typer.Option("--output", "-o", help="folder, or file for one image")],
    threads: Threads = None,
    force: Force = False,
) -> None:
    """Restore images; each keeps its name, and its folder below an input folder."""
    from PIL import Image
    from tqdm import tqdm

    import dfc
    from dfc.cli.outputs import plan_outputs
    from dfc.images import open_image, write_image

    Image.MAX_IMAGE_PIXELS = None  # the user named the files: large ones are no attack
    loaded = dfc.load(lut)
    for source, target in tqdm(plan_outputs(inputs, output, force), unit="image", mininterval=1):
        image = open_image(source)
        try:
            restored = dfc.restore(image, loaded, threads)
        except UserError as error:
            raise UserError(f"{source}: {error}") from None
        write_image(target, restored)
