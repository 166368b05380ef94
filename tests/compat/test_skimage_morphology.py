"""Grey morphology of compat.skimage.morphology gives scikit-image's results, in every bit."""

import inspect

import numpy as np
import pytest
import skimage.data
import skimage.morphology

from imfilter.compat.skimage import morphology
from tests.compat.agreement import equal, runs_here

MODES = ("reflect", "constant", "nearest", "mirror", "wrap", "max", "min", "ignore")
KINDS = ("uint8", "int16", "float32", "float64", "bool")
NAMES = ("erosion", "dilation", "opening", "closing", "white_tophat", "black_tophat")


def agrees(name, *args, **options):
    runs_here("skimage.morphology", morphology, skimage.morphology, name, *args, bound=0, **options)


def images(rng):
    ndim = int(rng.integers(1, 4))
    shape = tuple(map(int, rng.integers(5, [60, 20, 9][ndim - 1], ndim)))
    return (rng.random(shape) * 200).astype(str(rng.choice(KINDS)))


@pytest.mark.parametrize("name", NAMES)
def test_windows(name):
    rng = np.random.default_rng(1)
    for _ in range(20):
        image = images(rng)
        options = {"mode": str(rng.choice(MODES)), "cval": float(rng.integers(0, 2))}
        agrees(name, image, **options)
        if image.ndim > 1:
            footprint = (rng.random(tuple(rng.integers(1, 5, image.ndim))) < 0.7).astype(np.uint8)
            footprint.flat[0] = 1
            agrees(name, image, footprint, out=np.empty_like(image), **options)
    plane = rng.integers(0, 200, (30, 31)).astype(np.uint8)
    agrees(name, plane, skimage.morphology.disk(4, decomposition="sequence"))
    agrees(name, plane, skimage.morphology.footprint_rectangle((5, 4)))
    agrees(name, plane, out=plane)


@pytest.mark.parametrize("method", ["dilation", "erosion"])
def test_reconstruction(method):
    rng = np.random.default_rng(2)
    for kind in ("uint8", "int16", "float32", "float64"):
        for shape in ((40,), (20, 21), (7, 8, 9)):
            mask = (rng.random(shape) * 90).astype(kind)
            shift = np.asarray(20, kind)
            seed = np.minimum(mask, np.roll(mask, 3)) - shift if method == "dilation" else mask + shift
            seed = np.minimum(seed, mask) if method == "dilation" else seed
            agrees("reconstruction", seed, mask, method)


@pytest.mark.parametrize("photograph", ["camera", "coins", "horse"])
def test_photographs(photograph):
    image = getattr(skimage.data, photograph)()
    for name in NAMES:
        agrees(name, image, skimage.morphology.disk(3))
        agrees(name, image)
    if image.dtype == np.uint8:
        agrees("reconstruction", image - np.minimum(image, 40), image)


@pytest.mark.parametrize("name", morphology.__all__)
def test_signatures(name):
    """Every parameter has scikit-image's name, kind and default."""
    ours, theirs = (inspect.signature(getattr(m, name)).parameters for m in (morphology, skimage.morphology))
    assert [(p.name, p.kind, p.default) for p in ours.values()] == [
        (p.name, p.kind, p.default) for p in theirs.values()
    ]


def test_unusual_calls():
    rng = np.random.default_rng(3)
    image = rng.random((12, 13))
    for call in (
        lambda m: m.erosion(image.astype(np.float64), np.ones((3, 3)), out=np.empty((12, 13), np.float32)),
        lambda m: m.reconstruction(image / 2, image, footprint=skimage.morphology.diamond(1)),
    ):
        equal(call(morphology), call(skimage.morphology), bound=0)
    for call in (
        lambda m: m.erosion(image, mode="nothing"),
        lambda m: m.reconstruction(image + 1, image),
        lambda m: m.dilation(image, "a word"),
    ):
        with pytest.raises(ValueError) as theirs:  # noqa: PT011  # compared below
            call(skimage.morphology)
        with pytest.raises(ValueError) as ours:  # noqa: PT011  # compared below
            call(morphology)
        assert str(ours.value) == str(theirs.value)
