"""Check the built pages, their links and their pictures: `python docs/links.py build/docs`.

Every link, picture, style and script of a page must be a file of the site, and every anchor must be an
element of its page. Pictures must have the attribute `alt`, for readers who do not see them. Addresses of
other sites are not opened. The page of every function must have a picture and an example.
"""

import sys
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

sys.path.insert(0, str(Path(__file__).parent))

import pictures


class Page(HTMLParser):
    """The anchors of a page, and what it links to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: set[str] = set()
        self.silent: set[str] = set()  # pictures without a text
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the anchors and the links of an element."""
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        self.links |= {found[name] for name in ("href", "src") if name in found}
        if tag == "img" and "alt" not in found:  # empty where a title is beside the picture
            self.silent.add(found.get("src", "a picture"))


def check(site: Path) -> list[str]:
    """Return a line for each link that leads nowhere."""
    # Templates of the theme are no pages.
    files = [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]
    pages = {path: Page(path) for path in files}
    errors = []
    for path, page in pages.items():
        where = path.relative_to(site)
        errors += [f"{where}: {source} has no text for readers who do not see it" for source in page.silent]
        for link in sorted(page.links):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file():
                errors.append(f"{where}: {link} is not a file of the site")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
                errors.append(f"{where}: {link} is not an anchor of its page")
    return errors


def reference(site: Path, names: Iterable[str]) -> list[str]:
    """Return a line for each public name without a page, a picture or an example."""
    errors = []
    for name in names:
        path = site / "generated" / f"{name}.html"
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if not text:
            errors.append(f"{name} has no page")
            continue
        if name not in pictures.WITHOUT and "sphx-glr-thumbcontainer" not in text:
            errors.append(f"{path.relative_to(site)} has no picture of the gallery")
        if "&gt;&gt;&gt;" not in text:
            errors.append(f"{path.relative_to(site)} has no example")
    return errors


def main() -> None:
    """Check a site, and exit with 1 if a link leads nowhere or a function has no picture."""
    site = Path(sys.argv[1]).resolve()
    if not (site / "index.html").is_file():
        raise SystemExit(f"{site} must be a folder with a built site, with index.html")
    if errors := check(site) + reference(site, pictures.reference()):
        raise SystemExit("\n".join(errors))


if __name__ == "__main__":
    main()
