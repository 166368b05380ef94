"""Reconstruction: loops, scikit-image, NaN, element types, effort, memory, layouts, errors."""

import tracemalloc

import numpy as np
import pytest
import scipy.ndimage as ndi
import skimage.morphology as peers

import imfilter
from imfilter import morphology
from imfilter._filters.morphology import neighbours as places
from imfilter._filters.morphology.reconstruction import grow
from tests.looping import loop_over
from tests.reference import regions as loops

INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
TYPES = ("bool", *INTEGERS, "float32", "float64")
SHAPES = [
    (1,),
    (2,),
    (23,),
    (1, 1),
    (1, 9),
    (9, 1),
    (7, 8),
    (5, 40),
    (2, 3, 4),
    (1, 6, 5),
    (6, 1, 5),
    (4, 5, 6),
]


def pair(shape, dtype, dilation=True, seed=0, share=0.1):
    """A seed and a mask."""
    rng = np.random.default_rng(seed)
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        mask = rng.random(shape) < (0.6 if dilation else 0.4)
    elif dtype.kind == "f":
        mask = rng.integers(-20, 20, shape).astype(dtype) / dtype.type(4)
    else:
        span = np.iinfo(dtype)
        ends = np.array([span.min, span.min + 1, span.max - 1, span.max], dtype)
        mask = np.where(
            rng.random(shape) < 0.5, rng.choice(ends, shape), rng.integers(0, 9, shape).astype(dtype)
        )
    bare = mask.min() if dilation else mask.max()
    return np.where(rng.random(shape) < share, mask, bare).astype(dtype), mask


@loop_over("dtype", TYPES)
@pytest.mark.parametrize("method", ["dilation", "erosion"])
@pytest.mark.slow
def test_plain_loops_in_every_type(dtype, method):
    for number, shape in enumerate([(7, 9), (3, 40), (3, 4, 5), (17,)]):
        seed, mask = pair(shape, dtype, method == "dilation", number)
        for connectivity in range(1, len(shape) + 1):
            got = morphology.reconstruction(seed, mask, method, connectivity=connectivity)
            moves = loops.neighbours(len(shape), connectivity)
            np.testing.assert_array_equal(
                got, loops.reconstruct(seed, mask, moves, dilation=method == "dilation")
            )
            assert got.dtype == mask.dtype


@loop_over("shape", SHAPES)
@pytest.mark.parametrize("method", ["dilation", "erosion"])
def test_scikit_image(shape, method):
    for number, dtype in enumerate(("uint8", "int32", "float32", "float64")):
        for share in (0.02, 0.3):
            mask = np.random.default_rng(number).integers(0, (3, 200)[number % 2], shape).astype(dtype)
            bare = 0 if method == "dilation" else 250
            seed = np.where(np.random.default_rng(9).random(shape) < share, mask, bare).astype(dtype)
            got = morphology.reconstruction(seed, mask, method)
            np.testing.assert_array_equal(got, peers.reconstruction(seed, mask, method))


@pytest.mark.parametrize("size", [1, 2, 3, 15, 40, 133])
def test_sizes(size):
    for shape in ((size, size), (size, 3), (3, size)):
        seed, mask = pair(shape, "float32", share=0.01)
        np.testing.assert_array_equal(
            morphology.reconstruction(seed, mask, connectivity=1),
            peers.reconstruction(seed, mask, footprint=ndi.generate_binary_structure(2, 1)),
        )


@pytest.mark.parametrize("number", range(6))
def test_footprints(number):
    """Lopsided ones too: a sample reaches the places of the footprint, as in scikit-image."""
    rng = np.random.default_rng(number)
    seed, mask = pair((12, 13), "uint8", seed=number)
    footprint = rng.random((3, 3)) < 0.5
    footprint[1, 2] = True
    moves = [tuple(m) for m in np.argwhere(footprint) - 1 if m.any()]
    got = morphology.reconstruction(seed, mask, footprint=footprint)
    np.testing.assert_array_equal(got, loops.reconstruct(seed, mask, moves))


def test_nan_is_on_no_path():
    rng = np.random.default_rng(5)
    for dtype in ("float32", "float64"):
        seed, mask = pair((11, 12), dtype)
        mask[rng.random(mask.shape) < 0.3] = np.nan
        seed[rng.random(mask.shape) < 0.1] = np.nan
        got = morphology.reconstruction(seed, mask)
        np.testing.assert_array_equal(got, loops.reconstruct(seed, mask, loops.neighbours(2, 2)))
        np.testing.assert_array_equal(np.isnan(got), np.isnan(seed) | np.isnan(mask))
    wall = [9.0, 1.0, np.nan, 8.0]
    np.testing.assert_array_equal(morphology.reconstruction([5.0, 0, 0, 0], wall), [5, 1, np.nan, 0])


def test_infinite_limits():
    got = morphology.reconstruction([-np.inf, 3.0, -np.inf, -np.inf], [np.inf, np.inf, -np.inf, np.inf])
    np.testing.assert_array_equal(got, [3, 3, -np.inf, -np.inf])


@pytest.mark.parametrize("method", ["dilation", "erosion"])
def test_properties(method):
    """It grows, stays within the mask, and a second time changes nothing."""
    for dtype in ("uint8", "float64"):
        seed, mask = pair((50, 60), dtype, method == "dilation")
        got = morphology.reconstruction(seed, mask, method)
        low, high = (seed, mask) if method == "dilation" else (mask, seed)
        assert (low <= got).all()
        assert (got <= high).all()
        np.testing.assert_array_equal(morphology.reconstruction(got, mask, method), got)
        np.testing.assert_array_equal(morphology.reconstruction(mask, mask, method), mask)


def spiral(side):
    """A path one sample wide, and its number of samples."""
    path = np.zeros((side, side), np.uint8)
    y, x, dy, dx = 0, 0, 0, 1
    path[0, 0] = 1
    while True:
        for _ in range(2):
            ahead = [(y + k * dy, x + k * dx) for k in (1, 2)]
            inside = [0 <= a < side and 0 <= b < side for a, b in ahead]
            if inside[0] and not (inside[1] and path[ahead[1]]) and not path[ahead[0]]:
                break
            dy, dx = dx, -dy
        else:
            return path
        y, x = y + dy, x + dx
        path[y, x] = 1


@pytest.mark.parametrize("inward", [True, False])
def test_each_sample_of_a_spiral_waits_once(inward):
    path = spiral(201)
    assert ndi.label(path)[1] == 1
    assert path.mean() > 0.45
    seed = np.zeros_like(path)
    last = np.argwhere(path)[np.argmin(np.abs(np.argwhere(path) - 100).sum(axis=1))]
    seed[(0, 0) if inward else tuple(last)] = 1
    effort = grow(seed, path, places.checked(1, 2), dilation=True)
    np.testing.assert_array_equal(seed, path)
    assert 0.9 * path.sum() < effort.popped <= 1.1 * path.sum()
    assert effort.searched <= effort.popped


@pytest.mark.parametrize("dtype", ["u1", "i2", "u8", "f4", "f8"])
@pytest.mark.parametrize("dilation", [True, False])
@pytest.mark.slow
def test_noise_is_reconstructed_from_one_seed_in_few_visits(dtype, dilation):
    noise = np.random.default_rng(3).integers(0, 120, (300, 280)).astype(dtype)
    noise[150, 140] = 120 if dilation else 0
    seed = np.full_like(noise, 0 if dilation else 120)
    seed[150, 140] = noise[150, 140]
    effort = grow(found := seed.copy(), noise, places.checked(2, 2), dilation=dilation)
    expected = peers.reconstruction(seed, noise, method="dilation" if dilation else "erosion")
    np.testing.assert_array_equal(found, expected)
    assert effort.popped < 0.6 * noise.size  # in the order of their waiting, 0.75 would leave the queue


def test_infinite_samples_wait_too():
    noise = np.random.default_rng(4).random((200, 210))
    noise[::3, ::2] = np.inf
    seed = np.where(np.random.default_rng(5).random(noise.shape) < 1e-3, noise, -np.inf)
    grow(found := seed.copy(), noise, places.checked(1, 2), dilation=True)
    cross = ndi.generate_binary_structure(2, 1)
    np.testing.assert_array_equal(found, peers.reconstruction(seed, noise, footprint=cross))


def test_the_ring_of_the_queue_overflows():
    """Many fronts at once: samples that find no entry are found by their bits."""
    teeth = np.zeros((301, 1200), np.uint8)
    teeth[-1], teeth[:, ::2] = 9, 9
    teeth[::7, ::6] = 5
    seed = np.zeros_like(teeth)
    seed[-1, 0] = 9
    effort = grow(got := seed.copy(), teeth, places.checked(1, 2), dilation=True)
    assert effort.popped == 0  # the sweeps do this
    np.testing.assert_array_equal(
        got, peers.reconstruction(seed, teeth, footprint=ndi.generate_binary_structure(2, 1))
    )
    noise = np.random.default_rng(0).random((400, 500)).astype(np.float32)
    seed = np.zeros_like(noise)
    seed[200, 250] = noise[200, 250] = 2
    effort = grow(got := seed.copy(), noise, places.checked(1, 2), dilation=True)
    assert effort.popped > 0
    np.testing.assert_array_equal(
        got, peers.reconstruction(seed, noise, footprint=ndi.generate_binary_structure(2, 1))
    )


def test_memory():
    """Beyond the result, at most 1/2 byte a sample."""
    rng = np.random.default_rng(0)
    mask = rng.random((1000, 1000)).astype(np.float32)
    seed = mask - np.float32(0.3)
    out = np.empty_like(mask)
    morphology.reconstruction(seed, mask, out=out)
    tracemalloc.start()
    morphology.reconstruction(seed, mask, out=out)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < mask.size // 2 + 200_000


@pytest.mark.parametrize("dtype", ["bool", "uint8", "float32", ">i4", "float16"])
def test_layouts_batches_and_workers(dtype):
    seed, mask = pair((5, 12, 11, 3), "bool" if dtype == "bool" else "uint8")
    seed, mask = seed.astype(dtype), mask.astype(dtype)
    want = np.stack([[morphology.reconstruction(s[..., c], m[..., c]) for c in range(3)]
                     for s, m in zip(seed, mask, strict=True)])  # fmt: skip
    want = np.moveaxis(want, 1, -1)
    for workers in (1, 2, 7):
        got = morphology.reconstruction(seed, mask, axes=(1, 2), workers=workers)
        assert got.dtype == np.dtype(dtype).newbyteorder("=")
        np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(morphology.reconstruction(seed[0], mask[0], channel_axis=-1), want[0])
    for turn in (
        lambda a: a[:, ::-1, ::-1],
        lambda a: np.asfortranarray(a),
        lambda a: a.transpose(0, 2, 1, 3),
    ):
        got = morphology.reconstruction(turn(seed), turn(mask), axes=(1, 2))
        np.testing.assert_array_equal(got, turn(want))


def test_out_may_be_an_image():
    seed, mask = pair((20, 21), "uint8")
    want = morphology.reconstruction(seed, mask)
    for choose in (lambda s, m: s, lambda s, m: m, lambda s, m: np.empty(s.shape, np.float32)):
        own, limits = seed.copy(), mask.copy()
        out = choose(own, limits)
        assert morphology.reconstruction(own, limits, out=out) is out
        np.testing.assert_array_equal(out, want)


def test_types_are_promoted():
    got = morphology.reconstruction(np.array([0, 3, 0], np.int16), np.array([9.5, 9.5, 2.5], np.float32))
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, [3, 3, 2.5])


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: morphology.reconstruction([3, 1], [2, 2]), ValueError, "seed must not be greater than mask"),
        (lambda: morphology.reconstruction([1, 1], [2, 1], "erosion"), ValueError, "seed must not be less"),
        (lambda: morphology.reconstruction([1, 1], [2]), ValueError, "mask must have the shape of seed"),
        (lambda: morphology.reconstruction([1], [2], "dilate"), ValueError, "method must be one of"),
        (
            lambda: morphology.reconstruction([1], [2], connectivity=2),
            ValueError,
            "connectivity must be at most 1",
        ),
        (
            lambda: morphology.reconstruction([1], [2], footprint=np.ones(5)),
            ValueError,
            "footprint must have shape",
        ),
        (
            lambda: morphology.reconstruction([1], [2], footprint=np.ones(3), connectivity=1),
            ValueError,
            "connectivity must be left out",
        ),
        (
            lambda: morphology.reconstruction(np.ma.ones(3), [2, 2, 2]),
            TypeError,
            "seed must be an array without",
        ),
        (
            lambda: morphology.reconstruction(np.ones(1, np.int64), np.ones(1, np.uint64)),
            TypeError,
            "common type of integers",
        ),
        (lambda: morphology.reconstruction([1j], [2]), TypeError, "real numbers"),
        (lambda: morphology.reconstruction([1], [2], out=np.empty(2)), ValueError, "out must have shape"),
    ],
)
def test_errors(call, error, text):
    with pytest.raises(error, match=text) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_an_error_leaves_out_as_it_was():
    out = np.full(2, 7)
    with pytest.raises(ValueError, match="seed"):
        morphology.reconstruction([3, 1], [2, 2], out=out)
    assert (out == 7).all()
    assert imfilter.morphology is morphology
