"""Show what the LUTs of the zoo reach and do: reports/zoo, a page with plots and pictures."""

from pathlib import Path

import pandas as pd

import dfc
import fsrcnn
from dfc import zoo
from dfc.cli.comparing import load_comparison
from dfc.common.errors import exit_on_user_error
from dfc.common.files import atomic_write
from dfc.evaluation.benchmark import compare
from dfc.evaluation.evidence import TARGET
from dfc.evaluation.examples import make_examples
from dfc.images.files import write_image
from dfc.report.charts import SERIES, draw_svg, fill_colours
from dfc.report.figures import join_pictures
from dfc.report.points import OURS, PUBLISHED, find_published, make_points
from dfc.report.rate_distortion import plot_rate_distortion
from dfc.runtimes import print_files
from dfc.tasks import build_task, find_task
from measure import TIMES
from run import ROOT

PAGE = ROOT / "reports/zoo"
TIMED = "sr", 4  # the task and level of published methods that are timed
AGAINST_TIME = "ms for 720p in colour, all by this engine (two cores, logarithmic)"


def main(folder: Path = PAGE) -> None:
    """Draw plots and pictures, and write the page: of all LUTs for one thing, a section."""
    figures = pd.read_csv(zoo.FIGURES)
    times = pd.read_csv(TIMES).set_index("method")["ms_720p"]
    with atomic_write(folder) as partial:
        partial.mkdir(parents=True)
        sections = [
            write_section(partial, rows, times)
            for _, rows in figures.groupby(["task", "level", "set"], sort=False, dropna=False)
        ]
        for file, text in print_files(dfc.load(IN_BROWSERS), IN_BROWSERS, "web"):
            (partial / file).write_text(text, encoding="utf-8")
        (partial / "README.md").write_text("\n".join(["# The zoo", "", HEAD, *sections]))


IN_BROWSERS = "sr-x4-fast"  # of which the page has a program for browsers
HEAD = f"""What the LUTs of the package reach, beside what is published, and what they make
of a sample photograph (the part that they change most; none of them was trained on it). The
command is `python zoo/gallery.py`; the figures are those of `python zoo/measure.py`.

Beside those for x4 stands FSRCNN (ECCV 2016). No package brings its published weights: it was
trained on the same images (`python zoo/fsrcnn.py`, 11 minutes of one core), and reaches 30.31 dB on
Set5, where 30.71 are published.

Noise is clipped and rounded to 8 bits here; what is published of colours is of noise that is not.
That changes the figures of denoise-15, -25 and -50 by less than 0.01 dB
([research.md](../research.md), `dfc benchmark denoise-25 --unrounded`).

It leaves [{IN_BROWSERS}.html]({IN_BROWSERS}.html), too, which is not in Git: one file that
restores pictures of your own in a browser. `dfc export NAME --format web -o pages/` makes one of
any LUT.
"""


def write_section(folder: Path, rows: pd.DataFrame, times: pd.Series) -> str:
    """Write plots and the picture of the LUTs for one thing; returns their section.

    `times` are those of published methods, by name.
    """
    first = rows.iloc[0]
    number = 0 if pd.isna(first.level) else int(first.level)
    level = {find_task(first.task).level: number} if number else {}
    task = build_task(first.task, **level)
    stem = "_".join(map(str, [first.task, *level.values(), first.set]))
    published = find_published(first.task, number, first.set)
    plots = []
    if len(published) or rows["mib"].nunique() > 1:
        write_plot(folder / f"{stem}.svg", rows.assign(storage_mib=rows["mib"]), published)
        plots.append(f"![PSNR on {first.set} against storage]({stem}.svg)")
    if (first.task, number) == TIMED:
        timed = published.assign(storage_mib=published["method"].map(times))
        timed = timed.dropna(subset="storage_mib")
        own = rows.assign(storage_mib=rows["ms_720p"])
        write_plot(folder / f"{stem}_ms.svg", own, timed, unit="ms", title=AGAINST_TIME)
        plots.append(f"![PSNR on {first.set} against time]({stem}_ms.svg)")
    write_picture(folder / f"{stem}.png", rows, number)
    shown = rows[["name", "psnr", "ssim", "psnr_b", "mib", "ms_720p", "trained"]]
    table = shown.dropna(axis=1, how="all").to_markdown(index=False, floatfmt=".4g")
    pictures = [*plots, f"![A part of a photograph, by each of them]({stem}.png)"]
    title = task.full_title.capitalize()
    return "\n\n".join([f"## {title}: {first.set}", table, *pictures, ""])


def write_plot(
    path: Path, rows: pd.DataFrame, published: pd.DataFrame, unit: str = "MiB", **options: str
) -> None:
    """Draw PSNR against storage, or another cost, of ours and of what is published."""
    own = make_points(rows.assign(method=rows["name"]), OURS, unit)
    points = pd.concat([own, make_points(published, PUBLISHED, unit)], ignore_index=True)
    colours = dict(zip(rows["name"], SERIES, strict=False))
    svg = fill_colours(draw_svg(plot_rate_distortion(points, colours, **options), "zoo"))
    path.write_text(svg, encoding="utf-8")


def write_picture(path: Path, rows: pd.DataFrame, number: int) -> None:
    """Restore the sample photograph that gains most, and show a part of it."""
    luts = [zoo.find_lut(name) for name in rows["name"]]
    found = load_comparison(luts, None, rows.iloc[0].task, (), number, number)
    networks = {fsrcnn.NAME: fsrcnn.Fsrcnn.load()} if (found.task.name, number) == TIMED else {}
    comparison = compare(found.task, found.sets, found.luts, networks)
    scores, subject = comparison.score(), rows.iloc[-1]["name"]
    example, _ = next(make_examples(comparison, scores, subject, networks))
    captions = {method: f"{method} {psnr:.2f} dB" for method, psnr in example.psnr.items()}
    captions[TARGET] = TARGET
    write_image(path, join_pictures({captions[name]: crop for name, crop in example.crops.items()}))


if __name__ == "__main__":
    with exit_on_user_error():
        main()
