"""Holes, the border, extrema, areas and patterns: loops, SciPy, scikit-image, absent samples, properties."""

import numpy as np
import pytest
import scipy.ndimage as ndi
import skimage.morphology as peers
from skimage.segmentation import clear_border

from imfilter import morphology
from tests.looping import loop_over
from tests.reference import regions as loops

TYPES = (
    *("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"),
    *("float16", "float32", "float64"),
)
SHAPES = [(1,), (2,), (19,), (1, 1), (1, 8), (8, 1), (6, 7), (13, 14), (40, 40), (2, 3, 4), (4, 5, 6)]
#: Each filter of one image, with arguments.
FILTERS = {
    "fill_holes": (),
    "clear_border": (),
    "h_maxima": (2,),
    "h_minima": (2,),
    "local_maxima": (),
    "local_minima": (),
    "area_opening": (4,),
    "area_closing": (4,),
    "hit_or_miss": ([[0, 1, 0], [1, 1, 1], [0, 1, 0]],),
}


def images(shape, dtype, number=0):
    """Images of few and of many values."""
    rng = np.random.default_rng(number)
    for high in (2, 5, 100):
        yield rng.integers(0, high, shape).astype(dtype)


def binaries(shape):
    """Sparse, dense, empty and full images."""
    rng = np.random.default_rng(len(shape))
    for share in (0.3, 0.5, 0.7, 0.0, 1.0):
        yield rng.random(shape) < share


def each_connectivity(n):
    """The connectivities of `n` axes, with their structures and neighbours."""
    for connectivity in range(1, n + 1):
        yield connectivity, ndi.generate_binary_structure(n, connectivity), loops.neighbours(n, connectivity)


@pytest.mark.parametrize("shape", SHAPES)
def test_binary_holes_and_border(shape):
    for image in binaries(shape):
        for connectivity, structure, moves in each_connectivity(len(shape)):
            got = morphology.fill_holes(image, connectivity=connectivity)
            np.testing.assert_array_equal(got, ndi.binary_fill_holes(image, structure))
            np.testing.assert_array_equal(got, loops.fill_holes(image, moves))
            got = morphology.clear_border(image, connectivity=connectivity)
            np.testing.assert_array_equal(got, loops.clear_border(image, moves))
        np.testing.assert_array_equal(morphology.fill_holes(image), ndi.binary_fill_holes(image))
        if min(shape) > 1:
            np.testing.assert_array_equal(morphology.clear_border(image), clear_border(image))


def test_many_runs():
    """A chessboard has more runs than the first memory for them."""
    board = np.indices((300, 301)).sum(axis=0) % 2 == 0
    assert not morphology.clear_border(board).any()
    isolated = board & (np.indices(board.shape)[0] % 2 == 0)
    want = isolated.copy()
    want[[0, -1]] = want[:, [0, -1]] = False
    np.testing.assert_array_equal(morphology.clear_border(isolated), want)
    np.testing.assert_array_equal(morphology.fill_holes(board), ndi.binary_fill_holes(board))


@pytest.mark.parametrize("dtype", TYPES)
def test_holes_and_border_of_grey_images(dtype):
    for shape in ((6, 7), (3, 4, 5), (1, 1), (20,)):
        for image in images(shape, dtype):
            inner = tuple(slice(1, -1) for _ in shape)
            high = image.copy()
            high[inner] = image.max()
            filled = morphology.fill_holes(image)
            structure = ndi.generate_binary_structure(len(shape), 1)
            np.testing.assert_array_equal(
                filled, morphology.reconstruction(high, image, "erosion", footprint=structure)
            )
            low = image.copy()
            low[inner] = image.min()
            cleared = morphology.clear_border(image)
            np.testing.assert_array_equal(cleared, image - morphology.reconstruction(low, image))
            assert filled.dtype == cleared.dtype == image.dtype
            np.testing.assert_array_equal(morphology.fill_holes(filled), filled)


def test_differences_saturate():
    image = np.full((3, 3), -128, np.int8)
    image[1, 1] = 127
    assert morphology.clear_border(image)[1, 1] == 127


@pytest.mark.parametrize("dtype", TYPES)
def test_grey_holes_are_those_of_the_levels(dtype):
    for image in images((9, 10), dtype):
        filled = morphology.fill_holes(image)
        for level in np.unique(image):
            np.testing.assert_array_equal(filled >= level, ndi.binary_fill_holes(image >= level))


@loop_over("dtype", TYPES)
@pytest.mark.parametrize("name", ["maxima", "minima"])
@pytest.mark.slow
def test_extrema(dtype, name):
    ours, local = getattr(morphology, f"h_{name}"), getattr(morphology, f"local_{name}")
    theirs, theirs_local = getattr(peers, f"h_{name}"), getattr(peers, f"local_{name}")
    for shape in ((1, 1), (7, 8), (3, 4, 5), (21,)):
        for image in images(shape, dtype, 3):
            for connectivity, structure, moves in each_connectivity(len(shape)):
                for h in (1, 3, 40, 1000):
                    got = ours(image, h, connectivity=connectivity)
                    if np.dtype(dtype).kind == "f" or h <= np.iinfo(dtype).max:
                        wide = image if dtype != "float16" else image.astype(np.float32)
                        np.testing.assert_array_equal(got, theirs(wide, h, footprint=structure))
                    else:
                        assert not got.any()
                got = local(image, connectivity=connectivity)
                wide = image if dtype != "float16" else image.astype(np.float32)
                np.testing.assert_array_equal(got, theirs_local(wide, connectivity=connectivity))
                turned = image if name == "maxima" else 100 - image.astype(float)
                np.testing.assert_array_equal(got, loops.local_maxima(turned, moves))
                if min(shape) > 2:
                    np.testing.assert_array_equal(
                        local(image, connectivity=connectivity, allow_borders=False),
                        loops.local_maxima(turned, moves, borders=False),
                    )


@pytest.mark.parametrize("dtype", TYPES)
def test_extrema_of_long_rows(dtype):
    """Rows longer than a vector, with plateaus across its ends."""
    rng = np.random.default_rng(8)
    image = np.repeat(rng.integers(0, 9, (5, 181)), 3, axis=1)[:, :541].astype(dtype)
    wide = image if dtype != "float16" else image.astype(np.float32)
    for connectivity in (1, 2):
        for borders in (True, False):
            options = {"connectivity": connectivity, "allow_borders": borders}
            for name in ("local_maxima", "local_minima"):
                got, want = getattr(morphology, name)(image, **options), getattr(peers, name)(wide, **options)
                np.testing.assert_array_equal(got, want)


def test_heights():
    image = np.array([0, 6, 4, 5, 0, 3, 0], np.uint8)
    np.testing.assert_array_equal(morphology.h_maxima(image, 2.5), morphology.h_maxima(image, 3))
    np.testing.assert_array_equal(morphology.h_maxima(image, 1), peers.h_maxima(image, 1))
    ends = np.array([-(2**63), 2**63 - 1, -(2**63)])
    np.testing.assert_array_equal(morphology.h_maxima(ends, 2**64 - 1), [False, True, False])
    assert not morphology.h_maxima(ends, 2**64).any()
    np.testing.assert_array_equal(morphology.h_minima(ends, 2**64 - 1), [True, False, True])
    np.testing.assert_array_equal(
        morphology.h_maxima(np.array([0.0, 0.7, 0.0, 0.3]), 0.5), [False, True, False, False]
    )
    np.testing.assert_array_equal(morphology.h_maxima([True, False, True], 1), [True, False, True])


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.slow
def test_areas(dtype):
    for shape in ((7, 8), (3, 4, 5), (17,), (1, 1), (1, 9)):
        for image in images(shape, dtype, 5):
            for connectivity, _, moves in each_connectivity(len(shape)):
                for area in (1, 2, 5, 1000):
                    got = morphology.area_opening(image, area, connectivity=connectivity)
                    assert got.dtype == image.dtype
                    np.testing.assert_array_equal(got, loops.area_opening(image, area, moves))
                    closed = morphology.area_closing(image, area, connectivity=connectivity)
                    turned = loops.area_opening(200 - image.astype(float), area, moves)
                    np.testing.assert_array_equal(closed, 200 - turned)
                    # If the area exceeds the image, scikit-image returns 0, or -1.
                    if min(shape) > 2 and len(shape) > 1 and dtype != "float16" and area <= image.size:
                        np.testing.assert_array_equal(got, peers.area_opening(image, area, connectivity))
                        np.testing.assert_array_equal(closed, peers.area_closing(image, area, connectivity))


def test_binary_areas():
    for shape in ((9, 10), (4, 5, 6), (30,)):
        for image in binaries(shape):
            for connectivity, _, moves in each_connectivity(len(shape)):
                for area in (2, 6):
                    got = morphology.area_opening(image, area, connectivity=connectivity)
                    np.testing.assert_array_equal(got, loops.area_opening(image, area, moves))
                    got = morphology.area_closing(image, area, connectivity=connectivity)
                    np.testing.assert_array_equal(got, ~loops.area_opening(~image, area, moves))


def test_areas_of_wide_values():
    rng = np.random.default_rng(0)
    for image in (
        rng.integers(-(2**63), 2**63, (12, 13)),
        rng.integers(0, 2**64, (12, 13), np.uint64),
        rng.normal(0, 1e30, (12, 13)),
        rng.normal(0, 1, (12, 13)).astype(np.float32),
    ):
        got = morphology.area_opening(image, 5)
        np.testing.assert_array_equal(got, loops.area_opening(image, 5, loops.neighbours(2, 1)))
        np.testing.assert_array_equal(morphology.area_opening(got, 5), got)


@pytest.mark.parametrize("shape", [(1,), (9,), (7, 8), (1, 5), (4, 5, 6)])
def test_patterns(shape):
    rng = np.random.default_rng(1)
    n = len(shape)
    for image in binaries(shape):
        for size in (1, 2, 3):
            present, absent = rng.random((2, *(size,) * n)) < 0.2
            got = morphology.hit_or_miss(image, present, absent)
            np.testing.assert_array_equal(got, loops.hit_or_miss(image, present, absent))
            np.testing.assert_array_equal(got, ndi.binary_hit_or_miss(image, present, absent))
        cross = ndi.generate_binary_structure(n, 1)
        np.testing.assert_array_equal(morphology.hit_or_miss(image, cross), ndi.binary_hit_or_miss(image))


def test_nan_is_on_no_path():
    rng = np.random.default_rng(4)
    for dtype in ("float16", "float32", "float64"):
        image = rng.integers(0, 9, (9, 10)).astype(dtype)
        nan = rng.random(image.shape) < 0.2
        image[nan] = np.nan
        moves = loops.neighbours(2, 2)
        np.testing.assert_array_equal(morphology.local_maxima(image), loops.local_maxima(image, moves))
        got = morphology.area_opening(image, 4)
        np.testing.assert_array_equal(got, loops.area_opening(image, 4, loops.neighbours(2, 1)))
        for name in ("fill_holes", "clear_border"):
            np.testing.assert_array_equal(np.isnan(getattr(morphology, name)(image)), nan)
        for name in ("h_maxima", "h_minima"):
            assert not getattr(morphology, name)(image, 1)[nan].any()


@pytest.mark.parametrize("name", FILTERS)
@loop_over("dtype", ["bool", "uint8", "int16", "int64", "float32", "float16"])
def test_absent_samples(name, dtype):
    """They may have any value, and are as NaN in an image of floats."""
    rng = np.random.default_rng(2)
    filtered, args = getattr(morphology, name), FILTERS[name]
    image = rng.integers(0, 2 if dtype == "bool" else 9, (12, 13)).astype(dtype)
    mask = rng.random(image.shape) < 0.8
    args = (1,) if name.startswith("h_") and dtype == "bool" else args
    got = filtered(image, *args, mask=mask)
    other = image.copy()
    other[~mask] = rng.permutation(image.ravel())[: (~mask).sum()]
    np.testing.assert_array_equal(filtered(other, *args, mask=mask), got)
    assert np.isnan(got[~mask]).all() if got.dtype.kind == "f" else not got[~mask].any()
    if name != "hit_or_miss":
        wide = image.astype(np.float64)
        wide[~mask] = np.nan
        np.testing.assert_array_equal(got[mask], filtered(wide, *args)[mask])
    masked = filtered(np.ma.MaskedArray(image, mask=~mask), *args)
    assert isinstance(masked, np.ma.MaskedArray)
    np.testing.assert_array_equal(masked.mask, ~mask)
    np.testing.assert_array_equal(masked.data[mask], got[mask])
    np.testing.assert_array_equal(filtered(image, *args, mask=np.ones(image.shape)), filtered(image, *args))


@pytest.mark.parametrize("name", FILTERS)
@loop_over("dtype", ["bool", "uint8", ">i4", "float32"])
def test_layouts_batches_and_workers(name, dtype):
    rng = np.random.default_rng(6)
    filtered, args = getattr(morphology, name), FILTERS[name]
    args = (1,) if name.startswith("h_") else args
    stack = rng.integers(0, 2 if dtype == "bool" else 9, (4, 10, 11, 3)).astype(dtype)
    want = np.stack([np.stack([filtered(a[..., c], *args) for c in range(3)], -1) for a in stack])
    for workers in (1, 2, 5):
        np.testing.assert_array_equal(filtered(stack, *args, axes=(1, 2), workers=workers), want)
    np.testing.assert_array_equal(filtered(stack[0], *args, channel_axis=-1), want[0])
    np.testing.assert_array_equal(filtered(np.asfortranarray(stack[0, ..., 0]), *args), want[0, ..., 0])
    out = np.empty(stack.shape[1:3], np.float64)
    assert filtered(stack[0, ..., 0], *args, out=out) is out
    np.testing.assert_array_equal(out, want[0, ..., 0])
    own = stack[0, ..., 0].copy()
    assert filtered(own, *args, out=own) is own
    np.testing.assert_array_equal(own, want[0, ..., 0].astype(own.dtype))


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: morphology.h_maxima([1, 2], 0), ValueError, "h must be finite and more than 0"),
        (lambda: morphology.h_minima([1, 2], np.inf), ValueError, "h must be finite and more than 0"),
        (lambda: morphology.h_maxima([1, 2], "1"), TypeError, "h must be a number"),
        (
            lambda: morphology.local_maxima([1, 2], connectivity=0),
            ValueError,
            "connectivity must be at least 1",
        ),
        (
            lambda: morphology.local_maxima([1, 2], allow_borders=1),
            TypeError,
            "allow_borders must be True or False",
        ),
        (lambda: morphology.area_opening([1, 2], 0), ValueError, "area must be at least 1"),
        (lambda: morphology.area_opening([1, 2], 1.5), TypeError, "area must be an integer"),
        (lambda: morphology.fill_holes([1j]), TypeError, "real numbers"),
        (lambda: morphology.fill_holes([1, 2], out=np.empty(3)), ValueError, "out must have shape"),
        (lambda: morphology.hit_or_miss([1, 2], [[1]]), ValueError, "present must have 1 axes"),
        (lambda: morphology.hit_or_miss([1, 2], [1], []), ValueError, "absent must not be empty"),
        (lambda: morphology.clear_border([1, 2], mask=[True]), ValueError, "mask must have shape"),
    ],
)
def test_errors(call, error, text):
    with pytest.raises(error, match=text) as caught:
        call()
    assert "\n" not in str(caught.value)


# --- small heights, and long doubles ----------------------------------------------------------------------


def test_a_height_too_small_to_change_a_sample():
    hill = [10, 11, 12, 11, 10]
    top = [False, False, True, False, False]
    for dtype, h in (("f4", 1e-7), ("f8", 1e-17), ("f8", 1e-300), ("g", 1e-25)):
        image = np.array(hill, dtype)
        np.testing.assert_array_equal(morphology.h_maxima(image, h), top)
        np.testing.assert_array_equal(morphology.h_minima(-image, h), top)
    steps = np.float32([1e8, 1e8 + 16, 1e8 + 8, 1e8])
    np.testing.assert_array_equal(morphology.h_maxima(steps, 1), [False, True, False, False])


@pytest.mark.parametrize("name", ["h_maxima", "h_minima"])
def test_heights_of_long_doubles_are_those_of_floats(name):
    function, rng = getattr(morphology, name), np.random.default_rng(3)
    for _ in range(40):
        image = rng.integers(0, 9, (6, 7)).astype("f8")
        image[rng.random(image.shape) < 0.05] = np.nan
        there, h = rng.random(image.shape) < 0.8, int(rng.integers(1, 5))
        for mask in (None, there):
            expected = function(image, h, mask=mask)
            np.testing.assert_array_equal(function(image.astype("g"), h, mask=mask), expected)


def test_long_doubles_are_not_rounded():
    x = np.array([1, 3, 2, 6, 1], "g") / np.longdouble(7)
    seed = np.where(x == x[3], x, 0)
    for found in (
        morphology.area_opening(x, 2),
        morphology.area_closing(x, 2),
        morphology.fill_holes(x),
        morphology.reconstruction(seed, x),
    ):
        assert found.dtype == x.dtype
        assert np.isin(found, x).all()
    border = morphology.reconstruction(np.where(np.arange(5) % 4 == 0, x, x.min()), x)
    np.testing.assert_array_equal(morphology.clear_border(x), x - border)
    near = np.array([0, 1, 1 + 8 * np.finfo("g").eps, 1, 0])
    np.testing.assert_array_equal(morphology.local_maxima(near), [False, False, True, False, False])


def test_infinities_at_the_border():
    found = morphology.clear_border(np.array([np.inf, 1, 2, np.inf]))
    np.testing.assert_array_equal(found, [np.nan, 0, 0, np.nan])
