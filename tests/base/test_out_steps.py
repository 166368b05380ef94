"""`out` with steps that are no whole samples: the values are right, and no byte beside it is written."""

import inspect

import numpy as np
import pytest

import imfilter
from imfilter import layers, morphology, series, threshold
from tests.base.test_masked import CALLS as GIVEN
from tests.base.test_masked import IMAGE, NEEDED
from tests.looping import loop_over

DISK = morphology.disk(1)
MORE = {
    threshold: {"local": (IMAGE, 3), "niblack": (IMAGE, 3), "sauvola": (IMAGE, 3)},
    morphology: {
        "black_tophat": (IMAGE, DISK),
        "closing": (IMAGE, DISK),
        "dilation": (IMAGE, DISK),
        "distance": (IMAGE > 4,),
        "erosion": (IMAGE, DISK),
        "fill_holes": (IMAGE > 4,),
        "gradient": (IMAGE, DISK),
        "h_maxima": (IMAGE, 2.0),
        "local_maxima": (IMAGE,),
        "opening": (IMAGE, DISK),
        "reconstruction": (IMAGE - 1, IMAGE),
        "white_tophat": (IMAGE, DISK),
    },
}
EACH = [
    (module, name, given)
    for module, calls in ({m: GIVEN[m] for m in (imfilter, layers, series)} | MORE).items()
    for name, given in calls.items()
    if "out" in inspect.signature(getattr(module, name)).parameters
]
_GUARD = 170


def larger(given):
    """The same arguments with images of 20 x 37 in place of 5 x 5, so that lines are longer than vectors."""
    images = [isinstance(a, np.ndarray) and a.shape == (5, 5) for a in given]
    return tuple(np.tile(a, (4, 8))[:, :37] if image else a for a, image in zip(given, images, strict=True))


def odd(shape, dtype, turned):
    """An array whose lines are a sample and a byte apart from each other, and all the memory around it."""
    dtype, steps, size = np.dtype(dtype), [], np.dtype(dtype).itemsize
    for n in reversed(shape):
        steps.insert(0, size)
        size = (size * n if n > 1 else size) + dtype.itemsize + (1 if len(steps) < len(shape) else 0)
    memory = np.full(2 * size + 2000, _GUARD, np.uint8)
    place = 1000
    if turned and shape:
        place += (shape[0] - 1) * steps[0]
        steps[0] = -steps[0]
    return np.ndarray(shape, dtype, memory, place, steps), memory


@pytest.mark.slow
@loop_over("turned", [False, True])
@loop_over(("module", "name", "given"), EACH)
def test_steps_that_are_no_whole_samples(module, name, given, turned):
    function, options = getattr(module, name), NEEDED.get(name, {})
    given = larger(given)
    expected = function(*given, **options)
    out, memory = odd(expected.shape, expected.dtype, turned)
    assert function(*given, **options, out=out) is out
    np.testing.assert_array_equal(out, expected)
    untouched, beside = odd(expected.shape, expected.dtype, turned)
    untouched[...] = expected
    np.testing.assert_array_equal(memory, beside, err_msg="bytes beside out have changed")
