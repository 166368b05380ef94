"""Sums along a line whose samples are shuffled out of registers have the bits of sums of loaded samples."""

import ctypes

import numpy as np
import pytest

import imfilter
from imfilter._filters.linear import sliding_job, symmetry
from imfilter._filters.linear.kernels import symmetric_rows
from imfilter._filters.linear.kernels.symmetric_sums import ABOUT, CENTRED, EVEN, ODD
from imfilter._simd.registers import BYTES, FEATURES
from tests.looping import loop_over

_ARGUMENTS = [*[ctypes.c_int64] * 5, ctypes.c_double, *[ctypes.c_int64] * 4]


def sums(line, half, apart, count, step, biased=1):
    """Return `count` sums by a symmetric kernel whose taps are `apart`, with the code for `step`."""
    real, taps = line.dtype, 2 * len(half.taps) + 1
    records = symmetry.records([half], [0], 0, real)
    weights = np.array(symmetry.weights([half], summed=False), real)
    out = np.full(count + 1, 7, real)
    places, to = line.ctypes.data + np.arange(taps) * apart * real.itemsize, np.array([out.ctypes.data])
    overhang = np.zeros(2 * BYTES, np.uint8)
    spare = overhang.ctypes.data, 0
    kinds = real, real, real, 1, symmetry.number([half], [0]), 0, step, biased
    address = symmetric_rows.sum_symmetric.address(*kinds)
    call = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_void_p] * (2 + len(kinds)), *_ARGUMENTS)(address)
    tables = records.ctypes.data, 1, weights.ctypes.data, 0.0
    results = [ctypes.byref(ctypes.c_void_p())] * 2
    call(*results, *[None] * len(kinds), places.ctypes.data, 0, *tables, to.ctypes.data, count, *spare)
    assert out[-1] == 7
    return out[:-1]


@pytest.mark.skipif(not FEATURES.get("avx512f"), reason="these sums need AVX-512")
@loop_over(
    ("taps", "step", "form", "real"),
    [
        (1, 1, EVEN, "f4"),
        (8, 1, CENTRED, "f4"),
        (8, 1, ABOUT, "f8"),
        (24, 1, ABOUT, "f4"),
        (3, 2, ODD, "f4"),
        (8, 3, CENTRED, "f4"),
        (5, 4, ABOUT, "f8"),
    ],
)
def test_the_bits_of_loaded_samples(taps, step, form, real):
    rng = np.random.default_rng(taps)
    half = symmetry.Half(tuple(range(2 * taps + 1)), form, tuple(rng.normal(size=taps)), float(rng.normal()))
    memory = rng.normal(size=1000).astype(real)
    for first, count in ((256, 1), (256, 64), (261, 65), (256, 200), (270, 31)):
        line = memory[first:]
        expected = sums(line, half, step, count, 0)
        np.testing.assert_array_equal(sums(line, half, step, count, step), expected)
        np.testing.assert_array_equal(sums(line, half, step, count, step, 0), expected)


def test_where_samples_are_shuffled(monkeypatch):
    """Written-out taps at equal distances of up to four samples, on lines in their own order."""
    monkeypatch.setattr(sliding_job, "FEATURES", {"avx512f": True})
    plain, lanes = {"lane_layout": False}, {"lane_layout": True}
    taps = np.arange(17)
    assert [sliding_job._step(plain, taps * n, 5) for n in (1, 3, 4, 5, 16)] == [1, 3, 4, 0, 0]
    assert sliding_job._step(lanes, taps, 5) == 0
    assert sliding_job._step(plain, taps, -1) == 0
    assert sliding_job._step(plain, np.array([0, 1, 3]), 5) == 0
    monkeypatch.setattr(sliding_job, "FEATURES", {})
    assert sliding_job._step(plain, taps, 5) == 0


def test_no_negative_zeros():
    """A sum is added to the bias, so none is -0.0."""
    for shape in ((300,), (3, 300)):
        found = imfilter.gaussian(np.full(shape, -0.0, np.float32), 2)
        assert not np.signbit(found).any()
