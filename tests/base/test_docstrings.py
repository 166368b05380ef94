"""Docstrings as a reader meets them: complete by numpydoc's rules, with the shared parameters in place."""

import importlib
import importlib.util
import inspect
import re
from pathlib import Path

from numpydoc.validate import validate

import imfilter
from imfilter import color, layers, morphology, series, show, threshold, weights
from tests.looping import loop_over

FILTERS = [name for name in imfilter.__all__ if inspect.isfunction(getattr(imfilter, name))]
#: A module has the name of its function `patch`, for ``python -m imfilter.patch``.
HOMES = {"patch": "patch.patch"}
PUBLIC = [f"imfilter.{HOMES.get(name, name)}" for name in FILTERS if name != "set_workers"]
ROOMS = [
    f"{module.__name__}.{name}"
    for module in (color, morphology, series, show, threshold, weights)
    for name in module.__all__
    if inspect.isfunction(getattr(module, name))
]

#: What numpydoc asks for and this project leaves out, and why.
LEFT_OUT = {
    "ES01",  # one line of summary may say it all
    "SA01",  # not everything has kin elsewhere
}


# Classes that are only returned have attributes, which numpydoc does not look for.
RETURNED = {"Comparison", "Memory", "PreparedConv", "ReceptiveField", "Row"}
LAYERS = [
    *(f"imfilter.layers.{name}" for name in layers.__all__ if name not in {"networks", *RETURNED}),
    *(f"imfilter.layers.networks.{name}" for name in layers.networks.__all__),
]
METHODS = [
    f"imfilter.layers.Stack.{name}"
    for name in (
        *("backward", "batch_statistics", "folded", "forward", "initial_weights", "load_weights", "memory"),
        *("results", "table", "without_softmax"),
    )
]
TRANSFORMERS = ["imfilter.sklearn.HOG", "imfilter.sklearn.Filter"]
CLASSES = [
    *(f"imfilter.series.{name}" for name in ("Stream", "Cascade", "Cascade.__call__")),
    *(f"imfilter.Pipeline.{name}" for name in ("__call__", "from_toml", "to_toml")),
    *(f"imfilter.series.Forecaster.{name}" for name in ("predict", "forecast", "evaluate")),
]


@loop_over("name", PUBLIC + ROOMS + LAYERS + METHODS + TRANSFORMERS + CLASSES)
def test_numpydoc_finds_nothing_missing(name):
    errors = [(code, text) for code, text in validate(name)["errors"] if code not in LEFT_OUT]
    assert errors == []


@loop_over("name", PUBLIC)
def test_no_placeholder_is_left(name):
    assert "{{" not in inspect.getdoc(getattr(imfilter, name.split(".")[1]))


#: The argument that is the image, where it has another name.
IMAGES = {"corner_peaks": "response", "coverage": "mask", "fit_kernel": "inputs", "patches": "images"}
NO_IMAGE = ("from_pyramid", "patch", "plan", "report", "set_workers", "unpatch", "warmup")
SPATIAL = [n for n in FILTERS if n not in NO_IMAGE] + [
    "occlusion_map",
    "patches",
]


@loop_over("name", SPATIAL)
def test_the_first_line_on_the_image_says_which_axes_are_spatial(name):
    function = getattr(imfilter, name, None) or getattr(show, name)
    lines = inspect.getdoc(function).splitlines()
    (at,) = (i for i, line in enumerate(lines) if line.startswith(f"{IMAGES.get(name, 'image')} : "))
    assert "spatial" in lines[at + 1]
    if "axes" in inspect.signature(function).parameters:
        assert "Every axis is spatial unless `channel_axis` or `axes` says otherwise." in lines[at + 1]


def test_the_shared_paragraphs_are_written():
    """Docstrings are whole in the source, and what they share is kept once: `python docs/paragraphs.py`."""
    path = Path(__file__).resolve().parents[2] / "docs" / "paragraphs.py"
    spec = importlib.util.spec_from_file_location("paragraphs", path)
    paragraphs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(paragraphs)
    differ = [
        module.name for module in paragraphs.modules() if paragraphs.written(module) != module.read_text()
    ]
    assert not differ
    assert len(paragraphs.modules()) > 20


#: Functions that hand any arguments on to another.
CALLERS = ("imfilter.plan", "imfilter.series.timing")


@loop_over("name", [*PUBLIC, *ROOMS, *LAYERS])
def test_signatures_and_docstrings_are_whole_in_the_source(name):
    module, _, last = name.rpartition(".")
    thing = getattr(importlib.import_module(module), last)
    source = inspect.getsource(thing)
    assert not re.search(r"{{\w+}}|Unpack\[", source)
    if inspect.isfunction(thing):
        assert inspect.getdoc(thing) == inspect.cleandoc(inspect.unwrap(thing).__doc__)
        assert len(str(inspect.signature(thing))) < 500
        for parameter in inspect.signature(thing).parameters.values():
            assert parameter.kind is not parameter.VAR_KEYWORD or name in CALLERS, name
