"""From an operator to the tables of taps that the sliding window reads."""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from imfilter._core import symmetry
from imfilter._core.operators import Taps
from imfilter._core.remembered import remembered
from imfilter._core.runs import SHORT, common, first_of_pairs, group, grouped, paired, run_table
from imfilter._core.symmetry import Half
from imfilter._kernels.job import (
    ALONG,
    BLOCK_ALONG,
    BY_ROW,
    BY_TAP,
    LAYER,
    PLANE,
    SYMMETRIC,
    SYMMETRIC_ALONG,
    TAP,
    UNROLLED,
)
from imfilter._kernels.lines import FIRST, RUN, SECOND

#: Taps of a window that is summed in straight code, with all its kernels, and of a line or column of it. Code
#: for each number takes 0.2 to 0.5 s to compile; a column of 25 gained a sixth by it, of 9 a quarter.
STRAIGHT, STRAIGHT_LINE = 27, 17
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Schedule:
    """The arguments of `slide` that describe the operator; see there.

    The first runs are those of the layers; those of one output row begin at `single`, and, if
    neighbouring rows are computed in pairs, those of two at `double`. `alike` is how many taps every row
    of the window has, if all have the same, in each of the `components`.
    """

    offsets_z: npt.NDArray
    weights_z: npt.NDArray
    columns: _Ints
    weights_x: npt.NDArray
    layers: npt.NDArray
    taps: npt.NDArray
    weights: npt.NDArray
    runs: npt.NDArray
    norm: bool
    single: int
    double: int
    alike: int
    components: int
    filled: bool = False  # whether taps of weight zero are read
    #: Halves of symmetric kernels: of layers over the planes and along the line, and of the sum over the
    #: window. Such a sum is symmetric if it has any.
    halves_z: tuple[Half | None, ...] = ()
    halves_x: tuple[Half | None, ...] = ()
    halves: tuple[Half, ...] = ()
    window: symmetry.Window | None = None  # kernels that are summed as one symmetric window

    @property
    def adjoining(self) -> bool:
        """Whether the halves leave no row of the window out."""
        return all(half.adjoining for half in self.halves)

    @property
    def paired(self) -> bool:
        """Whether neighbouring rows are computed two at a time."""
        return self.double < len(self.runs)

    @property
    def plain(self) -> bool:
        """Whether the window is one sum over rows that all have the same taps."""
        return self.alike > 0 and self.components == 1 and not self.norm

    def straight(self, height: int) -> bool:
        """Tell whether a window of so many rows is small enough to be summed in straight code."""
        most = STRAIGHT if min(height, self.alike) > 1 else STRAIGHT_LINE
        return (self.plain or self.norm) and 0 < height * self.alike * self.components <= most

    @property
    def across(self) -> bool:
        """Whether layers are sums over planes."""
        return len(self.weights_z) > 0

    @functools.cached_property
    def longest_line(self) -> int:
        """The most taps along a line, of a layer or of a window of one row."""
        if len(self.layers):
            return int((self.layers["stop_x"] - self.layers["begin_x"]).max())
        return len(self.taps) if not self.taps["row"].any() and not self.taps["layer"].any() else 0

    def named(self, cval: float) -> dict[str, npt.NDArray]:
        """Return the tables by the names that `slide` has for them, with a border of `cval`."""
        layers = self.layers if cval == 0 else self.layers.copy()
        for layer in layers if cval else ():
            whole = (
                self.offsets_z["weight"][layer["begin_z"] : layer["stop_z"]] if self.across else np.ones(1)
            )
            # Weights of both signs may cancel, but not where the constant is NaN or infinite.
            with np.errstate(invalid="ignore"):
                layer["beyond"] = whole.sum() * cval if math.isfinite(cval) else (whole * cval).sum()
        names = ("offsets_z", "weights_z", "columns", "weights_x", "taps", "weights", "runs")
        return {name: getattr(self, name) for name in names} | {"layers": layers}


def _ints(values: object) -> _Ints:
    return np.asarray(values, dtype=np.int64)


def _schedule(
    taps: npt.NDArray,
    weights: Taps,
    ends: list[int],
    height: int,
    pair: bool,
    norm: bool,
    real: np.dtype,
    halves: tuple[Half, ...] = (),
    **layers: npt.NDArray,
) -> Schedule:
    """Return the schedule of a sum over a window of `height` rows whose components end at `ends`.

    Windows with symmetric `halves` are summed by these, and have no runs.
    """
    runs: list[list[int]] = [list(map(int, run)) for run in layers.pop("runs", np.empty(0, RUN)).tolist()]
    begins = [0, *ends[:-1]]
    pairs = [
        paired(taps, a, b, height, real.itemsize) if pair else None for a, b in zip(begins, ends, strict=True)
    ]
    single, double = [], []
    alike = 0
    if all(np.array_equal(taps[a:b], taps[: ends[0]]) for a, b in zip(begins, ends, strict=True)):
        alike = common(taps[: ends[0]], height)
    plain = 0 if norm or len(ends) > 1 else alike
    for a, b, two in zip(begins, ends, pairs, strict=True) if not halves else ():
        most = group(height, plain) if plain else 0
        single += first_of_pairs(two) if two and not plain else grouped(a, b, most)
        if any(pairs):
            one = grouped(a, b)
            double += two or one + [[SECOND, *run[1:4], 0, run[4], run[6]] for run in one]
    # A component closes once, after both rows' taps.
    for i in range(len(double) - 1):
        if double[i][-1] and double[i + 1][0] == SECOND and double[i][0] == FIRST:
            double[i][-1] = 0
    none, zero = _ints([]), np.empty(0, real)
    fields = {"weights_z": zero, "columns": none, "weights_x": zero} | layers
    return Schedule(
        taps=taps,
        weights=weights.astype(real),
        runs=run_table(runs + single + double),
        norm=norm,
        single=len(runs),
        double=len(runs) + len(single),
        alike=alike,
        components=len(ends),
        halves=halves,
        **{"layers": np.empty(0, LAYER), **fields},
    )


def direct(
    components: list[Taps],
    norm: bool,
    dilation: tuple[int, int, int],
    pair: bool,
    real: np.dtype,
    fill: bool = False,
) -> Schedule:
    """Return the schedule of plain weighted sums; each component has axes z, y, x.

    Taps along the line are left in padded columns: `placed` makes them elements. With `fill`, taps of
    weight zero may be read too, which is no more work if they are few.
    """
    line = len(components) == 1 and sum(n > 1 for n in components[0].shape) <= 1
    half = symmetry.halved(components[0].ravel()) if line else None
    if half is not None:
        return _symmetric_line(components[0].shape, half, norm, dilation, real)
    window = symmetry.window(components) if norm or len(components) == 1 else None
    # By row first, so that the taps of each are side by side.
    by_row = np.array([component.swapaxes(0, 1) for component in components])
    read = by_row != 0
    for component, taps in zip(components, read, strict=True):
        taps |= window is not None or (fill and _nearly_full(component))
    made = _places(read.tobytes(), read.shape, norm, dilation, pair, real)
    weights = by_row[read]
    filled = window is None and not weights.all()
    return replace(made, weights=weights.astype(real), filled=filled, window=window)


@remembered(len)
def _places(
    read: bytes,
    shape: tuple[int, ...],
    norm: bool,
    dilation: tuple[int, int, int],
    pair: bool,
    real: np.dtype,
) -> Schedule:
    """Return the schedule of plain sums that lacks its weights, from which taps are read.

    The axes of `shape` are components, rows, planes and columns.
    """
    component, *where = np.frombuffer(read, bool).reshape(shape).nonzero()
    row, plane, column = (at * step for at, step in zip(where, np.array(dilation)[[1, 0, 2]], strict=True))
    offsets, layers = np.unique(plane, return_inverse=True)
    taps = np.empty(len(row), TAP)
    taps["layer"], taps["row"], taps["column"] = layers, row, column
    ends = np.searchsorted(component, np.arange(shape[0]), "right").tolist()
    planes = _planes(offsets if len(offsets) else _ints([0]))
    return _schedule(taps, np.zeros(0), ends, shape[1], pair, norm, real, offsets_z=planes)


def _symmetric_line(
    shape: tuple[int, ...], half: Half, norm: bool, dilation: tuple[int, int, int], real: np.dtype
) -> Schedule:
    """Return the schedule of a symmetric kernel of a `shape` that is longer than 1 along one axis at most."""
    where = np.zeros((len(half.used), 3), np.int64)
    axis = int(np.argmax(shape))
    where[:, axis] = np.array(half.used) * dilation[axis]
    offsets, layers = np.unique(where[:, 0], return_inverse=True)
    taps = np.empty(len(where), TAP)
    taps["layer"], taps["row"], taps["column"] = layers, where[:, 1], where[:, 2]
    weights = np.ones(len(taps))  # which are in the half
    return _schedule(
        *(taps, weights, [len(taps)], shape[1], False, norm, real, (half,)), offsets_z=_planes(offsets)
    )


def _nearly_full(component: Taps) -> bool:
    """Tell whether it is less work to sum all taps, row by row, than those that are not zero, one by one."""
    return bool(component.shape[1] > 1 and component.size <= 2 * np.count_nonzero(component))


def _planes(offsets: _Ints, weights: npt.NDArray | float = 0.0) -> npt.NDArray:
    table = np.empty(len(offsets), PLANE)
    table["plane"], table["weight"] = offsets, weights
    return table


def separable(
    terms: list[tuple[Taps, Taps, Taps]],
    norm: bool,
    dilation: tuple[int, int, int],
    pair: bool,
    real: np.dtype,
    fill: bool = False,
) -> Schedule:
    """Return the schedule of separable `terms`, each the taps along z, y and x: one layer a term.

    With `fill`, taps of weight zero may be read too, so that all terms and rows have the same.
    """
    across = len(terms[0][0]) > 1
    if len(terms) > 1 and not norm:
        terms = _levelled(terms)
    if not across:
        terms = [(one, along_y, along_x * one[0]) for one, along_y, along_x in terms]
    halves_z, halves_y, halves_x = (
        [symmetry.halved(term[i]) for term in terms] if i or across else [None] * len(terms) for i in range(3)
    )
    if len(terms) > 1 and not norm:
        averages = [all(map(symmetry.average, (term[0], term[2]))) for term in terms]
        halves_y = [h.alone if h and not a else h for h, a in zip(halves_y, averages, strict=True)]
    halves = tuple(half for half in halves_y if half is not None)
    halves = halves if len(halves) == len(terms) else ()
    fill_y = fill and not norm and not halves and _nearly_alike([along_y for _, along_y, _ in terms])
    fill_x = fill and len(terms) > 1 and len(terms[0][2]) <= STRAIGHT_LINE and None in halves_x
    fill_x = fill_x and _nearly_alike([along_x for _, _, along_x in terms])
    planes, weights_z, columns, weights_x = [], [], [], []
    layers, tables, weights = np.zeros(len(terms), LAYER), [], []
    runs: list[list[int]] = []
    n_z = n_x = 0
    for layer, (along_z, along_y, along_x) in enumerate(terms):
        if across:
            used = _used(along_z, halves_z[layer])
            planes.append(used * dilation[0])
            weights_z.append(along_z[used])
            stop = n_z + len(used)
            layers["begin_z"][layer], layers["stop_z"][layer] = n_z, stop
            layers["group_z"][layer] = group(1, len(used))
            layers["first_z"][layer] = len(runs)
            runs += grouped(n_z, stop)
            layers["last_z"][layer] = len(runs)
            n_z = stop
        if fill_x:
            halves_x[layer] = None
        used = np.arange(len(along_x)) if fill_x else _used(along_x, halves_x[layer])
        layers["begin_x"][layer], layers["stop_x"][layer] = n_x, n_x + len(used)
        layers["group"][layer] = group(1, len(used))
        columns.append(used * dilation[2])
        weights_x.append(along_x[used])
        layers["first_x"][layer] = len(runs)
        runs += grouped(n_x, n_x + len(used))
        layers["last_x"][layer] = len(runs)
        n_x += len(used)
        used = np.arange(len(along_y)) if fill_y else _used(along_y, halves_y[layer] if halves else None)
        table = np.zeros(len(used), TAP)
        table["layer"], table["row"] = layer, used * dilation[1]
        tables.append(table)
        weights.append(along_y[used])
    taps, values = np.concatenate(tables), np.concatenate(weights)
    ends = np.cumsum([len(t) for t in tables]).tolist()
    if not norm and not halves:  # one sum over all layers, row by row
        order = np.lexsort((taps["layer"], taps["row"]))
        taps, values, ends = taps[order], values[order], ends[-1:]
    made = _schedule(
        *(taps, values, ends, len(terms[0][1]), pair, norm, real, halves),
        offsets_z=_planes(np.concatenate(planes), np.concatenate(weights_z))
        if across
        else _planes(_ints([0])),
        weights_z=np.concatenate(weights_z).astype(real) if across else np.empty(0, real),
        columns=_ints(np.concatenate(columns)),
        weights_x=np.concatenate(weights_x).astype(real),
        layers=layers,
        runs=run_table(runs),
    )
    return replace(made, filled=fill_x or fill_y, halves_z=tuple(halves_z), halves_x=tuple(halves_x))


def _levelled(terms: list[tuple[Taps, Taps, Taps]]) -> list[tuple[Taps, Taps, Taps]]:
    """Return the terms with taps over planes and along the line that add up to 1, where that can be.

    What they add up to is given to the taps of the last stage, which weighs equal samples exactly. Whole
    numbers stay, for they are exact as they are.
    """
    if all((taps == np.rint(taps)).all() for term in terms for taps in term):
        return terms
    found = []
    for along_z, along_y, along_x in terms:
        levels = [symmetry.level(taps) for taps in (along_z, along_x)]
        found.append((along_z / levels[0], along_y * (levels[0] * levels[1]), along_x / levels[1]))
    return found


def _used(taps: Taps, half: Half | None) -> _Ints:
    """Return which taps are read: those that are not zero, or those of a half."""
    return np.flatnonzero(taps) if half is None else _ints(half.used)


def _nearly_alike(kernels: list[Taps]) -> bool:
    """Tell whether kernels along one axis differ in their zeros, of which there are fewer than other taps."""
    used = sum(np.count_nonzero(taps) for taps in kernels)
    return bool(used < len(kernels) * len(kernels[0]) <= 2 * used)


def placed(schedule: Schedule, element: Callable[[_Ints], _Ints], neighbour: int, size: int) -> Schedule:
    """Turn taps along the line from padded columns into what `element` says: elements of the line.

    Those of layers become bytes, in elements of `size`. With lines dealt out, pixels that are neighbours
    are `neighbour` elements apart, otherwise that is 0.
    """
    taps, columns, layers = schedule.taps.copy(), element(schedule.columns), schedule.layers.copy()
    if len(schedule.layers) == 0:
        taps["column"] = element(taps["column"])
    counts = set((layers["stop_x"] - layers["begin_x"]).tolist())
    straight = len(counts) == 1 and max(counts) <= STRAIGHT_LINE  # one kernel for all
    for layer, half in zip(layers, schedule.halves_x, strict=False):
        own = columns[layer["begin_x"] : layer["stop_x"]]
        if half is not None:
            layer["how"] = SYMMETRIC_ALONG if contiguous(own, neighbour) else SYMMETRIC
            continue
        layer["how"] = ALONG if contiguous(own, neighbour) else BY_ROW if len(own) <= SHORT else BY_TAP
        if straight and layer["how"] == BY_ROW:
            layer["how"] = UNROLLED
    return replace(schedule, taps=taps, columns=columns * size, layers=layers)


def contiguous(elements: _Ints, neighbour: int) -> bool:
    """Tell whether taps read pixels that are neighbours in a dealt line, enough of them."""
    return neighbour > 0 and len(elements) >= BLOCK_ALONG and bool((np.diff(elements) == neighbour).all())
