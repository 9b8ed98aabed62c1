"""The page as a file; how it behaves in a browser is tested in test_browser."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from dfc.evaluation.evidence import TARGET, Evidence
from dfc.report.figures import join_pictures
from dfc.report.page import render_page
from dfc.report.run import Run
from dfc.report.sections.pictures import colour_errors, make_data_uri


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


def test_a_page_leads_to_the_one_that_restores(evidence: Evidence) -> None:
    page = render_page("title", evidence, Run(restore_page="restore.html"))
    assert "restore.html" in [link["href"] for link in Tags(page).named("a")]


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


def test_names_of_files_and_folders_are_text(evidence: Evidence) -> None:
    name = 'a "quoted" <i>& name'
    scores = evidence.scores.query("method in ('bicubic', 'finetuned')")
    odd = replace(
        evidence,
        subject=name,
        luts={name: evidence.lut},
        scores=scores.assign(set=name).replace({"method": {"finetuned": name}}),
        values=evidence.values.assign(lut=name),
        examples=[
            replace(
                example,
                set=name,
                image=name,
                psnr={name: 30.0},
                mean_error={name: 1.0},
                windows={name: example.windows["lut"], TARGET: example.windows[TARGET]},
                crops={name: example.crops["lut"], TARGET: example.crops[TARGET]},
                errors={name: example.errors["bicubic"]},
            )
            for example in evidence.examples
        ],
    )
    page = render_page(name, odd, Run())
    assert "<i>" not in page.replace('<p class="scale"><span>0</span><i></i>', "")
    assert sum(tag == "i" for tag, _ in Tags(page).all) == len(odd.examples), "that of the scale"
    assert f"{name}, the target" not in page
    assert any(image["alt"] == f"{name}, the target" for image in Tags(page).named("img"))


def test_every_set_has_its_plot_and_its_rows(evidence: Evidence) -> None:
    other = evidence.scores.assign(set="Set5", psnr=100.0)
    scores = pd.concat([evidence.scores, other], ignore_index=True)
    page = render_page("title", replace(evidence, scores=scores), Run())
    assert "<h3>sample</h3>" in page and "<h3>Set5</h3>" in page
    assert page.count('<th scope="row">finetuned</th>') == 2
    assert 'data-value="100.0"' in page, "as scripts read it"
    assert "SPF-LUT + DFC" in page, "what is published of the set"


def test_the_headline_is_that_of_the_subject(page: str, evidence: Evidence) -> None:
    gain = evidence.table.query("method == 'finetuned'")["gain"].item()
    assert f"<strong>{gain:+.2f} dB</strong> above bicubic interpolation on sample" in page
    assert f"<strong>{evidence.lut.size_mib:.3f} MiB</strong>" in page
    assert "<strong>12.3 ms</strong>" in page
    assert "<dd>1.0 minutes</dd>" in page, "the sum over all stages"


def test_what_was_not_timed_is_left_out(evidence: Evidence) -> None:
    page = render_page("title", evidence, Run(facts={"Training": "table"}))
    assert "1280x720" not in page and "minutes" not in page


def test_the_best_of_a_set_is_bold_and_so_is_what_looks_the_same(evidence: Evidence) -> None:
    scores = evidence.scores.copy()
    scores["psnr"] = scores["method"].map(
        {"bicubic": 30.001, "lut": 30.002, "dfc": 29.0, "finetuned": 28.0}
    )
    page = render_page("title", replace(evidence, scores=scores), Run())
    assert page.count("<b>30.00</b>") == 2
    assert "<b>29.00</b>" not in page


def test_a_page_of_lut_files_has_no_training(evidence: Evidence) -> None:
    page = render_page("title", evidence, Run())
    assert "Inside the LUT" in page and 'id="training"' not in page
    assert "Made by" in page


def test_pictures_keep_every_pixel() -> None:
    import base64
    import io

    from PIL import Image

    pixels = np.random.default_rng(0).integers(256, size=(7, 5, 3), dtype=np.uint8)
    encoded = make_data_uri(pixels).removeprefix("data:image/webp;base64,")
    np.testing.assert_array_equal(Image.open(io.BytesIO(base64.b64decode(encoded))), pixels)


def test_larger_errors_are_lighter() -> None:
    colours = colour_errors(np.array([[0, 128, 255]], np.uint8)).astype(int)
    assert (np.diff(colours.sum(-1)[0]) > 0).all()


@pytest.mark.parametrize("shape", [(6, 4), (6, 4, 3)])
def test_a_strip_shows_all_pictures_side_by_side(shape: tuple[int, ...]) -> None:
    black, grey = np.zeros(shape, np.uint8), np.full(shape, 128, np.uint8)
    pixels = np.asarray(join_pictures({"one": black, "two": grey}, magnified=3))
    assert pixels.shape == (18 + 24, 2 * 12 + 6, 3)
    assert (pixels[:18, :12] == 0).all() and (pixels[:18, 18:] == 128).all()
    assert (pixels[18:] < 255).any(), "captions"
