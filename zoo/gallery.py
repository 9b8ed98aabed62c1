"""Show what the LUTs of the zoo reach and do: reports/zoo, a page with plots and pictures."""

from pathlib import Path

import pandas as pd

from dfc import zoo
from dfc.cli.comparing import load_comparison
from dfc.common.errors import exit_on_user_error
from dfc.common.files import atomic_write
from dfc.evaluation.evidence import TARGET
from dfc.evaluation.examples import make_examples
from dfc.images.files import write_image
from dfc.report.charts import SERIES, draw_svg, fill_colours
from dfc.report.figures import join_pictures
from dfc.report.points import OURS, collect_published_points, make_points
from dfc.report.rate_distortion import plot_rate_distortion
from dfc.tasks import build_task, find_task
from run import ROOT

PAGE = ROOT / "reports/zoo"


def main(folder: Path = PAGE) -> None:
    """Draw plots and pictures, and write the page: of all LUTs for one thing, a section."""
    figures = pd.read_csv(zoo.FIGURES)
    with atomic_write(folder) as partial:
        partial.mkdir(parents=True)
        sections = [
            write_section(partial, rows)
            for _, rows in figures.groupby(["task", "level", "set"], sort=False)
        ]
        (partial / "README.md").write_text("\n".join(["# The zoo", "", HEAD, *sections]))


HEAD = """What the LUTs of the package reach, beside what is published, and what they make
of a sample photograph (the part that they change most; none of them was trained on it). The
command is `python zoo/gallery.py`; the figures are those of `python zoo/measure.py`.
"""


def write_section(folder: Path, rows: pd.DataFrame) -> str:
    """Write the plot and the picture of the LUTs for one thing; returns their section."""
    first = rows.iloc[0]
    number = int(first.level)
    task = build_task(first.task, **{find_task(first.task).level: number})
    stem = f"{first.task}_{number}_{first.set}"
    points = pd.concat(
        [
            make_points(rows.assign(method=rows["name"], storage_mib=rows["mib"]), OURS),
            collect_published_points(first.task, number, first.set),
        ],
        ignore_index=True,
    )
    colours = dict(zip(rows["name"], SERIES, strict=False))
    svg = fill_colours(draw_svg(plot_rate_distortion(points, colours), "zoo"))
    (folder / f"{stem}.svg").write_text(svg, encoding="utf-8")
    write_picture(folder / f"{stem}.png", rows, number)
    shown = rows[["name", "psnr", "ssim", "psnr_b", "mib", "ms_720p", "trained"]]
    table = shown.dropna(axis=1, how="all").to_markdown(index=False, floatfmt=".4g")
    plot = f"![PSNR on {first.set} against storage]({stem}.svg)"
    picture = f"![A part of a photograph, by each of them]({stem}.png)"
    title = task.full_title.capitalize()
    return f"## {title}: {first.set}\n\n{table}\n\n{plot}\n\n{picture}\n"


def write_picture(path: Path, rows: pd.DataFrame, number: int) -> None:
    """Restore the sample photograph that gains most, and show a part of it."""
    luts = [zoo.find_lut(name) for name in rows["name"]]
    comparison = load_comparison(luts, None, rows.iloc[0].task, (), number, number)
    example, _ = next(make_examples(comparison, comparison.score(), rows.iloc[-1]["name"]))
    captions = {method: f"{method} {psnr:.2f} dB" for method, psnr in example.psnr.items()}
    captions[TARGET] = TARGET
    write_image(path, join_pictures({captions[name]: crop for name, crop in example.crops.items()}))


if __name__ == "__main__":
    with exit_on_user_error():
        main()
