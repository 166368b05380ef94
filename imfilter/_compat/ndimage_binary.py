"""Binary erosions and dilations of `scipy.ndimage`: with a mask, repeated, or until nothing changes.

All elements here say which samples a result looks at, relative to its own place. A dilation is true where one
of them is, an erosion where all of them are.
"""

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._base.keywords import Common
from imfilter._compat import ndimage_arguments as arguments
from imfilter._compat.ndimage_ranks import NO_SIZE, centred
from imfilter._compat.prepared import Run, settled
from imfilter._compat.serving import Elsewhere
from imfilter._filters.morphology import apply as morphology
from imfilter._filters.morphology import neighbours as places
from imfilter._filters.morphology.settings import same
from imfilter._filters.morphology.structure import Structure
from imfilter._filters.morphology.two_images import within
from imfilter._filters.rank import apply as rank
from imfilter._filters.rank.picks import first, last

Truth = npt.NDArray[np.bool_]
#: The steps of each operation.
_STAGES = {
    "erosion": ("erosion",),
    "dilation": ("dilation",),
    "opening": ("erosion", "dilation"),
    "closing": ("dilation", "erosion"),
}


@dataclass(frozen=True, eq=False)
class Element:
    """The samples that a result looks at. The own place is at ``length // 2`` along each axis."""

    inside: Truth
    axes: tuple[int, ...]

    @functools.cached_property
    def reflected(self) -> "Element":
        """The element reflected about its own place."""
        return Element(Structure(self.inside, None).reflected.inside, self.axes)

    @functools.cached_property
    def centred(self) -> bool:
        """Whether a result looks at its own place."""
        return bool(self.inside[tuple(n // 2 for n in self.inside.shape)])

    @functools.cached_property
    def steps(self) -> int:
        """Along how many axes neighbours differ, or 0 if the element has others."""
        n = self.inside.ndim
        if self.inside.shape != (3,) * n:
            return 0
        return next((k for k in range(1, n + 1) if np.array_equal(self.inside, connected(n, k))), 0)

    @functools.cached_property
    def neighbours(self) -> Truth:
        """The places that a sample reaches, of three along each axis, without its own."""
        near = self.inside[tuple(slice(max(0, n // 2 - 1), n // 2 + 2) for n in self.inside.shape)]
        if np.count_nonzero(near) < np.count_nonzero(self.inside):
            raise Elsewhere("a structure of more than the neighbours is repeated until the end")
        pads: Sequence[tuple[int, int]] = [{1: (1, 1), 2: (0, 1), 3: (0, 0)}[n] for n in near.shape]
        return places.of_footprint(np.flip(np.pad(near, pads)), None, near.ndim)


class Border(NamedTuple):
    """What is beyond the border, the samples that may change, and how often; less than 1: until the end."""

    value: bool
    mask: Truth | None = None
    iterations: int = 1


def truth(array: npt.NDArray) -> Truth:
    """Return where samples are not 0."""
    return array if array.dtype.kind == "b" else array != 0


def element(structure: Any, origin: Any, axes: tuple[int, ...]) -> Element:
    """Return the element of an erosion by a structure."""
    inside = connected(len(axes), 1) if structure is None else np.asarray(structure, bool)
    if not 0 < len(axes) <= arguments.MOST_AXES:
        raise Elsewhere("the structure has no axis, or more than three")
    if inside.ndim != len(axes) or not inside.any() or axes != tuple(sorted(axes)):
        raise Elsewhere("structure and axes do not fit")
    shifts = arguments.each(origin, len(axes), "origin")
    befores = [arguments.before(n, o) for n, o in zip(inside.shape, shifts, strict=True)]
    return Element(centred(inside, befores), axes)


@functools.cache
def connected(n: int, steps: int) -> Truth:
    """Return a sample and its neighbours that differ from it along few axes."""
    return np.abs(np.indices((3,) * n) - 1).sum(axis=0) <= steps


def prepared(shape: tuple[int, ...], operation: str, by: Element, value: bool, iterations: int) -> Run:
    """Return an operation by the element of the erosion, without a mask, for images of a shape."""
    image, common = dtypes.blank(shape, np.dtype(bool)), Common("constant", float(value), by.axes)
    if iterations == 1 and operation in ("erosion", "dilation"):
        pick, window = (first, by.inside) if operation == "erosion" else (last, by.reflected.inside)
        return settled(rank.FAMILY, image, common, pick, (NO_SIZE, window))
    # The engine reflects the element for dilations.
    return settled(morphology.FAMILY, image, common, operation, (by.inside, iterations, 1, None))


def changed(found: Truth, operation: str, by: Element, border: Border) -> Truth:
    """Do an operation by the element of the erosion, with a mask or until nothing changes."""
    for stage in _STAGES[operation]:
        dilates = stage == "dilation"
        element = by.reflected if dilates else by
        if border.iterations < 1 and by.centred:
            found = _until_the_end(found, element, border.value, border.mask, dilates=dilates)
        else:
            found = _one_by_one(found, element, border, dilates=dilates)
    return found


def _once(found: Truth, by: Element, value: bool, *, dilates: bool) -> Truth:
    common = Common("constant", float(value), by.axes)
    return rank.apply(found, last if dilates else first, NO_SIZE, by.inside, common)


def _one_by_one(found: Truth, by: Element, border: Border, *, dilates: bool) -> Truth:
    """Erode or dilate, once after the other. Samples beside the mask keep their value."""
    mask, now = border.mask, found
    fixed = found if mask is None else found & ~mask
    for number in itertools.count(1):
        before, now = now, _once(now, by, border.value, dilates=dilates)
        if mask is not None:
            now &= mask
            now |= fixed
        if number == border.iterations or same(before, now):
            break
    return now


def _until_the_end(found: Truth, by: Element, value: bool, mask: Truth | None, *, dilates: bool) -> Truth:
    """Dilate until nothing changes: the reconstruction within the mask. An erosion dilates the complement."""
    neighbours = by.neighbours
    seed = found if dilates else ~found
    limits = np.ones(seed.shape, bool) if mask is None else mask | seed
    if value == dilates:  # the first time, the border also changes samples
        grown = _once(seed, by, True, dilates=True)
        seed = grown if mask is None else grown & limits
    grown = within(seed, limits, neighbours, by.axes, None, None, dilation=True)
    return grown if dilates else ~grown
