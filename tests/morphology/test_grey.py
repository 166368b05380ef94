"""Erosion, dilation and what is made of them, against plain loops; every bit must agree."""

import numpy as np
import pytest

from imfilter import morphology
from tests.looping import loop_over
from tests.reference import naive
from tests.reference.morphology import difference, extreme, picture, same

DTYPES = ("?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8", "g")
MODES = ("shrink", *naive.MODES)
NAMES = ("erosion", "dilation", "opening", "closing", "white_tophat", "black_tophat", "gradient")


def by_loops(name, image, element, *, iterations=1, **options):
    """A filter by its definition."""

    def repeated(image, stages):
        for dilate in stages:
            for _ in range(iterations):
                before, image = image, extreme(image, element, dilate=dilate, **options)
                if image.tobytes() == before.tobytes():
                    break  # another repetition changes nothing either
        return image

    if name == "white_tophat":
        return difference(image, repeated(image, [False, True]))
    if name == "black_tophat":
        return difference(repeated(image, [True, False]), image)
    if name == "gradient":
        return difference(repeated(image, [True]), repeated(image, [False]))
    stages = {
        "erosion": [False],
        "dilation": [True],
        "opening": [False, True],
        "closing": [True, False],
    }
    return repeated(image, stages[name])


def elements(ndim):
    """Elements of all kinds: even and lopsided ones, and some without their origin."""
    rng = np.random.default_rng(ndim)
    found = [np.ones((2, 3, 2)[:ndim]), np.ones((4, 1, 1)[:ndim])]
    found += [rng.random(rng.integers(1, 5, ndim)) < 0.6 for _ in range(3)]
    if ndim == 2:
        found += [morphology.disk(2), morphology.line(5, 30), np.tril(np.ones((4, 4)))]
    if ndim == 3:
        found.append(morphology.ball(1))
    return [np.asarray(f) for f in found if np.any(f)]


@loop_over("shape", [(13,), (6, 9), (3, 4, 5)])
@loop_over("mode", MODES)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.slow
def test_elements_and_borders(name, mode, shape):
    image = picture("u1", shape)
    for element in elements(len(shape)):
        found = getattr(morphology, name)(image, element, mode=mode, cval=9)
        same(found, by_loops(name, image, element, mode=mode, cval=9))


@loop_over("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.slow
def test_types(name, dtype):
    for strange in (False, True):
        image = picture(dtype, (7, 33), strange=strange)
        for element in (morphology.disk(1), np.array([[0, 0, 1], [1, 1, 0]])):
            found = getattr(morphology, name)(image, element)
            same(found, by_loops(name, image, element))


@pytest.mark.parametrize("size", [1, 2, 3, 8, 17, pytest.param(40, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", NAMES)
def test_sizes(name, size):
    for shape in ((size, size), (1, size), (size, 1)):
        image = picture("f4", shape)
        same(getattr(morphology, name)(image, morphology.disk(3)), by_loops(name, image, morphology.disk(3)))


@pytest.mark.parametrize("name", NAMES)
def test_empty_and_full_images(name):
    for value in (False, True):
        image = np.full((9, 11), value)
        for mode in ("shrink", "zero"):
            found = getattr(morphology, name)(image, morphology.disk(2), mode=mode)
            same(found, by_loops(name, image, morphology.disk(2), mode=mode))


@pytest.mark.parametrize("iterations", [2, 3])
@pytest.mark.parametrize("name", NAMES)
def test_iterations(name, iterations):
    image = picture("i2", (9, 12))
    for element in (morphology.disk(1), np.array([[1, 1], [0, 1]])):
        for mode in ("shrink", "mirror", "constant"):
            options = {"iterations": iterations, "mode": mode, "cval": 3}
            found = getattr(morphology, name)(image, element, **options)
            same(found, by_loops(name, image, element, **options))


@pytest.mark.parametrize("name", NAMES)
@loop_over("dtype", ["?", "u1", "i8", "f4", "g"])
@pytest.mark.slow
def test_repetition_ends_when_it_changes_nothing(name, dtype):
    image = picture(dtype, (6, 9), strange=True)
    for element in (morphology.disk(1), np.array([[1, 1], [0, 1]])):
        for mode in ("shrink", "mirror"):
            found = getattr(morphology, name)(image, element, iterations=10**9, mode=mode)
            same(found, by_loops(name, image, element, iterations=30, mode=mode))
    out = np.zeros((6, 9), "f8")
    assert getattr(morphology, name)(image, iterations=10**9, out=out) is out
    same(out, getattr(morphology, name)(image, iterations=30, dtype="f8"))


def test_repetition_with_missing_samples_ends():
    image = picture("f4", (6, 9))
    there = np.random.default_rng(1).random(image.shape) < 0.5
    for element in (morphology.disk(1), [[0, 0, 0], [1, 0, 0]]):
        for least in (0.0, 0.5):
            options = {"mask": there, "min_coverage": least}
            found = morphology.erosion(image, element, iterations=10**9, **options)
            same(found, morphology.erosion(image, element, iterations=60, **options))
    weights = np.array([0, 0, 1])
    found = morphology.erosion(np.array([9, 200, 30], "u1"), weights=weights, iterations=10**9)
    same(found, np.zeros(3, "u1"))


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_the_default_element(ndim):
    image = picture("u1", (6, 7, 5)[:ndim])
    for connectivity in range(1, ndim + 1):
        element = np.abs(np.indices((3,) * ndim) - 1).sum(axis=0) <= connectivity
        found = morphology.erosion(image, connectivity=connectivity)
        same(found, extreme(image, element))


@pytest.mark.parametrize("name", NAMES)
def test_layouts_axes_channels_out_and_workers(name):
    whole = picture("u2", (10, 40, 3))
    element = morphology.disk(2)
    expected = np.stack([by_loops(name, whole[..., c], element) for c in range(3)], axis=-1)
    filtered = getattr(morphology, name)
    same(filtered(whole, element, channel_axis=-1), expected)
    same(filtered(np.asfortranarray(whole), element, axes=(0, 1), workers=3), expected)
    first = np.ascontiguousarray(np.moveaxis(whole, -1, 0))
    same(filtered(first, element, channel_axis=0), np.moveaxis(expected, -1, 0))
    view = np.repeat(whole, 2, axis=1)[:, ::2]
    same(filtered(view, element, axes=(0, 1)), expected)
    swapped = whole.astype(whole.dtype.newbyteorder())
    np.testing.assert_array_equal(filtered(swapped, element, axes=(0, 1)), expected)
    place = whole.copy()
    assert filtered(place, element, axes=(0, 1), out=place) is place
    same(place, expected)
    as_float = filtered(whole, element, axes=(0, 1), dtype="f8")
    assert as_float.dtype == np.float64
    if "tophat" not in name:
        np.testing.assert_array_equal(as_float, expected)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.slow
def test_pipelines_in_tiles_agree_with_small_images(name):
    """A wide image is filtered in tiles, and its rows by several threads."""
    image = picture("f8", (30, 3000))
    filtered, element = getattr(morphology, name), morphology.disk(2)
    one = filtered(image, element, workers=1)
    same(filtered(image, element, workers=4), one)
    for start in (0, 1490, 2980):
        low = max(0, start - 4)
        part = image[:, low : start + 24]
        expected = by_loops(name, part, element)[:, start - low :][:, :20]
        same(one[:, start : start + 20], expected)


@pytest.mark.parametrize("name", ["opening", "closing"])
def test_idempotent_and_ordered(name):
    for dtype in ("u1", "f4", "?"):
        image = picture(dtype, (25, 30))
        for element in elements(2):
            once = getattr(morphology, name)(image, element)
            origin = tuple(n // 2 for n in element.shape)
            if element[origin]:
                assert (once <= image).all() if name == "opening" else (once >= image).all()
                same(getattr(morphology, name)(once, element), once)


def test_border_constants_of_truth_values():
    """A constant is rounded and saturated to the type of the image: 2 is True."""
    image = picture("?", (9, 12))
    for name in NAMES:
        for cval in (0.2, 2, -1):
            found = getattr(morphology, name)(image, morphology.disk(2), mode="constant", cval=cval)
            same(found, by_loops(name, image, morphology.disk(2), mode="constant", cval=cval >= 0.5))


def test_wide_differences():
    """Differences of 64-bit integers have 65 bits."""
    for dtype in ("i8", "u8"):
        image = picture(dtype, (6, 7))
        wide = morphology.gradient(image, dtype="f8")
        highest, lowest = morphology.dilation(image), morphology.erosion(image)
        exact = [int(a) - int(b) for a, b in zip(highest.flat, lowest.flat, strict=True)]
        np.testing.assert_array_equal(wide.ravel(), np.array(exact, np.float64))
        for result in ("i1", "u8", "i8", "u2", "?"):
            low, high = (0, 1) if result == "?" else (np.iinfo(result).min, np.iinfo(result).max)
            found = morphology.gradient(image, dtype=result)
            assert found.ravel().tolist() == [min(max(e, int(low)), int(high)) for e in exact]


@loop_over(
    ("arguments", "options", "error", "text"),
    [
        ((3,), {}, TypeError, "element must be an array of 0 and 1, got 3"),
        (("disk",), {}, TypeError, "element must be an array of 0 and 1, got 'disk'"),
        (([3, 3],), {}, ValueError, "element must contain only 0 and 1, got 3; a box is"),
        (([1, 1],), {}, ValueError, "element must have 2 axes, one for each filtered axis, got 1"),
        ((np.zeros((3, 3)),), {}, ValueError, "element must not be zero everywhere"),
        ((np.ones((0, 3)),), {}, ValueError, "element must not be empty"),
        ((), {"connectivity": 3}, ValueError, "connectivity must be at most 2, got 3"),
        ((np.ones((3, 3)),), {"connectivity": 2}, ValueError, "connectivity must be left out"),
        ((), {"iterations": 0}, ValueError, "iterations must be at least 1, got 0"),
        ((np.ones((3, 3)),), {"weights": np.ones((2, 3))}, ValueError, "weights must have the shape of"),
        ((), {"weights": np.full((3, 3), np.nan)}, ValueError, "weights must be finite"),
        ((), {"mode": "reflect"}, ValueError, "'reflect' is ambiguous"),
        ((), {"out": np.zeros((2, 2))}, ValueError, "out must have shape (5, 6), got (2, 2)"),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_errors(name, arguments, options, error, text):
    with pytest.raises(error) as caught:
        getattr(morphology, name)(np.zeros((5, 6)), *arguments, **options)
    assert text in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_signatures():
    """The functions share their arguments: those of all filters last, in the same order."""
    import inspect

    from tests.base.test_api import COMMON

    for name in NAMES:
        parameters = inspect.signature(getattr(morphology, name)).parameters
        own = {"image": inspect.Parameter.empty, "element": None}
        own |= {"iterations": 1, "connectivity": 1, "weights": None}
        expected = own | COMMON | {"mode": "shrink"}
        assert {p.name: p.default for p in parameters.values()} == expected
        assert list(parameters) == list(expected)
        assert all(p.kind is p.KEYWORD_ONLY for p in list(parameters.values())[2:])


@pytest.mark.parametrize("dtype", ["u1", "i4", "i8", "u8", "?"])
@pytest.mark.parametrize("target", ["i8", "u8"])
def test_weights_beyond_int64_are_exact(dtype, target):
    image, weights = np.array([3, 2, 1, 9], dtype), np.array([2**63 + 5, 2**63 + 3, 2**64 - 1], "u8")
    numbers, heights = image.astype(object) * 1, weights.astype(object)
    low, high = int(np.iinfo(target).min), int(np.iinfo(target).max)
    for function, sign, best in ((morphology.erosion, -1, min), (morphology.dilation, 1, max)):
        found = function(image, weights=weights, dtype=target, mode="edge")
        for i, value in enumerate(found.tolist()):
            near = [int(numbers[min(max(i - sign * b, 0), 3)]) + sign * heights[b + 1] for b in (-1, 0, 1)]
            assert value == min(max(best(near), low), high)


def test_weights_beyond_int64_of_floats_are_rounded_to_their_type():
    weights = np.array([0, 2**63 + 2**11, 0], "u8")
    found = morphology.dilation(np.zeros(3), weights=weights)
    np.testing.assert_array_equal(found, 2.0**63 + 2**11)
    np.testing.assert_array_equal(
        morphology.erosion(np.zeros(3, "f4"), weights=weights), np.float32(-(2.0**63))
    )
