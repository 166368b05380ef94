"""Ranks and morphology of OpenCV.

OpenCV's order of NaN and other samples depends on their places. A search for NaN takes a third of the time of
a small window. The kernels of this engine find NaN while they filter, and stop.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base.engine import Family
from imfilter._base.keywords import Common
from imfilter._compat import cv2_arguments as arguments
from imfilter._compat.cv2_prepared import Prepared
from imfilter._filters.rank import apply as rank


class Step(NamedTuple):
    """A checked call of a family of filters."""

    family: Family[Any]
    call: Any

    def run(self, image: npt.NDArray, out: npt.NDArray) -> None:
        """Write the result for an image without NaN to `out`, which may be the image."""
        if self.family.compute_finite(self.call, image, out, None) is None:
            arguments.without_nan(image)  # it may also have contained -0.0
            self.family.compute(self.call, image, out, None)


def prepared(array: npt.NDArray, *steps: Step) -> Prepared:
    """Return the filter of steps that follow each other."""
    if len(steps) == 1:
        return Prepared(steps[0].run, array.shape, array.dtype)

    def run(image: npt.NDArray, out: npt.NDArray) -> None:
        for step in steps[:-1]:
            to = np.empty(image.shape, image.dtype)
            step.run(image, to)
            image = to
        steps[-1].run(image, out)

    return Prepared(run, array.shape, array.dtype)


def ranks(array: npt.NDArray, mode: str, cval: float, pick: rank.Pick, size: Any, inside: Any = None) -> Step:
    """Return the step that takes a rank of each window."""
    family = rank.ABSENT_BORDER if mode == "shrink" else rank.FAMILY
    call = family.settle(array, Common(mode, cval, (0, 1)), pick, (size, inside))
    return Step(rank.FAMILY, call)
