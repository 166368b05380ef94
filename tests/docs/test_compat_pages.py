"""Every function of `imfilter.compat` is on a page of the reference, with a sentence."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

from imfilter._compat import record
from imfilter._compat.patching import LIBRARIES

DOCS = Path(__file__).parents[2] / "docs"
#: Modules whose members a page lists.
LISTED = {
    module: path.stem
    for path in DOCS.glob("compat*.rst")
    for module in re.findall(r"automodule:: (\S+)\n   :members:", path.read_text())
}


@pytest.mark.parametrize("library", LIBRARIES)
def test_functions_are_on_a_page(library):
    module = importlib.import_module(LIBRARIES[library])
    assert LIBRARIES[library] in LISTED
    served = {name.removeprefix(f"{library}.") for name in record.names() if name.startswith(f"{library}.")}
    assert served == set(module.__all__)  # autodoc lists the names of __all__
    for name in module.__all__:
        assert inspect.getdoc(getattr(module, name)).partition("\n")[0].endswith("."), name


def test_pages_are_in_the_contents():
    contents = (DOCS / "api.rst").read_text()
    assert all(f"   {page}\n" in contents for page in LISTED.values())


@pytest.mark.parametrize("library", LIBRARIES)
def test_functions_are_named_where_their_differences_are(library):
    """The page about adoption names each function, so that a reader finds it."""
    text = (DOCS / "adoption.md").read_text()
    names = {re.sub("_[hv]$", "", name) for name in importlib.import_module(LIBRARIES[library]).__all__}
    missing = [name for name in names if not re.search(rf"\b{name}\b", text)]
    assert not missing


def test_functions_that_stay_in_the_original_are_listed():
    """The page has each of them with its reason."""
    table = (DOCS / "adoption.md").read_text().split("| function | reason |")[1].split("\n\n")[0]
    modules = {library: importlib.import_module(ours) for library, ours in LIBRARIES.items()}
    stay = {
        f"{library.rpartition('.')[2]}.{name}"
        for library, module in modules.items()
        for name in module.__all__
        if hasattr(getattr(module, name), "stays")
    }
    assert set(re.findall(r"\| `([\w.]+)` \|", table)) == stay
