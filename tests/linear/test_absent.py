"""Coverage and filling, against their definitions in plain loops."""

import itertools
import math

import numpy as np
import pytest

import imfilter
from imfilter import weights
from tests.looping import loop_over
from tests.reference.naive import border_index

MODES = ("mirror", "symmetric", "edge", "wrap", "zero", "constant", "shrink")
RNG = np.random.default_rng(20)


def windows(shape, lengths, mode):
    """Each position, with the samples of its window as (place in the kernel, index or None)."""
    for at in np.ndindex(*shape):
        found = []
        for tap in np.ndindex(*lengths):
            where = [
                border_index(i + t - k // 2, n, "zero" if mode == "shrink" else mode)
                for i, t, k, n in zip(at, tap, lengths, shape, strict=True)
            ]
            found.append((tap, None if None in where else tuple(where)))
        yield at, found


def coverage_by_loops(mask, kernel, mode):
    """The share of the magnitudes of a kernel that is present."""
    result = np.empty(mask.shape)
    for at, window in windows(mask.shape, kernel.shape, mode):
        beyond = 0.0 if mode == "shrink" else 1.0
        counts = [abs(kernel[tap]) * (beyond if i is None else float(mask[i])) for tap, i in window]
        result[at] = math.fsum(counts) / math.fsum(np.abs(kernel).flat)
    return result


def fill_by_loops(image, present, kernel, mode, cval=0.0):
    """The image, with the mean of the samples that are present where a sample is absent."""
    result = np.array(image, float)
    for at, window in windows(image.shape, kernel.shape, mode):
        if present[at] > 0:
            continue
        total = count = 0.0
        for tap, i in window:
            much = (0.0 if mode == "shrink" else 1.0) if i is None else float(present[i])
            if much:
                total += kernel[tap] * much * (cval if i is None else float(image[i]))
                count += kernel[tap] * much
        result[at] = total / count if count else np.nan
    return result


def gaussian(ndim, sigma, radius):
    """The kernel of a Gaussian filter."""
    taps = weights.gaussian(sigma, radius=radius)
    return imfilter._filters.linear.operators.outer((taps,) * ndim)


def random_mask(shape, share=0.6):
    mask = RNG.random(shape) < share
    mask[tuple(slice(2, 7) for _ in shape)] = False
    return mask


WINDOWS = {
    "size": ({"size": 3}, lambda n: np.ones((3,) * n)),
    "even size": ({"size": 4}, lambda n: np.ones((4,) * n)),
    "sigma": ({"sigma": 0.8, "radius": 2}, lambda n: gaussian(n, 0.8, 2)),
    "kernel": ({"kernel": 0}, lambda n: RNG.normal(size=(3, 4, 2)[:n])),
    "footprint": ({"footprint": 0}, lambda n: np.eye(3)[(..., *[None] * (n - 2))] * np.ones((3,) * n)),
}


@loop_over("mode", MODES)
@pytest.mark.parametrize("name", WINDOWS)
@loop_over("shape", [(11,), (9, 10), (5, 6, 4)])
def test_coverage(name, shape, mode):
    options, make = WINDOWS[name]
    if name == "footprint" and len(shape) == 1:
        options, kernel = {"footprint": 0}, np.array([1.0, 0.0, 1.0])
    else:
        kernel = make(len(shape))
    options = {k: kernel if k in ("kernel", "footprint") else v for k, v in options.items()}
    for mask in (random_mask(shape), random_mask(shape) * RNG.random(shape)):
        found = imfilter.coverage(mask, mode=mode, dtype=float, **options)
        np.testing.assert_allclose(found, coverage_by_loops(mask, kernel, mode), rtol=1e-12, atol=0)
        assert imfilter.coverage(mask, mode=mode, **options).dtype == ("f4" if mask.dtype == bool else "f8")


def test_whole_and_empty_windows_are_exactly_one_and_zero():
    mask = np.zeros((40, 50), bool)
    mask[:, 25:] = True
    kernel = RNG.normal(size=(5, 7))
    for options in ({"size": 7}, {"sigma": 1.3}, {"kernel": kernel}, {"footprint": kernel > 0}):
        share = imfilter.coverage(mask, dtype=float, **options)
        assert (share[:, :15] == 0).all()
        assert (share[:, 35:] == 1).all()
        assert ((share[:, 23:27] > 0) & (share[:, 23:27] < 1)).all()


def test_full_masks():
    full = np.ones((7, 8), bool)
    for mode in MODES[:-1]:
        assert (imfilter.coverage(full, 5, mode=mode, cval=0) == 1).all()
    shrunk = imfilter.coverage(full, 3, mode="shrink", dtype=float)
    np.testing.assert_array_equal(shrunk[0], np.array([4, *[6] * 6, 4]) / 9)


@pytest.mark.parametrize("least", [0.2, 0.5, 9 / 25, 1.0])
@pytest.mark.parametrize("mode", ["mirror", "zero", "shrink"])
def test_the_same_numbers_as_min_coverage(least, mode):
    image, mask, kernel = RNG.random((30, 31)), random_mask((30, 31)), RNG.normal(size=(4, 3))
    cases = {
        "box": ((5,), {"size": 5}),
        "gaussian": ((1.5,), {"sigma": 1.5}),
        "correlate": ((kernel,), {"kernel": kernel}),
        "laplacian": ((), {"kernel": weights.LAPLACIAN}),
    }
    for name, (arguments, window) in cases.items():
        found = getattr(imfilter, name)(image, *arguments, mask=mask, min_coverage=least, mode=mode)
        share = imfilter.coverage(mask, mode=mode, dtype=float, **window)
        np.testing.assert_array_equal(np.isnan(found), share < least - 1e-12, err_msg=name)


def test_coverage_of_axes_channels_and_layouts():
    mask = random_mask((12, 13, 3))
    planes = [imfilter.coverage(mask[..., c], 3) for c in range(3)]
    expected = np.stack(planes, -1)
    np.testing.assert_array_equal(imfilter.coverage(mask, 3, channel_axis=-1), expected)
    np.testing.assert_array_equal(imfilter.coverage(mask, 3, axes=(0, 1)), expected)
    np.testing.assert_array_equal(imfilter.coverage(mask[::-1, ::-1], 3, axes=(0, 1)), expected[::-1, ::-1])
    tall = np.asfortranarray(mask)
    np.testing.assert_array_equal(imfilter.coverage(tall, 3, axes=(0, 1), workers=2), expected)


def test_coverage_into_an_array():
    mask = random_mask((20, 21))
    expected = imfilter.coverage(mask, 5, dtype=float)
    out = np.full(mask.shape, -1.0)
    assert imfilter.coverage(mask, 5, out=out) is out
    np.testing.assert_array_equal(out, expected)
    same = mask.astype(float)
    imfilter.coverage(same, 5, out=same)
    np.testing.assert_allclose(same, expected, rtol=1e-12)
    halves = imfilter.coverage(mask, 5, dtype=np.uint8)
    np.testing.assert_array_equal(halves, np.rint(expected))


def test_small_masks_and_kernels_of_zeros():
    assert imfilter.coverage([True], 99).tolist() == [1]
    assert imfilter.coverage([False], 99).tolist() == [0]
    assert imfilter.coverage([True, False, True], kernel=[0.0, 0.0, 0.0]).tolist() == [0, 0, 0]
    assert imfilter.coverage([2, 0, 1], [3]).tolist() == [2 / 3, 1, 1 / 3]


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((), {}, "one of size, footprint, kernel and sigma must be given, got none of them"),
        (
            (3,),
            {"sigma": 1},
            "only one of size, footprint, kernel and sigma must be given, got size and sigma",
        ),
        ((0,), {}, "size must be at least 1, got 0"),
        ((3,), {"mode": "reflect"}, "mode 'reflect' is ambiguous"),
        ((3,), {"mode": "shrunk"}, "'constant', 'shrink', got 'shrunk'"),
        ((), {"sigma": -1}, "sigma must be at least 0"),
        ((), {"kernel": [[1, 2]]}, "kernel must have 1 axes"),
        ((), {"footprint": [0, 0]}, "footprint must not be zero everywhere"),
        ((3,), {"out": np.zeros(4)}, r"out must have shape \(3,\), got \(4,\)"),
    ],
)
def test_errors_of_coverage(arguments, options, words):
    with pytest.raises(ValueError, match=words):
        imfilter.coverage([True, False, True], *arguments, **options)


@pytest.mark.parametrize("mask", [[1.0, -0.5], [1.0, np.nan], [np.inf, 1.0]])
def test_wrong_masks(mask):
    with pytest.raises(ValueError, match="mask must contain truth values or finite numbers of at least 0"):
        imfilter.coverage(mask, 3)
    with pytest.raises(TypeError, match="mask"):
        imfilter.coverage(np.array(mask) + 1j, 3)


@loop_over("mode", MODES)
@loop_over("shape", [(23,), (11, 12), (5, 6, 4)])
def test_fill(shape, mode):
    image, mask = RNG.normal(size=shape), random_mask(shape)
    if len(shape) == 1:
        mask[5:18] = False  # longer than the window
    kernel = gaussian(len(shape), 1.0, 2)
    for present in (mask, mask * RNG.random(shape)):
        expected = fill_by_loops(image, present, kernel, mode, 3.0 if mode == "constant" else 0.0)
        for junk in (np.nan, np.inf, 1e300, 0.0):
            dirty = np.where(mask, image, junk)
            found = imfilter.fill(dirty, 1.0, mask=present, mode=mode, cval=3.0, radius=2)
            np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
            np.testing.assert_array_equal(found[mask], image[mask])
        if len(shape) == 1:
            assert np.isnan(expected).any()


def test_nan_is_absent_unless_it_propagates():
    image = np.array([1.0, np.nan, 3.0, 4.0, np.nan, 8.0])
    expected = fill_by_loops(image, ~np.isnan(image), gaussian(1, 0.7, 3), "mirror")
    np.testing.assert_allclose(imfilter.fill(image, 0.7), expected, rtol=1e-12)
    mask = np.array([1, 1, 1, 1, 0, 1], bool)
    kept = imfilter.fill(image, 0.7, mask=mask, nan="propagate", radius=1)
    assert np.isnan(kept).tolist() == [False, True, False, False, False, False]
    assert np.isnan(imfilter.fill(image, 0.7, nan="propagate", radius=9)).tolist() == np.isnan(image).tolist()


@pytest.mark.parametrize("dtype", ["bool", "u1", "i2", "u8", "f2", "f4", ">f8", "g"])
def test_present_samples_are_kept_bit_for_bit(dtype):
    image = RNG.integers(0, 2, (20, 20), "u1").astype(dtype)
    if np.dtype(dtype).kind in "ui":
        top = np.iinfo(dtype).max
        image = RNG.integers(top - 100, top, (20, 20), dtype, endpoint=True)
    if dtype == "f4":
        image[0] = [-0.0, np.inf] * 10
        image[1:] += RNG.random((19, 20)).astype("f4")
    mask = random_mask(image.shape, 0.9)
    found = imfilter.fill(image, 0.5, mask=mask)
    assert found.dtype == np.dtype(dtype).newbyteorder("=")
    assert found[mask].tobytes() == image.astype(found.dtype)[mask].tobytes()
    smooth = imfilter.gaussian(image, 0.5, mask=mask)
    np.testing.assert_array_equal(found[~mask], smooth[~mask])


def test_nothing_near():
    mask = np.zeros(9, bool)
    mask[0] = True
    image = np.full(9, 7)
    assert imfilter.fill(image, 1, mask=mask, radius=2, mode="edge").tolist() == [7, 7, 7, 0, 0, 0, 0, 0, 0]
    floats = imfilter.fill(image.astype(float), 1, mask=mask, radius=2, mode="edge")
    assert np.isnan(floats).tolist() == [False] * 3 + [True] * 6
    covered = imfilter.fill(image.astype(float), 1, mask=mask, radius=2, mode="edge", min_coverage=0.2)
    share = imfilter.coverage(mask, sigma=1, radius=2, mode="edge")
    assert np.isnan(covered).tolist() == (~mask & (share < 0.2)).tolist()
    assert np.isfinite(covered).sum() > 1


def test_masked_arrays_stay_masked_where_nothing_is_near():
    data = np.arange(9.0)
    image = np.ma.masked_array(data, [0, 1, 0, 0, 1, 1, 1, 1, 1])
    found = imfilter.fill(image, 1, radius=2)
    assert isinstance(found, np.ma.MaskedArray)
    assert np.ma.getmaskarray(found).tolist() == [False] * 6 + [True] * 3
    plain = imfilter.fill(data, 1, radius=2, mask=~np.ma.getmaskarray(image))
    np.testing.assert_array_equal(found.data, plain)
    assert not np.ma.getmaskarray(imfilter.fill(np.ma.masked_array(data), 1)).any()


def test_fill_into_arrays():
    image, mask = RNG.random((3, 30, 40)), random_mask((30, 40))
    expected = np.stack([imfilter.fill(plane, 1.5, mask=mask) for plane in image])
    np.testing.assert_array_equal(imfilter.fill(image, 1.5, mask=mask, channel_axis=0), expected)
    np.testing.assert_array_equal(
        imfilter.fill(image, 1.5, mask=np.broadcast_to(mask, image.shape), axes=(1, 2)), expected
    )
    same = image.copy()
    assert imfilter.fill(same, 1.5, mask=mask, channel_axis=0, out=same) is same
    np.testing.assert_array_equal(same, expected)
    memory = np.zeros((4, 30, 40))
    memory[:3] = image
    imfilter.fill(memory[:3], 1.5, mask=mask, channel_axis=0, out=memory[1:])
    np.testing.assert_array_equal(memory[1:], expected)
    small = imfilter.fill(image * 300, 1.5, mask=mask, channel_axis=0, dtype="u1")
    np.testing.assert_array_equal(small, np.rint(expected * 300).clip(0, 255))
    line = mask.copy()
    alias = imfilter.fill(image[0] > 0.5, 1.5, mask=line, out=line)
    np.testing.assert_array_equal(alias, imfilter.fill(image[0] > 0.5, 1.5, mask=mask))


def test_without_absent_samples_nothing_changes():
    image = RNG.random((6, 7)).astype("f4")
    for options in ({}, {"mask": np.ones((6, 7))}, {"mode": "shrink"}, {"mask": np.full((6, 7), 0.3)}):
        found = imfilter.fill(image, 2, **options)
        assert found is not image
        np.testing.assert_array_equal(found, image)
    counted = imfilter.fill(np.zeros((6, 7)), 2, mask=np.zeros((6, 7)))
    assert np.isnan(counted).all()


@loop_over(
    ("options", "words"),
    [
        ({"mask": [True]}, r"mask must have shape \(3,\), got \(1,\)"),
        (
            {"mask": [1.0, -1.0, 1.0]},
            "mask must contain truth values or finite numbers of at least 0, got -1.0",
        ),
        ({"nan": "drop"}, "nan must be one of 'propagate', 'ignore', got 'drop'"),
        ({"min_coverage": 1.5}, "min_coverage must be from 0 to 1, got 1.5"),
        ({"sigma": -1}, "sigma must be at least 0, got -1.0"),
        ({"mode": "nearest"}, "mode"),
        ({"radius": -1}, "radius must be at least 0, got -1"),
        ({"spacing": 0}, "spacing must be positive"),
        ({"axes": 1}, "axes must be from -1 to 0"),
        ({"out": np.zeros(2)}, r"out must have shape \(3,\), got \(2,\)"),
    ],
)
@loop_over("image", [[1.0, 2.0, 3.0], [1.0, np.nan, 3.0]])
def test_errors_of_fill(image, options, words):
    with pytest.raises(ValueError, match=words):
        imfilter.fill(image, **{"sigma": 1, **options})


def test_workers_and_pieces_give_the_same_bits():
    image = RNG.random((700, 900)).astype("f4")
    mask = random_mask(image.shape)
    one = imfilter.fill(image, 1, mask=mask, workers=1)
    np.testing.assert_array_equal(one, imfilter.fill(image, 1, mask=mask, workers=2))
    tall = imfilter.fill(np.asfortranarray(image), 1, mask=np.asfortranarray(mask), workers=2)
    np.testing.assert_array_equal(one, tall)
    memory = np.zeros((701, 900), "f4")
    for first in (0, 1):
        memory[first : first + 700] = image
        imfilter.fill(memory[first : first + 700], 1, mask=mask, out=memory[1 - first :][:700], workers=2)
        np.testing.assert_array_equal(memory[1 - first :][:700], one)
    same = image.copy()
    imfilter.fill(same, 1, mask=mask, out=same, workers=2)
    np.testing.assert_array_equal(same, one)
    masked = imfilter.fill(np.ma.masked_array(image, ~mask), 1, radius=1, workers=2)
    hollow = np.isnan(imfilter.fill(image, 1, radius=1, mask=mask))
    assert 0 < hollow.sum() < (~mask).sum()
    np.testing.assert_array_equal(np.ma.getmaskarray(masked), hollow)
    part = imfilter.fill(image[100:300], 1, mask=mask[100:300])
    np.testing.assert_array_equal(part[8:-8], one[108:292])


def test_plans():
    assert imfilter.plan((100, 100), "bool", imfilter.coverage, sigma=1.0).algorithm == "separable"
    assert imfilter.plan((100, 100), "float32", imfilter.fill, 1.0).algorithm == "separable"


def test_every_pair_of_windows_is_refused():
    given = {"size": 3, "footprint": [1, 0, 1], "kernel": [1.0, 2.0], "sigma": 1.0}
    for pair in itertools.combinations(given, 2):
        with pytest.raises(ValueError, match=f"got {pair[0]} and {pair[1]}"):
            imfilter.coverage([True], **{name: given[name] for name in pair})
