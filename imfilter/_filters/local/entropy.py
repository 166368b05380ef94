"""The entropy of windows: the checks, and the way of a call."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, borders, dtypes, engine
from imfilter._base.keywords import Common
from imfilter._base.loops import places_of
from imfilter._base.plan import Plan
from imfilter._base.program import address, set_addresses
from imfilter._base.reach import Reach
from imfilter._base.store import Store, roomy
from imfilter._filters.local import pieces
from imfilter._filters.local.bins import Bins
from imfilter._filters.local.family import Source, bounded, family
from imfilter._filters.local.kernels.histograms import ENTROPY_JOB, measure, measure_lines
from imfilter._filters.local.pieces import Cut, Frame


@dataclass(frozen=True, eq=False)
class Call:
    """The part of a call that is known before the samples are read."""

    inside: npt.NDArray[np.bool_]  # over z, y and x
    frame: Frame
    bins: Bins
    cval: float
    dtype: np.dtype
    result_shape: tuple[int, ...]
    terms: npt.NDArray[np.int64]  # n*log2(n), in units
    unit: float

    @property
    def reach(self) -> Reach:
        """The samples that a result depends on."""
        return self.frame.reach

    @property
    def taps(self) -> int:
        """The number of samples of the window."""
        return len(self.terms) - 1

    @property
    def total(self) -> float:
        """The sum of the weights of the window."""
        return self.taps


def apply(
    image: npt.ArrayLike, size: Any, footprint: Any, levels: Any, value_range: Any, common: Common
) -> npt.NDArray:
    """Return the entropy of every window."""
    return engine.apply(FAMILY, image, common, "entropy", (size, footprint, levels, value_range))


def _checked(array: npt.NDArray, given: Common, fixed: str, own: tuple[Any, ...]) -> Call:
    """Check the arguments."""
    size, footprint, levels, value_range = own
    axes = arguments.axes(array, given.axes, given.channel_axis)
    window = arguments.window(size, footprint, len(axes))
    sizes = window if isinstance(window, tuple) else window.shape
    bounded(sizes, "size" if footprint is None else "footprint")
    bins = Bins.of(array.dtype, levels, value_range)
    mode = borders.check_mode(given.mode, more=("shrink",))
    cval = arguments.beyond(given.cval, mode)
    dtype = arguments.dtype(given.dtype, given.out, dtypes.derived(array.dtype))
    frame = Frame.of(array.shape, axes, sizes, mode)
    inside = np.ones(sizes, bool) if isinstance(window, tuple) else window
    inside = inside.transpose(np.argsort(frame.axes))
    inside = inside.reshape((1,) * (3 - inside.ndim) + inside.shape)
    terms, unit = _terms(int(np.count_nonzero(inside)))
    return Call(inside, frame, bins, cval, dtype, array.shape, terms, unit)


def _terms(taps: int) -> tuple[npt.NDArray[np.int64], float]:
    """Return n*log2(n) for up to `taps` samples as whole multiples of a unit, and how many units make 1."""
    n = np.arange(taps + 1, dtype=np.float64)
    terms = n * np.log2(np.maximum(n, 1))
    unit = 2.0 ** (61 - math.ceil(math.log2(max(terms[-1], 1))))
    return np.rint(terms * unit).astype(np.int64), unit


def _fill(call: Call, cut: Cut, source: Source, view: npt.NDArray, store: Store) -> npt.NDArray | None:
    """Write the results of a piece, and return the numbers of samples if data is missing."""
    codes, missing = _codes(call, cut, source, store), source.presence is not None
    found, counts = _measured(call, codes, missing, source.least)
    dtypes.place(found, view)
    return counts


def _codes(call: Call, cut: Cut, source: Source, store: Store) -> npt.NDArray:
    """Return the number of the bin of each sample of a piece."""
    frame, bins, presence = call.frame, call.bins, source.presence
    kind = bins.kind(absent=presence is not None)
    if bins.direct and kind == np.uint8:
        native = dtypes.readable(source.samples[:0]).dtype
        return pieces.padded(frame, cut, source.samples, native, bins.constant(call.cval), store)
    samples = pieces.padded(frame, cut, source.samples, source.samples.dtype, None, store)
    codes = roomy(samples.shape, kind)
    codes[...] = bins.codes(samples)
    pieces.set_border(frame, cut, codes, bins.constant(call.cval))
    if presence is not None:
        there = pieces.counts(frame, cut, samples, presence, source.mask, np.dtype(bool))
        codes[~there] = bins.absent
    return codes


def _measured(
    call: Call, codes: npt.NDArray, missing: bool, least: float
) -> tuple[npt.NDArray, npt.NDArray | None]:
    """Return the entropy of all windows of a piece, and their numbers of samples if some are `missing`."""
    padded, inside = codes.shape, call.inside
    shape = (padded[0], *(n - t + 1 for n, t in zip(padded[1:4], inside.shape, strict=True)), padded[4])
    pitches = [math.prod(padded[a + 1 :]) for a in range(5)]
    found = np.empty(shape)
    presents = np.empty(shape) if missing else None
    rows = (shape[0], shape[1], shape[2], shape[4])
    starts = places_of(rows, (pitches[0], pitches[1], pitches[2], 1))
    steps = [math.prod(shape[a + 1 :]) for a in range(5)]
    places = places_of(rows, (steps[0], steps[1], steps[2], 1))
    beside = np.pad(inside, ((0, 0), (0, 0), (1, 1)))
    ends = np.argwhere(inside & ~beside[..., 2:]) + np.array((0, 0, 1))
    begins = np.argwhere(inside & ~beside[..., :-2])
    along = np.array(pitches[1:4])
    job = np.zeros((), ENTROPY_JOB)
    job["lines"], job["count"], job["step"] = len(starts), shape[3], padded[4]
    job["taps"], job["moves"] = call.taps, len(ends)
    job["absent"] = call.bins.absent if missing else -1
    job["nan"] = call.bins.nan if call.bins.floating else -1
    job["measure"] = measure.address(codes.dtype)
    job["unit"], job["least"] = call.unit, least
    job["codes"], job["to"] = address(codes), address(found)
    job["presents"] = 0 if presents is None else address(presents)
    owners = set_addresses(
        job,
        {
            "starts": starts,
            "places": places,
            "offsets": np.argwhere(inside) @ along,
            "enter": ends @ along,
            "leave": begins @ along,
            "counts": np.zeros(call.bins.levels + 2, np.int32),
            "terms": call.terms,
            "rises": np.diff(call.terms),
        },
    )
    measure_lines.entry()(address(job))
    del owners
    return found, presents


def _plan(call: Call, image: npt.NDArray) -> Plan:
    """Return the algorithm."""
    return Plan("histogram", "the histogram of a window moves along the line", math.nan)


#: 512x512 and 9 x 9 take 2.6 ms with two threads, and 4.6 with one (Zen 4).
FAMILY: engine.Family[Call] = family(_checked, _plan, _fill, small=1 << 16)
