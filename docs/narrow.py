"""Check that no built page is wider than a phone: `python docs/narrow.py build/docs`.

It opens the pages in Chromium at a width of 375 pixels. Wide tables, code and plots must scroll by
themselves. Of the reference and of the gallery it opens the first pages and those with the longest names. It
does nothing where Chromium or playwright is absent.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.play import chromium

WIDTH = 375
#: Pages of one kind: they have the same parts.
FEW = 3
_WIDER = """() => [...document.images].filter((i) => i.complete && !i.naturalWidth && i.checkVisibility())
    .map((i) => `${i.src} is not shown`)
    .concat(document.documentElement.scrollWidth > document.documentElement.clientWidth
        ? [`is ${document.documentElement.scrollWidth} pixels wide`] : [])"""


def pages(site: Path) -> list[Path]:
    """Return the pages to open: all that people wrote, and some of each kind that is generated."""
    written = [*site.glob("*.html"), *site.glob("guide/*.html")]
    made = []
    for pattern in ("generated/*.html", "examples/*/plot_*.html", "examples/*/index.html"):
        found = sorted(site.glob(pattern))
        made += {*found[:FEW], *sorted(found, key=lambda path: len(path.stem))[-FEW:]}
    return sorted({*written, *made})


def main() -> None:
    """Open the pages, and exit with 1 if one is too wide or a picture is not shown."""
    site = Path(sys.argv[1]).resolve()
    found = chromium.path()
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        found = None
    if found is None:
        sys.stdout.write("Widths of pages are not checked: Chromium or playwright is not installed\n")
        return
    errors = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 800})
        for path in pages(site):
            page.goto(path.as_uri(), wait_until="load")
            errors += [f"{path.relative_to(site)} {text}" for text in page.evaluate(_WIDER)]
        browser.close()
    if errors:
        raise SystemExit("\n".join(errors))


if __name__ == "__main__":
    main()
