"""What is remembered of a call serves the same call alone: no result depends on what was asked before."""

import functools
import math
import sys

import numpy as np
import pytest

import imfilter
from imfilter._base import plan
from imfilter._base.call_cache import Calls, key_of, words
from imfilter._base.engine import Family
from imfilter._base.keywords import Common
from imfilter._filters.rank import apply as rank
from tests.looping import loop_over

IMAGE = np.ones((9, 11), np.float32)
IMAGE[3:6, 4] = 3.0


def forget():
    """Drop all that the package remembers of calls."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("imfilter._base", "imfilter._filters")):
            for thing in vars(module).values():
                if isinstance(thing, Calls):
                    thing.clear()
                elif isinstance(thing, Family):
                    thing.calls.clear()
                elif isinstance(thing, functools._lru_cache_wrapper):
                    thing.cache_clear()


def bordered(name, *args, **options):
    return lambda value: getattr(imfilter, name)(IMAGE, *args, mode="constant", cval=value, **options)


#: Every family that remembers calls, of an argument that is a float.
CALLS = {
    "minimum": bordered("minimum"),
    "median": bordered("median", 5),
    "percentile": bordered("percentile", 20.0),
    "percentile q": lambda value: imfilter.percentile(IMAGE, value),
    "correlate": bordered("correlate", [[0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
    "correlate bias": lambda value: imfilter.correlate(0 * IMAGE, [[-1.0]], bias=value),
    "gaussian": bordered("gaussian", 2.0),
    "gaussian sigma": lambda value: imfilter.gaussian(IMAGE, value),
    "box": bordered("box", 3),
    "sobel": bordered("sobel"),
    "harris": bordered("harris"),
    "harris k": lambda value: imfilter.harris(0 * IMAGE, k=value),
    "canny": lambda value: imfilter.canny(IMAGE, value, 1.0, sigma=0),
    "h_maxima": lambda value: imfilter.morphology.h_maxima(IMAGE, value + 1.0),
    "hysteresis": lambda value: imfilter.hysteresis_threshold(IMAGE - 1, value, 1.0),
}


@pytest.mark.parametrize("name", CALLS)
@loop_over(
    ("first", "second"), [(0.0, -0.0), (-0.0, 0.0), (np.float64(0.0), np.float64(-0.0)), (0, -0.0), (-0.0, 0)]
)
@pytest.mark.slow
def test_zeros_of_both_signs_are_two_arguments(name, first, second):
    forget()
    expected = CALLS[name](second)
    forget()
    CALLS[name](first)
    assert CALLS[name](second).tobytes() == expected.tobytes()


def test_the_sign_of_a_border_of_zeros_comes_out():
    for first, second in ((0.0, -0.0), (-0.0, 0.0)):
        forget()
        found = [CALLS["minimum"](value)[0, 0] for value in (first, second)]
        assert np.signbit(found).tolist() == [np.signbit(first), np.signbit(second)]


def kept():
    return len(rank.FAMILY.calls)


@pytest.mark.parametrize("number", [float, np.float32, np.float64, lambda x: (float(x), 1)[0]])
def test_nan_is_one_argument(number):
    """Each NaN is another object that equals nothing, and is the same argument for all that."""
    forget()
    for _ in range(5):
        imfilter.median(IMAGE, 3, mode="constant", cval=number("nan"))
    assert kept() == 1


def test_an_element_is_known_by_its_samples():
    """It is a subclass of arrays, and yet a call with it is remembered, until a sample changes."""
    forget()
    disk = imfilter.morphology.disk(2)
    for _ in range(5):
        first = imfilter.minimum(IMAGE, footprint=disk)
    assert kept() == 1
    disk[...] = True
    np.testing.assert_array_equal(imfilter.minimum(IMAGE, footprint=disk), imfilter.minimum(IMAGE, 5))
    small = imfilter.minimum(IMAGE, footprint=imfilter.morphology.disk(2))
    np.testing.assert_array_equal(small, first)


def test_what_compares_equal_and_is_not_the_same():
    values = [1, 1.0, True, np.float64(1), np.float32(1), np.int64(1), np.True_, "1", (1,), [1], (1.0,), None]
    values += [
        0,
        0.0,
        -0.0,
        False,
        np.float64(0.0),
        np.float64(-0.0),
        (0.0,),
        (-0.0,),
        [(0.0, 1)],
        [(-0.0, 1)],
    ]
    values += [
        np.array([0.0]),
        np.array([-0.0]),
        math.nan,
        -math.inf,
        2**53,
        2**53 + 1,
        float(2**53),
        "",
        "nan",
    ]
    keys = {key_of(IMAGE, Common(cval=value), "filter", ((value,),)) for value in values}
    assert len(keys) == len(values)
    assert None not in keys
    # Once more, as other objects.
    again = [float("nan"), float("-inf"), -0.0, np.float64(-0.0), (1.0,), 2**53 + 1, "n" + "an", [(-0.0, 1)]]
    assert keys >= {key_of(IMAGE, Common(cval=value), "filter", ((value,),)) for value in again}


def test_what_may_change_unseen_has_no_key():
    assert key_of(IMAGE, Common(), "filter", ((object(),),)) is None
    assert key_of(IMAGE, Common(cval={}), "filter", ((1,),)) is None


def test_only_arrays_without_missing_data_have_keys():
    assert key_of(IMAGE, Common(), "filter", ((1,),)) is not None
    assert key_of(IMAGE.tolist(), Common(), "filter", ((1,),)) is None
    assert key_of(np.ma.masked_array(IMAGE), Common(), "filter", ((1,),)) is None
    for asked in (Common(mask=IMAGE), Common(nan="ignore"), Common(min_coverage=0.5), Common(out=[1])):
        assert key_of(IMAGE, asked, "filter", ((1,),)) is None


#: Arguments that are equal in Python, or nearly, and that have different keys.
DIFFERENT = [
    (1, 2),
    ([1, 2],),
    ((1, 2),),
    ((1.0, 2),),
    ((True, 2),),
    ((1, 2), None),
    ((1,), (2,)),
    ([1], (2,)),
    (((1,), 2),),
    ((1, (2,)),),
    ([[1], 2],),
    ((0.0,), 1),
    ((-0.0,), 1),
    ("12",),
    (("1", "2"),),
    (np.array([1, 2]),),
    (np.array([1, 2]), (1, 2)),
    ((1, 2), np.array([1, 2])),
    ((np.array([1, 2]),),),
    (np.int64(1), 2),
    ((np.int64(1), 2),),
    (int, 2),
    (np.dtype(int), 2),
    ((int, 2),),
]


def test_different_arguments_have_different_keys():
    keys = [words(each) for each in DIFFERENT]
    assert len(set(keys)) == len(DIFFERENT)
    assert keys == [words(each) for each in DIFFERENT]


@pytest.mark.parametrize("value", [..., {}, [...], ([1], {2}), [np.array([None])], functools.partial(int)])
def test_arguments_that_may_change_have_no_key(value):
    with pytest.raises(TypeError):
        words((1, (2, 3), value))


def test_a_prepared_filter_gives_what_the_call_gives():
    run = plan.prepared(lambda: imfilter.gaussian(0 * IMAGE, (1.0, 2.0), mode="edge"))
    found, out = run(IMAGE, None), np.empty_like(IMAGE)
    np.testing.assert_array_equal(found, imfilter.gaussian(IMAGE, (1.0, 2.0), mode="edge"))
    assert run(IMAGE, out) is out
    np.testing.assert_array_equal(found, out)
    for work in (lambda: imfilter.median(IMAGE, 3, mode="shrink"), lambda: None):
        with pytest.raises(TypeError, match="family of filters"):
            plan.prepared(work)
