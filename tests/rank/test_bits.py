"""Minima, maxima and morphology of truth values, which are packed to bits: against plain loops and bytes."""

import numpy as np
import pytest

import imfilter
from imfilter import morphology
from imfilter._filters.rank import apply as rank
from imfilter._filters.rank import chords
from tests.looping import loop_over
from tests.morphology.test_grey import MODES, NAMES, by_loops, elements
from tests.rank.test_chords import footprints
from tests.reference.morphology import extreme, picture, same

#: Elements: a disc, a line, a lopsided one with even sides, boxes, and one without its origin.
ELEMENTS = (
    morphology.disk(4),
    morphology.line(9, 30),
    np.array([[1, 0, 1, 1], [0, 0, 1, 0]]),
    np.ones((2, 9)),
    np.ones((3, 70)),
    np.array([[0, 0, 0], [1, 0, 0]]),
)


def filtered(name, image, element, **options):
    """A filter of truth values, and the same of bytes, by which the first is checked."""
    found = getattr(morphology, name)(image, element, **options)
    bytes_ = getattr(morphology, name)(image.view(np.uint8), element, **options)
    assert found.dtype == bool
    np.testing.assert_array_equal(found.view(np.uint8), bytes_)
    return found


def packed(shape, element):
    """Tell whether the minimum of truth values of this shape is found by bits."""
    plan = imfilter.plan(shape, "bool", imfilter.minimum, footprint=np.asarray(element))
    return plan.algorithm == "packed"


@loop_over("shape", [(70,), (5, 66), (3, 4, 7)])
@loop_over("mode", MODES)
@pytest.mark.slow
def test_footprints(shape, mode):
    image = picture("?", shape)
    for inside in footprints(len(shape)):
        for name, dilate in (("minimum", False), ("maximum", True)):
            found = getattr(imfilter, name)(image, footprint=inside, mode=mode, cval=1)
            same(found, extreme(image, inside, dilate=dilate, mode=mode, cval=1, sign=1))


@loop_over("shape", [(67,), (5, 20), (3, 4, 5)])
@loop_over("mode", MODES)
@pytest.mark.parametrize("name", NAMES)
def test_elements_and_borders(name, mode, shape):
    image = picture("?", shape)
    for element in elements(len(shape)):
        found = getattr(morphology, name)(image, element, mode=mode, cval=1)
        same(found, by_loops(name, image, element, mode=mode, cval=1))


@loop_over("mode", MODES)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "widths", [(1, 2, 63, 64, 65, 130), pytest.param(range(1, 201), marks=pytest.mark.slow)]
)
def test_all_widths(widths, name, mode):
    for width in widths:
        # The others are made of these two. They have each width, but with each border a seventh of them.
        simple = name in ("erosion", "dilation")
        if len(widths) == 200 and not simple and (width + MODES.index(mode)) % len(MODES):
            continue
        image = np.random.default_rng(width).random((1 + width % 7, width)) < 0.7
        for element in ELEMENTS:
            filtered(name, image, element, mode=mode, cval=1)


@loop_over("widest", [1, 7, 63, 64, 65, 100])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.slow
def test_tiles(monkeypatch, name, widest):
    """Columns are divided anywhere, also within a byte."""
    image = picture("?", (5, 130 + widest))  # a shape of its own, for which no program is known
    monkeypatch.setattr(chords, "LONGEST", widest)
    for element in ELEMENTS:
        filtered(name, image, element)
    same(filtered(name, image, morphology.disk(2)), by_loops(name, image, morphology.disk(2)))


@pytest.mark.parametrize("name", NAMES)
def test_long_lines_and_workers(name):
    """Lines longer than a tile, and rows that different threads compute."""
    for shape in ((5, 40000), (600, 3001)):
        image = np.random.default_rng(3).random(shape) < 0.8
        for element in ELEMENTS[:3]:
            one = filtered(name, image, element, workers=1)
            same(getattr(morphology, name)(image, element, workers=4), one)
    line = image.reshape(-1)
    filtered(name, line, np.ones(40), workers=3)


def test_layouts_axes_and_channels():
    whole = picture("?", (12, 80, 3))
    inside = np.asarray(morphology.disk(3))
    expected = np.stack([extreme(whole[..., c], inside, sign=1) for c in range(3)], axis=-1)
    call = lambda image, **more: imfilter.minimum(image, footprint=inside, mode="shrink", **more)  # noqa: E731
    same(call(whole, channel_axis=-1), expected)
    same(call(np.asfortranarray(whole), axes=(0, 1)), expected)
    planes = whole.transpose(2, 0, 1)
    same(call(np.ascontiguousarray(planes), channel_axis=0), expected.transpose(2, 0, 1))
    same(call(planes, channel_axis=0), expected.transpose(2, 0, 1))
    part = whole[::-1, ::-2, 1]
    same(call(part), extreme(part, inside, sign=1))
    same(call(part.T), extreme(part.T, inside, sign=1))
    assert packed((12, 80), inside)
    assert not packed((12, 80), np.ones((2, 1)))  # a network is faster, whatever the registers


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.slow
def test_outputs(name):
    image = picture("?", (20, 300))
    element = morphology.disk(2)
    expected = by_loops(name, image, element)
    strided = np.zeros((40, 900), bool)[::-2, ::3]
    assert getattr(morphology, name)(image, element, out=strided) is strided
    same(strided, expected)
    column = np.zeros((300, 20), bool).T
    same(getattr(morphology, name)(image, element, out=column), expected)
    same(getattr(morphology, name)(image, element, dtype="f4"), expected.astype("f4"))
    over = image.copy()
    same(getattr(morphology, name)(over, element, out=over), expected)


@loop_over("width", [64, 65, 100, 127, 128, 191, 300])
@loop_over("widest", [90, 1 << 14])
@pytest.mark.parametrize("far", [1, chords._FAR_BITS])
def test_results_past_the_caches(far, width, widest, monkeypatch, no_remembered_calls):
    """Outputs begin anywhere in a cache line, and nothing beside them is written, in both ways."""
    image, inside = picture("?", (9, width)), np.asarray(morphology.disk(2))
    right = extreme(image, inside, dilate=False, mode="mirror", cval=0, sign=1)
    monkeypatch.setattr(chords, "_FAR_BITS", far)
    monkeypatch.setattr(chords, "LONGEST", widest)
    for before in (0, 1, 7, 8, 31, 63):
        memory = np.full(9 * 320 + 128, 77, np.uint8)
        whole = memory[before : before + 9 * 320].reshape(9, 320)
        out = whole[:, 5 : 5 + width].view(bool)
        assert imfilter.minimum(image, footprint=inside, out=out) is out
        same(out.copy(), right)
        assert (memory == 77).sum() == memory.size - right.size
    same(imfilter.minimum(image, footprint=inside), right)


@pytest.mark.parametrize("name", ["erosion", "opening", "gradient"])
def test_masks(name):
    image = picture("?", (9, 70))
    there = np.random.default_rng(1).random(image.shape) < 0.7
    for mode in ("shrink", "mirror", "constant"):
        options = {"mask": there, "mode": mode, "cval": 1}
        for element in (np.ones((3, 3)), morphology.disk(4)):
            filtered(name, image, element, **options)


def test_border_constants_that_are_no_truth_values():
    """A result of another type may hold a constant that is neither 0 nor 1."""
    image = picture("?", (6, 70))
    inside = np.asarray(morphology.disk(2))
    options = {"mode": "constant", "cval": 7}
    found = imfilter.maximum(image, footprint=inside, dtype="u1", **options)
    same(found, imfilter.maximum(image.view("u1"), footprint=inside, **options))
    assert found.max() == 7
    same(imfilter.maximum(image, footprint=inside, **options), found != 0)


@pytest.mark.parametrize("size", [(2, 2), (3, 5), (3, 3, 3), (1, 4, 2), (2, 1, 1), (9,), (64,), (25, 25)])
def test_boxes(size, monkeypatch, no_remembered_calls):
    """Boxes by bits, also where a network is faster."""
    costs, seen = rank._costs, []

    def preferred(*where, **how):
        found = costs(*where, **how)
        seen.append("packed" in found)
        return {"packed": found["packed"]} if "packed" in found else found

    monkeypatch.setattr(rank, "_costs", preferred)
    image = np.random.default_rng(1).random((3, 5, 90)[-len(size) :]) < 0.5
    for mode in MODES:
        for name in ("minimum", "maximum"):
            found = getattr(imfilter, name)(image, size, mode=mode, cval=1)
            bytes_ = getattr(imfilter, name)(image.view(np.uint8), size, mode=mode, cval=1)
            same(found, bytes_.view(bool))
    assert any(seen) or max(size) > 9  # longer boxes than the image have a way of their own


@pytest.mark.slow
def test_full_and_tiny_images():
    for shape in ((1, 1), (1, 200), (200, 1), (2, 64)):
        for value in (False, True):
            for name in NAMES:
                image = np.full(shape, value)
                same(getattr(morphology, name)(image, ELEMENTS[0]), by_loops(name, image, ELEMENTS[0]))
