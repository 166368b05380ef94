"""Docstrings as a reader meets them: complete by numpydoc's rules, with the shared parameters in place."""

import inspect

import pytest
from numpydoc.validate import validate

import imfilter
from imfilter import color, layers, series, show, weights

FILTERS = [name for name in imfilter.__all__ if inspect.isfunction(getattr(imfilter, name))]
PUBLIC = [f"imfilter.{name}" for name in FILTERS if name != "set_workers"]
ROOMS = [
    f"{module.__name__}.{name}"
    for module in (color, series, show, weights)
    for name in module.__all__
    if inspect.isfunction(getattr(module, name))
]

#: What numpydoc asks for and this project leaves out, and why.
LEFT_OUT = {
    "ES01",  # one line of summary may say it all
    "SA01",  # not everything has kin elsewhere
}


# Classes that are only returned have attributes, which numpydoc does not look for.
RETURNED = {"Comparison", "Memory", "ReceptiveField", "Row"}
LAYERS = [
    *(f"imfilter.layers.{name}" for name in layers.__all__ if name not in {"networks", *RETURNED}),
    *(f"imfilter.layers.networks.{name}" for name in layers.networks.__all__),
]
METHODS = [f"imfilter.layers.{name}" for name in ("Stack.table", "Stack.forward", "Stack.memory")]
TRANSFORMERS = ["imfilter.sklearn.HOG"]
CLASSES = [
    *(f"imfilter.series.{name}" for name in ("Stream", "Cascade", "Cascade.__call__")),
    *(f"imfilter.series.Forecaster.{name}" for name in ("predict", "forecast", "evaluate")),
]


@pytest.mark.parametrize("name", PUBLIC + ROOMS + LAYERS + METHODS + TRANSFORMERS + CLASSES)
def test_numpydoc_finds_nothing_missing(name):
    errors = [(code, text) for code, text in validate(name)["errors"] if code not in LEFT_OUT]
    assert errors == []


@pytest.mark.parametrize("name", PUBLIC)
def test_no_placeholder_is_left(name):
    assert "{{" not in inspect.getdoc(getattr(imfilter, name.split(".")[1]))


#: The argument that is the image, where it has another name.
IMAGES = {"corner_peaks": "response", "fit_kernel": "inputs", "patches": "images"}
SPATIAL = [n for n in FILTERS if n not in ("plan", "set_workers", "warmup")] + ["occlusion_map", "patches"]


@pytest.mark.parametrize("name", SPATIAL)
def test_the_first_line_on_the_image_says_which_axes_are_spatial(name):
    function = getattr(imfilter, name, None) or getattr(show, name)
    lines = inspect.getdoc(function).splitlines()
    (at,) = (i for i, line in enumerate(lines) if line.startswith(f"{IMAGES.get(name, 'image')} : "))
    assert "spatial" in lines[at + 1]
    if "axes" in inspect.signature(function).parameters:
        assert "Every axis is spatial unless `channel_axis` or `axes` says otherwise." in lines[at + 1]
