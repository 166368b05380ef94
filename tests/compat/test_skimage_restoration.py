"""Functions of compat.skimage.color and compat.skimage.restoration give scikit-image's results."""

import importlib
import inspect

import numpy as np
import pytest
import skimage.color
import skimage.data
import skimage.restoration

import imfilter
from imfilter._compat import skimage_images
from imfilter._compat.serving import Elsewhere
from imfilter.compat.skimage import color, restoration
from tests.compat.agreement import runs_here
from tests.looping import loop_over

PHOTOGRAPHS = ("camera", "coins", "moon", "page", "text")
COLOURS = ("astronaut", "coffee", "chelsea", "rocket")
KINDS = ("uint8", "uint16", "int16", "float32", "float64", "bool")


def of_color(name, *args, **options):
    runs_here("skimage.color", color, skimage.color, name, *args, bound=1e-5, **options)


def restores(name, *args, **options):
    runs_here("skimage.restoration", restoration, skimage.restoration, name, *args, **options)


def in_type(image, kind):
    if kind == "bool":
        return image > 60
    return (
        image
        if kind == "uint8"
        else (image / 255 if kind[0] == "f" else image.astype(int) * 100).astype(kind)
    )


@loop_over("name", COLOURS)
@pytest.mark.parametrize("kind", KINDS)
def test_colours(name, kind):
    image = in_type(getattr(skimage.data, name)()[:150, :160], kind)
    first = np.ascontiguousarray(np.moveaxis(image, -1, 0))
    for convert in ("rgb2gray", "rgb2lab"):
        of_color(convert, image)
        of_color(convert, first, channel_axis=0)
        of_color(convert, image[::2, ::3])
    lab = skimage.color.rgb2lab(image)
    of_color("lab2rgb", lab)
    of_color("lab2rgb", np.moveaxis(lab, -1, 1), channel_axis=1)


def blur(shape, rng):
    kernel = rng.random(shape)
    return kernel / kernel.sum()


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_deconvolution(name):
    rng = np.random.default_rng(1)
    for kind in ("uint8", "float64"):
        image = in_type(getattr(skimage.data, name)()[:90, :101], kind)
        for shape in ((5, 5), (3, 7)):
            psf = blur(shape, rng)
            for balance in (0.01, 3.0):
                restores("wiener", image, psf, balance, bound=1e-5)
                restores("wiener", image, psf, balance, clip=False, bound=1e-5)
        restores("richardson_lucy", image, blur((5, 5), rng), 10, bound=1e-5)
        restores("richardson_lucy", image, blur((3, 5), rng), num_iter=30, clip=False, bound=1e-5)


@loop_over("name", PHOTOGRAPHS)
@pytest.mark.parametrize("kind", ["uint8", "uint16", "int16", "float32", "float64"])
def test_background(name, kind):
    image = in_type(getattr(skimage.data, name)()[:60, :71], kind)
    for radius in (5, 12.5, 30):
        restores("rolling_ball", image, radius=radius)


def test_volumes():
    rng = np.random.default_rng(2)
    image = rng.random((12, 13, 14))
    restores("wiener", image, blur((3, 3, 3), rng), 0.1, bound=1e-5)
    restores("richardson_lucy", image, blur((3, 3, 3), rng), 5, bound=1e-5)
    restores("rolling_ball", image, radius=3)
    restores("rolling_ball", image[0, 0], radius=3)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("restoration", "denoise_bilateral"),
        ("restoration", "denoise_nl_means"),
        ("restoration", "denoise_tv_chambolle"),
        ("restoration", "estimate_sigma"),
        ("exposure", "equalize_adapthist"),
    ],
)
def test_functions_that_scikit_image_computes(module, name):
    """They are counted, and the report has the reason."""
    ours = importlib.import_module(f"imfilter.compat.skimage.{module}")
    theirs = importlib.import_module(f"skimage.{module}")
    if name == "estimate_sigma":
        pytest.importorskip("pywt", reason="scikit-image needs PyWavelets for it")
    image = np.random.default_rng(3).random((20, 21))
    imfilter.report(clear=True)
    np.testing.assert_array_equal(getattr(ours, name)(image), getattr(theirs, name)(image))
    (entry,) = imfilter.report().functions
    assert (entry.name, entry.here, entry.calls) == (f"skimage.{module}.{name}", 0, 1)
    assert next(iter(entry.reasons)).startswith("scikit-image ")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(color, skimage.color), (restoration, skimage.restoration)],
    ids=["color", "restoration"],
)
def test_signatures(ours, theirs):
    """Every parameter has scikit-image's name, kind and default."""
    for name in ours.__all__:
        here, there = (inspect.signature(getattr(m, name)).parameters for m in (ours, theirs))
        assert [(p.name, p.kind, p.default) for p in here.values()] == [
            (p.name, p.kind, p.default) for p in there.values()
        ]


@pytest.mark.parametrize("length", [10, 100])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_one_search_for_samples_that_are_not_finite(length, value, monkeypatch):
    searches, find = [], np.isfinite
    monkeypatch.setattr(np, "isfinite", lambda array: searches.append(array) or find(array))
    image = np.full((length, length), 1e308)  # their sum overflows
    assert skimage_images.finite(image) is image
    image[3, 4] = value
    with pytest.raises(Elsewhere, match="a sample is not finite"):
        skimage_images.finite(image)
    assert len(searches) == 2
