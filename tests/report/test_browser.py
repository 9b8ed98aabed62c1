"""The page as people meet it: opened from disk, in a browser."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

PHONE, SCREEN = (390, 844), (1440, 900)
Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, page: str, tmp_path: Path) -> Iterator[Open]:
    """Give a function that opens the page; what it asks for and says ends up in `said`."""
    file = tmp_path / "index.html"
    file.write_text(page)
    contexts, said = [], []

    def opened(size: tuple[int, int] = SCREEN, script: bool = True, colours: str = "light") -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            java_script_enabled=script,
            color_scheme=colours,
        )
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        address = file.as_uri()
        tab.on("request", lambda request: said.append(request.url) if not _own(request) else None)
        tab.goto(address)
        return tab

    def _own(request: object) -> bool:
        return request.url.startswith("data:") or request.url == file.as_uri()

    yield opened
    for context in contexts:
        context.close()
    assert said == [], "nothing is asked of the network, and the console is silent"


def split(page: Page) -> str:
    stage = page.locator(".stage").first
    return stage.evaluate("stage => getComputedStyle(stage).getPropertyValue('--split')")


def test_a_slider_moves_the_edge_between_two_pictures(open_page: Open) -> None:
    page = open_page()
    slider = page.locator(".wipe input").first
    slider.focus()
    for _ in range(20):
        slider.press("ArrowRight")
    assert split(page) == "70%"

    stage = page.locator(".stage").first
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 20)
    page.mouse.up()
    assert 20 <= float(split(page).removesuffix("%")) <= 30
    assert slider.input_value() in ("24", "25", "26")


def test_any_two_pictures_can_be_wiped_between(open_page: Open) -> None:
    page = open_page()
    wipe = page.locator(".wipe").first
    shown = wipe.locator("img:not(.hidden)")
    expect(shown).to_have_count(2)
    page.get_by_label("on the right").first.select_option("target")
    expect(wipe.locator("img.right")).to_have_attribute("data-method", "target")
    expect(wipe.locator("img.left")).to_have_attribute("data-method", "bicubic")
    page.get_by_label("on the left").first.select_option("target")
    expect(shown).to_have_count(1)


def test_the_table_is_sorted_by_the_heading_that_is_clicked(open_page: Open) -> None:
    page = open_page()
    rows = page.locator(".sortable tbody tr")
    original = rows.all_inner_texts()
    heading = page.locator(".sortable th", has_text="PSNR").first
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "ascending")
    rising = [float(row.split("\t")[2]) for row in rows.all_inner_texts()]
    assert rising == sorted(rising)
    heading.get_by_role("button").press("Enter")
    expect(heading).to_have_attribute("aria-sort", "descending")
    falling = [float(row.split("\t")[2]) for row in rows.all_inner_texts()]
    assert falling == sorted(falling, reverse=True)
    assert sorted(rows.all_inner_texts()) == sorted(original)

    page.locator(".sortable th", has_text="MiB").get_by_role("button").click()
    assert rows.last.inner_text().split("\t")[1] == "bicubic", "without a value: last"


def test_marks_of_charts_say_what_they_are(open_page: Open) -> None:
    page = open_page()
    tip = page.locator("#tip")
    expect(tip).to_be_hidden()
    page.locator('.wide [aria-label^="lut (measured here)"]').first.hover()
    expect(tip).to_be_visible()
    expect(tip).to_contain_text("dB, ")
    page.locator("h1").hover()
    expect(tip).to_be_hidden()


def test_nothing_but_marks_with_a_meaning_speaks(open_page: Open) -> None:
    page = open_page()
    told = page.locator('.chart svg [role="graphics-symbol"]').evaluate_all(
        """marks => marks
            .filter(mark => !["axis", "legend", "title"].includes(
                mark.getAttribute("aria-roledescription")))
            .map(mark => mark.getAttribute("aria-label"))"""
    )
    assert len(told) > 100
    for text in told:
        assert "colour:" not in text and "told:" not in text and "undefined" not in text, text
    page.locator(".chart svg text", has_text="storage (MiB").first.hover(force=True)
    expect(page.locator("#tip")).to_be_hidden()


def test_controls_of_different_pictures_have_different_names(open_page: Open) -> None:
    page = open_page()
    names = page.locator(".wipe input, .wipe select").evaluate_all(
        "controls => controls.map(control => control.getAttribute('aria-label'))"
    )
    assert len(names) == 9 and len(set(names)) == 9


@pytest.mark.parametrize("size", [PHONE, SCREEN])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_page_fits_its_window(
    open_page: Open, size: tuple[int, int], colours: str, tmp_path: Path
) -> None:
    page = open_page(size, colours=colours)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    for chart in page.locator(".chart svg:visible").all():
        box = chart.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= size[0]
    page.screenshot(full_page=True, path=tmp_path / f"{size[0]}-{colours}.png")  # to look at


def test_without_scripts_all_is_there_but_sliders_and_sorting(open_page: Open) -> None:
    page = open_page(script=False)
    for section in ("In short", "Quality and storage", "Methods", "Pictures", "Inside the LUT"):
        expect(page.get_by_role("heading", name=section)).to_be_visible()
    expect(page.locator(".sortable tbody tr")).to_have_count(4)
    expect(page.locator(".stage img.left").first).to_be_visible()
    expect(page.locator(".wide svg").first).to_be_visible()
    expect(page.locator("button, input, select")).to_have_count(0)


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_page_is_accessible(open_page: Open, colours: str) -> None:
    found = Axe().run(open_page(colours=colours)).response["violations"]
    serious = [rule["id"] for rule in found if rule["impact"] in ("serious", "critical")]
    assert serious == []
