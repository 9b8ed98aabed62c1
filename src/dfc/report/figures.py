"""Figures as files of their own, for a README and for `dvc plots`."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from dfc.common.files import atomic_write
from dfc.evaluation.evidence import TARGET, Evidence
from dfc.images.files import write_image
from dfc.report.charts import draw_svg, fill_colours
from dfc.report.points import collect_points
from dfc.report.rate_distortion import plot_results


def write_figures(folder: Path, evidence: Evidence, experiments: pd.DataFrame | None) -> None:
    """Write rate-distortion plots, and what every method makes of a part of the examples.

    They replace the folder, as rate_distortion_SET.svg and SET_IMAGE.png; `experiments` are from
    `dfc.evaluation.experiments.read_experiments`.
    """
    with atomic_write(folder) as partial:
        partial.mkdir()
        for name in evidence.sets:
            chart = plot_results(evidence, collect_points(evidence, name, experiments))
            svg = fill_colours(draw_svg(chart, "rate"))
            (partial / f"rate_distortion_{name}.svg").write_text(svg, encoding="utf-8")
        for example in evidence.examples:
            captions = {method: f"{method} {psnr:.2f} dB" for method, psnr in example.psnr.items()}
            captions[TARGET] = TARGET
            pictures = {captions[method]: crop for method, crop in example.crops.items()}
            path = partial / f"{example.set}_{example.image}.png"
            write_image(path, join_pictures(pictures))


def join_pictures(pictures: Mapping[str, NDArray[np.uint8]], magnified: int = 2) -> Image.Image:
    """Put pictures [H, W] or [H, W, 3] of one size side by side, by caption, pixels magnified."""
    gap, caption, font = 6, 24, ImageFont.load_default(14)
    height, width = (side * magnified for side in next(iter(pictures.values())).shape[:2])
    whole = Image.new(
        "RGB", (len(pictures) * (width + gap) - gap, height + caption), color=(255, 255, 255)
    )
    draw = ImageDraw.Draw(whole)
    for place, (text, pixels) in enumerate(pictures.items()):
        left = place * (width + gap)
        picture = Image.fromarray(pixels).convert("RGB")
        whole.paste(picture.resize((width, height), Image.Resampling.NEAREST), (left, 0))
        middle = (left + width / 2, height + caption / 2)
        draw.text(middle, text, fill=(29, 36, 48), font=font, anchor="mm")
    return whole
