"""Minima and maxima in footprints of any shape, against plain loops; every bit must agree."""

import itertools

import numpy as np
import pytest
import scipy.ndimage
from skimage.morphology import ball, disk, star

import imfilter
from imfilter._filters.rank import unions
from imfilter.morphology import line
from tests.looping import loop_over
from tests.reference import naive
from tests.reference.morphology import extreme, picture, same

DTYPES = ("?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8", "g")
MODES = (*naive.MODES, "shrink")


def footprints(ndim, seed=0):
    """Footprints of all kinds: even and lopsided ones, too."""
    rng = np.random.default_rng(seed)
    found = [rng.random(rng.integers(1, 7 if ndim < 3 else 4, ndim)) < 0.6 for _ in range(6)]
    if ndim == 1:
        found += [np.array([1, 0, 0, 1, 0, 1, 1]), np.array([0, 0, 0, 1]), np.array([1, 0])]
    if ndim == 2:
        diagonal = np.eye(9)
        found += [disk(1), disk(4), star(3), diagonal, diagonal[::-1], np.array([[0, 0], [0, 1]])]
        found += [np.tril(np.ones((6, 6))), np.array([[1, 0, 0], [0, 0, 0]])]
    if ndim == 3:
        found += [ball(2), np.stack([np.eye(3), np.zeros((3, 3)), np.ones((3, 3))])]
    return [np.asarray(f) for f in found if np.any(f)]


@loop_over("shape", [(17,), (9, 12), (4, 5, 6)])
@loop_over("mode", MODES)
def test_footprints(shape, mode):
    image = picture("i2", shape)
    for inside in footprints(len(shape)):
        for name, dilate in (("minimum", False), ("maximum", True)):
            found = getattr(imfilter, name)(image, footprint=inside, mode=mode, cval=7)
            same(found, extreme(image, inside, dilate=dilate, mode=mode, cval=7, sign=1))


@loop_over("dtype", DTYPES)
@loop_over("mode", ["mirror", "shrink"])
def test_types(dtype, mode):
    for strange in (False, True):
        image = picture(dtype, (9, 40), strange=strange)
        for inside in (disk(2), np.array([[0, 0, 1], [1, 0, 0]])):
            for name, dilate in (("minimum", False), ("maximum", True)):
                found = getattr(imfilter, name)(image, footprint=inside, mode=mode)
                same(found, extreme(image, inside, dilate=dilate, mode=mode, sign=1))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 16, pytest.param(40, marks=pytest.mark.slow)])
def test_sizes(size):
    for shape in ((size, size), (size, 1), (1, size)):
        image = picture("u1", shape)
        for mode in ("mirror", "wrap", "shrink"):
            found = imfilter.minimum(image, footprint=disk(3), mode=mode)
            same(found, extreme(image, disk(3), mode=mode, sign=1))


@pytest.mark.parametrize("least", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("dtype", ["u1", "f4"])
def test_absent_samples(dtype, least):
    image = picture(dtype, (7, 9), strange=True)
    there = np.random.default_rng(1).random(image.shape) < 0.4
    for inside in (disk(1), disk(4), np.array([[0, 0, 1], [1, 0, 0]])):
        for mode in ("mirror", "constant", "shrink"):
            for name, dilate in (("minimum", False), ("maximum", True)):
                for mask in (there, None):
                    options = {"mode": mode, "cval": 3, "min_coverage": least, "mask": mask}
                    found = getattr(imfilter, name)(image, footprint=inside, **options)
                    expected = extreme(
                        image, inside, dilate=dilate, mode=mode, cval=3, there=mask, least=least, sign=1
                    )
                    same(found, expected)


def test_layouts_axes_channels_and_workers():
    whole = picture("f4", (12, 40, 3))
    inside = np.asarray(disk(3))
    expected = np.stack([extreme(whole[..., c], inside, sign=1) for c in range(3)], axis=-1)
    call = lambda image, **more: imfilter.minimum(image, footprint=inside, mode="shrink", **more)  # noqa: E731
    same(call(whole, channel_axis=-1), expected)
    same(call(whole, axes=(0, 1), workers=3), expected)
    same(call(np.asfortranarray(whole), axes=(0, 1)), expected)
    same(call(np.ascontiguousarray(whole.transpose(2, 0, 1)), channel_axis=0), expected.transpose(2, 0, 1))
    same(call(whole[::-1, ::-2], axes=(0, 1)), np.stack(
        [extreme(whole[::-1, ::-2, c], inside, sign=1) for c in range(3)], axis=-1))  # fmt: skip
    place = whole.copy()
    assert call(place, axes=(0, 1), out=place) is place
    same(place, expected)


def test_tiles_and_workers_agree():
    """Tiles of a wide image, and rows that different threads compute."""
    image = picture("f8", (20, 5000))
    inside = np.asarray(disk(5))
    one = imfilter.maximum(image, footprint=inside, mode="shrink", workers=1)
    same(imfilter.maximum(image, footprint=inside, mode="shrink", workers=4), one)
    part = slice(2500, 2510)
    near = image[:, part.start - 5 : part.stop + 5]
    same(one[:, part], extreme(near, inside, dilate=True, sign=1)[:, 5:-5])


def points_of(union):
    """The samples of each set of a union."""
    sets = []
    for number, copies in enumerate(union.copies):
        if copies:
            sets.append({(p, y + b, x + a) for of, y, x in copies for p, b, a in sets[of]})
        else:
            sets.append({(union.planes[number], 0, 0)})
    assert min(min(y, x) for copies in union.copies for _, y, x in copies) >= 0
    return sets


@loop_over("seed", range(30))
def test_sets_are_the_footprint(seed):
    """The union of all copies is the footprint, for footprints of any density, also with equal planes."""
    rng = np.random.default_rng(seed)
    inside = rng.random(rng.integers(1, 14, 3)) < rng.choice([0.2, 0.5, 0.9, 0.99])
    inside[tuple(n // 2 for n in inside.shape)] = True
    inside[: seed % 5] = inside[0]
    assert points_of(unions.of(inside))[-1] == {tuple(at) for at in np.argwhere(inside).tolist()}


@loop_over("angle", [*range(-90, 181, 15), 7, 33, 52, 81])
def test_lines_are_copies_of_their_beginnings(angle):
    for length in (1, 2, 5, 17, 31, 64):
        inside = np.asarray(line(length, angle), bool)[None]
        union = unions.of(inside)
        assert points_of(union)[-1] == {tuple(at) for at in np.argwhere(inside).tolist()}
        assert union.operations <= max(2, 3 * np.log2(length))


@loop_over("seed", range(20))
def test_thin_footprints_are_covered(seed):
    """Paths that bend, have gaps and lie in several rows of a column."""
    rng = np.random.default_rng(seed)
    inside = np.zeros((1, 9, 40), bool)
    inside[0, rng.integers(0, 9, 40), np.arange(40)] = rng.random(40) < 0.8
    inside[0, 4, 20], inside[0, :, 21] = True, seed % 2
    for part in (inside, inside.transpose(0, 2, 1)):
        assert points_of(unions.of(part))[-1] == {tuple(at) for at in np.argwhere(part).tolist()}


def test_sets_save_operations():
    """Discs cost as much as their radius, and diagonal lines as much as the logarithm of their length."""
    costs = [unions.of(np.asarray(disk(r), bool)[None]).operations for r in (8, 16, 32, 64, 128)]
    assert all(b < 2.2 * a for a, b in itertools.pairwise(costs))
    assert unions.of(np.eye(64, dtype=bool)[None]).operations < 15
    assert unions.of(np.ones((1, 40, 40), bool)).operations < 25


def test_plan_names_the_algorithm():
    plan = imfilter.plan((500, 500), "uint8", imfilter.minimum, footprint=disk(9))
    assert plan.algorithm == "chords"


@pytest.mark.parametrize("size", [(40, 40), (45, 61), (90, 41)])
def test_large_boxes(size):
    """Boxes from 40x40 on are unions, too. A box is separable, and a line of it is found by a network."""
    for dtype in ("u1", "f4"):
        image = picture(dtype, (70, 333), strange=True)
        for mode in ("mirror", "wrap", "zero", "shrink"):
            for name in ("minimum", "maximum"):
                found = getattr(imfilter, name)(image, size, mode=mode)
                rows = getattr(imfilter, name)(image, (1, size[1]), mode=mode)
                same(found, getattr(imfilter, name)(rows, (size[0], 1), mode=mode))
    image = picture("i2", (70, 333))
    same(imfilter.minimum(image, size), scipy.ndimage.minimum_filter(image, size, mode="mirror"))


def test_truth_values_are_written_in_place():
    image = picture("?", (20, 300))
    inside = np.asarray(disk(2))
    expected = extreme(image, inside, mode="mirror", sign=1)
    place = np.zeros((20, 600), bool)[:, ::2]
    assert imfilter.minimum(image, footprint=inside, out=place) is place
    same(place, expected)
    over = image.copy()
    same(imfilter.minimum(over, footprint=inside, out=over), expected)
    same(imfilter.minimum(image, footprint=inside, dtype="u1"), expected.astype("u1"))
    same(imfilter.minimum(image.view("u1"), footprint=inside, dtype="?"), expected)
