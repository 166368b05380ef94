"""The common path of every rank filter: the neighbourhood, the algorithm for its rank, and the program."""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, bands, borders, dtypes, engine, threads
from imfilter._base.keywords import Common
from imfilter._base.loops import ArrayLayout, Loops, over_merged
from imfilter._base.missing import Presence
from imfilter._base.padding import Padding
from imfilter._base.plan import Plan
from imfilter._base.program import Program
from imfilter._base.reach import Reach, of_sizes
from imfilter._filters.rank import absent, blocks, chords, columns, networks, present, repeats
from imfilter._filters.rank.footprint import (
    Neighbourhood,
    absent_key,
    box_of,
    for_neighbourhoods,
    key,
    non_finite,
    radii,
)
from imfilter._filters.rank.keys import Number, keys_of
from imfilter._filters.rank.settings import bytes_of_comparison, compared_as, window_of
from imfilter._filters.rank.targets import delivered, target_of


@dataclass(eq=False)  # a frozen one takes 2 us more
class Call:
    """The part of a call that is known before the samples are read."""

    around: Neighbourhood
    axes: tuple[int, ...]
    mode: str
    cval: Number
    dtype: np.dtype
    compared: np.dtype | None  # type in which samples and the border constant are compared; None: by `keys`
    long: repeats.Box | None = None  # a box longer than the image; replaces `around`
    truth: bool = False  # whether samples and the border constant are 0 or 1
    result_shape: tuple[int, ...] = ()
    programs: dict[Any, Program] = field(default_factory=dict)
    keyed: dict[Any, "Call"] = field(default_factory=dict)  # calls for keys, by key type and border key

    @property
    def reach(self) -> Reach:
        """The samples that a result depends on."""
        return of_sizes(self.axes, self.around.inside.shape if self.long is None else self.long.lengths)


#: Largest number of samples that a window may span if samples are absent: those of each window are sorted.
_MOST_PRESENT = 1 << 20
#: Border modes that use a constant.
_CONSTANT = ("zero", "constant")


#: Returns the requested rank for a number of samples. The filter's own arguments follow that number.
Pick = Callable[..., int]


def apply(
    image: npt.ArrayLike, pick: Pick, size: Any, footprint: Any, common: Common, *own: Any
) -> npt.NDArray:
    """Check the arguments and find the sample of rank ``pick(n, *own)`` among the n of each window."""
    return engine.apply(FAMILY, image, common, pick, (size, footprint, *own))


def _compute(call: Call, array: npt.NDArray, out: npt.NDArray | None, workers: int | None) -> npt.NDArray:
    """Find the ranks, in `out` or a new array. An image that is the output is replaced band by band."""
    if out is not None and call.long is None and bands.replaceable_at_once(array, out):

        def of_band(samples: npt.NDArray, _: bands.Band) -> bands.Found:
            return _compared_and_ranked(call, samples, None, 1), None

        reach, periodic = radii(array.ndim, call.axes, call.around.inside.shape), call.mode == "wrap"
        more = bytes_of_comparison(array.dtype, call.compared)
        replaced = bands.replace_by_results(
            array, reach, of_band, workers, periodic=periodic, at_once=True, wanted=False, more=more
        )
        if replaced is not None:
            return replaced[0]
    return _compared_and_ranked(call, array, out, workers)


def _compared_and_ranked(
    call: Call, array: npt.NDArray, out: npt.NDArray | None, workers: int | None
) -> npt.NDArray:
    """Do what `_compute` does, at once. Samples of some types are compared by keys."""
    if call.compared is not None:
        source = dtypes.readable(array)
        source = source if source.dtype == call.compared else source.astype(call.compared)
        return _ranked(call, source, array, out, workers)
    keys = keys_of(array, call.cval if call.mode in _CONSTANT else None)
    kind = keys.values.dtype

    def make() -> Call:
        return replace(
            call, cval=keys.border_key, dtype=kind, compared=kind, truth=False, programs={}, keyed={}
        )

    keyed = engine.cached(call.keyed, (kind, keys.border_key), make)
    found = _ranked(keyed, keys.values, array, None, workers)
    if call.mode == "shrink":  # without a sample in the window, the key belongs to none
        found = found.clip(0, 2 * array.size - 2)
    out = dtypes.empty(array.shape, call.dtype) if out is None else out
    keys.place(found, out)
    return out


def _ranked(
    call: Call, source: npt.NDArray, image: npt.NDArray, out: npt.NDArray | None, workers: int | None
) -> npt.NDArray:
    """Return the ranks of samples that are compared directly, in `out` or a new array."""
    if call.long is not None:
        found = _long(call, call.long, source, workers)
        out = dtypes.empty(image.shape, call.dtype) if out is None else out
        dtypes.place(np.broadcast_to(found, image.shape), out)
        return out
    truth = call.dtype.kind == "b"  # asked here, because each function below takes 0.3 of 12 us
    target = (
        target_of(image, source.dtype, call.dtype, out)
        if truth
        else dtypes.target(out, image, image.shape, source.dtype)
    )
    over_merged(functools.partial(_run, call, workers), source, target, call.axes)
    return delivered(target, image, call.dtype, out) if truth else engine.delivered(target, out, call.dtype)


def _long(call: Call, box: repeats.Box, source: npt.NDArray, workers: int | None) -> npt.NDArray:
    """Return the ranks in a long box. An axis along which all results are equal has length 1 there."""
    border_key = call.cval if call.mode in _CONSTANT else None
    if not box.extreme:
        return repeats.ranked(source, box, call.axes, call.mode, border_key, workers)
    sides = [(a, t) for a, t in zip(call.axes, box.lengths, strict=True) if t > 1]
    covered = tuple(a for a, t in sides if repeats.covers(t, source.shape[a]))
    if covered:
        source = repeats.reduced(source, covered, border_key, largest=box.rank > 0)
    for axis, taps in sides:  # the minimum of a box is separable: one axis after the other
        if axis not in covered:
            line = box_of((taps,), 0 if box.rank == 0 else taps - 1)
            one = Call(line, (axis,), call.mode, call.cval, source.dtype, source.dtype)
            source = _ranked(one, source, source, None, workers)
    return source


def _validate_and_plan(array: npt.NDArray, given: Common, pick: Pick, window: tuple[Any, ...]) -> Call:
    """Check the arguments and derive the settings of the call."""
    axes = arguments.axes(array, given.axes, given.channel_axis)
    size, footprint, *own = window
    around, long = window_of(array, axes, size, footprint, pick, tuple(own))
    mode = borders.check_mode(given.mode, more=("shrink",))
    cval = arguments.constant(given.cval, "cval")
    dtype = arguments.dtype(given.dtype, given.out, array.dtype.newbyteorder("="))
    cval, compared = compared_as(array, cval if mode == "constant" else 0, dtype)
    truth = array.dtype.kind == "b" and compared == np.uint8 and cval in (0, 1)
    return Call(around, axes, mode, cval, dtype, compared, long, truth, array.shape)


def _with_missing(
    array: npt.NDArray,
    given: Common,
    pick: Pick,
    presence: Presence,
    wanted: bool,
    window: tuple[Any, ...],
) -> tuple[npt.NDArray, npt.NDArray[np.bool_] | None]:
    """Find the ranks among the samples that are present; see `present`."""
    axes = arguments.axes(array, given.axes, given.channel_axis)
    size, footprint, *own = window
    around = arguments.window(size, footprint, len(axes))
    inside = around if isinstance(around, np.ndarray) else None
    taps = int(np.count_nonzero(inside)) if inside is not None else math.prod(cast(tuple[int, ...], around))
    inside = np.ones(cast(tuple[int, ...], around), bool) if inside is None else inside
    extreme = absent.extreme_of(pick, own, taps)
    fewest = max(1, math.ceil(presence.least(taps)))
    mode = borders.check_mode(given.mode, more=("shrink",))
    cval = arguments.constant(given.cval, "cval")
    dtype = arguments.dtype(given.dtype, given.out, array.dtype.newbyteorder("="))
    arguments.fitting(given.out, array.shape)
    native = array.dtype.newbyteorder("=")
    fits = mode != "constant" or dtype.newbyteorder("=") == native or dtypes.holds(native, cval)
    if extreme is not None and mode == "shrink" and presence.mask is None and not presence.ignore_nan:
        given = given._replace(mode="zero", mask=None, nan="propagate", min_coverage=0.0)
        found = _rank(array, given, pick, window, ABSENT_BORDER)
        few = absent.near_border(_rank, array.shape, axes, inside, window, fewest)
        if few is not None:
            few = np.broadcast_to(few, found.shape)
            absent.blank(found, few)
        return found, np.zeros(found.shape, bool) if few is None and wanted else few
    if bands.in_place(array, given.out):
        seen = presence.apart_from(array)
        plain = given._replace(mode=mode, axes=axes, channel_axis=None, out=None, workers=1)

        def of_band(samples: npt.NDArray, band: bands.Band) -> bands.Found:
            return _with_missing(samples, plain, pick, band.present(seen), wanted, window)

        reach, periodic = radii(array.ndim, axes, inside.shape), mode == "wrap"
        replaced = bands.replace_by_results(
            array, reach, of_band, given.workers, periodic=periodic, at_once=False, wanted=wanted
        )
        if replaced is not None:
            found, few = replaced
            return found, np.zeros(found.shape, bool) if few is None and wanted else few
    if extreme is not None and taps > present.SMALL and fits:
        given = given._replace(mode=mode)
        largest = extreme == absent.MAXIMUM
        found, few = absent.among_present(
            _rank, array, given, pick, presence, window, dtype, fewest, largest=largest, wanted=wanted
        )
        return found, np.zeros(found.shape, bool) if few is None and wanted else few
    if taps > _MOST_PRESENT:
        raise ValueError(f"size must span at most {_MOST_PRESENT} samples if samples are absent, got {taps}")
    listed = [0, *(pick(n, *own) for n in range(1, taps + 1))]
    ranks = np.zeros(taps + 1, np.int64) if extreme == absent.MAXIMUM else np.array(listed, np.int64)
    cval, compared = compared_as(array, cval if mode == "constant" else 0, dtype)
    keys = None
    if compared is None:
        keys = keys_of(array, cval if mode in _CONSTANT else None)
        source, border = keys.values, np.array([keys.border_key], keys.values.dtype)
    else:
        source = dtypes.readable(array).astype(compared, copy=False)
        border = np.array([dtypes.rounded(compared, cval)], compared)
    if taps >> (8 * source.itemsize):  # the number of present samples is counted in the type of the samples
        wide = np.dtype(f"{'i' if source.dtype.kind == 'i' else 'u'}{4 if taps >> 16 else 2}")
        source, border = source.astype(wide), border.astype(wide)
    chosen = present.Window(inside, axes, ranks, fewest, mode, border, reverse=extreme == absent.MAXIMUM)
    target = dtypes.target(given.out, array, array.shape, source.dtype)
    few = present.run(
        source, array, presence, chosen, target, threads.requested(given.workers),
        wanted=wanted or keys is not None or dtype.kind != source.dtype.kind,
    )  # fmt: skip
    out = dtypes.empty(array.shape, dtype) if given.out is None else given.out
    if keys is not None and few is not None:
        keys.place(np.where(few, source.flat[0], target), out)
    elif out is not target:
        dtypes.place(target, out)
    if few is not None:
        out[few] = np.nan if out.dtype.kind == "f" else 0
    return out, few


def _rank(
    array: npt.NDArray, common: Common, pick: Pick, window: tuple[Any, ...], family: Any = None
) -> npt.NDArray:
    """Filter an image of which all samples are present."""
    return engine.apply(FAMILY if family is None else family, array, common, pick, window)


def _with_absent_border(array: npt.NDArray, given: Common, pick: Pick, window: tuple[Any, ...]) -> Call:
    """Check the arguments and derive the settings of a minimum or maximum with samples of the image alone."""
    return _validate_and_plan(array, given._replace(mode="shrink"), pick, window)


def _run(
    call: Call, workers: int | None, source: npt.NDArray, target: npt.NDArray, *, check_finite: bool = True
) -> bool:
    """Run the program for the layout of image and output. Make it if it is new."""
    if call.around.inside.size == 1:
        target[...] = source
        return True
    check_finite = check_finite and source.dtype.kind == "f" and not non_finite(call.cval)
    program = _program_of(call, source, target, check_finite=check_finite)
    done = program.run(source, target, workers)
    return bool(done) or _run(call, workers, source, target, check_finite=False)


def _compute_finite(
    call: Call, array: npt.NDArray, out: npt.NDArray | None, workers: int | None
) -> npt.NDArray | None:
    """Do what `_compute` does if the program finds no NaN; return None if it finds one, or does not look.

    Integers contain none.
    """
    plain = call.compared is not None and call.long is None and call.around.inside.size > 1
    plain = plain and not bands.in_place(array, out)  # it could not be filtered again
    if not plain or non_finite(call.cval) or array.ndim > max(call.axes) + 2:
        return None
    source = dtypes.readable(array)
    source = source if source.dtype == call.compared else source.astype(call.compared)
    target = dtypes.target(out, array, array.shape, source.dtype)
    check_finite = source.dtype.kind == "f"
    program = _program_of(call, source, target, check_finite=check_finite)
    if (check_finite and program.flag < 0) or not program.run(source, target, workers):
        return None
    return engine.delivered(target, out, call.dtype)


def _program_of(call: Call, source: npt.NDArray, target: npt.NDArray, *, check_finite: bool) -> Program:
    """Return the program for image and output. Make it if their layout is new."""
    where = check_finite, source.shape, source.strides, target.strides  # bands have other shapes
    return engine.cached(call.programs, where, _program, call, source, target, check_finite)


def _program(call: Call, image: npt.NDArray, result: npt.NDArray, check_finite: bool) -> Program:
    """Return the program for the layouts of image and output."""
    source, target = ArrayLayout.of(image), ArrayLayout.of(result)
    loops = loops_of(call.around.inside.shape, call.axes, source, target)
    around = call.around.along(loops)
    costs = _costs(around, source.dtype, loops.channels, call.truth)
    direct = check_finite or source.dtype.kind != "f"
    fits = direct and "columns" in costs and columns.fits(loops, source, target)
    algorithm = next(name for name in costs if fits or name != "columns")
    if algorithm == "columns":
        border_key = _border_key(call, source.dtype, turned=False)
        return columns.make(around, loops, source, target, call.mode, border_key, check_finite=check_finite)
    if algorithm in ("chords", "packed"):
        packed = algorithm == "packed"
        sets = chords.prepared_bits(around) if packed else chords.prepared(around)
        assert sets is not None
        border_key = _border_key(call, source.dtype, turned=not check_finite)
        keys = dict.fromkeys(chords.EXTREMES, border_key)
        return chords.make(
            sets, loops, source, target, call.mode, keys, check_finite=check_finite, packed=packed
        )
    if algorithm == "network":
        border_key = _border_key(call, source.dtype, turned=not check_finite)
        return networks.make(around, loops, source, target, call.mode, border_key, check_finite=check_finite)
    counted, border_key = algorithm == "histogram", _border_key(call, source.dtype)
    return blocks.make(around, loops, source, target, call.mode, border_key, counted=counted)


def _border_key(call: Call, dtype: np.dtype, *, turned: bool = True) -> int:
    """Return the key of the border constant. For an absent border, it is one that changes no extreme."""
    if call.mode != "shrink":
        return key(dtype, call.cval, turned=turned)
    return absent_key(dtype, largest=call.around.rank > 0, turned=turned)


def loops_of(
    shape: tuple[int, ...], axes: tuple[int, ...], source: ArrayLayout, target: ArrayLayout
) -> Loops:
    """Return the loops over an image for a neighbourhood of the given shape."""
    paddings = tuple([Padding.same(source.shape[a], taps, 1, 1) for a, taps in zip(axes, shape, strict=True)])
    one = (1,) * len(shape)
    return Loops.of(source, target, shape, axes, paddings, one, one)


@for_neighbourhoods
def _costs(around: Neighbourhood, dtype: np.dtype, channels: int, truth: bool) -> dict[str, float]:
    """Return the available algorithms and their cost per sample, the cheapest first."""
    found = {"bits": blocks.cost(around, dtype.itemsize, counted=False)}
    if blocks.counts(around, dtype.itemsize):
        found["histogram"] = blocks.cost(around, dtype.itemsize, counted=True)
    sets = chords.prepared(around)
    if sets is not None:
        found["chords"] = chords.cost(sets, dtype.itemsize)
    if (column := columns.cost(around, dtype.itemsize)) is not None:
        found["columns"] = column
    if truth and channels == 1 and (bits := chords.prepared_bits(around)) is not None:
        found["packed"] = chords.cost_of_bits(bits)
    network = networks.network_for(around, dtype.itemsize, channels) if sets is None else None
    if network is not None:
        found["network"] = networks.cost(network, dtype.itemsize)
    return dict(sorted(found.items(), key=lambda item: item[1]))


def _planned(call: Call, array: npt.NDArray) -> Plan:
    """Return the algorithm that would run, and the reason."""
    if call.long is not None:
        taps = "x".join(map(str, call.long.lengths))
        return Plan("repeated", f"{taps} samples, of which the image has fewer", 0.0)
    around = call.around
    kind = np.dtype(np.int64) if call.compared is None else call.compared
    last = max(call.axes)
    shape = *array.shape[: last + 1], math.prod(array.shape[last + 1 :])  # see `over_merged`
    shape = shape if array.ndim > last + 2 else array.shape
    steps = np.cumprod((kind.itemsize, *shape[:0:-1]))[::-1].tolist()  # of a contiguous image
    side = ArrayLayout(shape, tuple(steps), kind)
    loops = loops_of(around.inside.shape, call.axes, side, side)
    costs = _costs(around.along(loops), side.dtype, loops.channels, call.truth)
    if not columns.fits(loops, side, side):
        costs = {name: cost for name, cost in costs.items() if name != "columns"}
    (algorithm, cost), *others = costs.items()
    what = {
        "network": "a network of comparisons of whole lines",
        "chords": "minima of whole rows of runs of samples",
        "packed": "minima of whole rows of runs of samples, packed to bits",
        "columns": "minima of the ends and the beginnings of blocks of rows",
        "bits": "samples of a block sorted once, and bits counted",
        "histogram": "histograms of columns, of values or places in a sorted block",
    }
    reason = f"{around.taps} samples, by {what[algorithm]}, take {cost:.3g} ns a sample"
    reason += "".join(f"; {name} {ns:.3g} ns" for name, ns in others)
    return Plan(algorithm, reason, cost * 1e-9 * array.size)


FAMILY: engine.Family[Call] = engine.Family(
    _validate_and_plan, _planned, _compute, _with_missing, _compute_finite
)
#: Minima and maxima of which samples beyond the border are absent. At least one sample must be present.
ABSENT_BORDER: engine.Family[Call] = engine.Family(_with_absent_border, _planned, _compute, _with_missing)
