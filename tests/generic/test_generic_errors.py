"""What `generic` refuses, and how functions with faults end."""

import re

import numpy as np
import pytest

import imfilter

IMAGE = np.arange(30.0).reshape(5, 6)


def calls_itself(window):
    return calls_itself(window)


def opens_a_file(window):
    return len(open("x").read())


def divides_by_zero(window):
    return (window[0] - window[0] + 1.0) / (window[0] - window[0])


def fails_at_seven(window):
    if window[0] == 7.0:
        raise ValueError("seven is not allowed")
    return 1.0


WRONG = [
    (lambda: imfilter.generic(IMAGE, max), ValueError, "size or footprint must be given, got neither"),
    (lambda: imfilter.generic(IMAGE, 3, 3), TypeError, "function must be a function of a window, got 3"),
    (
        lambda: imfilter.generic(IMAGE, max, 3),
        TypeError,
        "function must be a Python function, a lambda or a Numba function to be compiled, "
        "got <built-in function max>; compile=False runs it as Python",
    ),
    (lambda: imfilter.generic(IMAGE, fails_at_seven, 0), ValueError, "size must be at least 1, got 0"),
    (
        lambda: imfilter.generic(IMAGE, fails_at_seven, 3, args=[1]),
        TypeError,
        "args must be a tuple, got [1]",
    ),
    (
        lambda: imfilter.generic(IMAGE, lambda w, d: 1.0, 3, args=(object(),)),
        TypeError,
        "args[0] must have a type that Numba compiles, got <object object",
    ),
    (lambda: imfilter.generic(IMAGE, fails_at_seven, 3, outputs=0), ValueError, "outputs must be at least 1"),
    (
        lambda: imfilter.generic(IMAGE, fails_at_seven, 3, compile=1),
        TypeError,
        "compile must be True or False",
    ),
    (
        lambda: imfilter.generic(IMAGE, lambda w: "high", 3),
        TypeError,
        "function <lambda>() must return a number, got a string",
    ),
    (
        lambda: imfilter.generic(IMAGE, lambda w: None, 3),
        TypeError,
        "function <lambda>() must return a number, got None",
    ),
    (
        lambda: imfilter.generic(IMAGE, lambda w: w, 3),
        TypeError,
        "function <lambda>() must return a number, got an array of 1 axes",
    ),
    (
        lambda: imfilter.generic(IMAGE, lambda w: (w[0], w[1]), 3, outputs=3),
        TypeError,
        "must return a tuple of 3 numbers, for outputs=3, got a tuple of 2",
    ),
    (
        lambda: imfilter.generic(IMAGE, lambda w: w[0] * 1j, 3),
        TypeError,
        "must return a number, got a complex number",
    ),
    (
        lambda: imfilter.generic(IMAGE, lambda w: "high", 3, compile=False),
        TypeError,
        "function <lambda>() must return a number, got 'high'",
    ),
    (lambda: imfilter.generic(IMAGE, lambda w: (1, 2), 3, compile=False), TypeError, "got (1, 2)"),
    (lambda: imfilter.generic(IMAGE, lambda w: w, 3, compile=False), TypeError, "must return a number"),
    (
        lambda: imfilter.generic(IMAGE, opens_a_file, 3),
        TypeError,
        "function opens_a_file() cannot be compiled, at line 18: Numba does not know open; "
        "compile=False runs it as Python",
    ),
    (
        lambda: imfilter.generic(IMAGE, lambda w: w.nope, 3),
        TypeError,
        "array(float64, 1d, C) has no attribute nope in Numba; compile=False",
    ),
    (
        lambda: imfilter.generic(IMAGE, lambda w: np.nope(w), 3),
        TypeError,
        "numpy has no attribute nope",
    ),
    (
        lambda: imfilter.generic(IMAGE, lambda w, more: 1.0, 3),
        TypeError,
        "it takes 2 arguments, and gets 1: the window and args",
    ),
    (
        lambda: imfilter.generic(IMAGE, lambda: 1.0, 3),
        TypeError,
        "it takes 0 arguments, and gets 1: the window and args",
    ),
    (lambda: imfilter.generic(IMAGE, calls_itself, 3), TypeError, "calls_itself() cannot be compiled"),
    (lambda: imfilter.generic(IMAGE, max, 3, sise=3), TypeError, "did you mean 'size'?"),
    (
        lambda: imfilter.generic(IMAGE, fails_at_seven, 3, mode="nearest"),
        ValueError,
        "here it is called 'edge'",
    ),
    (
        lambda: imfilter.generic(IMAGE, fails_at_seven, 3, out=np.empty(3)),
        ValueError,
        "out must have shape (5, 6), got (3,)",
    ),
    (lambda: imfilter.generic(IMAGE, fails_at_seven, 3, mask=np.ones(3)), ValueError, "mask must have shape"),
    (lambda: imfilter.generic(IMAGE[:0], fails_at_seven, 3), ValueError, "image must not be empty"),
]


@pytest.mark.parametrize(("call", "kind", "words"), WRONG, ids=[w[2][:40] for w in WRONG])
def test_errors(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)) as caught:
        call()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("workers", [1, 3])
def test_an_exception_comes_with_the_place_of_the_result(native, workers):
    image = np.zeros((3, 40, 50))
    image[1, 20, 30] = 7.0
    with pytest.raises(ValueError, match="seven is not allowed") as caught:
        imfilter.generic(image, fails_at_seven, 1, axes=(1, 2), compile=native, workers=workers)
    note = "imfilter.generic: fails_at_seven() was called for the result at (1, 20, 30)"
    assert caught.value.__notes__ == [note]


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize(
    "function", [lambda w: w[9], lambda w: w[-10], lambda w: w[0] + (w[12] if w[0] > 1 else 0.0)]
)
def test_an_index_beyond_the_window_is_an_error(function, native):
    with pytest.raises(IndexError) as caught:
        imfilter.generic(IMAGE, function, 3, compile=native)
    assert "was called for the result at (" in caught.value.__notes__[0]


def test_division_by_zero_gives_what_numpy_gives():
    assert np.isposinf(imfilter.generic(IMAGE, divides_by_zero, 3)).all()
    with np.errstate(divide="ignore", invalid="ignore"):
        np.testing.assert_array_equal(
            imfilter.generic(IMAGE, lambda w: w[0] / w[1], 2),
            imfilter.generic(IMAGE, lambda w: w[0] / w[1], 2, compile=False),
        )
    branch = imfilter.generic(IMAGE, lambda w: 1 / (w[0] - w[0]) if w[0] >= 0 else 0.0, 3)
    assert np.isposinf(branch).all()


def test_functions_that_call_themselves_end():
    with pytest.raises(RecursionError):
        imfilter.generic(IMAGE, calls_itself, 3, compile=False)


def _refuses(window):
    if window[0] >= 0:
        raise ValueError(window, window[0], "no")
    return 0.0


def test_an_exception_holds_what_the_function_knew():
    """Boxing an array needs the environment of a function, which is a part of the loop."""
    with pytest.raises(ValueError, match="no") as caught:
        imfilter.generic(np.full((3, 4), 0.5), _refuses, 2)
    window, first, word = caught.value.args
    assert (window.tolist(), first, word) == ([0.5] * 4, 0.5, "no")
