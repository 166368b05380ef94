"""Non-local means: the checks, and the way of a call."""

import functools
import itertools
import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, borders, dtypes, engine, threads
from imfilter._base.denormals import as_zeros
from imfilter._base.keywords import Common
from imfilter._base.missing import Presence
from imfilter._base.plan import Plan
from imfilter._base.program import address, pitch, set_addresses
from imfilter._base.reach import Reach, of_radii
from imfilter._base.store import Store
from imfilter._filters.denoise import tiles
from imfilter._filters.denoise.kernels.non_local import COUNTED, NON_LOCAL_JOB, average_tile, non_local
from imfilter._filters.denoise.strength import Strength, of_block
from imfilter._filters.denoise.tiles import Frame
from imfilter._simd.registers import BYTES

#: Weights below 2 to the power of minus these are 0: they are no normal numbers of float32 and of float64.
_CUT = {dtypes.FLOAT32: 126.0, dtypes.FLOAT64: 1022.0}
#: Factor of samples whose sums are infinite: more than the inverse of the samples of a search window.
_SHRINK = 2.0**-24
#: Largest numbers of samples of a patch, and of a search window.
_MOST_SAMPLES = 1 << 20


class Windows(NamedTuple):
    """The radii of patches and of search windows along z, y and x."""

    patch: tuple[int, int, int]
    search: tuple[int, int, int]

    @property
    def halo(self) -> tuple[int, int, int]:
        """The number of samples around a tile that its results depend on, along z, y and x."""
        z, y, x = (a + b for a, b in zip(*self, strict=True))
        return z, y, x

    @property
    def area(self) -> int:
        """The number of samples of a search window."""
        return math.prod(2 * r + 1 for r in self.search)


@dataclass(frozen=True, eq=False)
class Call:
    """The part of a call that is known before the samples are read."""

    windows: Windows
    frame: Frame
    strength: float | None
    noise: float | None
    mode: str
    cval: float
    dtype: np.dtype
    result_shape: tuple[int, ...]

    @property
    def reach(self) -> Reach | None:
        """The samples that a result depends on. None: all of them, because the noise is not known."""
        if self.noise is None:
            return None
        axes = self.frame.spatial
        return of_radii(axes, self.windows.halo[3 - len(axes) :])


def apply(
    image: npt.ArrayLike, patch: Any, search: Any, strength: Any, deviation: Any, common: Common
) -> npt.NDArray:
    """Return the weighted means of samples with similar patches."""
    return engine.apply(FAMILY, image, common, "non_local_means", (patch, search, strength, deviation))


def _radii(value: Any, n: int, name: str) -> tuple[int, ...]:
    sizes = arguments.integers(value, n, name, least=1)
    for size in sizes:
        if size % 2 == 0:
            raise ValueError(f"{name} must be odd, got {arguments.brief(size)}")
    count = math.prod(sizes)
    if count > _MOST_SAMPLES:
        raise ValueError(f"{name} must span at most {_MOST_SAMPLES} samples, got {arguments.brief(count)}")
    return tuple(size // 2 for size in sizes)


def _deviation(value: Any, name: str) -> float | None:
    if value is None:
        return None
    number = arguments.number(value, name)
    if number < 0:
        raise ValueError(f"{name} must be at least 0, got {number}")
    return number


def _checked(array: npt.NDArray, given: Common, fixed: str, own: tuple[Any, ...]) -> Call:
    """Check the arguments."""
    patch, search, strength, deviation = own
    axes = arguments.axes(array, given.axes, given.channel_axis)
    channel = None
    if given.channel_axis is not None:
        channel = arguments.axis_index(given.channel_axis, array.ndim, "channel_axis")
    frame = Frame.of(array.shape, axes, channel)
    radii = (_radii(value, len(axes), name) for value, name in ((patch, "patch"), (search, "search")))
    windows = Windows(*(frame.padded(r, axes, 0) for r in radii))
    mode = borders.check_mode(given.mode, more=("shrink",))
    cval = arguments.beyond(given.cval, mode)
    dtype = arguments.dtype(given.dtype, given.out, array.dtype.newbyteorder("="))
    numbers = _deviation(strength, "strength"), _deviation(deviation, "noise")
    return Call(windows, frame, *numbers, mode, cval, dtype, array.shape)


def _offsets(search: tuple[int, int, int]) -> npt.NDArray[np.int64]:
    """Return the offsets dz, dy, dx to half of a search window, without its centre."""
    every = itertools.product(*(range(-r, r + 1) for r in search))
    return np.array([d for d in every if d > (0, 0, 0)], np.int64).reshape(-1, 3)


_half = functools.lru_cache(maxsize=16)(_offsets)


def _filled(
    call: Call,
    array: npt.NDArray,
    out: npt.NDArray | None,
    workers: int | None,
    presence: Presence | None,
    few: npt.NDArray[np.bool_] | None,
) -> npt.NDArray:
    """Return the result, and write where too little is present for one, tile by tile."""
    frame = call.frame
    target = dtypes.target(out, array, array.shape, call.dtype)
    source, result = frame.ordered(array), frame.ordered(target)
    counts = None if presence is None else frame.ordered(_counts(array, presence))
    unknown = None if few is None else frame.ordered(few)
    every = tiles.cuts(frame.shape, len(frame.spatial))
    for place in np.ndindex(*source.shape[:-4]):
        block, there = source[place], None if counts is None else counts[place]
        present = None if there is None else there > 0
        strength = of_block(block, present, call.strength, call.noise, call.dtype, workers)

        def task(
            start: int, stop: int, place: Any = place, there: Any = there, strength: Any = strength
        ) -> None:
            tile = Tile(call, strength, there is not None)
            for cut in every[start:stop]:
                values, gone = tile.averaged(source[place], there, presence, cut)
                where = (*place, slice(None), *(slice(*part) for part in cut))
                with np.errstate(invalid="ignore", over="ignore"):
                    dtypes.place(values, result[where])
                if unknown is not None:
                    unknown[where] = gone

        threads.run(task, len(every), workers, len(every))
    return engine.delivered(target, out, call.dtype)


def _counts(array: npt.NDArray, presence: Presence) -> npt.NDArray:
    """Return how much each sample counts, as an array of the shape of the image."""
    return np.broadcast_to(presence.at(array, ...), array.shape)


class Tile:
    """The memory and the job of one thread, for one tile after the other.

    Samples are multiplied by `shrink` and by the unit of the strength.
    """

    def __init__(self, call: Call, strength: Strength, counted: bool, shrink: float = 1.0) -> None:
        self.call, self.strength, self.counted, self.shrink = call, strength, counted, shrink
        self.kernel = non_local.address(strength.real, COUNTED if counted else 0)
        self.store = Store()

    @as_zeros
    def averaged(
        self,
        block: npt.NDArray,
        there: npt.NDArray | None,
        presence: Presence | None,
        cut: tuple[tiles.Range, tiles.Range, tiles.Range],
    ) -> tuple[npt.NDArray, npt.NDArray[np.bool_] | None]:
        """Return the results of a tile, and where too little is present for one."""
        values, gone = self._averaged(block, there, presence, cut)
        finite = np.isfinite(values)
        if self.strength.unit > 1 and not finite.all():
            # Some samples are much larger than the strength, and cannot be multiplied.
            plain = Tile(self.call, self.strength.unscaled, self.counted)
            return np.where(finite, values, plain.averaged(block, there, presence, cut)[0]), gone
        if self.shrink == 1 and not finite.all() and self._are_large():
            # A sum of large samples is infinite.
            wide = Tile(self.call, self.strength._replace(real=dtypes.FLOAT64), self.counted, _SHRINK)
            values = np.where(finite, values, wide._averaged(block, there, presence, cut)[0])
        return values, gone

    def _are_large(self) -> bool:
        """Tell whether the sum of the samples of the last tile may be beyond the range of their type."""
        sizes = np.where(np.isinf(self.samples), 0, np.abs(self.samples))
        return bool(np.fmax.reduce(sizes, axis=None) > np.finfo(sizes.dtype).max * _SHRINK)

    def _averaged(
        self,
        block: npt.NDArray,
        there: npt.NDArray | None,
        presence: Presence | None,
        cut: tuple[tiles.Range, tiles.Range, tiles.Range],
    ) -> tuple[npt.NDArray, npt.NDArray[np.bool_] | None]:
        """Return the same, of which some may not be finite because a sum is not."""
        call, real, store = self.call, self.strength.real, self.store
        halo, reach_x = call.windows.halo, call.windows.search[2]
        planes, rows, columns = (stop - start for start, stop in cut)
        channels = len(block)
        lengths = [n + 2 * h for n, h in zip((planes, rows, columns), halo, strict=True)]
        samples = store.array("samples", (channels, *lengths), real)
        tiles.fill(block, cut, halo, call.mode, call.cval, samples)
        counts = None
        if there is not None:
            counts = store.array("counts", samples.shape, real)
            tiles.fill(there, cut, halo, call.mode, 0.0 if call.mode == "shrink" else 1.0, counts)
            samples[counts == 0] = 0
        if np.isinf(samples).any():  # no weight is small enough for it
            samples[np.isinf(samples)] = np.nan
        factor = self.shrink * self.strength.unit
        if factor != 1:
            with np.errstate(over="ignore"):
                samples *= factor
        self.samples = samples
        # A margin on both sides takes votes beyond the tile, which nobody needs, and so does the last row.
        wide = columns + 2 * reach_x + BYTES // real.itemsize
        shape = (channels, planes * rows + 1, wide)
        sums, totals = store.array("sums", shape, real), store.array("totals", shape, real)
        sums.fill(0)
        totals.fill(0)
        own = (slice(None), *(slice(h, h + n) for h, n in zip(halo, (planes, rows, columns), strict=True)))
        centre = samples[own].reshape(channels, planes * rows, columns)
        inner = (slice(None), slice(-1), slice(reach_x, reach_x + columns))
        weight = 1 if counts is None else counts[own].reshape(centre.shape)
        # Zero and minus zero are one number here, because votes of 0 are added to some samples only.
        sums[inner], totals[inner] = centre * weight + 0.0, weight
        self._vote(samples, counts, sums, totals, (planes, rows, columns), lengths)
        weights = totals[inner] if counts is not None else totals[:1][inner]
        with np.errstate(all="ignore"):
            values = (sums[inner] / weights).reshape(channels, planes, rows, columns)
            if factor != 1:
                values /= factor
        if counts is None or presence is None:
            return values, None
        gone = (weights == 0).reshape(values.shape)
        if presence.min_coverage:
            gone |= ~(self._coverage(counts) > presence.least(float(call.windows.area)))
        values[gone] = np.nan
        return values, gone

    def _vote(
        self,
        samples: npt.NDArray,
        counts: npt.NDArray | None,
        sums: npt.NDArray,
        totals: npt.NDArray,
        tile: tuple[int, ...],
        lengths: list[int],
    ) -> None:
        """Add the votes of all pairs of samples."""
        call, strength, store = self.call, self.strength, self.store
        windows, real, size = call.windows, strength.real, strength.real.itemsize
        planes, rows, columns = tile
        taps = [2 * r + 1 for r in windows.patch]
        offsets = _half(windows.search)
        if not len(offsets):
            return
        spare = BYTES // size
        line = pitch((columns + windows.search[2] + 2 * windows.patch[2] + 2 * spare) * size)
        row_size, ring_rows = line * (2 if self.counted else 1), rows + windows.search[1]
        job = np.zeros((), NON_LOCAL_JOB)
        step_z, step_y = lengths[1] * lengths[2], lengths[2]
        halo, wide = windows.halo, sums.shape[2]
        count = len(samples) * math.prod(taps)
        fields = {
            "channels": len(samples),
            "step_c": lengths[0] * step_z,
            "step_z": step_z,
            "step_y": step_y,
            "first": halo[0] * step_z + halo[1] * step_y + halo[2],
            **dict(zip(("radius_z", "radius_y", "radius_x"), windows.patch, strict=True)),
            **dict(zip(("taps_z", "taps_y", "taps_x"), taps, strict=True)),
            **dict(zip(("planes", "rows", "columns"), tile, strict=True)),
            "n_offsets": len(offsets),
            "sums_c": (planes * rows + 1) * wide,
            "sums_z": rows * wide,
            "sums_y": wide,
            "sums_first": windows.search[2],
            "unused": address(sums) + size * (planes * rows * wide + windows.search[2]),
            "ring_rows": ring_rows,
            "pitch": line,
            "kernel": self.kernel,
            "share": 1 / (count * self.shrink * self.shrink),
            "full": count,
            "twice": strength.twice,
            "slope": strength.slope,
            "cut": _CUT[real],
        }
        for name, value in fields.items():
            job[name] = value
        deep = taps[0] * ring_rows if taps[0] > 1 else 1
        tables = {
            "samples": samples,
            "sums": sums,
            "totals": totals,
            "offsets": offsets,
            "line": store.array("line", (row_size,), np.uint8),
            "ring": store.array("ring", (row_size * taps[1],), np.uint8),
            "ring_planes": store.array("ring_planes", (row_size * deep,), np.uint8),
            "table": store.array("table", (max(taps),), np.int64),
        }
        owners = set_addresses(job, tables if counts is None else {**tables, "counts": counts})
        average_tile.entry()(address(job))
        del owners

    def _coverage(self, counts: npt.NDArray) -> npt.NDArray:
        """Return how much is present in the search window of each sample of a tile."""
        found = counts.astype(np.float64)
        patch, search = self.call.windows
        for axis, (inner, reach) in enumerate(zip(patch, search, strict=True), 1):
            n = found.shape[axis] - 2 * inner - 2 * reach
            parts = (
                found[(slice(None),) * axis + (slice(inner + i, inner + i + n),)]
                for i in range(2 * reach + 1)
            )
            total = next(parts).copy()
            for part in parts:
                total += part
            found = total
        return found


def _plan(call: Call, image: npt.NDArray) -> Plan:
    """Return the algorithm."""
    return Plan("offsets", "squared differences at each offset, summed over patches", math.nan)


FAMILY: engine.Family[Call] = engine.family_of(_checked, _plan, _filled)
