"""scikit-image dispatches no filter yet. When it does, its backends are the better way than a patch."""

import ast
import importlib.metadata
from pathlib import Path

import skimage
import skimage.util._backends

import imfilter._compat.patching as patching


def decorated(path):
    """Yield the names of the functions of a module with the decorator `dispatchable`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            names = {getattr(d, "id", getattr(d, "attr", "")) for d in node.decorator_list}
            if "dispatchable" in names:
                yield node.name


def dispatched():
    """Return the functions that scikit-image dispatches, by the names that its backends use."""
    root, found = Path(skimage.__file__).parent, set()
    for path in root.rglob("*.py"):
        public = path.relative_to(root).parts[0]
        found |= {f"skimage.{public}:{name}" for name in decorated(path)}
    return found


def test_no_filter_is_dispatched():
    """If this fails, register imfilter under `skimage_backends` and say so in docs/adoption.md."""
    assert callable(skimage.util._backends.dispatchable)  # the decorator that is looked for
    found = dispatched()
    assert found, "scikit-image has another way of dispatching"
    filters = {name for name in found if name.partition(":")[0] in patching.LIBRARIES}
    assert not filters, f"scikit-image dispatches filters now: {sorted(filters)}"


def test_two_metrics_are_dispatched():
    """What the documentation says."""
    assert {name.partition(":")[0] for name in dispatched()} == {"skimage.metrics"}
    assert len(dispatched()) == 2


def test_nothing_is_registered():
    ours = [
        entry
        for entry in importlib.metadata.entry_points(group="skimage_backends")
        if "imfilter" in entry.value
    ]
    assert not ours
