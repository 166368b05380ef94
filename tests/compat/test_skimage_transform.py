"""Functions of compat.skimage.transform give scikit-image's results."""

import inspect

import numpy as np
import pytest
import skimage.data
import skimage.transform

from imfilter._compat import record
from imfilter.compat.skimage import transform
from tests.compat.agreement import equal, runs_here

MODES = ("constant", "edge", "symmetric", "reflect", "wrap")
KINDS = ("uint8", "int16", "float32", "float64", "float16")


def agrees(name, *args, **options):
    runs_here("skimage.transform", transform, skimage.transform, name, *args, **options)


def image_of(rng, shape):
    kind = np.dtype(str(rng.choice(KINDS)))
    return (rng.random(shape) * (1 if kind.kind == "f" else 100)).astype(kind)


def shape_of(rng, ndim, *, most=40):
    return tuple(map(int, rng.integers(2, [most, most, 12][ndim - 1], ndim)))


def test_sizes():
    rng = np.random.default_rng(0)
    for number in range(300):
        ndim = int(rng.integers(1, 4))
        shape, to = shape_of(rng, ndim), shape_of(rng, ndim)
        if shape == to:
            continue
        options = {
            "mode": str(rng.choice(MODES)),
            "cval": float(rng.choice([0, 0.5, -1, 300])),
            "clip": bool(rng.integers(2)),
            "preserve_range": bool(rng.integers(2)),
            "anti_aliasing": [None, True, False][number % 3],
        }
        agrees("resize", image_of(rng, shape), to, **options)


def test_colours():
    image = skimage.data.astronaut()[:91, :80]
    agrees("resize", image, (40, 90))
    agrees("resize", image[:60, :60], (91, 61, 3), mode="edge")
    for scale in (0.4, 1.7, (0.5, 2.0)):
        agrees("rescale", image, scale, channel_axis=-1)
        agrees("rescale", np.moveaxis(image, -1, 0), scale, channel_axis=0, mode="symmetric")
    agrees("rescale", image[..., 0], 0.3, preserve_range=True)


@pytest.mark.parametrize("name", ["pyramid_reduce", "pyramid_expand"])
@pytest.mark.parametrize("mode", ["reflect", "constant", "wrap"])
def test_layers(name, mode):
    rng = np.random.default_rng(1)
    for ndim in (1, 2, 3):
        image = image_of(rng, [7, 6, 5][:ndim] if ndim == 3 else [23, 30][:ndim])
        agrees(name, image, mode=mode, cval=0.4)
        agrees(name, image, 1.5, 0.8, mode=mode, preserve_range=True)
    colours = skimage.data.astronaut()[:31, :40]
    agrees(name, colours, mode=mode, channel_axis=-1)
    agrees(name, np.moveaxis(colours, -1, 0).copy(), mode=mode, channel_axis=0)


@pytest.mark.parametrize("name", ["pyramid_gaussian", "pyramid_laplacian"])
def test_pyramids(name):
    image = skimage.data.coins()[:75, :90]
    colours = skimage.data.astronaut()[:31, :40]
    for args, options in (
        ((image,), {}),
        ((image / 255, 3), {"mode": "symmetric" if name[8] == "x" else "constant", "cval": 0.2}),
        ((image.astype(np.float64), -1, 1.5), {"preserve_range": True}),
        ((colours, 2), {"channel_axis": -1}),
    ):
        before = record.entry(f"skimage.transform.{name}").here
        found = list(getattr(transform, name)(*args, **options))
        equal(found, list(getattr(skimage.transform, name)(*args, **options)))
        assert record.entry(f"skimage.transform.{name}").here == before + 1


def test_lengths_with_fractions():
    """Scikit-image rounds the shape of the result, but not the factors."""
    image = skimage.data.camera()[::4, ::4]
    record.clear()
    for shape in ((128 * 0.3, 128 * 0.3), (40.4, 20), (200.0, 50.5)):
        assert np.array_equal(transform.resize(image, shape), skimage.transform.resize(image, shape))
    entry = record.entry("skimage.transform.resize")
    assert dict(entry.reasons) == {"a length of output_shape is not a whole number": 3}
    agrees("resize", image, (50.0, np.float32(40)))


CALLS = {
    "too few lengths": lambda m: m.resize(np.zeros((5, 6, 7)), (2,)),
    "truth values": lambda m: m.resize(np.eye(9, dtype=bool), (4, 4), anti_aliasing=True),
    "mode": lambda m: m.resize(np.eye(9), (4, 4), mode="mirror"),
    "factor": lambda m: m.pyramid_reduce(np.eye(9), 1),
    "layers": lambda m: list(m.pyramid_gaussian(np.eye(9), downscale=0.5)),
    "scale": lambda m: m.rescale(np.eye(9), (1, 2, 3)),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_errors_are_scikit_images(call):
    with pytest.raises(Exception) as theirs:  # noqa: PT011  # whatever it raises
        call(skimage.transform)
    with pytest.raises(type(theirs.value)) as found:
        call(transform)
    assert str(found.value) == str(theirs.value)


def test_other_calls_run_in_scikit_image():
    rng = np.random.default_rng(2)
    for args, options in (
        ((rng.random((9, 9)), (5, 5)), {"order": 3}),
        ((rng.random((9, 9)) > 0.5, (5, 5)), {}),
        ((rng.random((9, 9)), (5, 5)), {"anti_aliasing_sigma": 1}),
        ((rng.random((9, 1)), (5, 2)), {}),
        ((rng.random((9, 9)), (9, 9)), {}),
        ((np.where(np.eye(9), np.nan, 1.0), (4, 4)), {}),
    ):
        equal(transform.resize(*args, **options), skimage.transform.resize(*args, **options))


def test_signatures():
    """Every parameter has scikit-image's name, kind and default."""
    for name in transform.__all__:
        here, there = (inspect.signature(getattr(m, name)).parameters for m in (transform, skimage.transform))
        assert [(p.name, p.kind, p.default) for p in here.values()] == [
            (p.name, p.kind, p.default) for p in there.values()
        ]
