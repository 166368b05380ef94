"""Missing data in streams of series, and masks that are refused."""

import math
import pickle
from functools import partial

import numpy as np
import pytest

from imfilter import series
from tests.looping import loop_over
from tests.series.missing_cases import CALLS, bits

RNG = np.random.default_rng(2021)

STREAMS = [c for c in CALLS if c[2].get("align") != "centre"]


def has_ends(call, mode):
    f, _, own = call
    return f is not series.exponential or not (mode == "valid" or (own.get("adjust") and mode == "zero"))


@loop_over(
    ("call", "mode"),
    [(c, m) for c in STREAMS for m in ("edge", "zero", "shrink", "valid") if has_ends(c, m)],
)
@pytest.mark.slow
def test_streams_with_masks_are_bit_identical_to_whole_series(call, mode):
    f, given, own = call
    how = {"initial": "edge" if mode == "shrink" else mode} if f is series.causal else {"mode": mode}
    x = RNG.normal(size=(48, 2))
    x[RNG.random(x.shape) < 0.1] = np.nan
    for mask in (RNG.random(x.shape) > 0.3, np.where(RNG.random(x.shape) > 0.3, RNG.random(x.shape), 0)):
        for least, nan in ((0.0, "ignore"), (0.4, "ignore"), (0.4, "propagate")):
            options = {**own, **how, "min_coverage": least, "nan": nan}
            causal = {} if f is series.causal else {"align": "causal"}
            expected = f(x, *given, mask=mask, axis=0, **causal, **options)
            for length in (1, 5, 33):
                stream = series.Stream(f, *given, channels=2, **options)
                found = []
                for i in range(0, len(x), length):
                    found.append(stream.push(x[i : i + length], mask[i : i + length]))
                    stream = pickle.loads(pickle.dumps(stream)) if length > 1 else stream
                np.testing.assert_array_equal(bits(np.concatenate(found)), bits(expected))


def test_streams_take_single_masks_and_masked_arrays():
    stream = series.Stream(series.moving_average, 3, min_coverage=0.5)
    assert stream.push(3.0) == 3.0
    assert stream.push(9.0) == 5.0
    assert stream.push(1e9, mask=False) == 6.0
    assert math.isnan(stream.push(np.nan, mask=False))
    assert stream.push(2.0, mask=0.0) is not None
    stream = series.Stream(series.moving_average, 2, channels=3)
    chunk = np.arange(12.0).reshape(4, 3)
    by_time = stream.push(chunk, mask=[True, False, True, True])
    whole = series.moving_average(chunk, 2, axis=0, align="causal", mask=[True, False, True, True])
    np.testing.assert_array_equal(by_time, whole)
    stream = series.Stream(series.moving_average, 2, mode="shrink")
    result = stream.push(np.ma.MaskedArray([5.0, 1.0, 3.0], [True, True, False]))
    np.testing.assert_array_equal(result.mask, [True, True, False])
    assert stream.push(np.ma.masked) == 3.0
    assert stream.push(np.ma.masked) is np.ma.masked


def test_the_first_stage_of_a_cascade_takes_the_mask():
    x, mask = RNG.normal(size=80), RNG.random(80) > 0.3
    slope = series.Cascade(partial(series.median, size=5), series.difference)
    expected = series.difference(series.median(x, 5, mask=mask))
    np.testing.assert_array_equal(slope(x, mask=mask), expected)
    stream = series.Stream(slope)
    found = [stream.push(x[i : i + 9], mask[i : i + 9]) for i in range(0, 80, 9)]
    late = series.difference(series.median(x, 5, align="causal", mask=mask), align="causal")
    np.testing.assert_array_equal(np.concatenate(found), late)


def test_a_refused_mask_leaves_the_stream_as_it_was():
    stream = series.Stream(series.moving_average, 2)
    stream.push(2.0)
    with pytest.raises(ValueError, match=r"mask must have shape \(\), got \(2,\)"):
        stream.push(4.0, mask=[True, True])
    with pytest.raises(TypeError, match="mask must be left out: pass it to push"):
        series.Stream(series.moving_average, 2, mask=[True])
    assert stream.push(4.0) == 3.0
