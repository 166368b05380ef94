"""Regional extrema, areas, skeletons and discs of compat.skimage.morphology are scikit-image's."""

import numpy as np
import pytest
import skimage.data
import skimage.morphology

from imfilter.compat.skimage import morphology
from tests.compat.agreement import equal, runs_here
from tests.looping import loop_over

PHOTOGRAPHS = ("camera", "coins", "moon", "page", "text")


def agrees(name, *args, **options):
    # scikit-image subtracts floats from 1, closes and subtracts again, which rounds.
    bound = None if name == "area_closing" else 0
    runs_here("skimage.morphology", morphology, skimage.morphology, name, *args, bound=bound, **options)


def photograph(name, kind):
    image = getattr(skimage.data, name)()[:60, :70]
    return image if kind == "uint8" else (image / 255).astype(kind) if kind[0] == "f" else image.astype(kind)


@pytest.mark.slow
@pytest.mark.parametrize("name", PHOTOGRAPHS)
@loop_over("kind", ["uint8", "int32", "float32", "float64"])
def test_extrema_of_photographs(name, kind):
    image = photograph(name, kind)
    for find in ("h_maxima", "h_minima"):
        for h in (10, 40.0, 300) if kind[0] != "f" else (0.05, 0.2, 2):
            agrees(find, image, h)
        agrees(find, image, 12 if kind[0] != "f" else 0.1, np.ones((3, 3)))
    for find in ("local_maxima", "local_minima"):
        agrees(find, image)
        agrees(find, image, connectivity=1, allow_borders=False)
        agrees(find, image, indices=True)
    for take in ("area_opening", "area_closing"):
        agrees(take, image)
        agrees(take, image, 20, 2)


@pytest.mark.slow
def test_extrema_of_plateaus():
    rng = np.random.default_rng(1)
    for _ in range(25):
        ndim = int(rng.integers(1, 4))
        shape = tuple(map(int, rng.integers(3, [60, 15, 8][ndim - 1], ndim)))
        image = rng.integers(0, 5, shape).astype(str(rng.choice(["uint8", "int16", "float64", "int8"])))
        for find in ("local_maxima", "local_minima"):
            agrees(
                find, image, connectivity=int(rng.integers(1, ndim + 1)), allow_borders=bool(rng.integers(2))
            )
        agrees("h_maxima", image, 2)
        agrees("h_minima", image, 1)
        if ndim > 1:
            agrees("area_opening", image, int(rng.integers(1, 20)), int(rng.integers(1, ndim + 1)))
            agrees("area_closing", image, int(rng.integers(1, 20)))
    for find in ("local_maxima", "local_minima"):
        agrees(find, np.full((5, 5), 3))
        agrees(find, rng.random((9, 9)) < 0.5)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*PHOTOGRAPHS, "horse"])
def test_objects(name):
    image = getattr(skimage.data, name)()[:140, :150]
    objects = image if image.dtype == bool else image > 120
    agrees("skeletonize", objects)
    agrees("skeletonize", objects.astype(np.uint8), method="zhang")
    agrees("thin", objects)
    agrees("thin", objects, 3)
    for operation in ("erosion", "dilation", "opening", "closing"):
        agrees(f"isotropic_{operation}", objects, 3.5)
        agrees(f"isotropic_{operation}", objects, 2, np.empty(objects.shape, bool))
        agrees(f"isotropic_{operation}", objects, 3, spacing=(1, 2))


def test_unusual_calls():
    rng = np.random.default_rng(3)
    image = rng.integers(0, 200, (12, 13)).astype(np.uint8)
    cross = skimage.morphology.diamond(1)
    for call in (
        lambda m: m.h_maxima(image, 9, cross),
        lambda m: m.local_maxima(image, cross),
        lambda m: m.area_opening(image, 1000),
        lambda m: m.skeletonize(image > 90, method="lee"),
        lambda m: m.skeletonize(np.ones((5, 5, 5), bool)),
    ):
        equal(call(morphology), call(skimage.morphology), bound=0)
    for call in (
        lambda m: m.h_maxima(image, 0),
        lambda m: m.thin(np.ones((3, 3, 3))),
        lambda m: m.skeletonize(image, method="a word"),
    ):
        with pytest.raises(ValueError) as theirs:  # noqa: PT011  # compared below
            call(skimage.morphology)
        with pytest.raises(ValueError) as ours:  # noqa: PT011  # compared below
            call(morphology)
        assert str(ours.value) == str(theirs.value)


@pytest.mark.parametrize("name", ["local_maxima", "local_minima", "area_opening", "area_closing"])
def test_half_precision_is_refused(name):
    image = np.ones((5, 6), np.float16)
    with pytest.raises(TypeError) as theirs:
        getattr(skimage.morphology, name)(image)
    with pytest.raises(TypeError) as ours:
        getattr(morphology, name)(image)
    assert str(ours.value) == str(theirs.value)
