"""Calls whose arguments are already translated: a loop over many small images translates them once."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes, plan
from imfilter._base.call_cache import Calls, unshared, words
from imfilter._base.engine import Family
from imfilter._base.keywords import Common
from imfilter._compat import ndimage_arguments as arguments


class Prepared(Protocol):
    """A filter for images of one shape and type."""

    #: Whether results of real images are complex too.
    complex_result: bool

    def run(self, image: npt.NDArray, out: npt.NDArray) -> None:
        """Write the result to `out`, which may be the image."""


#: Filters an image of one shape and type, in an array or a new one.
Run = Callable[[npt.NDArray, npt.NDArray | None], npt.NDArray]
#: Makes a filter for an image from the other arguments of a function.
Translate = Callable[..., Prepared]
_kept: Calls[tuple[Prepared, np.dtype]] = Calls()


def filtered(
    given: npt.ArrayLike, output: Any, translate: Translate, own: tuple[Any, ...], *, numbers: str = ""
) -> npt.NDArray:
    """Filter an image. `own` are the other arguments, and `numbers` other kinds of samples than real ones."""
    array = given if type(given) is np.ndarray else np.asarray(given)
    direct = type(output) is np.ndarray
    place = (output.shape, output.dtype, output.flags.writeable) if direct else output
    key: Any
    try:
        key = translate, words(own), array.shape, array.dtype, place
        known = _kept.get(key)
    except TypeError:  # an argument may change without notice
        key, known = None, None
    if known is None:
        image = arguments.image(array, numbers=numbers)
        made = translate(image, *(own if key is None else unshared(own)))
        out = arguments.output(output, image, complex_result=made.complex_result)
        if output is None or direct or out.dtype.kind != "c":  # for the others SciPy warns at each call
            _kept.keep(key, (made, out.dtype))
    else:
        made, kind = known
        out = output if direct else np.empty(array.shape, kind)
    made.run(array, out)
    return out


def run_of(function: Callable[..., object], array: npt.NDArray, *own: Any, **options: Any) -> Run:
    """Return what a function of `imfilter` does for images like `array`: its arguments are checked once."""
    image = dtypes.blank(array.shape, array.dtype)
    return plan.prepared(lambda: function(image, *own, **options))


def settled(family: Family[Any], image: npt.NDArray, common: Common, fixed: Any, *given: Any) -> Run:
    """Return the filter of a family for images like `image`: ``settle(image, common, fixed, *given)``."""
    call, compute = family.settle(image, common, fixed, *given), family.compute
    return lambda found, out: compute(call, found, out, None)
