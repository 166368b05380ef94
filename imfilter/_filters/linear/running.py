"""Running of planned calls: what an algorithm refuses, or cannot sum, is computed in another way."""

import numpy.typing as npt

from imfilter._base import dtypes, engine
from imfilter._base.program import OVERFLOWED, REFUSED
from imfilter._filters.linear import infinities, overflow
from imfilter._filters.linear.algorithm import Call, Compiled


def run(call: Call, given: npt.NDArray, out: npt.NDArray | None, workers: int | None) -> npt.NDArray:
    """Apply the operator of `call` to the image `given`; return `out` or a new array."""
    chosen, image = call.choice, dtypes.readable(given)
    target = dtypes.target(out, given, call.shape, call.native)
    if call.apart is not None and not infinities.absent(image, call.cval):
        infinities.correlate_folded(run, call, image, target, workers)
    else:
        done = REFUSED
        if not _refuses(call):
            done = chosen.implementation.run(call, chosen.operator, image, target, workers)
        # Samples that are not finite must go through the kernel's own taps.
        if not done and infinities.meets(chosen, image, call.cval):
            infinities.correlate(run, call, image, target, workers)
        elif not done:
            plain = chosen.implementation.fallback or chosen.implementation
            done = plain.run(call, chosen.operator, image, target, workers, assume_finite=False)
        # The first test takes no time.
        if (done == OVERFLOWED or call.cval) and overflow.possible(call, done):
            overflow.recompute(run, call, image, target, workers)
    return engine.delivered(target, out, call.dtype)


def _refuses(call: Call) -> bool:
    """Tell whether the algorithm refuses a sample of the larger image that this one is a part of."""
    return call.part is not None and call.part.refused and call.choice.implementation.fallback is not None


def run_finite(
    call: Call, given: npt.NDArray, out: npt.NDArray | None, workers: int | None
) -> npt.NDArray | None:
    """Do what `run` does. Return None if a sample is not finite, or if the algorithm cannot tell."""
    implementation = call.choice.implementation
    if not isinstance(implementation, Compiled):
        return None
    if call.watching is None:
        call.watching = call.changed(watch=True)
    image, target = dtypes.readable(given), dtypes.target(out, given, call.shape, call.native)
    done = implementation.run(call.watching, call.choice.operator, image, target, workers)
    if not done:
        return None
    if call.cval and overflow.possible(call, done):
        overflow.recompute(run, call, image, target, workers)
    return engine.delivered(target, out, call.dtype)
