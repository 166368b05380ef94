"""The page in a headless Chromium: as a person uses it, with the mouse and with the keyboard alone."""

import contextlib
import io as streams
import re
import shlex

import numpy as np
import pytest
from PIL import Image as Pictured

from imfilter import cli, io
from imfilter._play import forms, pictures
from tests.play import chromium
from tests.play.serving import serving

CHROMIUM = chromium.path()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt-get install chromium)"),
]
playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
pytest.importorskip("uvicorn", reason='needs "imfilter[play]"')
expect = playwright.expect
#: Milliseconds. Filters compile at their first run.
SHORT, LONG = 20_000, 120_000
expect.set_options(timeout=SHORT)  # the timeout of a page is not that of `expect`, which is 5 s


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield opened
        finally:
            opened.close()


@pytest.fixture(scope="module")
def client():
    with serving() as (served, _):
        yield served


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Small pictures in the working directory."""
    cat = io.read(pictures._file("chelsea.png")).colour[100:164, 100:190].copy()
    io.write(tmp_path / "cat.png", io.Image(cat, channels=True))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def page(browser, client):
    """The page with the sample of coins. A test fails if the page had an error or asked for another host."""
    context = browser.new_context(viewport={"width": 1200, "height": 900}, accept_downloads=True)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened = context.new_page()
    opened.set_default_timeout(SHORT)
    errors, hosts = [], set()
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    try:
        opened.goto(client.address)
        opened.wait_for_selector("body[data-ready]")
        yield opened
        assert errors == []
        assert hosts - {""} == {f"127.0.0.1:{client.port}"}
    finally:
        context.close()


def upload(page, path):
    """Open a picture, and wait for the result of the filter."""
    page.set_input_files("#file", path)
    # Before it is open, and after an error, the page has its name without its type.
    opened = re.compile(rf"^{re.escape(path.name)}: \d+ . \d+, ")
    expect(page.locator("#picture")).to_have_text(opened)
    expect(page.locator("#status")).to_contain_text("ms for", timeout=LONG)


def shown(page):
    """The pixels of the canvas."""
    content = page.locator("#canvas").screenshot()
    with Pictured.open(streams.BytesIO(content)) as picture:
        return np.asarray(picture.convert("RGB"))


def copied(page, name):
    page.locator(f"[data-copy={name}]").click()
    expect(page.locator("#copied")).to_have_text(f"Copied: {name}")
    return page.evaluate("navigator.clipboard.readText()")


def test_every_filter_opens(page, files):
    upload(page, files / "cat.png")
    page.locator("[name=show][value=after]").check()
    for family in forms.families():
        for form in family["filters"]:
            if form["name"] == "gaussian":
                continue
            done = int(page.locator("body").get_attribute("data-done"))
            page.select_option("#filter", form["name"])
            page.wait_for_selector(f"body:not([data-done='{done}'])", timeout=LONG)
            expect(page.locator("#error")).to_be_hidden()
            expect(page.locator("#summary")).to_have_text(form["summary"])
            assert page.locator("#fields .field, #more-fields .field").count() == len(form["options"])


def test_a_slider_changes_the_picture(page, files):
    upload(page, files / "cat.png")
    page.locator("[name=show][value=after]").check()
    before = shown(page)
    status = page.locator("#status")
    page.locator("#option-sigma").fill("9")
    expect(page.locator("#python")).to_contain_text("sigma=9", timeout=LONG)
    after = shown(page)
    assert (before != after).mean() > 0.3
    expect(status).to_contain_text(re.compile("90 . 64 pixels"))
    expect(page.locator("#reason")).to_contain_text("separable")
    expect(page.locator("#option-sigma")).to_have_attribute("aria-valuetext", "9")
    page.get_by_label("sigma, as text").fill("0")
    expect(page.locator("#python")).to_contain_text("sigma=0", timeout=LONG)
    page.locator("[name=show][value=before]").check()
    source = shown(page)
    page.locator("[name=show][value=after]").check()
    assert np.array_equal(source, shown(page))


def test_the_copied_lines_run_and_make_the_pixels_shown(page, files):
    upload(page, files / "cat.png")
    page.get_by_label("sigma, as text").fill("2.5")
    page.get_by_role("button", name="Add a step").click()
    page.select_option("#filter", "median")
    page.get_by_label("size, as text").fill("5")
    expect(page.locator("#python")).to_contain_text("size=5", timeout=LONG)
    names = {}
    exec(compile(copied(page, "python"), "copied", "exec"), names)
    for line in copied(page, "command").splitlines():
        assert cli.call(shlex.split(line)[1:]) == 0
    assert np.array_equal(io.read("result.png").pixels, names["image"])
    with page.expect_download() as told:
        page.get_by_role("button", name="Save the result as PNG").click()
    assert told.value.suggested_filename == "result.png"
    told.value.save_as("saved.png")
    assert np.array_equal(io.read("saved.png").pixels, names["image"])
    # At one to one, the canvas shows these pixels.
    page.locator("[name=show][value=after]").check()
    page.get_by_role("button", name="One to one").click()
    expect(page.locator("#zoom")).to_have_text("100 %")
    page.wait_for_timeout(300)
    seen, image = shown(page), names["image"]
    top, left = (seen.shape[0] - image.shape[0]) // 2, (seen.shape[1] - image.shape[1]) // 2
    near = [
        np.array_equal(seen[top + y : top + y + image.shape[0], left + x : left + x + image.shape[1]], image)
        for y in (-1, 0, 1)
        for x in (-1, 0, 1)
    ]
    assert any(near)
    with page.expect_download() as told:
        page.get_by_role("button", name="Save the pipeline").click()
    told.value.save_as("steps.toml")
    assert (files / "steps.toml").read_text().count("[[step]]") == 2
    page.get_by_role("button", name="Remove step 2, median").click()
    expect(page.locator("#chain li")).to_have_count(1)


def test_a_broken_picture_is_told(page, files):
    upload(page, files / "cat.png")
    error = page.locator("#error")
    (files / "text.png").write_text("these are words")
    page.set_input_files("#file", files / "text.png")
    expect(error).to_contain_text("text.png: is not an image of a known format")
    (files / "half.png").write_bytes((files / "cat.png").read_bytes()[:200])
    page.set_input_files("#file", files / "half.png")
    expect(error).to_contain_text("half.png: ")
    with open(files / "large.tif", "wb") as file:
        file.truncate(200 * 2**20)
    page.set_input_files("#file", files / "large.tif")
    expect(error).to_contain_text("large.tif: has 200 MB, and the limit is 128 MB")
    expect(error).to_have_attribute("role", "alert")
    upload(page, files / "cat.png")
    expect(error).to_be_hidden()


def test_an_error_of_a_filter_is_told(page, files):
    upload(page, files / "cat.png")
    page.get_by_label("sigma, as text").fill("-1")
    expect(page.locator("#error")).to_contain_text("sigma must be")
    expect(page.locator("#python")).to_be_empty()
    page.get_by_label("sigma, as text").fill("1")
    expect(page.locator("#error")).to_be_hidden()


def test_the_keyboard_reaches_everything(page, files):
    upload(page, files / "cat.png")
    wanted = page.evaluate(
        """() => [...document.querySelectorAll("a, button, select, input, pre, canvas[tabindex], summary")]
            .filter((e) => e.checkVisibility() && !e.disabled && !(e.type === "radio" && !e.checked))
            .map((e, n) => (e.dataset.n = n))"""
    )
    page.evaluate("document.activeElement.blur()")
    reached = []
    for _ in range(len(wanted) + 2):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.dataset.n"))
    assert {int(n) for n in reached if n is not None} == set(wanted)
    ordered = [int(n) for n in reached if n is not None][: len(wanted)]
    assert ordered == sorted(ordered)  # the order of the document


def test_the_keyboard_does_everything(page, files):
    upload(page, files / "cat.png")
    page.locator("#option-sigma").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#python")).to_contain_text("sigma=1.1", timeout=LONG)
    page.locator("#canvas").focus()
    page.keyboard.press("1")
    expect(page.locator("#zoom")).to_have_text("100 %")
    for _ in range(5):
        page.keyboard.press("+")
    expect(page.locator("#zoom")).to_have_text("3200 %")
    before = shown(page)
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(200)
    assert (before != shown(page)).any()
    page.keyboard.press("0")
    expect(page.locator("#zoom")).to_have_text("fit")
    page.locator("#filter").focus()
    page.keyboard.type("sobel")
    expect(page.locator("#summary")).to_contain_text("Sobel")


def test_everything_has_a_name_and_what_changes_is_told(page, files):
    upload(page, files / "cat.png")
    for name in ("status", "picture"):
        expect(page.locator(f"#{name}")).to_have_attribute("aria-live", "polite")
    for name in ("bilateral", "threshold", "hog", "correlate", "reconstruct"):
        page.select_option("#filter", name)
        unnamed = page.evaluate(
            """() => [...document.querySelectorAll("button, select, input, canvas, pre")]
                .filter((e) => !(e.labels?.length || e.ariaLabel || e.textContent.trim()
                    || e.getAttribute("aria-labelledby")))
                .map((e) => e.outerHTML)"""
        )
        assert unnamed == []
    assert "The mean" in page.locator("#histogram-after").get_attribute("aria-label")
    assert "cat.png" in page.locator("#canvas").get_attribute("aria-label")
    # Screen readers keep the arrow keys of a picture for themselves. An application gets them.
    expect(page.locator("#canvas")).to_have_attribute("role", "application")
    assert page.locator("html").get_attribute("lang") == "en"


def test_the_page_fits_its_window(page, files):
    upload(page, files / "cat.png")
    for width in (360, 800, 1400):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("#canvas").bounding_box()["width"] > 0.6 * min(width, 800)


def test_samples_open(page):
    page.select_option("#sample", "rings")
    expect(page.locator("#picture")).to_contain_text(re.compile("rings.png: 512 . 512, grey, uint8"))
    expect(page.locator("#status")).to_contain_text("ms for 512", timeout=LONG)


@contextlib.contextmanager
def held(page, name):
    """Upload a file with this name only at the end of the block."""
    routes = []

    def hold(route):
        if route.request.headers["x-name"] == name:
            routes.append(route)
        else:
            route.continue_()

    page.route("**/api/picture", hold)
    yield
    while not routes:
        page.wait_for_timeout(20)
    with page.expect_response("**/api/picture"):
        routes[0].continue_()
    page.wait_for_timeout(300)  # the page gets the answer


@pytest.mark.parametrize("second", ["other.png", "rings"])
@pytest.mark.parametrize("first", ["cat.png", "text.png"])
def test_the_picture_that_was_asked_for_last_is_shown(page, files, first, second):
    """The answer for the picture before it comes later. It may be an error, which is told."""
    io.write(files / "other.png", io.Image(np.zeros((30, 40), np.uint8)))
    (files / "text.png").write_text("these are words")
    with held(page, first):
        page.set_input_files("#file", files / first)
        expect(page.locator("#picture")).to_have_text(f"Opening {first}…")
        if second == "rings":
            page.select_option("#sample", second)
            opened = re.compile("rings.png: 512 . 512, grey, uint8")
        else:
            page.set_input_files("#file", files / second)
            opened = re.compile("other.png: 40 . 30, grey, uint8")
        expect(page.locator("#picture")).to_have_text(opened)
    expect(page.locator("#picture")).to_have_text(opened)
    expect(page.locator("#python")).to_contain_text(second, timeout=LONG)
    assert page.locator("#sample").input_value() == (second if second == "rings" else "")
    if first == "text.png":
        expect(page.locator("#error")).to_contain_text("text.png: is not an image of a known format")
        return
    page.select_option("#filter", "guided")  # the other one can be the second picture of a filter
    assert page.locator("#fields option", has_text="cat.png").count() >= 1


def test_a_later_picture_is_opened_after_an_error(page, files):
    """While it is opened, its name is shown."""
    (files / "text.png").write_text("these are words")
    with held(page, "cat.png"):
        with page.expect_response("**/api/picture"):
            page.set_input_files("#file", files / "text.png")
            page.set_input_files("#file", files / "cat.png")
        expect(page.locator("#error")).to_contain_text("text.png")
        expect(page.locator("#picture")).to_have_text("Opening cat.png…")
    expect(page.locator("#picture")).to_have_text(re.compile("cat.png: 90 . 64"))


@pytest.mark.parametrize("then", ["file", "list", "step"])
def test_the_last_choice_of_an_option_counts(page, files, then):
    """A picture that is opened for an option comes after a later choice, or when another step is shown."""
    upload(page, files / "cat.png")
    for name in ("late", "other"):
        io.write(files / f"{name}.png", io.Image(np.zeros((64, 90), np.uint8)))
    page.select_option("#filter", "guided")
    page.get_by_role("button", name="Add a step").click()
    page.select_option("#filter", "guided")
    choice = page.locator("#option-guide")
    with held(page, "late.png"):
        page.get_by_label("Open a picture for guide").set_input_files(files / "late.png")
        if then == "file":
            page.get_by_label("Open a picture for guide").set_input_files(files / "other.png")
            expect(choice.locator("option:checked")).to_have_text("other.png")
        elif then == "list":
            choice.select_option("original")
        else:
            page.locator("#chain button").first.click()
    wanted = {"file": "other.png", "list": "the picture before step 1", "step": "none"}[then]
    expect(page.locator("#option-guide option:checked")).to_have_text(wanted)
    page.locator("#chain button[aria-current=false]").first.click()
    expect(page.locator("#option-guide option:checked")).to_have_text("none")
