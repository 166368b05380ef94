"""Series of other types than float64, which are converted block by block."""

import tracemalloc

import numpy as np
import pytest

from imfilter import series
from imfilter._base import denormals
from imfilter._filters.series import pieces
from imfilter._filters.series import windows as blocks
from tests.looping import loop_over

CALLS = {
    "sum": lambda x, size, **options: series.moving_sum(x, size, **options),
    "mean": lambda x, size, **options: series.moving_average(x, size, **options),
    "minimum": lambda x, size, **options: series.moving_minimum(x, size, **options),
    "variance": lambda x, size, **options: series.moving_variance(x, size, **options),
    "weighted": lambda x, size, **options: series.weighted_average(x, np.arange(1.0, size + 1), **options),
    "savgol": lambda x, size, **options: series.savgol(x, 2 * size + 1, 2, **options),
}


@pytest.mark.parametrize("name", CALLS)
@loop_over("dtype", ["float32", "uint8", "int16", "int64"])
@loop_over("shape", [(400,), (3, 100, 3)])
def test_blocks_have_the_bits_of_float64(name, dtype, shape, monkeypatch):
    """Samples and results that are converted block by block have the bits of whole converted arrays."""
    for module in (pieces, blocks):
        monkeypatch.setattr(module, "_BLOCK", 37 * shape[-1])
        monkeypatch.setattr(module, "_BLOCK_WINDOWS", 0)
    monkeypatch.setattr(pieces, "ALONE", 0)
    rng, kind, axis = np.random.default_rng(5), np.dtype(dtype), 0 if len(shape) < 3 else 1
    if kind.kind == "f":
        x = rng.normal(0, 100, shape).astype(kind)
        x[rng.random(shape) < 0.05] = 1e-40  # a denormal number
        x[rng.random(shape) < 0.02] = np.nan
        x[rng.random(shape) < 0.01] = np.inf
    else:
        x = rng.integers(np.iinfo(kind).min // 2, np.iinfo(kind).max // 2, shape, dtype=kind)
    exact = name == "minimum"
    wide = denormals.widened(x, exact=exact)
    if exact and kind.itemsize == 8:
        return  # such integers keep their values
    for size in (1, 4, 13):
        for options in ({}, {"mode": "valid"}, {"align": "causal", "mode": "shrink"}, {"nan": "ignore"}):
            expected = CALLS[name](wide, size, axis=axis, **options)
            for wanted in ("float64", "float32", "uint8", "int64"):
                out = np.empty(expected.shape, wanted)
                denormals.place(expected, out, exact=exact)
                found = CALLS[name](x, size, axis=axis, dtype=wanted, **options)
                np.testing.assert_array_equal(found, out)


@loop_over("name", CALLS)
def test_no_array_of_float64_beside_the_series(name):
    """Beside a series of float32 and its result there are only blocks in memory."""
    x = np.ones(3_000_000, np.float32)
    CALLS[name](x[:50000], 5)
    tracemalloc.start()
    try:
        CALLS[name](x, 5, workers=1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1.5 * x.nbytes
