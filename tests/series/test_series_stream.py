"""Filters of series that do not look ahead: alike in pieces and as a whole, and those that only seem so."""

import copy
import functools
import itertools
import pickle

import numpy as np
import pytest

from imfilter import series
from tests.looping import loop_over

RNG = np.random.default_rng(11)
MODES = ("edge", "zero", "constant", "shrink", "valid")
WINDOWS = [
    (series.moving_average, (1,), {}),
    (series.moving_average, (7,), {}),
    (series.moving_average, (64,), {}),
    (series.weighted_average, ([1, 2, 4, 0.5],), {}),
    (series.gaussian, (1.5,), {}),
    (series.median, (4,), {}),
    (series.median, (9,), {}),
    (series.moving_minimum, (5,), {}),
    (series.moving_maximum, (24,), {}),
    (series.moving_sum, (7,), {}),
    (series.moving_std, (7, 1), {}),
    (series.moving_variance, (40,), {}),
    (series.moving_quantile, (5, 0.3), {}),
    (series.moving_rank, (6,), {}),
    (series.savgol, (9, 3), {}),
    (series.savgol, (7, 2, 1), {"spacing": 0.1}),
    (series.difference, (1,), {}),
    (series.difference, (2, 0.5), {}),
]
FILTERS = [
    *(
        (f, a, {**o, "mode": m, "cval": 0.3, "nan": n})
        for (f, a, o), m, n in itertools.product(WINDOWS, MODES, ("propagate", "ignore"))
    ),
    *(
        (series.exponential, (), {**o, "nan": n})
        for o, n in itertools.product(
            (
                {"alpha": 0.3},
                {"span": 5000},
                {"halflife": 3.0, "adjust": True},
                {"alpha": 0.2, "mode": "zero"},
                {"alpha": 1e-4, "adjust": True},
                {"alpha": 0.2, "mode": "constant", "cval": 2.0},
            ),
            ("propagate", "ignore"),
        )
    ),
    *(
        (series.causal, (RNG.normal(size=size), 0.1), {"initial": initial})
        for size, initial in itertools.product((1, 2, 25, 40), ("zero", "edge", "valid"))
    ),
    (series.causal, ([1, 2, 3],), {"initial": [0.5, 0.25]}),
]


def bits(array):
    """The array as integers, so that equal means equal."""
    return np.ascontiguousarray(array, np.float64).view(np.int64)


def cuts(n):
    """Random places at which to cut a series, some of them twice, so that there are empty pieces."""
    return np.sort(RNG.integers(0, n + 1, RNG.integers(0, 20)))


def pieces(x):
    return np.split(x, cuts(len(x)))


def noisy(shape, nan):
    x = RNG.normal(size=shape) + 1e3
    if nan == "ignore":
        x[RNG.random(shape) < 0.1] = np.nan
    return x


def causally(call, options):
    return options if call is series.causal else {"align": "causal", **options}


@pytest.mark.slow
@loop_over(("call", "args", "options"), FILTERS)
def test_any_chunking_gives_the_same_bits(call, args, options):
    x = noisy(120, options.get("nan"))
    expected = call(x, *args, **causally(call, options))
    stream = series.Stream(call, *args, **options)
    for turn in range(50):
        stream.reset()
        found = [stream.push(piece) for piece in pieces(x)]
        if turn == 0:
            stream.reset()
            found = [stream.push(v) for v in x.tolist()]
            found = [[v] for v in found if v is not None]
        np.testing.assert_array_equal(bits(np.concatenate(found)), bits(expected))


@pytest.mark.parametrize(("call", "args", "options"), [FILTERS[i] for i in range(0, len(FILTERS), 5)])
@pytest.mark.slow
def test_many_channels(call, args, options):
    for channels in (1, 3, 64):
        x = noisy((150, channels), options.get("nan"))
        expected = call(x, *args, axis=0, **causally(call, options))
        lines = call(np.ascontiguousarray(x.T), *args, **causally(call, options))
        np.testing.assert_array_equal(bits(lines.T), bits(expected))
        stream = series.Stream(call, *args, channels=channels, **options)
        for _ in range(3):
            stream.reset()
            found = []
            for piece in pieces(x):
                found.append(stream.push(piece))
                if RNG.random() < 0.3:
                    stream = pickle.loads(pickle.dumps(stream))
                if RNG.random() < 0.3:
                    stream = series.Stream.from_state(pickle.loads(pickle.dumps(stream.state())))
            np.testing.assert_array_equal(bits(np.concatenate(found)), bits(expected))
        stream.reset()
        rows = [r for r in map(stream.push, x) if r is not None]
        np.testing.assert_array_equal(bits(np.array(rows).reshape(expected.shape)), bits(expected))


def test_large_chunks_and_many_threads():
    """A whole that is cut for threads, and a stream that is not."""
    x = RNG.normal(size=300_000)
    for call, args, options in (
        (series.moving_average, (1000,), {}),
        (series.causal, (RNG.normal(size=25),), {}),
        (series.savgol, (11, 3), {}),
        (series.median, (9,), {"nan": "ignore"}),
        (series.moving_minimum, (300,), {}),
        (series.moving_std, (300,), {}),
        (series.moving_quantile, (9, 0.9), {}),
        (series.moving_rank, (9,), {}),
        (series.exponential, (), {"alpha": 0.01}),
    ):
        expected = call(x, *args, workers=3, **causally(call, options))
        stream = series.Stream(call, *args, **options)
        found = [stream.push(piece) for piece in pieces(x)]
        np.testing.assert_array_equal(bits(np.concatenate(found)), bits(expected))


def test_a_state_is_a_copy():
    stream = series.Stream(series.moving_average, 3)
    stream.push([1.0, 2.0])
    kept = stream.state()
    assert stream.push(6.0) == 3.0
    other = series.Stream.from_state(kept)
    assert other.push(9.0) == 4.0
    assert stream.push(1.0) == 3.0
    assert repr(other) == repr(stream) == "Stream(moving_average, 3, align='causal')"
    stream.reset()
    assert stream.push(5.0) == 5.0


def test_dtypes_of_streams():
    stream = series.Stream(series.moving_average, 2)
    assert stream.push(np.array([1, 2, 5], np.uint8)).dtype == np.uint8
    assert stream.push(np.float32(2)) == np.float32(3.5)
    assert isinstance(stream.push(3), float)
    stream = series.Stream(series.moving_average, 2, dtype="f4")
    assert stream.push([1.0, 2.0]).dtype == np.float32
    assert series.Stream(series.causal, [1, 1], initial="valid").push(3.0) is None
    assert series.Stream(series.median, 3, channels=2).push(np.empty((0, 2))).shape == (0, 2)


#: Filters by the order of samples: a sample that changes may leave a result as it is.
ORDERED = (
    *(series.median, series.moving_maximum, series.moving_minimum, series.moving_quantile),
    series.moving_rank,
)
ALIGNED = [f for f in FILTERS if f[0] is not series.causal and f[2]["nan"] == "propagate"]


@loop_over(("call", "args", "options"), FILTERS)
@pytest.mark.slow
def test_what_claims_not_to_look_ahead_does_not(call, args, options):
    how = causally(call, options)
    assert series.timing(call, *args, **how).lookahead == 0
    assert series.check_causal(lambda x: call(x, *args, **how), 60) == (True, None, 0)


@loop_over(("call", "args", "options"), ALIGNED)
@pytest.mark.slow
def test_what_looks_ahead_is_found_out(call, args, options):
    how = {**options, "align": "centre"}
    found = series.check_causal(lambda x: call(x, *args, **how), 100)
    ahead = series.timing(call, *args, **how).lookahead
    if options.get("mode") == "valid":  # the same numbers as of the causal filter, later
        assert found
    elif call is series.exponential:
        assert not found
    elif call in ORDERED:  # of which not every sample tells
        assert (bool(found), found.lookahead) == (ahead == 0, ahead)
    else:
        first = int(call is series.difference and found.sample == 1)  # the very first may have no result
        assert found == (ahead == 0, None if ahead == 0 else first, ahead)


def test_users_functions():
    assert series.check_causal(np.cumsum, 40)
    assert series.check_causal(lambda x: 3 * x, 1)
    peek = series.check_causal(lambda x: np.append(x[1:], x[-1:]), 40)
    assert peek == (False, 0, 1)
    assert not peek

    def late(x):  # at one sample only
        y = x.copy()
        if len(y) > 23:
            y[20] = x[23]
        return y

    assert series.check_causal(late, 40) == (False, 20, 3)
    assert series.check_causal(lambda x: x - x.mean(), 40) == (False, 0, 39)
    assert series.check_causal(lambda x: np.convolve(x, [1, 1, 1], "valid") if len(x) > 2 else x[:0], 40)
    smooth = series.check_causal(lambda x: np.fft.irfft(np.fft.rfft(x, 128) * 1.0, 128)[: len(x)], 40)
    assert smooth
    jump = np.zeros(10)
    assert series.check_causal(lambda x: x[::-1].copy(), 10, x=jump)  # of which nothing shows


def test_numbers_of_any_kind_are_taken_at_once():
    """What a kind of number gives does not depend on how it is taken; too large ones are refused in words."""
    for call, args in ((series.moving_average, (3,)), (series.exponential, ())):
        options = {} if args else {"alpha": 0.3}
        stream = series.Stream(call, *args, **options)
        values = [1.0, 2, np.float64(4.5), -7, np.float32(0.5), np.int16(3), True, 2**53, 0.25]
        found = [stream.push(value) for value in values]
        assert all(type(value) is float for value in found[:4])
        expected = call(np.array(values[:4], float), *args, align="causal", **options)
        np.testing.assert_array_equal(found[:4], expected)
        kept = stream.state()
        with pytest.raises(TypeError, match="samples must contain"):
            stream.push(10**400)
        assert stream.push(1.0) == series.Stream.from_state(kept).push(1.0)


def test_the_sign_of_zeros_and_denormals_is_not_left_to_chance():
    """Wherever a result lies in memory, and however it is computed, its bits are the same."""
    zeros = RNG.choice([0.0, -0.0], 3000)
    small = RNG.integers(-9, 9, 3000) * 5e-324
    for x in (np.full(3000, -0.0), zeros, small, np.where(RNG.random(3000) < 0.1, np.nan, small)):
        for call, size in itertools.product((series.moving_average, series.median), (1, 2, 3, 8, 16, 21)):
            for nan in ("propagate", "ignore"):
                how = {"align": "causal", "nan": nan}
                room = np.empty(3010)
                expected = call(x, size, **how)
                for offset in range(8):
                    out = room[offset : offset + 3000]
                    np.testing.assert_array_equal(bits(call(x, size, out=out, **how)), bits(expected))
                stream = series.Stream(call, size, nan=nan)
                found = [stream.push(piece) for piece in pieces(x)]
                np.testing.assert_array_equal(bits(np.concatenate(found)), bits(expected))
                stream.reset()
                np.testing.assert_array_equal(
                    bits([stream.push(v) for v in x[:99].tolist()]), bits(expected[:99])
                )


def test_large_chunks_of_medians_have_the_bits_of_small_ones():
    x = np.resize([5e-324, 1e-323, -5e-324, -0.0], 20_000)
    for size in (2, 4, 5):
        expected = series.median(x, size, align="causal")
        stream = series.Stream(series.median, size)
        found = np.concatenate([stream.push(piece) for piece in np.split(x, 200)])
        np.testing.assert_array_equal(bits(found), bits(expected))


def test_streams_and_cascades_have_arguments_of_their_own():
    kernel = np.ones(3)
    stream = series.Stream(series.causal, kernel)
    cascade = series.Cascade(functools.partial(series.causal, kernel=kernel))
    stream.push(1.0)
    kernel[:] = 5
    assert series.Stream.from_state(stream.state()).push(1.0) == stream.push(1.0) == 2.0
    for same in (cascade, pickle.loads(pickle.dumps(cascade)), copy.deepcopy(cascade)):
        np.testing.assert_array_equal(same([1.0, 1.0]), [1.0, 2.0])
        assert series.Stream(same).push(1.0) == 1.0
