"""What is remembered of a call serves the same call alone: no result depends on what was asked before."""

import dataclasses
import functools
import importlib
import math
import pkgutil
import sys
import typing

import numpy as np
import pytest

import imfilter
from imfilter._base import plan
from imfilter._base.call_cache import Calls, key_of, words
from imfilter._base.engine import Family
from imfilter._base.keywords import Common
from imfilter._filters.corners import structure_tensor
from imfilter._filters.linear import dynamic_range
from imfilter._filters.ordered import lines, taps
from imfilter._filters.rank import apply as rank
from tests.looping import loop_over

IMAGE = np.ones((9, 11), np.float32)
IMAGE[3:6, 4] = 3.0


def forget():
    """Drop all that the package remembers of calls."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("imfilter._base", "imfilter._filters")):
            for thing in list(vars(module).values()):  # a look at one may import others
                if isinstance(thing, Calls):
                    thing.clear()
                elif isinstance(thing, Family):
                    thing.calls.clear()
                elif hasattr(thing, "cache_clear") and not isinstance(thing, type):
                    thing.cache_clear()  # of `lru_cache` and of `memo.remembered`


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


def test_borders_that_do_not_use_a_value():
    """Any float is the default of `cval` for them. Names and types make a difference."""
    values = (0.0, -0.0, 5.5, math.inf, math.nan)
    common = [
        {key_of(IMAGE, Common(mode=m, cval=v), "filter", ((1,),)) for v in values} for m in ("mirror", "edge")
    ]
    assert [len(keys) for keys in common] == [1, 1]
    others = [Common(mode="constant", cval=v) for v in values] + [
        Common(mode="edge", cval=v) for v in (0, False)
    ]
    others += [Common(mode="edge", axes=1), Common(mode="edge", dtype="f4"), Common(mode=np.str_("edge"))]
    keys = {key_of(IMAGE, each, "filter", ((1,),)) for each in others}
    assert len(keys | common[0] | common[1]) == len(others) + 2


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


def test_programs_of_numbers_that_are_equal_or_nan():
    """Keys of programs are bits, too: 0.0 equals -0.0, and NaN not even itself."""
    forget()
    for weight in (0.0, -0.0, 0.0):
        found = np.empty(9)
        lines.correlate(np.ones(9), np.array([weight]), 0, found, lines.Sides(0, 0, "edge", 0.0), 1)
        assert np.signbit(found).all() == np.signbit(weight)
        assert np.signbit(dynamic_range._as(weight, IMAGE.dtype))[0] == np.signbit(weight)
    for _ in range(3):
        imfilter.harris(IMAGE, mode="constant", cval=float("nan"))
        lines.correlate(np.ones(9), np.array([float("nan")]), 0, found, lines.Sides(0, 0, "edge", 0.0), 1)
    known = structure_tensor._program.cache_info(), taps.program.cache_info()
    assert [(one.misses, one.hits) for one in known] == [(1, 2), (3, 3)]


#: Caches whose keys hold floats, and why 0.0 and -0.0 may share a result there.
FLOATS_IN_KEYS = {
    "canny.edges._program": "thresholds are only compared",
    "canny.edges._thinning": "thresholds are only compared",
    "color.conversion._program": "the numbers of formulas are constants",
    "corners.structure_tensor._program": "weights of windows are positive",
    "linear.cosine._fit": "tolerances are positive",
    "linear.sliding_job._fixed": "no result depends on the sign of a border or bias of 0",
    "linear.sliding_job._of_lines": "no result depends on the sign of a border or bias of 0",
    "linear.sliding_job.prepared": "no result depends on the sign of a border or bias of 0",
    "linear.tap_patterns._places": "the window has no weights",
    "linear.tap_patterns._symmetric_line": "the pattern of a half has no weights",
    "morphology.distance.Metric.of": "spacings are positive",
    "morphology.distance._prepared": "spacings are positive",
    "rank.paths.cheapest": "the cost is a constant",
    "resampling.tables.of": "no result depends on the sign of a cubic parameter of 0",
}


def _has_floats(kind):
    """Tell whether floats count when values of a type are compared."""
    parts = typing.get_args(kind)
    fields = getattr(kind, "_fields", ())
    if dataclasses.is_dataclass(kind) and kind.__hash__ is not object.__hash__:
        fields = [field.name for field in dataclasses.fields(kind) if field.compare]
    if fields:
        hints = typing.get_type_hints(kind)
        parts = [hints[name] for name in fields]
    return kind is float or any(map(_has_floats, parts))


@pytest.mark.slow
def test_floats_in_keys():
    """Numbers in the key of a cache are bytes, or their sign does not matter."""
    found = set()
    for info in pkgutil.walk_packages(imfilter._filters.__path__, "imfilter._filters."):
        module = importlib.import_module(info.name)
        classes = [kind for kind in vars(module).values() if isinstance(kind, type)]
        methods = [getattr(m, "__func__", m) for kind in classes for m in list(vars(kind).values())]
        for thing in [*list(vars(module).values()), *methods]:
            function = getattr(thing, "__wrapped__", None)
            if hasattr(thing, "cache_clear") and hasattr(function, "__code__"):
                hints = typing.get_type_hints(function)
                if any(_has_floats(kind) for name, kind in hints.items() if name != "return"):
                    found.add(f"{function.__module__}.{function.__qualname__}".split("_filters.")[1])
    assert found == FLOATS_IN_KEYS.keys()
