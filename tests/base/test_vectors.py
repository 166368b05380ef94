"""Operators and functions of vectors, against NumPy."""

import numba
import numpy as np
import pytest

from imfilter._simd.lanewise import (
    absolute,
    any_nan,
    bits_of,
    convert,
    count_lanes,
    fma,
    full_like,
    lanes_from,
    larger,
    maximum,
    minimum,
    root,
    smaller,
    where,
    whole,
)
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import load, load_registers, store

U8, F32, F64 = np.dtype(np.uint8), np.dtype(np.float32), np.dtype(np.float64)
FLOATS = [F32, F64]
RNG = np.random.default_rng(0)


def samples(dtype, seed):
    """Enough for a vector. Floats have both zeros, both infinities, NaN and halves, in pairs with others."""
    count, rng = BYTES // dtype.itemsize, np.random.default_rng(seed)
    if dtype.kind in "iu":
        found = rng.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, count, dtype, endpoint=True)
        found[:3] = 7
        return found
    found = rng.normal(0, 3, count).astype(dtype)
    special = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 2.5, -0.5, 1.0], dtype)
    return rng.permutation(np.concatenate([found, special])[-count:])


def computed(formula, a, b, to=None):
    """The result of a formula of two vectors, of type `to`."""
    source, target, formula = a.dtype, a.dtype if to is None else to, numba.njit(formula)

    @numba.njit(error_model="numpy")
    def run(at_a, at_b, at):
        store(at, target, formula(load(source, at_a, source), load(source, at_b, source)))

    result = np.empty(a.shape, target)
    run(a.ctypes.data, b.ctypes.data, result.ctypes.data)
    return result


def same_bits(found, expected):
    assert found.dtype == expected.dtype
    both = np.isnan(expected) if expected.dtype.kind == "f" else np.zeros(expected.shape, bool)
    if both.any():
        assert np.isnan(found[both]).all()
    np.testing.assert_array_equal(found[~both].view(U8), expected[~both].view(U8))


@pytest.mark.parametrize("dtype", [*FLOATS, *map(np.dtype, "bHlL")], ids=str)
@pytest.mark.slow
def test_comparisons_are_those_of_numpy(dtype):
    def formula(a, b):
        none = full_like(a, U8, 0)
        ordered = where(a < b, 1, none) + where(a <= b, 2, none) + where(a > b, 4, none)
        return ordered + where(a >= b, 8, none) + where(a == b, 16, none) + where(a != b, 32, none)

    a, b = samples(dtype, 1), samples(dtype, 2)
    b[::3] = a[::3]
    with np.errstate(invalid="ignore"):
        relations = [a < b, a <= b, a > b, a >= b, a == b, a != b]
    assert all(r.any() and not r.all() for r in relations)
    expected = sum(r.astype(U8) << i for i, r in enumerate(relations))
    same_bits(computed(formula, a, b, U8), expected)


@pytest.mark.parametrize("dtype", [*FLOATS, *map(np.dtype, "bHlL")], ids=str)
@pytest.mark.slow
def test_extremes_are_those_of_numpy(dtype):
    a, b = samples(dtype, 3), samples(dtype, 4)
    lower, upper = np.minimum(a, b), np.maximum(a, b)
    if dtype.kind == "f":  # NumPy takes either zero
        zeros = (a == 0) & (b == 0)
        lower[zeros] = np.where(np.signbit(a) | np.signbit(b), -0.0, 0.0)[zeros]
        upper[zeros] = np.where(np.signbit(a) & np.signbit(b), -0.0, 0.0)[zeros]
    same_bits(computed(lambda a, b: minimum(a, b), a, b), lower)
    same_bits(computed(lambda a, b: maximum(a, b), a, b), upper)
    with np.errstate(invalid="ignore"):
        same_bits(computed(lambda a, b: smaller(a, b), a, b), np.where(a < b, a, b))
        same_bits(computed(lambda a, b: larger(a, b), a, b), np.where(a > b, a, b))


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.slow
def test_numbers_fill_every_lane_and_signs_of_zeros_stay(dtype):
    a, b = samples(dtype, 5), samples(dtype, 6)
    two, half = dtype.type(2), dtype.type(0.5)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        same_bits(computed(lambda a, b: 2.0 - a * 0.5, a, b), two - a * half)
        same_bits(computed(lambda a, b: (a + 2) / b, a, b), (a + two) / b)
        same_bits(computed(lambda a, b: -a, a, b), -a)
        same_bits(computed(lambda a, b: 0.0 - a, a, b), dtype.type(0) - a)
        same_bits(computed(lambda a, b: root(absolute(a)), a, b), np.sqrt(np.abs(a)))
        same_bits(computed(lambda a, b: whole(a), a, b), np.rint(a))


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_masks_combine(dtype):
    a, b = samples(dtype, 7), samples(dtype, 8)

    def formula(a, b):
        either = (a < 0.0) | (b < 0.0)
        one = either & ~((a < 0.0) & (b < 0.0))
        same = (bits_of(a) ^ bits_of(b)) >= 0
        return where(one ^ same, where(either, a, 1.0), where(same, 2.0, b))

    with np.errstate(invalid="ignore"):
        one, either = (a < 0) ^ (b < 0), (a < 0) | (b < 0)
    same = np.signbit(a) == np.signbit(b)
    expected = np.where(one ^ same, np.where(either, a, 1), np.where(same, 2, b)).astype(dtype)
    same_bits(computed(formula, a, b), expected)


@pytest.mark.parametrize("dtype", [*map(np.dtype, "bHlL")], ids=str)
def test_integers_have_bits(dtype):
    a, b = samples(dtype, 9), samples(dtype, 10)
    same_bits(computed(lambda a, b: (a & b) ^ (a | b), a, b), a ^ b)


def test_the_bits_of_floats_are_no_operands():
    a = samples(F32, 11)
    with pytest.raises(numba.TypingError):
        computed(lambda a, b: a & b, a, a)


def test_lanes_are_taken_from_two_vectors():
    a, b = samples(F64, 12), samples(F64, 13)
    expected = np.concatenate([a, b])[3 : 3 + a.size]
    same_bits(computed(lambda a, b: lanes_from(a, b, 3), a, b), expected)


def test_float64_is_rounded_to_float32():
    a = np.random.default_rng(14).normal(size=BYTES // 8)
    found = computed(lambda a, b: convert(F64, convert(F32, a)), a, a)
    assert (found != a).any()
    same_bits(found, a.astype(F32).astype(F64))


@pytest.mark.parametrize("dtype", [F32, *map(np.dtype, "bHl")], ids=str)
def test_lanes_are_counted(dtype):
    a = samples(dtype, 15)

    @numba.njit
    def run(at):
        return count_lanes(load(dtype, at, dtype) > 0)

    with np.errstate(invalid="ignore"):
        assert run(a.ctypes.data) == np.count_nonzero(a > 0)


def test_nan_is_found_in_any_lane():
    @numba.njit
    def run(at):
        return any_nan(load(F32, at, F32))

    a = np.full(BYTES // 4, np.inf, F32)
    assert not run(a.ctypes.data)
    for i in range(a.size):
        a[i] = np.nan
        assert run(a.ctypes.data)
        a[i] = 0


def test_multiply_add_is_the_product_and_the_sum():
    a, b = np.arange(BYTES // 8) + 0.5, np.arange(BYTES // 8)[::-1] - 3.0
    same_bits(computed(lambda a, b: fma(a, b, a), a, b), a * b + a)


def stored(values, registers, lanes, target):
    """Values of type `target` that vectors of so many registers and lanes store."""
    real, width = values.dtype, target.itemsize
    size = real.itemsize

    @numba.njit
    def run(at, to, count):
        for i in range(0, count, lanes):
            store(to + i * width, target, load_registers(real, registers, at + i * size, real))

    found = np.empty(values.shape, target)
    run(values.ctypes.data, found.ctypes.data, len(values))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("registers", [1, 2, 4, 8])
@pytest.mark.parametrize("real", FLOATS, ids=str)
def test_floats_are_rounded_and_saturated_in_vectors_of_any_length(real, registers):
    targets = [np.dtype(kind) for kind in "bBhHi"]
    at_limits = [n + d for t in targets for n in (np.iinfo(t).min, np.iinfo(t).max) for d in (-1, -0.5, 0.5)]
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, 2.5, -0.5, 0.5, 1.5, 1e9, -3e9, 3e9, 1e30, -1e30]
    count = registers * BYTES // 4 // real.itemsize
    ties = np.arange(-200, 300) + 0.5
    values = np.concatenate([special, at_limits, ties, RNG.normal(0, 9e4, 400)]).astype(real)
    values = RNG.permutation(np.append(values, np.zeros(-len(values) % count, real)))
    for target in targets:
        found = stored(values, registers, count, target)
        limits = np.iinfo(target)
        whole = np.clip(np.rint(np.nan_to_num(values.astype(np.float64), nan=0.0)), limits.min, limits.max)
        np.testing.assert_array_equal(found, whole.astype(target), err_msg=str(target))
