"""The common path of all filters of this family: check, compose stages or run them as one pipeline."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, bands, borders, dtypes, engine
from imfilter._base.keywords import Common
from imfilter._base.missing import Presence
from imfilter._base.plan import Plan
from imfilter._base.program import Program
from imfilter._base.reach import Reach, of_radii
from imfilter._filters.morphology import pipeline, single, structure, weighed
from imfilter._filters.morphology.residues import difference
from imfilter._filters.morphology.settings import Found, Settings, equal, new, same, without
from imfilter._filters.morphology.structure import Structure
from imfilter._filters.rank import absent
from imfilter._filters.rank.apply import ABSENT_BORDER as RANKS_IN_IMAGE
from imfilter._filters.rank.apply import FAMILY as RANKS
from imfilter._filters.rank.picks import first, last
from imfilter._filters.rank.settings import bytes_of_comparison, compared_as

#: The stages of each filter: whether they dilate. Where there are two lists, the second result is subtracted
#: from the first. None is the image itself.
_STAGES: dict[str, tuple[list[bool] | None, ...]] = {
    "erosion": ([False],),
    "dilation": ([True],),
    "opening": ([False, True],),
    "closing": ([True, False],),
    "white_tophat": (None, [False, True]),
    "black_tophat": ([True, False], None),
    "gradient": ([True], [False]),
}

#: Least length of an axis, in samples on each side that a result depends on, whose border is filtered apart.
_WIDE = 8
#: Bytes of the arrays that weights need for each integer: it and its result in the type of the arithmetic.
_WEIGHED = 32


@dataclass(frozen=True, eq=False)
class Call:
    """The part of a call that is known before the samples are read."""

    operation: str
    element: Structure
    iterations: int
    axes: tuple[int, ...]
    mode: str
    cval: Any
    dtype: np.dtype
    truth: bool  # whether samples are truth values
    result_shape: tuple[int, ...]
    programs: dict[Any, Program | None] = field(default_factory=dict)
    ranks: dict[tuple[int, ...], Any] = field(default_factory=dict)  # see `single`

    @property
    def reach(self) -> Reach:
        """The samples that a result depends on. Elements are also reflected."""
        return of_radii(self.axes, self._radii)

    @property
    def _radii(self) -> list[int]:
        stages = max(len(side) for side in self.sides() if side is not None) * self.iterations
        return [stages * (n // 2) for n in self.element.inside.shape]

    def radii(self, ndim: int) -> list[int]:
        """Return for each axis of an image the number of samples on each side that a result depends on."""
        found = [0] * ndim
        for axis, radius in zip(self.axes, self._radii, strict=True):
            found[axis] = radius
        return found

    def sides(self) -> tuple[list[bool] | None, ...]:
        """Return the stages of each side of the difference, or of the only side. Each is repeated."""
        return _STAGES[self.operation]


def apply(
    image: npt.ArrayLike,
    operation: str,
    common: Common,
    element: Any,
    iterations: Any,
    connectivity: Any,
    weights: Any,
) -> npt.NDArray:
    """Check the arguments and filter an image."""
    element = np.asarray(element) if type(element) is structure.Element else element
    own = element, iterations, connectivity, weights
    if type(common.mode) is str and common.mode == "shrink":  # the default, so it is looked up first
        found = engine.repeated(ABSENT_BORDER, image, _without_border(common), operation, own)
        if found is not None:
            return found
    return engine.apply(FAMILY, image, common, operation, own)


def _without_border(given: Common) -> Common:
    """Return the keywords by which `ABSENT_BORDER` knows a call."""
    return given._replace(mode="zero")


def _validate_and_plan(array: npt.NDArray, given: Common, operation: str, own: tuple[Any, ...]) -> Call:
    """Check the arguments and derive the settings of the call."""
    element, iterations, connectivity, weights = own
    axes = arguments.axes(array, given.axes, given.channel_axis)
    shape = structure.of(element, weights, connectivity, len(axes))
    count = arguments.integer(iterations, "iterations", least=1)
    mode = borders.check_mode(given.mode, more=("shrink",))
    cval = arguments.constant(given.cval, "cval")
    dtype = arguments.dtype(given.dtype, given.out, array.dtype.newbyteorder("="))
    truth = array.dtype.kind == "b"
    return Call(operation, shape, count, axes, mode, cval, dtype, truth, array.shape)


def _compute(
    call: Call,
    array: npt.NDArray,
    out: npt.NDArray | None,
    workers: int | None,
    inner: bands.Where | None = None,
) -> npt.NDArray:
    """Filter an image of which all samples are present. Results outside of the part `inner` may be wrong."""

    def of_band(samples: npt.NDArray, band: bands.Band) -> Found:
        return _compute(call, samples, None, 1, band.inner), None

    replaced = _replaced(call, array, out, of_band, workers)
    if replaced is not None:
        return replaced[0]
    found = pipeline.run(call, array, out, workers)
    if found is not None:
        return found
    single = call.sides() in (([False],), ([True],)) and call.iterations == 1
    if single and call.element.weights is None:  # needs no other array
        return _composed(call, array, None, out, workers)[0]
    found = _with_border(call, array, out, workers, inner)
    return _in_bands(call, array, None, out, workers)[0] if found is None else found


def _compute_finite(
    call: Call, array: npt.NDArray, out: npt.NDArray | None, workers: int | None
) -> npt.NDArray | None:
    """Do what `_compute` does if no sample is NaN, or return None.

    Return None for an image that would be replaced, too: it could not be filtered again.
    """
    return None if bands.in_place(array, out) else pipeline.run(call, array, out, workers)


def _replaced(
    call: Call,
    array: npt.NDArray,
    out: npt.NDArray | None,
    of_band: Callable[[npt.NDArray, bands.Band], Found],
    workers: int | None,
    *,
    at_once: bool = True,
    wanted: bool = False,
) -> Found | None:
    """Replace an image by its results, if it is the output and is large."""
    if not bands.in_place(array, out):
        return None
    reach, periodic = call.radii(array.ndim), call.mode == "wrap"
    at_once = at_once and call.element.weights is None
    more = bytes_of_comparison(array.dtype, compared_as(array, 0, array.dtype)[1]) if at_once else 0
    return bands.replace_by_results(
        array, reach, of_band, workers, periodic=periodic, at_once=at_once, wanted=wanted, more=more
    )


def _with_border(
    call: Call,
    array: npt.NDArray,
    out: npt.NDArray | None,
    workers: int | None,
    inner: bands.Where | None,
) -> npt.NDArray | None:
    """Filter an image in one pass, as if nothing was beyond the border. Then filter what is near the border.

    What is not in the part `inner` is not filtered again. Return None if most results depend on the border,
    or if the image has no such pass.
    """
    reach, periodic = call.radii(array.ndim), call.mode == "wrap"
    if any(_WIDE * far > n for far, n in zip(reach, array.shape, strict=True)):
        return None
    shared = out is not None and np.may_share_memory(out, array)  # the image is still needed
    found = pipeline.run(replace(call, mode="shrink"), array, None if shared else out, workers)
    if found is None:
        return None
    for band in bands.at_border(array.shape, reach, periodic=periodic):
        if inner is not None and not band.meets(inner, array.shape):
            continue
        near, _ = _in_bands(call, band.of(array), None, None, workers)
        found[band.where] = near[band.inner]
    if out is None or not shared:
        return found
    dtypes.place(found, out)
    return out


def _plan_without_border(array: npt.NDArray, given: Common, operation: str, own: tuple[Any, ...]) -> Call:
    """Do what `_validate_and_plan` does for an image whose border is absent."""
    return _validate_and_plan(array, given._replace(mode="shrink"), operation, own)


def _compute_absent(
    call: Call, array: npt.NDArray, out: npt.NDArray | None, workers: int | None
) -> npt.NDArray:
    """Filter an image whose border is absent, by an element that contains its origin."""

    def of_band(samples: npt.NDArray, _: bands.Band) -> Found:
        return _compute_absent(call, samples, None, 1), None

    replaced = _replaced(call, array, out, of_band, workers)
    if replaced is not None:
        return replaced[0]
    found = single.run(call, array, out, workers)
    if found is None:
        found = pipeline.run(call, array, out, workers)
    if found is None:
        composed = _composed if call.element.weights is None else _in_bands
        found, _ = composed(call, array, Presence(None, False, True, 0.0), out, workers)
    return found


def _with_missing(
    array: npt.NDArray,
    given: Common,
    operation: str,
    presence: Presence,
    wanted: bool,
    own: tuple[Any, ...],
) -> Found:
    """Filter an image with missing data."""
    call = _validate_and_plan(array, given, operation, own)
    out = arguments.fitting(given.out, array.shape)
    if _all_present(presence) and call.element.centred and presence.min_coverage == 0:  # no window is empty
        given = _without_border(given._replace(mask=None, nan="propagate", min_coverage=0.0))
        found, few = engine.apply(ABSENT_BORDER, array, given, operation, own), None
    else:
        presence = presence if out is None else presence.apart_from(out)

        def of_band(samples: npt.NDArray, band: bands.Band) -> Found:
            seen = band.present(presence)
            return _in_bands(call, samples, seen, None, 1, wanted=wanted)

        replaced = _replaced(call, array, out, of_band, given.workers, at_once=False, wanted=wanted)
        if replaced is None:
            replaced = _in_bands(call, array, presence, out, given.workers, wanted=wanted)
        found, few = replaced
    return found, np.zeros(array.shape, bool) if few is None and wanted else few


def _in_bands(
    call: Call,
    array: npt.NDArray,
    presence: Presence | None,
    out: npt.NDArray | None,
    workers: int | None,
    *,
    wanted: bool = False,
) -> Found:
    """Filter an image. Stages make several arrays, so large images are cut into bands."""
    reach, periodic = call.radii(array.ndim), call.mode == "wrap"
    each = 3 * array.itemsize if presence is None else absent.bytes_of(array, periodic=periodic)
    if call.element.weights is not None:
        each += 2 * array.itemsize if array.dtype.kind == "f" else _WEIGHED
    cut = bands.of(array.shape, each, reach, periodic=periodic)
    if not cut:
        return _composed(call, array, presence, out, workers)
    if out is not None and np.may_share_memory(out, array):
        array = array.copy()

    def compute(band: bands.Band) -> Found:
        seen = None if presence is None else band.present(presence)
        return _composed(call, band.of(array), seen, None, 1)

    return bands.run(cut, compute, new(array, call.dtype, out), workers, wanted=wanted)


def _composed(
    call: Call,
    array: npt.NDArray,
    presence: Presence | None,
    out: npt.NDArray | None,
    workers: int | None,
) -> Found:
    """Filter an image, one stage after the other."""
    settings = Settings(call.axes, call.mode, call.cval, workers)
    if len(call.sides()) == 1:
        (stages,) = call.sides()
        assert stages is not None
        return _chain(call, array, stages, settings, presence, call.dtype, out)
    if out is not None and np.may_share_memory(out, array):
        array = array.copy()
    native = array.dtype.newbyteorder("=")
    sides: list[npt.NDArray] = []
    few: npt.NDArray[np.bool_] | None = None
    for stages in call.sides():
        side, unknown = array.astype(native, copy=False), None
        if stages is None:
            if presence is not None and not (there := presence.present(array)).all():
                unknown = ~there
        else:
            side, unknown = _chain(call, array, stages, settings, presence, native, None)
        sides.append(side)
        if unknown is not None:
            few = unknown if few is None else few | unknown
    out = new(array, call.dtype, out)
    difference(sides[0], sides[1], out)
    if few is not None:
        absent.blank(out, few)
    return out, few


def _chain(
    call: Call,
    array: npt.NDArray,
    stages: list[bool],
    settings: Settings,
    presence: Presence | None,
    dtype: np.dtype,
    out: npt.NDArray | None,
) -> Found:
    """Run stages one after the other. A later stage sees what is present and has a result.

    Each stage is repeated. If this changes nothing any more, more of it would not either.
    """
    native, few = array.dtype.newbyteorder("="), None
    seen, found = presence, array
    final = False
    for place, dilates in enumerate(stages):
        for number in range(call.iterations):
            if (place or number) and (few is not None or not _all_present(presence)):
                seen = without(presence, array, few)
            final = place == len(stages) - 1 and number == call.iterations - 1
            to = (dtype, out) if final else (native, None)
            before, unknown = found, few
            found, few = _stage(call, found, settings, seen, *to, dilates=dilates)
            if number and not final and same(before, found) and equal(unknown, few):
                break
    if not final:
        dtypes.place(found, result := new(array, dtype, out))
        found = result
        if few is not None:
            absent.blank(found, few)
    return found, few


def _stage(
    call: Call,
    array: npt.NDArray,
    settings: Settings,
    presence: Presence | None,
    dtype: np.dtype,
    out: npt.NDArray | None,
    *,
    dilates: bool,
) -> Found:
    """Erode or dilate an image."""
    element = call.element.reflected if dilates else call.element
    if element.weights is not None:
        return weighed.stage(array, element, settings, presence, dtype, out, dilates=dilates)
    pick, window, common = (last if dilates else first), (3, element.inside), settings.common(dtype, out)
    if presence is None or (_all_present(presence) and not presence.shrink):
        return engine.apply(RANKS, array, common, pick, window), None
    if _all_present(presence) and element.centred and presence.min_coverage == 0:  # no window is empty
        return engine.apply(RANKS_IN_IMAGE, array, _without_border(common), pick, window), None
    # If only the border is absent, the shape of the image tells where results are missing, mostly nowhere.
    wanted = not _all_present(presence)
    found, few = RANKS.with_missing(array, common, pick, presence, wanted, window)
    return found, few if few is not None and few.any() else None


def _all_present(presence: Presence | None) -> bool:
    """Tell whether all samples of the image are present."""
    return presence is None or (presence.mask is None and not presence.ignore_nan)


def _planned(call: Call, array: npt.NDArray) -> Plan:
    """Return the algorithm that would run, and the reason."""
    return Plan(
        "morphology", f"{call.operation} by {np.count_nonzero(call.element.inside)} samples", math.nan
    )


FAMILY: engine.Family[Call] = engine.Family(
    _validate_and_plan, _planned, _compute, _with_missing, _compute_finite
)
#: The same for images whose border is absent, and of which all samples are present.
ABSENT_BORDER: engine.Family[Call] = engine.Family(
    _plan_without_border, _planned, _compute_absent, _with_missing, _compute_finite
)
