"""The web page as people meet it: opened from disk, in a browser."""

import base64
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from tests.engine.random_luts import make_noise

import dfc
from dfc.images.pixels import upscale_bicubic
from dfc.models.lut import Lut
from dfc.runtimes import print_files, write_files

TIMES = "\N{MULTIPLICATION SIGN}"
PHONE, SCREEN = (390, 844), (1440, 900)
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def lut() -> Lut:
    """Give the LUT of the page."""
    return dfc.load("sr-x4-small")


@pytest.fixture
def open_page(browser: Browser, lut: Lut, tmp_path: Path) -> Iterator[Open]:
    """Give a function that opens the page of a LUT; nothing may be asked for, nor said."""
    contexts, said = [], []

    def opened(
        size: tuple[int, int] = SCREEN, colours: str = "light", lut: Lut = lut, touch: bool = False
    ) -> Page:
        (file,) = write_files(lut, "tables", "web", tmp_path, force=True)
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=colours, has_touch=touch
        )
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        own = (file.as_uri(), "blob:", "data:")
        tab.on("request", lambda it: None if it.url.startswith(own) else said.append(it.url))
        tab.goto(file.as_uri())
        return tab

    yield opened
    for context in contexts:
        context.close()
    assert said == [], "nothing is asked of the network, and the console is silent"


def choose(page: Page, image: np.ndarray, name: str = "small.png") -> None:
    memory = io.BytesIO()
    Image.fromarray(image).save(memory, "PNG")
    choose_bytes(page, memory.getvalue(), name)


def choose_bytes(page: Page, content: bytes, name: str, mime: str = "image/png") -> None:
    files = [{"name": name, "mimeType": mime, "buffer": content}]
    page.locator("input[type=file]").set_input_files(files)


def expect_restored(page: Page, width: int, height: int) -> None:
    expect(page.get_by_role("status")).to_contain_text(f"{width} {TIMES} {height} pixels in")
    expect(page.get_by_role("region", name="Restored picture")).to_be_visible()


def save(page: Page) -> np.ndarray:
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as PNG").click()
    assert download.value.suggested_filename == "small-tables.png"
    return np.array(Image.open(download.value.path()))


def read_canvas(page: Page, name: str) -> np.ndarray:
    address = page.locator(f"canvas.{name}").evaluate("canvas => canvas.toDataURL()")
    return np.array(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))))


@pytest.mark.parametrize("channels", [(), (3,)])
def test_a_chosen_picture_is_restored_and_saved_as_the_engine_does(
    open_page: Open, lut: Lut, channels: tuple[int, ...]
) -> None:
    page, image = open_page(), make_noise((150, 40, *channels), 3)
    choose(page, image)
    expect_restored(page, 160, 600)
    saved = save(page)
    colour = image if channels else np.dstack([image] * 3)
    np.testing.assert_array_equal(saved[..., :3], dfc.restore(colour, lut))
    assert saved.shape[2] == 3 or (saved[..., 3] == 255).all()
    before = read_canvas(page, "before")
    np.testing.assert_array_equal(before[..., :3], upscale_bicubic(colour, 4))


def test_transparency_is_kept_and_has_no_fringe(open_page: Open) -> None:
    page = open_page()
    image = np.full((20, 24, 4), (200, 60, 40, 255), np.uint8)
    image[4:12, 8:20] = 0  # black, and not seen
    choose(page, image)
    expect_restored(page, 96, 80)
    saved = save(page)
    np.testing.assert_array_equal(saved[..., 3], upscale_bicubic(image[..., 3], 4))
    seen = saved[saved[..., 3] > 128][:, :3].astype(int)
    assert np.abs(seen - (200, 60, 40)).max() < 12


def test_the_orientation_of_photographs_is_applied(open_page: Open) -> None:
    page, memory = open_page(), io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    Image.fromarray(make_noise((12, 20, 3), 0)).save(memory, "JPEG", exif=exif)
    choose_bytes(page, memory.getvalue(), "small.jpg", "image/jpeg")
    expect_restored(page, 48, 80)


def test_pictures_are_pasted_and_dropped(open_page: Open) -> None:
    page = open_page()
    bring = """async ([kind, side]) => {
        const canvas = Object.assign(document.createElement("canvas"), { width: side, height: 8 });
        canvas.getContext("2d");
        const blob = await new Promise((resolve) => canvas.toBlob(resolve));
        const data = new DataTransfer();
        data.items.add(new File([blob], "small.png", { type: "image/png" }));
        const init = { bubbles: true, cancelable: true };
        document.body.dispatchEvent(kind === "paste"
            ? new ClipboardEvent("paste", { ...init, clipboardData: data })
            : new DragEvent("drop", { ...init, dataTransfer: data }));
    }"""
    page.evaluate(bring, ["paste", 9])
    expect_restored(page, 36, 32)
    page.evaluate(bring, ["drop", 10])
    expect_restored(page, 40, 32)


def wait_until(page: Page, expression: str) -> None:
    """Wait for an expression to be true; that of Playwright evaluates it in the page, which refuses
    that."""
    for _ in range(200):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never came true: {expression}")


def test_the_camera_gives_a_picture(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("button", name="Use the camera").click()
    expect(page.get_by_role("button", name="Take the picture")).to_be_focused()
    wait_until(page, "document.querySelector('video').videoWidth > 0")
    page.get_by_role("button", name="Take the picture").click()
    expect(page.get_by_role("status")).to_contain_text("pixels in", timeout=20_000)
    expect(page.locator("video")).to_be_hidden()
    assert page.evaluate("document.querySelector('video').srcObject") is None


def test_what_cannot_be_restored_is_said_in_a_line(open_page: Open) -> None:
    page = open_page()
    status = page.get_by_role("status")
    choose_bytes(page, b"no picture", "notes.txt", "text/plain")
    expect(status).to_have_text("notes.txt is no picture that this browser can read.")
    choose(page, np.zeros((2000, 1500), np.uint8), "large.png")
    expect(status).to_have_text(
        f"large.png has 1500 {TIMES} 2000 pixels; "
        "this page takes at most 2.1 million, and 4096 on a side."
    )
    choose(page, make_noise((8, 8, 3), 0))
    expect_restored(page, 32, 32)
    choose_bytes(page, b"no picture", "notes.txt", "text/plain")
    expect(status).to_contain_text("notes.txt is no picture")
    expect(page.locator("#result")).to_be_visible()  # what was restored stays


def test_work_can_be_cancelled_and_replaced(open_page: Open) -> None:
    page, large = open_page(), make_noise((1000, 1200), 0)
    choose(page, large)
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("status")).to_have_text("Cancelled")
    expect(page.get_by_role("progressbar")).to_be_hidden()
    expect(page.get_by_role("button", name="Choose a picture")).to_be_focused()
    choose(page, large)
    expect(page.get_by_role("progressbar")).to_be_visible()
    choose(page, make_noise((8, 8), 0))
    expect_restored(page, 32, 32)


def split(page: Page) -> float:
    clip = page.locator("canvas.before").evaluate("canvas => canvas.style.clipPath")
    return float(clip.split("- ")[1].removesuffix("px)) 0px 0px)").split("px")[0])


def test_the_edge_is_moved_by_keys_and_by_pointers(open_page: Open) -> None:
    page = open_page()
    choose(page, make_noise((50, 100), 0))
    expect_restored(page, 400, 200)
    view, slider = page.locator(".view"), page.get_by_role("slider")
    wide = view.bounding_box()["width"]
    slider.focus()
    for _ in range(20):
        slider.press("ArrowRight")
    assert split(page) == pytest.approx(0.7 * wide, abs=1)
    assert slider.get_attribute("aria-valuetext") == "70 % bicubic, 30 % restored"
    box = view.bounding_box()
    page.mouse.move(box["x"] + wide * 0.7, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + wide * 0.25, box["y"] + 20)
    page.mouse.up()
    page.mouse.move(box["x"] + wide * 0.9, box["y"] + 20)
    assert split(page) == pytest.approx(0.25 * wide, abs=1)
    assert slider.input_value() == "25"


def test_a_magnified_picture_is_panned_below_the_edge(open_page: Open) -> None:
    page = open_page(PHONE, touch=True)
    choose(page, make_noise((50, 100), 0))
    expect_restored(page, 400, 200)
    page.get_by_label("Zoom").select_option("4")
    view = page.locator(".view")
    view.evaluate("view => view.scrollTo(300, 0)")
    wait_until(page, "document.querySelector('.view').scrollLeft === 300")
    wide = view.evaluate("view => view.clientWidth")
    page.wait_for_timeout(50)
    assert split(page) == pytest.approx(300 + wide / 2, abs=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


@pytest.mark.parametrize("size", [PHONE, SCREEN])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_page_fits_its_window_and_is_accessible(
    open_page: Open, size: tuple[int, int], colours: str, tmp_path: Path
) -> None:
    page = open_page(size, colours)
    for state in ("empty", "done"):
        assert Axe().run(page).response["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        page.screenshot(full_page=True, path=tmp_path / f"{size[0]}-{colours}-{state}.png")
        choose(page, make_noise((90, 160, 3), 0))
        expect_restored(page, 640, 360)


def test_a_picture_is_compared_with_itself_at_scale_1(open_page: Open) -> None:
    image = make_noise((20, 30, 3), 0)
    page = open_page(lut=dfc.load("deblock-10"))
    choose(page, image)
    expect_restored(page, 30, 20)
    np.testing.assert_array_equal(read_canvas(page, "before")[..., :3], image)
    expect(page.get_by_text("before", exact=True)).to_be_visible()


def test_names_are_no_markup_and_only_own_scripts_run(lut: Lut) -> None:
    ((_, page),) = print_files(lut, "a</script><b>", "web")
    assert "default-src 'none'" in page and "unsafe" not in page
    assert "<b>" not in page and "a&lt;/script&gt;&lt;b&gt;" in page
