"""Docstrings as a reader meets them: complete by numpydoc's rules, with the shared parameters in place."""

import inspect

import pytest
from numpydoc.validate import validate

import imfilter
from imfilter import show, weights

FILTERS = [name for name in imfilter.__all__ if inspect.isfunction(getattr(imfilter, name))]
PUBLIC = [f"imfilter.{name}" for name in FILTERS if name != "set_workers"]
WEIGHTS = [
    f"imfilter.weights.{name}" for name in weights.__all__ if inspect.isfunction(getattr(weights, name))
]

#: What numpydoc asks for and this project leaves out, and why.
LEFT_OUT = {
    "ES01",  # one line of summary may say it all
    "SA01",  # not everything has kin elsewhere
}


SHOW = [f"imfilter.show.{name}" for name in show.__all__]
TRANSFORMERS = ["imfilter.sklearn.HOG"]


@pytest.mark.parametrize("name", PUBLIC + WEIGHTS + SHOW + TRANSFORMERS)
def test_numpydoc_finds_nothing_missing(name):
    errors = [(code, text) for code, text in validate(name)["errors"] if code not in LEFT_OUT]
    assert errors == []


@pytest.mark.parametrize("name", PUBLIC)
def test_no_placeholder_is_left(name):
    assert "{{" not in inspect.getdoc(getattr(imfilter, name.split(".")[1]))
