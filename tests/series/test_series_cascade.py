"""Filters of series one after the other: what they give, how late, and piece by piece."""

import functools
import itertools
import math
import pickle

import numpy as np
import pytest

from imfilter import series
from imfilter.series import Cascade, Stream
from tests.looping import loop_over
from tests.series.test_series_stream import bits, pieces

RNG = np.random.default_rng(3)
partial = functools.partial
AVERAGE = partial(series.moving_average, size=5)
SLOPE = partial(series.difference, spacing=0.5)
MEAN = partial(series.exponential, alpha=0.1)
KERNEL = partial(series.causal, kernel=[0.5, -0.25, 0.1], bias=0.2)
MODES = ("edge", "zero", "constant", "shrink", "valid")
#: Stages, and a forecaster among them.
STAGES = [
    (AVERAGE,),
    (AVERAGE, SLOPE),
    (series.difference, series.difference),
    (partial(series.median, size=9), partial(series.gaussian, sigma=2), MEAN),
    (MEAN, partial(series.savgol, size=7, order=2, deriv=1), AVERAGE),
    (KERNEL, partial(series.causal, kernel=[1, 2, 3, 4], initial=[3.0, 2.0, 1.0])),
    (partial(series.causal, kernel=[1, -1], initial="valid"), MEAN, partial(series.median, size=4)),
    *(
        (partial(AVERAGE, mode=a, cval=0.3), partial(SLOPE, mode=b))
        for a, b in itertools.product(MODES, MODES)
    ),
    (Cascade(AVERAGE, Cascade(SLOPE)), Cascade(MEAN, AVERAGE)),
    (
        partial(AVERAGE, nan="ignore"),
        partial(MEAN, nan="ignore"),
        partial(SLOPE, nan="ignore", mode="shrink"),
    ),
    (series.fit_forecaster(RNG.normal(size=100).cumsum(), 4), partial(series.median, size=3)),
]


def causally(stage):
    """A stage as a stream has it, and as a plain function of a series."""
    if isinstance(stage, Cascade):
        return lambda x, axis=-1: functools.reduce(lambda y, s: causally(s)(y, axis=axis), stage.stages, x)
    if isinstance(stage, series.Forecaster):
        return stage.predict
    function = stage.func if isinstance(stage, partial) else stage
    return stage if function is series.causal else partial(stage, align="causal")


def noisy(shape, gaps=False):
    x = RNG.normal(size=shape) + 1e3
    if gaps:
        x[RNG.random(shape) < 0.4] = np.nan
    return x


def gappy(stages):
    return any("nan" in getattr(s, "keywords", {}) for s in stages)


@loop_over("stages", STAGES)
def test_it_is_the_stages_one_by_one(stages):
    for shape in ((200,), (3, 1), (2, 150), (20, 30), (0, 4)):
        x = expected = noisy(shape, gappy(stages))
        for stage in stages:
            expected = stage.predict(expected) if isinstance(stage, series.Forecaster) else stage(expected)
        cascade = Cascade(*stages)
        result = cascade(x)
        assert result.shape == expected.shape
        np.testing.assert_array_equal(bits(result), bits(expected))
        np.testing.assert_array_equal(bits(cascade(x.T, axis=0, workers=1).T), bits(expected))
        again = pickle.loads(pickle.dumps(cascade))
        np.testing.assert_array_equal(bits(again(x)), bits(expected))
        assert repr(again) == repr(cascade)


@pytest.mark.slow
@loop_over("stages", STAGES)
def test_any_chunking_gives_the_same_bits(stages):
    x = expected = noisy(120, gappy(stages))
    for stage in stages:
        expected = causally(stage)(expected)
    stream = Stream(Cascade(*stages))
    assert stream.timing.lookahead == 0
    for turn in range(60):
        stream.reset()
        found = [stream.push(piece) for piece in pieces(x)]
        if turn < 2:
            stream.reset()
            found = []
            for v in x.tolist():
                if turn and RNG.random() < 0.1:
                    stream = Stream.from_state(pickle.loads(pickle.dumps(stream.state())))
                one = stream.push(v)
                found += [] if one is None else [[one]]
        np.testing.assert_array_equal(bits(np.concatenate(found)), bits(expected))


@loop_over(
    "stages",
    [*STAGES, (AVERAGE, partial(SLOPE, nan="ignore")), (AVERAGE, partial(MEAN, nan="ignore"), SLOPE)],
)
def test_what_is_not_finite_sample_by_sample(stages):
    """What one stage makes of infinities is no number to the next one, which may ignore it."""
    x = noisy(200)
    x[[20, 60, 61, 130]] = np.inf, -np.inf, np.inf, np.nan
    expected, stream = x, Stream(Cascade(*stages))
    with np.errstate(invalid="ignore"):
        for stage in stages:
            expected = causally(stage)(expected)
        found = [v for v in map(stream.push, x.tolist()) if v is not None]
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    there = ~np.isnan(expected)
    np.testing.assert_array_equal(bits(np.array(found)[there]), bits(expected[there]))


@pytest.mark.parametrize("stages", STAGES[1::3], ids=range(len(STAGES[1::3])))
def test_many_channels(stages):
    for channels in (1, 64):
        x = expected = noisy((90, channels), gappy(stages))
        for stage in stages:
            expected = causally(stage)(expected, axis=0)
        stream, found = Stream(Cascade(*stages), channels=channels), []
        for piece in pieces(x):
            found.append(stream.push(piece))
            if RNG.random() < 0.3:
                stream = pickle.loads(pickle.dumps(stream))
        np.testing.assert_array_equal(bits(np.concatenate(found)), bits(expected))
        stream.reset()
        rows = [r for r in map(stream.push, x) if r is not None]
        np.testing.assert_array_equal(bits(np.array(rows).reshape(expected.shape)), bits(expected))


def test_samples_before_the_first_of_each_series():
    x, past = RNG.normal(size=(4, 50)), RNG.normal(size=(4, 2))
    stages = (
        partial(series.moving_average, size=3, mode="valid"),
        partial(series.causal, kernel=[1, 2, 3], initial=past),
    )
    expected = stages[1](stages[0](x))
    np.testing.assert_array_equal(bits(Cascade(*stages)(x)), bits(expected))
    stages = (stages[0], partial(stages[1], initial=past.T))
    stream = Stream(Cascade(*stages), channels=4)
    np.testing.assert_array_equal(
        bits(stream.push(x.T).T),
        bits(partial(stages[1], initial=past)(partial(stages[0], align="causal")(x))),
    )


def test_lookaheads_and_delays_add_up():
    cascade = Cascade(AVERAGE, partial(series.median, size=9, align="causal"), SLOPE)
    assert cascade.timing == series.timing(cascade) == (2 + 0 + 1, 4.0)
    assert cascade.receptive_field == 5 + 8 + 2
    assert Cascade(AVERAGE, Cascade(SLOPE, AVERAGE)).receptive_field == 11
    assert Cascade(AVERAGE, MEAN).receptive_field == math.inf
    assert Cascade(MEAN, AVERAGE).timing == (2, 9.0)
    assert Cascade(partial(MEAN, align="centre")).timing == (math.inf, 0.0)
    assert Stream(Cascade(AVERAGE, SLOPE)).timing == (0, 3.0)
    assert Stream(AVERAGE).timing == (0, 2.0)
    assert series.timing(AVERAGE) == series.timing(series.moving_average, 5) == (2, 0.0)
    assert series.timing(AVERAGE, align="causal") == (0, 2.0)


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_delays_are_what_polynomials_say(degree):
    """Of a derivative of order k the response to t**(k + 1) is a ramp, which tells how late it is."""
    kernels = [RNG.normal(size=4) for _ in range(degree)]
    kernels = [k - k.mean() for k in kernels]  # each is a derivative of order 1 in itself
    cascade = Cascade(*(partial(series.causal, kernel=k) for k in kernels), AVERAGE)
    t = np.arange(100.0) - 50
    response, ramp = cascade(t**degree), cascade(t ** (degree + 1))
    level = response[60] * (degree + 1)  # of t in the response to the next power
    assert ramp[60] / level == pytest.approx(10 - cascade.timing.delay, abs=1e-6)


def test_a_receptive_field_is_what_an_impulse_reaches():
    cascade = Cascade(AVERAGE, SLOPE, partial(series.gaussian, sigma=1, align="causal"))
    x = np.zeros(101)
    x[50] = 1.0
    reached = np.flatnonzero(cascade(x))
    assert reached[-1] - reached[0] + 1 == cascade.receptive_field
    assert 50 - reached[0] == cascade.timing.lookahead


def test_dtypes():
    x = np.array([1, 2, 4, 8, 255, 0, 7], np.uint8)
    keeps, derives = Cascade(AVERAGE, partial(series.median, size=3)), Cascade(AVERAGE, SLOPE)
    once = series.median(series.moving_average(x, 5, dtype=float), 3, dtype=float)
    result = keeps(x)
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result, np.rint(once))
    assert derives(x).dtype == np.float32
    assert derives(x.astype(np.int32)).dtype == np.float64
    assert keeps(x, dtype="f4").dtype == np.float32
    assert keeps(x.astype(">i4")).dtype == np.int32
    out = x.astype(float)
    assert keeps(out, out=out) is out
    np.testing.assert_array_equal(out, once)
    assert Stream(keeps).push(x).dtype == np.uint8
    assert Stream(keeps, dtype="f4").push(x).dtype == np.float32
    short = Cascade(partial(AVERAGE, mode="valid"), partial(series.median, size=4, mode="valid"))
    assert short(x).shape == (0,)
    assert short(np.arange(8.0)).shape == (1,)


def test_it_does_not_look_ahead_if_it_says_so():
    ahead = Cascade(AVERAGE, SLOPE)
    assert series.check_causal(ahead, 60) == (False, 0, 3)
    assert series.check_causal(Cascade(partial(AVERAGE, align="causal"), MEAN, KERNEL), 60)


def test_ways_to_say_the_same():
    x = RNG.normal(size=40)
    expected = series.moving_average(x, 5, align="causal", mode="zero")
    for filters in (
        (Stream(series.moving_average, 5, mode="zero")),
        (Stream(AVERAGE, mode="zero")),
        (Stream(partial(AVERAGE, mode="zero"))),
        (Stream(partial(partial(series.moving_average, mode="zero"), size=5))),
        (Stream(partial(series.moving_average, mode="zero"), 5)),
        (Stream(Cascade(partial(AVERAGE, mode="zero")))),
    ):
        np.testing.assert_array_equal(bits(filters.push(x)), bits(expected))
    assert repr(Stream(AVERAGE)) == "Stream(moving_average, size=5, align='causal')"
    cascade = Cascade(AVERAGE, series.difference)
    assert repr(cascade) == "Cascade(moving_average(size=5), difference())"
    shown = "Cascade(moving_average(size=5, align='causal'), difference(align='causal'))"
    assert repr(Stream(cascade, channels=2)) == f"Stream({shown}, channels=2)"
    assert cascade.stages == (AVERAGE, series.difference)


def test_a_state_that_is_none_is_refused():
    for stream in (
        Stream(AVERAGE),
        Stream(MEAN),
        Stream(Cascade(AVERAGE, MEAN, SLOPE)),
        Stream(AVERAGE, mode="valid"),
    ):
        stream.push([1.0, 2.0, 3.0])
        good = stream.state()
        assert Stream.from_state(good).push(7.0) == stream.push(7.0)
        held = good["held"]
        wrong = [3, (), (1, 2, 3, 4), (np.zeros(3), None), (np.zeros((1, 9, 1)), None), (None, None)]
        wrong += [
            (np.zeros((1, 4, 1), "f4"), None),
            (np.zeros((1, 4, 2)), None),
            ("abc", None),
            ([[1], [1, 2]], 0),
        ]
        if len(held) == 2:
            wrong.append((held[0], np.zeros(3, bool)))
            wrong.append((held[0], np.zeros(held[0].shape, "f4")))
            wrong.append((held[0], np.full(held[0].shape, -1.0)))
        else:
            wrong += [held[:2], (held[0], held[1], 5), (held[0], held[2], held[1])]
        for other in wrong:
            with pytest.raises(ValueError, match=r"^state\['held'\] must .*, got ") as caught:
                Stream.from_state({**good, "held": other})
            assert "\n" not in str(caught.value)
    for key, value in (
        ("args", 3),
        ("options", [1]),
        ("options", {1: 2}),
        ("filter", 3),
        ("filter", "Stream"),
    ):
        with pytest.raises(TypeError, match=r"^(state|filter) must .*, got "):
            Stream.from_state({**good, key: value})


X = np.arange(12.0)
HINT = "because the first argument is the series: use functools.partial(series."
WRONG = [
    (lambda: Cascade(), ValueError, "stages must contain at least one filter, got none"),
    (
        lambda: Cascade(np.mean),
        TypeError,
        "stages must be one of the functions of imfilter.series that filter",
    ),
    (lambda: Cascade(AVERAGE(X)), TypeError, "a Cascade or a Forecaster, got ndarray of shape (12,)"),
    (lambda: Cascade([AVERAGE]), TypeError, "stages must be one of the functions"),
    (lambda: Cascade(partial(np.mean, axis=0)), TypeError, "stages must be one of the functions"),
    (lambda: Cascade(series.median), TypeError, "median(): missing a required argument: 'size'"),
    (lambda: Cascade(partial(AVERAGE, size=0)), ValueError, "size must be at least 1, got 0"),
    (lambda: Cascade(partial(AVERAGE, sise=3)), TypeError, "moving_average() has no argument 'sise'"),
    (
        lambda: Cascade(partial(series.moving_average, 5)),
        TypeError,
        f"stages must pass its arguments by name, {HINT}moving_average, size=5)",
    ),
    (
        lambda: Stream(partial(series.savgol, 9, 3, mode="zero")),
        TypeError,
        f"filter must pass its arguments by name, {HINT}savgol, size=9, order=3, mode='zero')",
    ),
    (lambda: series.timing(partial(len, 5)), TypeError, f"{HINT}moving_average, size=5)"),
    (
        lambda: series.timing(partial(AVERAGE, kernel=5)),
        TypeError,
        "moving_average() has no argument 'kernel'",
    ),
    (lambda: Stream(AVERAGE, 5), TypeError, "moving_average(): multiple values for argument 'size'"),
    *(
        (
            lambda name=name: Cascade(partial(AVERAGE, **{name: None})),
            TypeError,
            f"stages must not set {name}, which belongs to the cascade, "
            f"got moving_average(size=5, {name}=None)",
        )
        for name in ("axis", "dtype", "out", "workers")
    ),
    (lambda: Cascade(AVERAGE)(X, axis=1), ValueError, "axis must be from -1 to 0"),
    (lambda: Cascade(AVERAGE)(X + 1j), TypeError, "x must contain real numbers, got dtype complex128"),
    (lambda: Cascade(AVERAGE)(X, out=np.empty(3)), ValueError, "out must have shape (12,), got (3,)"),
    (lambda: Cascade(AVERAGE)(X, workers=0), ValueError, "workers must be at least 1, got 0"),
    (
        lambda: Cascade(partial(series.causal, kernel=[1, 2], initial=np.ones((3, 1))))(np.ones((2, 9))),
        ValueError,
        "initial must have shape (1,) or (2, 1), got (3, 1)",
    ),
    (
        lambda: Stream(Cascade(series.difference, partial(AVERAGE, align="centre"))),
        ValueError,
        "align must be 'causal' in a stream, got 'centre' in moving_average(size=5, align='centre')",
    ),
    (
        lambda: Stream(partial(MEAN, align="centre")),
        ValueError,
        "align must be 'causal' in a stream, got 'centre'",
    ),
    (lambda: Stream(Cascade(AVERAGE), 3), TypeError, "args must be empty for a Cascade, got 3"),
    (lambda: Stream(Cascade(AVERAGE), mode="zero"), TypeError, "Cascade() has no argument 'mode'"),
    (
        lambda: Stream(Cascade(AVERAGE), out=X),
        TypeError,
        "out must be left out: the first axis of a chunk is time",
    ),
    (lambda: Stream(partial(AVERAGE, axis=0)), TypeError, "axis must be left out"),
    (lambda: Stream(Cascade(AVERAGE)).push([[1.0]]), ValueError, "got shape (1, 1)"),
]


@pytest.mark.parametrize(("call", "kind", "words"), WRONG, ids=[w[2][:60] for w in WRONG])
def test_errors(call, kind, words):
    with pytest.raises(kind) as caught:
        call()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
