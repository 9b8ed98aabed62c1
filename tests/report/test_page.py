"""The page as a file; how it behaves in a browser is tested in test_browser."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from dfc.evaluation.examples import ORIGINAL, View
from dfc.evaluation.results import Results, best
from dfc.report.page import render
from dfc.report.pictures import MOST_ERROR, data_uri, error_map, strip


class Tags(HTMLParser):
    """Collects the tags of a page with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, dict(attrs)))

    def named(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.all if tag == name]


def test_a_page_refers_to_nothing_outside(page: str) -> None:
    for _, attributes in Tags(page).all:
        for name in ("src", "href", "xlink:href", "srcset", "data", "action"):
            address = attributes.get(name) or "data:"
            assert address.startswith(("data:", "#")), address
    assert not re.search(r"@import|url\((?!#)", page)


def test_every_picture_and_chart_says_what_it_shows(page: str) -> None:
    tags = Tags(page)
    assert all(image["alt"] for image in tags.named("img"))
    charts = [attributes for attributes in tags.named("div") if attributes.get("role") == "img"]
    assert len(charts) >= 8 and all(chart["aria-label"] for chart in charts)


def test_charts_do_not_share_identifiers(page: str) -> None:
    found = [attributes["id"] for _, attributes in Tags(page).all if "id" in attributes]
    assert len(set(found)) == len(found)
    for reference in re.findall(r"url\(#([^)]*)\)", page):
        assert reference in found


def test_titles_are_text(page: str) -> None:
    assert "A &lt;b&gt;title&lt;/b&gt;" in page


def test_names_of_files_and_folders_are_text(results: Results, pictures: list[View]) -> None:
    name = 'a "quoted" <i>& name'
    comparison = replace(
        results.comparison,
        sets={name: results.comparison.sets["sample"]},
        methods={"bicubic": results.comparison.methods["bicubic"], name: len},
        luts={name: results.lut},
    )
    scores = results.scores.query("method in ('bicubic', 'finetuned')")
    scores = scores.assign(set=name).replace({"method": {"finetuned": name}})
    views = [
        replace(
            view,
            set=name,
            image=name,
            psnr={name: 30.0},
            windows={name: view.windows["lut"], ORIGINAL: view.windows[ORIGINAL]},
            crops={name: view.crops["lut"], ORIGINAL: view.crops[ORIGINAL]},
            errors={name: view.errors["bicubic"]},
        )
        for view in pictures
    ]
    page = render(name, Results(comparison, scores, name), views, 1.0, {})
    assert "<i>" not in page.replace('<p class="scale"><span>0</span><i></i>', "")
    assert sum(tag == "i" for tag, _ in Tags(page).all) == len(views), "that of the scale"
    assert f"{name}, the original" not in page
    assert any(image["alt"] == f"{name}, the original" for image in Tags(page).named("img"))


def test_every_set_has_its_plot_and_its_rows(results: Results, pictures: list[View]) -> None:
    other = results.scores.assign(set="Set5", psnr=float("inf"))
    scores = pd.concat([results.scores, other], ignore_index=True)
    sets = results.comparison.sets | {"Set5": results.comparison.sets["sample"]}
    comparison = replace(results.comparison, sets=sets)
    page = render("title", Results(comparison, scores, "finetuned"), pictures, 1.0, {})
    assert "<h3>sample</h3>" in page and "<h3>Set5</h3>" in page
    assert page.count('<th scope="row">finetuned</th>') == 2
    assert 'data-value="Infinity"' in page, "as scripts read it"
    assert "SPF-LUT + DFC" in page, "what is published of the set"


def test_the_headline_is_that_of_the_subject(page: str, results: Results) -> None:
    gain = results.table.query("method == 'finetuned'")["gain"].item()
    assert f"<strong>{gain:+.2f} dB</strong> above bicubic interpolation on sample" in page
    assert f"<strong>{results.lut.size_mib:.3f} MiB</strong>" in page
    assert "<strong>12.3 ms</strong>" in page
    assert "<dd>1.0 minutes</dd>" in page, "the sum over all stages"


def test_the_best_of_a_set_is_bold_and_so_is_what_looks_the_same(
    results: Results, pictures: list[View]
) -> None:
    scores = results.scores.copy()
    scores["psnr"] = scores["method"].map(
        {"bicubic": 30.001, "lut": 30.002, "dfc": 29.0, "finetuned": 28.0}
    )
    page = render("title", Results(results.comparison, scores, "finetuned"), pictures, 1.0, {})
    assert page.count("<b>30.00</b>") == 2
    assert "<b>29.00</b>" not in page


def test_a_page_of_lut_files_has_no_training(results: Results, pictures: list[View]) -> None:
    page = render("title", results, pictures, 1.0, {})
    assert "Inside the LUT" in page and 'id="training"' not in page
    assert "Made by" in page


def test_pictures_keep_every_pixel() -> None:
    import base64
    import io

    from PIL import Image

    pixels = np.random.default_rng(0).integers(256, size=(7, 5, 3), dtype=np.uint8)
    encoded = data_uri(pixels).removeprefix("data:image/webp;base64,")
    np.testing.assert_array_equal(Image.open(io.BytesIO(base64.b64decode(encoded))), pixels)


def test_larger_errors_are_lighter() -> None:
    colours = error_map(np.array([[0.0, MOST_ERROR / 2, MOST_ERROR, 200.0]])).astype(int)
    sums = colours.sum(-1)[0]
    assert sums[0] < sums[1] < sums[2] == sums[3]


@pytest.mark.parametrize("shape", [(6, 4), (6, 4, 3)])
def test_a_strip_shows_all_pictures_side_by_side(shape: tuple[int, ...]) -> None:
    black, grey = np.zeros(shape, np.uint8), np.full(shape, 128, np.uint8)
    pixels = np.asarray(strip({"one": black, "two": grey}, magnified=3))
    assert pixels.shape == (18 + 24, 2 * 12 + 6, 3)
    assert (pixels[:18, :12] == 0).all() and (pixels[:18, 18:] == 128).all()
    assert (pixels[18:] < 255).any(), "captions"


def test_the_best_lut_is_that_of_the_highest_mean(results: Results) -> None:
    means = results.scores.groupby("method")["psnr"].mean()
    names = list(results.comparison.luts)
    assert best(results.scores, names) == means[names].idxmax()
