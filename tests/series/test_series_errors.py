"""What the filters of series refuse, and in which words."""

import re

import numpy as np
import pytest

from imfilter import series
from tests.looping import loop_over

X = np.arange(12.0)

WRONG = [
    (
        lambda: series.moving_average(X, 1 << 40),
        ValueError,
        "size must be at most 2147483647, got 1099511627776",
    ),
    (lambda: series.savgol(X, 1 << 70, 1), ValueError, "size must be at most 2147483647"),
    (lambda: series.Stream(series.median, 3, channels=1 << 70), ValueError, "channels must be at most"),
    (
        lambda: series.difference(X, 2, 1e200),
        ValueError,
        "spacing**2 must be from 1e-300 to 1e300, got spacing=1e+200",
    ),
    (lambda: series.savgol(X, 5, 2, 2, spacing=1e-200), ValueError, "spacing**2 must be from"),
    (
        lambda: series.weighted_average(X, [1e308, 1e308]),
        ValueError,
        "weights must have a sum below 1.8e308",
    ),
    (
        lambda: series.exponential(X, alpha=0.5, adjust=True, mode="zero"),
        ValueError,
        "adjust must be False with mode='zero'",
    ),
    (lambda: series.moving_average(X, 0), ValueError, "size must be at least 1, got 0"),
    (lambda: series.moving_average(X, 2.0), TypeError, "size must be an integer, got 2.0"),
    (lambda: series.moving_average(3.0, 2), ValueError, "x must have at least one axis"),
    (
        lambda: series.moving_average(X + 1j, 2),
        TypeError,
        "x must contain real numbers, got dtype complex128",
    ),
    (lambda: series.embed(np.ma.array(X)), TypeError, "x must be an array without mask"),
    (lambda: series.moving_average(X, 2, axis=1), ValueError, "axis must be from -1 to 0"),
    (
        lambda: series.moving_average(X, 2, align="left"),
        ValueError,
        "align must be one of 'centre', 'causal'",
    ),
    (
        lambda: series.moving_average(X, 2, align=1),
        TypeError,
        "align must be one of 'centre', 'causal', got 1",
    ),
    (lambda: series.moving_average(X, 2, mode="nearest"), ValueError, "here it is called 'edge'"),
    (lambda: series.moving_average(X, 2, mode="fit"), ValueError, "'shrink', got 'fit'"),
    (lambda: series.moving_average(X, 2, mode="reflect"), ValueError, "is ambiguous"),
    (
        lambda: series.moving_average(X, 2, mode="mirror", align="causal"),
        ValueError,
        "mode must be one of 'edge', 'zero', 'constant', 'valid', 'shrink' with align='causal', got 'mirror'",
    ),
    (
        lambda: series.savgol(X, 3, 1, mode="fit", align="causal"),
        ValueError,
        "got 'fit', which makes the first",
    ),
    (lambda: series.moving_average(X, 2, nan="skip"), ValueError, "nan must be one of 'propagate', 'ignore'"),
    (lambda: series.moving_average(X, 2, cval="0"), TypeError, "cval must be a number, got '0'"),
    (lambda: series.moving_average(X, 2, out=np.empty(3)), ValueError, "out must have shape (12,), got (3,)"),
    (lambda: series.moving_average(X, 2, dtype=complex), TypeError, "dtype must be a real NumPy dtype"),
    (lambda: series.moving_average(X, 2, workers=0), ValueError, "workers must be at least 1, got 0"),
    (lambda: series.moving_average(X, 2, algn="causal"), TypeError, "did you mean 'align'?"),
    (
        lambda: series.weighted_average(X, [1, -1]),
        ValueError,
        "weights must have a sum other than 0, got 0.0",
    ),
    (lambda: series.weighted_average(X, [[1, 1]]), ValueError, "weights must have 1 axis, got 2"),
    (lambda: series.weighted_average(X, []), ValueError, "weights must not be empty"),
    (lambda: series.weighted_average(X, [1, np.nan]), ValueError, "weights must be finite, got nan"),
    (lambda: series.gaussian(X, -1.0), ValueError, "sigma must be at least 0, got -1.0"),
    (
        lambda: series.exponential(X),
        ValueError,
        "exactly one of alpha, span and halflife must be given, got none",
    ),
    (lambda: series.exponential(X, alpha=0.5, span=3), ValueError, "got alpha and span"),
    (
        lambda: series.exponential(X, alpha=0),
        ValueError,
        "alpha must be greater than 0 and at most 1, got 0.0",
    ),
    (lambda: series.exponential(X, span=0.5), ValueError, "span must be at least 1, got 0.5"),
    (lambda: series.exponential(X, halflife=0), ValueError, "halflife must be positive, got 0.0"),
    (
        lambda: series.exponential(X, alpha=0.5, mode="valid"),
        ValueError,
        "mode must be one of 'edge', 'zero', 'constant', 'shrink', got 'valid'",
    ),
    (
        lambda: series.exponential(X, alpha=0.5, mode="wrap", align="centre"),
        ValueError,
        "exponential mean, got 'wrap'",
    ),
    (lambda: series.exponential(X, alpha=0.5, adjust=1), TypeError, "adjust must be True or False, got 1"),
    (lambda: series.savgol(X, 3, 3), ValueError, "order must be less than size=3, got 3"),
    (lambda: series.savgol(X, 3, 1, -1), ValueError, "deriv must be at least 0, got -1"),
    (lambda: series.difference(X, 3), ValueError, "order must be at most 2, got 3"),
    (lambda: series.difference(X, 1, 0.0), ValueError, "spacing must be positive, got 0.0"),
    (lambda: series.difference(X, 1, [1, 2]), ValueError, "spacing must be one number"),
    (lambda: series.causal(X, [[1.0]]), ValueError, "kernel must have 1 axis, got 2"),
    (lambda: series.causal(X, [1, 2], np.inf), ValueError, "bias must be finite, got inf"),
    (
        lambda: series.causal(X, [1, 2], initial="none"),
        ValueError,
        "initial must be one of 'zero', 'edge', 'valid'",
    ),
    (
        lambda: series.causal(X, [1, 2], initial=None),
        TypeError,
        "initial must be 'zero', 'edge', 'valid' or an array",
    ),
    (lambda: series.causal(X, [1, 2], initial=[1, 2]), ValueError, "initial must have 1 samples"),
    (
        lambda: series.causal(np.ones((4, 5)), [1, 2, 3], initial=np.ones((2, 4))),
        ValueError,
        "initial must have shape (2,) or (4, 2), got (2, 4)",
    ),
    (lambda: series.causal(X, [1, 2], mode="edge"), TypeError, "causal() has no argument 'mode'"),
    (lambda: series.timing(np.mean), TypeError, "filter must be one of the functions"),
    (lambda: series.timing(series.median), TypeError, "median(): missing a required argument: 'size'"),
    (lambda: series.timing(series.median, 0), ValueError, "size must be at least 1"),
    (lambda: series.check_causal(3, 4), TypeError, "f must be a function of a series, got 3"),
    (lambda: series.check_causal(np.cumsum, 0), ValueError, "n must be at least 1, got 0"),
    (
        lambda: series.check_causal(np.cumsum, 4, x=X),
        ValueError,
        "x must have shape (4,) for n=4, got (12,)",
    ),
    (lambda: series.check_causal(np.cumsum, 4, tolerance=-1), ValueError, "tolerance must not be negative"),
    (
        lambda: series.check_causal(np.sum, 4),
        ValueError,
        "f must return 4 numbers of 4 samples, got shape ()",
    ),
    (
        lambda: series.check_causal(lambda x: np.ones(9), 4),
        ValueError,
        "no more numbers than samples, got 9 of 4",
    ),
    (lambda: series.Stream(np.mean), TypeError, "filter must be one of the functions"),
    (
        lambda: series.Stream(series.median, 3, align="centre"),
        ValueError,
        "align must be 'causal' in a stream",
    ),
    (lambda: series.Stream(series.median, 3, axis=0), TypeError, "axis must be left out"),
    (lambda: series.Stream(series.median, 3, channels=0), ValueError, "channels must be at least 1, got 0"),
    (lambda: series.Stream(series.median, 3, sise=3), TypeError, "median() has no argument 'sise'"),
    (lambda: series.Stream(series.median, 3).push([[1.0]]), ValueError, "got shape (1, 1)"),
    (lambda: series.Stream(series.median, 3).push(1j), TypeError, "samples must"),
    (lambda: series.Stream(series.median, 3).push("high"), TypeError, "samples must"),
    (
        lambda: series.Stream(series.median, 3, channels=2).push(1.0),
        ValueError,
        "shape (2,), or (n, 2) for a chunk",
    ),
    (
        lambda: series.Stream(series.causal, [1, 2], initial=np.ones((1, 3)), channels=2),
        ValueError,
        "initial must have shape (1,) or (1, 2), got (1, 3)",
    ),
    (lambda: series.Stream.from_state(3), TypeError, "state must be a dictionary from Stream.state, got int"),
    (lambda: series.Stream.from_state({}), ValueError, "state must be a dictionary from Stream.state"),
]


@loop_over(("call", "kind", "words"), WRONG)
def test_errors(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_a_refused_chunk_leaves_the_stream_as_it_was():
    stream = series.Stream(series.moving_average, 2)
    stream.push(2.0)
    with pytest.raises(ValueError, match="shape"):
        stream.push(np.ones((2, 2)))
    assert stream.push(4.0) == 3.0
