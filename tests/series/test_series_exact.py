"""Medians of integers of 64 bits and of long doubles are not rounded to float64, at once or live."""

import math
import pickle
from fractions import Fraction

import numpy as np
import pytest

from imfilter import series

NANOSECONDS = 1_700_000_000_123_456_789


def fraction(value):
    """A number as it is, infinite ones as floats."""
    value = value.item() if isinstance(value, np.generic) and value.dtype.itemsize <= 8 else value
    return Fraction(*value.as_integer_ratio()) if math.isfinite(value) else float(value)


def placed(value, dtype):
    """A fraction, an infinite float or None, for NaN, as a type has it: rounded half to even, saturated."""
    if dtype.kind == "f":
        number = math.nan if value is None else value
        if isinstance(number, Fraction) and dtype.itemsize > 8:
            return np.longdouble(number.numerator) / np.longdouble(number.denominator)
        return dtype.type(float(number))
    low, high = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    if value is None:
        return dtype.type(0)
    if isinstance(value, float):
        return dtype.type(high if value > 0 else low)
    return dtype.type(min(max(round(value), low), high))


def by_fractions(x, size, mode, cval, nan, dtype):
    """Causal medians, one by one."""
    before = {"edge": x[:1], "zero": [0], "constant": [cval]}.get(mode, [])
    found = []
    for i in range(size - 1 if mode == "valid" else 0, len(x)):
        window = [
            *(before[0] for _ in range(i - size + 1, 0) if len(before)),
            *x[max(0, i - size + 1) : i + 1],
        ]
        numbers = sorted(fraction(v) for v in window if v == v)
        if not numbers or (nan == "propagate" and len(numbers) < len(window)):
            found.append(placed(None, dtype))
            continue
        low, high = numbers[(len(numbers) - 1) // 2], numbers[len(numbers) // 2]
        infinite = isinstance(low, float) or isinstance(high, float)
        found.append(placed(float(low) + float(high) if infinite else (low + high) / 2, dtype))
    return np.array(found, dtype)


def alike(found, wanted):
    return found.dtype == wanted.dtype and np.array_equal(found, wanted, equal_nan=found.dtype.kind == "f")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.slow
def test_hunt(seed):
    """Whole series and streams of them, in pieces and through pickles, of any border and result type."""
    rng = np.random.default_rng(seed)
    for _ in range(120):
        dtype = np.dtype(str(rng.choice(["i8", "u8", ">i8", "g"])))
        native, n, size = dtype.newbyteorder("="), int(rng.integers(1, 40)), int(rng.integers(1, 9))
        if dtype.kind == "f":  # means of two are exact
            x = rng.integers(-9, 9, n) + rng.integers(0, 8, n) * np.longdouble(2) ** -58
            x[rng.random(n) < 0.1] = np.nan
        else:
            low, high = int(np.iinfo(native).min), int(np.iinfo(native).max)
            ends = [(low, high), (high - 9, high), (NANOSECONDS, NANOSECONDS + 10**7)]
            x = rng.integers(*ends[rng.integers(3)], n, native, endpoint=True)
        x = x.astype(dtype)
        cval = [0.5, 0.0, math.nan, math.inf, 1.7e18, 2**53 + 1, -2.5, NANOSECONDS][rng.integers(8)]
        mode = str(rng.choice(["edge", "zero", "constant", "shrink", "valid"]))
        nan = str(rng.choice(["propagate", "ignore"]))
        wanted = native if rng.random() < 0.6 else np.dtype(str(rng.choice(["f8", "f4", "i4"])))
        options = {"mode": mode, "cval": cval, "nan": nan, "dtype": wanted}
        expected = by_fractions(x, size, mode, cval, nan, wanted)
        found = series.median(x, size, align="causal", **options)
        assert alike(found, expected), (dtype, size, options, x)
        stream, pieces, at = series.Stream(series.median, size, **options), [], 0
        while at < n:
            many = int(rng.integers(1, 6))
            part = stream.push(x[at : at + many]) if many > 1 else stream.push(x[at])
            pieces += (
                []
                if part is None
                else np.atleast_1d(part).tolist()
                if wanted.itemsize <= 8
                else [*np.atleast_1d(part)]
            )
            at += many
            if rng.random() < 0.2:
                stream = pickle.loads(pickle.dumps(stream))
        assert alike(np.array(pieces, wanted), found), (dtype, size, options, x)


@pytest.mark.parametrize("align", ["centre", "causal"])
@pytest.mark.parametrize("size", [3, 4, 25, 200])
def test_times_in_nanoseconds(align, size):
    rng = np.random.default_rng(1)
    t = NANOSECONDS + np.cumsum(rng.integers(1, 10**6, (2, 5000)), axis=1)
    found = series.median(t, size, align=align, mode="valid")
    windows = np.sort(np.lib.stride_tricks.sliding_window_view(t - NANOSECONDS, size, axis=1))
    twice = windows[..., (size - 1) // 2] + windows[..., size // 2]
    expected = [[round(Fraction(2 * NANOSECONDS + int(v), 2)) for v in line] for line in twice.tolist()]
    assert found.dtype == np.int64
    assert found.tolist() == expected
    np.testing.assert_array_equal(series.median(t.T, size, axis=0, align=align, mode="valid"), found.T)
    out = np.empty(found.shape, ">i8")[:, ::-1]
    assert series.median(t, size, align=align, mode="valid", out=out) is out
    np.testing.assert_array_equal(out, found)


def test_samples_of_several_types():
    """They are held in the type that NumPy has for both."""
    stream = series.Stream(series.median, 3, mode="valid")
    assert stream.push(np.array([NANOSECONDS, NANOSECONDS + 1])).tolist() == []
    assert stream.push(np.int64(NANOSECONDS + 2)) == NANOSECONDS + 1
    assert stream.push(0.5) == float(NANOSECONDS + 1)  # from here on of float64
    assert stream.push(np.array([NANOSECONDS + 3])).tolist() == [int(float(NANOSECONDS + 2))]
    for mode, first in (("constant", 0.25), ("zero", 0.0), ("shrink", 7.0), ("edge", 7.0)):
        stream = series.Stream(series.median, 3, mode=mode, cval=0.25)
        assert stream.push(np.array([7])).tolist() == [round(first)]
        whole = series.median([7.0, 1.5, 2.5], 3, align="causal", mode=mode, cval=0.25)
        assert [stream.push(1.5), stream.push(2.5)] == whole[1:].tolist()


def test_a_state_is_checked():
    stream = series.Stream(series.median, 3)
    stream.push(np.array([NANOSECONDS, 1]))
    state = stream.state()
    assert series.Stream.from_state(state).push(np.int64(5)) == 5
    for filter_, held in ((series.gaussian, state["held"]), (series.median, (state["held"][0][:, :1], None))):
        wrong = {
            **state,
            "filter": filter_.__name__,
            "held": held,
            "args": (1,) if filter_ is series.gaussian else (3,),
        }
        with pytest.raises(ValueError, match=r"state\['held'\] must have samples of 1 series"):
            series.Stream.from_state(wrong)


def test_long_doubles_come_back():
    x = (np.arange(40, dtype=np.longdouble) + 1) / 3
    np.testing.assert_array_equal(series.median(x, 3)[1:-1], x[1:-1])
    np.testing.assert_array_equal(series.median(x, 1), x)
    zeros = series.median(np.array([-0.0, -0.0, -0.0], np.longdouble), 3)
    assert not np.signbit(zeros).any()
