"""Ranks are exact for every type: of 64 bits, long double, and a border constant that the type does not have.

The oracle sorts Python's integers and fractions, and rounds them as a result of a type is rounded.
"""

import math
from fractions import Fraction

import numpy as np
import pytest

import imfilter
from tests.looping import loop_over
from tests.reference import naive

INTEGERS = ("i8", "u8", ">i8", ">u8")
EVERY = ("?", "u1", "i2", "i4", "u4", *INTEGERS, "f2", "f4", "f8", "g", ">g")
#: Border constants: of all integer types, of none, beyond them all, and those that rounding makes equal.
CONSTANTS = (
    *(0, 0.0, -0.0, 0.5, -0.5, 7.5, 1e-3, 1e30, -1e30, math.nan, math.inf, -math.inf),
    *(2**53 + 1, 2**63 - 1, 2**63, 2.0**63, 2**64 - 1, 2.0**64, -(2**63), -(2**63) - 1),
    np.longdouble(1) / 3,
)


def number(sample):
    """A sample as Python has it, or as a long double."""
    return sample if isinstance(sample, np.longdouble) else np.asarray(sample)[()].item()


def order(value):
    """The place of a number among all: -0.0 before 0.0, and NaN last."""
    if isinstance(value, int):
        return 0, Fraction(value), 1
    if value != value:
        return 1, 0, 1
    if math.isinf(value):
        return 0, Fraction(10) ** (6000 if value > 0 else 0) * (1 if value > 0 else -1) * 10**5000, 1
    return 0, Fraction(*value.as_integer_ratio()), int(not (value == 0 and np.signbit(value)))


def placed(value, dtype):
    """A number as a type has it: rounded half to even, saturated, NaN as 0."""
    dtype = np.dtype(dtype).newbyteorder("=")
    if dtype.kind == "f":
        with np.errstate(all="ignore"):
            return np.array(value, np.longdouble).astype(dtype)
    low, high = (0, 1) if dtype.kind == "b" else (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))
    if value != value:
        return np.array(0).astype(dtype)
    if not isinstance(value, int) and math.isinf(value):
        whole = high if value > 0 else low
    else:
        exact = Fraction(value) if isinstance(value, int) else Fraction(*value.as_integer_ratio())
        whole = min(max(round(exact), low), high)
    return np.array(whole, dtype)


def expected(image, inside, which, mode, constant, dtype):
    """The ranks of an image, one by one."""
    result = np.empty(image.shape, dtype)
    offsets = np.argwhere(inside) - np.array(inside.shape) // 2
    for at in np.ndindex(*image.shape):
        window = []
        for offset in offsets.tolist():
            moved = zip(at, offset, image.shape, strict=True)
            where = [naive.border_index(a + b, n, mode) for a, b, n in moved]
            border_key = 0.0 if mode == "zero" else constant
            window.append(border_key if None in where else number(image[tuple(where)]))
        result[at] = placed(sorted(window, key=order)[which], dtype)
    return result


def same(found, wanted):
    """Equal to the sign of zeros, and NaN in the same places."""
    alike = (found == wanted) | ((found != found) & (wanted != wanted))
    if found.dtype.kind == "f":
        alike &= (np.signbit(found) == np.signbit(wanted)) | (found != found)
    return found.dtype.str == wanted.dtype.str and alike.all()


def samples(rng, dtype, shape):
    """Samples over all of a type, or near its ends, or few values."""
    dtype = np.dtype(dtype)
    native = dtype.newbyteorder("=")
    if dtype.kind == "b":
        return rng.random(shape) < 0.5
    if dtype.kind == "f":
        values = rng.integers(-4, 4, shape) if rng.random() < 0.5 else rng.normal(size=shape)
        values = (values.astype(np.longdouble) / 3).astype(dtype)
        for special in (np.nan, -0.0, -np.inf, np.inf):
            if rng.random() < 0.25:
                values[rng.random(shape) < 0.25] = special
        return values
    low, high = int(np.iinfo(native).min), int(np.iinfo(native).max)
    ends = [(low, high), (low, high), (high - 5, high), (low, low + 5), (max(low, -5), 5)]
    values = rng.integers(*ends[rng.integers(len(ends))], shape, native, endpoint=True)
    if rng.random() < 0.3:  # no room for a constant on either side
        values.flat[0], values.flat[-1] = low, high
    return values.astype(dtype)


@pytest.mark.parametrize("seed", range(4))
def test_hunt(seed):
    """Any type, shape, window, rank, border and result type."""
    rng = np.random.default_rng(seed)
    for _ in range(150):
        dtype = np.dtype(str(rng.choice(EVERY if rng.random() < 0.4 else (*INTEGERS, "g"))))
        ndim = int(rng.integers(1, 4))
        image = samples(rng, dtype, rng.integers(1, {1: 9, 2: 5, 3: 4}[ndim], ndim))
        inside = np.ones(rng.integers(1, 4, ndim), bool)
        if rng.random() < 0.3:
            inside = rng.random(inside.shape) < 0.6
            inside.flat[rng.integers(inside.size)] = True
        count = int(inside.sum())
        which = int(rng.choice([0, count // 2, count - 1, rng.integers(count)]))
        constant = CONSTANTS[rng.integers(len(CONSTANTS))]
        mode = str(rng.choice(["constant", "constant", "zero", *naive.MODES]))
        wanted = dtype
        if rng.random() < 0.4:
            wanted = np.dtype(str(rng.choice(["u1", "i4", "i8", "u8", "f4", "f8", "g", "?", ">i8"])))
        q = 100 * (which + 0.5) / count
        with np.errstate(all="raise"):
            found = imfilter.percentile(
                image,
                q,
                footprint=inside,
                mode=mode,
                cval=constant,
                dtype=wanted if wanted != dtype else None,
            )
        ranks = expected(image, inside, which, mode, constant, wanted.newbyteorder("="))
        assert same(found.astype(ranks.dtype), ranks), (dtype, wanted, mode, constant, image.tolist(), which)


@pytest.mark.slow
@loop_over("dtype", INTEGERS)
@loop_over("constant", [0.5, math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    "filter_", [imfilter.minimum, imfilter.median, imfilter.maximum], ids=lambda f: f.__name__
)
def test_64_bits_by_every_algorithm(dtype, constant, filter_):
    """Windows of all sizes, of samples that differ in bits that float64 does not have."""
    rng = np.random.default_rng(3)
    native = np.dtype(dtype).newbyteorder("=")
    top = int(np.iinfo(native).max)
    image = rng.integers(top - 1000, top - 1, (40, 61), native).astype(dtype)
    for size in (2, 3, 5, 9, 15, 25):
        found = filter_(image, size, mode="constant", cval=constant)
        padded = np.pad(image.astype(native), [(size // 2, size - 1 - size // 2)] * 2)
        inner = np.pad(np.ones(image.shape, bool), [(size // 2, size - 1 - size // 2)] * 2)
        shape = (*image.shape, size * size)
        windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size)).reshape(shape)
        there = np.lib.stride_tricks.sliding_window_view(inner, (size, size)).reshape(shape)
        which = {"minimum": 0, "median": size * size // 2, "maximum": size * size - 1}[filter_.__name__]
        count, last = there.sum(axis=-1), constant != constant or constant > 1
        # Those of the image in order, those of the border all behind or all before them.
        filler = np.iinfo(native).max if last else np.iinfo(native).min
        ordered = np.sort(np.where(there, windows, filler))
        border_key = which >= count if last else which < size * size - count
        wanted = np.where(border_key, placed(constant, native), ordered[..., which])
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("dtype", ["g", ">g"])
def test_long_doubles_come_back_as_they_are(dtype):
    rng = np.random.default_rng(4)
    image = (rng.normal(size=(31, 45)).astype(np.longdouble) / 3).astype(dtype)
    native = image.astype(np.longdouble)
    for filter_ in (imfilter.minimum, imfilter.median, imfilter.maximum):
        np.testing.assert_array_equal(filter_(image, 1), native)
    for size in (3, 8):
        padded = np.pad(native, [(size // 2, size - 1 - size // 2)] * 2, "reflect")
        windows = np.sort(np.lib.stride_tricks.sliding_window_view(padded, (size, size)).reshape(31, 45, -1))
        for filter_, which in (
            (imfilter.minimum, 0),
            (imfilter.median, size * size // 2),
            (imfilter.maximum, -1),
        ):
            np.testing.assert_array_equal(filter_(image, size), windows[..., which])
    cells = np.lib.stride_tricks.sliding_window_view(native, (4, 5))[::4, ::5]
    np.testing.assert_array_equal(imfilter.max_pool(image, (4, 5)), cells.max(axis=(2, 3)))
    assert imfilter.global_pool(image, "min") == native.min()
    assert imfilter.global_pool(image, "max") == native.max()
    assert imfilter.pyramid_pool(image, (1, 2), "min")[0] == native.min()
    assert imfilter.pyramid_pool(image, (2,), "max").max() == native.max()


def test_pools_of_long_doubles_keep_their_order():
    """NaN is passed on by minima too, -0.0 comes before 0.0, and a window without a sample is infinite."""
    zeros = np.array([0.0, -0.0, 0.0], np.longdouble)
    assert np.signbit(imfilter.global_pool(zeros, "min"))
    assert not np.signbit(imfilter.global_pool(zeros, "max"))
    mixed = np.array([1.0, np.nan, 3.0, np.inf, -np.inf, 2.0], np.longdouble) / 3
    for reduce in ("min", "max"):
        assert np.isnan(imfilter.global_pool(mixed, reduce))
    assert imfilter.global_pool(mixed[2:], "min") == -np.inf
    assert imfilter.max_pool(mixed[:1], 2, padding=1, dilation=2).tolist() == [-np.inf]
    assert imfilter.max_pool(mixed[:1], 2, padding=1, dilation=2, dtype="i2").tolist() == [-(2**15)]
    out = np.zeros(2, ">g")
    assert imfilter.max_pool(mixed[2:4][::-1], 1, out=out) is out
    assert out.tolist() == [np.inf, 1.0]


def test_a_constant_keeps_all_its_digits():
    """An integer is not rounded to a float on its way, and a long double is not narrowed."""
    image = np.array([2**53, 2**53 + 2], np.int64)
    assert imfilter.maximum(image[:1], 3, mode="constant", cval=2**53 + 1).tolist() == [2**53 + 1]
    assert imfilter.median(image, 2, mode="constant", cval=2**53 + 1).tolist() == [2**53 + 1, 2**53 + 2]
    third = np.longdouble(1) / 3
    assert imfilter.minimum(np.ones(1, np.longdouble), 3, mode="constant", cval=third)[0] == third
    # The nearest int64 is not 2**63.
    assert imfilter.maximum(image[:1], 3, mode="constant", cval=2.0**63, dtype=float).tolist() == [2.0**63]


def test_no_argument_is_changed():
    image = np.array([5, -(2**63), 2**63 - 1, 7], np.int64)
    before = image.copy()
    for cval in (math.nan, 0.5, math.inf):
        imfilter.median(image, 3, mode="constant", cval=cval)
        imfilter.median(image[:1], 3, mode="constant", cval=cval)
    np.testing.assert_array_equal(image, before)
    out = image.copy()
    assert imfilter.maximum(out, 3, mode="constant", cval=math.nan, out=out) is out
    assert out.tolist() == [0, 2**63 - 1, 2**63 - 1, 0]
