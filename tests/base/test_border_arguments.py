"""The arguments `mode` and `cval` of every public function that has them."""

import inspect

import numpy as np
import pytest

import imfilter
from imfilter import layers, morphology, series, show, threshold
from tests import every
from tests.looping import loop_over

MODULES = {"": imfilter, "layers": layers, "morphology": morphology, "series": series, "show": show}
MODULES["threshold"] = threshold
RNG = np.random.default_rng(0)
IMAGE = (RNG.random((every.SIDE, every.SIDE)) * 200).astype(np.float32)
KERNEL = np.arange(9, dtype=np.float32).reshape(3, 3)


def having(argument):
    """Return the names of the public functions with an argument, as in `every.CALLS`."""
    found = []
    for name in every.CALLS:
        module, _, function = name.partition(".")
        public = getattr(MODULES.get(module), function, None)
        if inspect.isfunction(public) and argument in inspect.signature(public).parameters:
            found.append(name)
    return found


def called(monkeypatch, name, **given):
    """Call a public function with these arguments, which replace those of its usual call."""
    module, _, function = name.partition(".")
    public = getattr(MODULES[module], function)
    monkeypatch.setattr(MODULES[module], function, lambda *args, **usual: public(*args, **(usual | given)))
    return every.CALLS[name](IMAGE, KERNEL)


def masks(name):
    """Return arguments without and with a mask, if the function has one beside the image."""
    mask = np.ones(IMAGE.shape, bool)
    mask[3, 4] = False
    return [{}, {"mask": mask}] if name in having("mask") and name != ".coverage" else [{}]


@loop_over("name", having("cval"))
def test_wrong_constants_are_refused_with_every_mode(name, monkeypatch):
    for options in masks(name):
        for mode in ("edge", "mirror", "zero", "constant") if name in having("mode") else (None,):
            options = options | ({"mode": mode} if mode else {})
            for wrong in ("a", None, 1j, [1.0, 2.0], True):
                with monkeypatch.context() as patch, pytest.raises(TypeError, match="cval "):
                    called(patch, name, cval=wrong, **options)


@loop_over("name", having("mode"))
def test_wrong_modes_are_refused(name, monkeypatch):
    for options in masks(name):
        for wrong, error in (("nearest", ValueError), ("", ValueError), (None, TypeError), (3, TypeError)):
            with monkeypatch.context() as patch, pytest.raises(error, match="mode "):
                called(patch, name, mode=wrong, **options)


@pytest.mark.slow
@loop_over("name", [name for name in having("cval") if name in having("mode")])
def test_constants_count_only_with_the_mode_constant(name, monkeypatch):
    for options in masks(name):
        with monkeypatch.context() as patch:
            expected = called(patch, name, mode="edge", **options)
        with monkeypatch.context() as patch:
            found = called(patch, name, mode="edge", cval=float("nan"), **options)
        for one, other in zip(every.arrays(found), every.arrays(expected), strict=True):
            np.testing.assert_array_equal(one, other)


def test_pyramids_of_one_level_check_their_border():
    for wrong, error, message in (
        ({"mode": "nearest"}, ValueError, "mode "),
        ({"cval": "a"}, TypeError, "cval "),
    ):
        with pytest.raises(error, match=message):
            imfilter.pyramid(IMAGE, 0, **wrong)
        with pytest.raises(error, match=message):
            imfilter.from_pyramid([IMAGE], **wrong)
