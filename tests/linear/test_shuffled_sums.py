"""Sums along a line whose samples are shuffled out of registers have the bits of sums of loaded samples."""

import ctypes
import subprocess
import sys

import numpy as np
import pytest

import imfilter
from imfilter._base import warmup
from imfilter._filters.linear import sliding_job, symmetry
from imfilter._filters.linear.kernels import symmetric_rows
from imfilter._filters.linear.kernels.symmetric_sums import ABOUT, CENTRED, EVEN, ODD
from imfilter._simd import jit
from imfilter._simd.registers import BYTES, FEATURES
from tests.looping import loop_over

SHUFFLES = FEATURES.get("avx512f") or FEATURES.get("avx2")
_ARGUMENTS = [*[ctypes.c_int64] * 5, ctypes.c_double, *[ctypes.c_int64] * 4]


def sums(line, half, apart, count, step, biased=1, bias=0.0):
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
    tables = records.ctypes.data, 1, weights.ctypes.data, bias
    results = [ctypes.byref(ctypes.c_void_p())] * 2
    call(*results, *[None] * len(kinds), places.ctypes.data, 0, *tables, to.ctypes.data, count, *spare)
    assert out[-1] == 7
    return out[:-1]


@pytest.mark.skipif(not SHUFFLES, reason="these sums need AVX2 or AVX-512")
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
    memory, bits = rng.normal(size=1000).astype(real), {"f4": "u4", "f8": "u8"}[real]
    memory[rng.random(1000) < 0.3] = -0.0
    # Like the NaN of inf - inf, so that no result depends on which of two is returned.
    for special in (np.copysign(np.nan, -1), np.inf, -np.inf, np.finfo(real).smallest_subnormal):
        memory[rng.choice(1000, 5, replace=False)] = special
    for first, count in ((256, 1), (256, 64), (261, 65), (256, 200), (270, 31)):
        line = memory[first:]
        expected = sums(line, half, step, count, 0)
        np.testing.assert_array_equal(sums(line, half, step, count, step).view(bits), expected.view(bits))
        # A bias of -0.0 changes no sum.
        expected = sums(line, half, step, count, 0, bias=-0.0)
        np.testing.assert_array_equal(sums(line, half, step, count, step, 0).view(bits), expected.view(bits))


def test_where_samples_are_shuffled(monkeypatch):
    """Written-out taps at equal distances of up to four samples, on lines in their own order."""
    plain, lanes = {"lane_layout": False}, {"lane_layout": True}
    taps = np.arange(17)
    for name in ("avx2", "avx512f"):
        monkeypatch.setattr(sliding_job, "FEATURES", {name: True})
        assert [sliding_job._step(plain, taps * n, 5) for n in (1, 3, 4, 5, 16)] == [1, 3, 4, 0, 0]
    assert sliding_job._step(lanes, taps, 5) == 0
    assert sliding_job._step(plain, taps, -1) == 0
    assert sliding_job._step(plain, np.array([0, 1, 3]), 5) == 0
    monkeypatch.setattr(sliding_job, "FEATURES", {})
    assert sliding_job._step(plain, taps, 5) == 0


@pytest.fixture
def asked(monkeypatch, no_remembered_calls):
    """Return a function that returns the kernels and kinds that a call asks for."""
    found, code = set(), jit.Kernel._code

    def noted(kernel, kinds):
        found.add((kernel, kinds))
        return code(kernel, kinds)

    def asked(call, *args, **options):
        for function in (sliding_job.prepared, sliding_job._of_lines, sliding_job._fixed):
            function.cache_clear()
        found.clear()
        call(*args, **options)
        return set(found)

    monkeypatch.setattr(jit.Kernel, "_code", noted)
    return asked


def picture(channels, dtype):
    """Return a picture, and the option for its channels."""
    if channels == 1:
        return np.zeros((20, 90), dtype), {}
    return np.zeros((20, 30, channels), dtype), {"channel_axis": -1}


def steps(kernels):
    """Return the steps of symmetric sums of one output."""
    sums = [kinds for kernel, kinds in kernels if kernel is symmetric_rows.sum_symmetric]
    return {step for _, _, _, outputs, _, _, step, _ in sums if outputs == 1}


@loop_over("channels", [1, 2, 3, 4, 5])
def test_the_steps_of_filters(channels, asked):
    """Sums along a line are shuffled in every layer of a filter, and also where they are the only ones."""
    image, options = picture(channels, np.float32)
    expected = {channels if channels < 5 and SHUFFLES else 0}
    assert steps(asked(imfilter.gaussian, image, 2, **options)) == expected
    assert steps(asked(imfilter.gaussian, image, 2, axes=1, **options)) == expected
    assert steps(asked(imfilter.difference_of_gaussians, image, 1, 2, **options)) == expected


@loop_over("dtype", ["u1", "f4"])
@loop_over("channels", [1, 3, 4])
def test_the_warmup_has_all_gaussians(channels, dtype, asked):
    image, options = picture(channels, dtype)
    listed = set(warmup._combinations())
    kernels = set()
    for sigma in (0.5, 1, 1.5, 2):
        kernels |= asked(imfilter.gaussian, image, sigma, **options)
    assert steps(kernels)
    assert kernels <= listed


def test_other_sums_of_one_output_are_in_the_warmup(asked):
    """Planes that are summed one by one, outputs that are not neighbours, and lines of floats."""
    listed = set(warmup._combinations())
    volume, image = np.zeros((9, 12, 40), np.float32), np.zeros((40, 50), np.float32)
    binomial = np.array([1, 4, 6, 4, 1]) / 16
    for kernels in (
        asked(imfilter.gaussian, volume, 1, mode="constant", cval=3),
        asked(imfilter.gaussian, image[0], 2),
        asked(imfilter.correlate, image, np.outer(binomial, binomial), stride=2),
    ):
        assert steps(kernels)
        assert kernels <= listed


@loop_over("dtype", ["f4", "f8"])
@loop_over("kernel", [[1, 0, 1], [1, 0, 0, 0, 1]])
@loop_over("shape", [(300,), (3, 300)])
def test_no_negative_zeros(shape, kernel, dtype):
    """A sum is added to the bias, and a bias is never -0.0."""
    taps = np.reshape(kernel, (1,) * (len(shape) - 1) + (-1,))
    for bias in (0.0, -0.0):
        assert not np.signbit(imfilter.correlate(np.full(shape, -0.0, dtype), taps, bias=bias)).any()


@loop_over("bias", [0.0, 7.0])
@loop_over("shape", [(1, 9), (9, 9)])
def test_the_bias_of_integers(shape, bias):
    image = np.random.default_rng(0).integers(0, 50, (30, 90), np.uint8)
    taps = np.outer(*[np.array([1, 2, 4, 8, 2, 8, 4, 2, 1])[:n] if n > 1 else [1] for n in shape])
    expected = imfilter.correlate(image.astype(np.float64), taps / taps.sum()) + bias
    found = imfilter.correlate(image, taps / taps.sum(), bias=bias, dtype=np.uint8)
    assert np.abs(found - expected).max() < 0.501


#: A workspace that begins where memory begins that may be read.
AT_THE_START = """
import ctypes, mmap, types
import numpy as np
import imfilter
from imfilter._base import program
page, kept = mmap.PAGESIZE, []
def zeros(size, dtype):
    memory = mmap.mmap(-1, page + size)
    whole = np.frombuffer(memory, np.uint8)
    assert not ctypes.CDLL(None).mprotect(ctypes.c_void_p(whole.ctypes.data), ctypes.c_size_t(page), 0)
    kept.append(whole)
    return whole[page:]
program.np = types.SimpleNamespace(**{**vars(np), "zeros": zeros})
for channels in (1, 3):
    for taps in (5, 9, 17, 33):
        kernel = np.ones((1, taps)) + np.eye(1, taps, taps // 2)
        image = np.ones((3, 200, channels), np.float32)
        found = imfilter.correlate(image, kernel, padding="valid", channel_axis=-1, workers=1)
        assert (found == taps + 1).all()
assert kept
"""


@pytest.mark.skipif(sys.platform != "linux", reason="protects memory by a call of Linux")
def test_no_sample_before_the_workspace_is_read():
    subprocess.run([sys.executable, "-c", AT_THE_START], check=True)
