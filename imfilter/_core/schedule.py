"""From an operator to the tables of taps that the sliding window reads."""

import functools
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from imfilter._core.operators import Taps
from imfilter._core.remembered import remembered
from imfilter._kernels.job import ALONG, BLOCK_ALONG, BY_ROW, BY_TAP, LAYER, PLANE, TAP, UNROLLED
from imfilter._kernels.lines import BOTH, FIRST, RUN, SECOND
from imfilter._kernels.simd import BYTES

#: Taps summed in one go before the sum is put aside, at least. Longer sums have groups of about the root
#: of their length: float32 then errs by at most twice that many units of the last place.
_GROUP = 32

#: Rows summed at a time, at most, 4 registers each: 2, 4, 5, 6 rows of 81 taps ran at 37, 46, 55, 49
#: multiply-adds a nanosecond (Cascade Lake, AVX-512, where 70 is the most); more spill.
ROWS = 5 if BYTES > 128 else 2
#: Taps of a window that is summed in straight code, with all its kernels, and of a line or column of it. Code
#: for each number takes 0.2 to 0.5 s to compile; a column of 25 gained a sixth by it, of 9 a quarter.
STRAIGHT, STRAIGHT_LINE = 27, 17
#: Taps along a line that are summed in one go.
_SHORT = 64

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
            whole = self.offsets_z["weight"][layer["begin_z"] : layer["stop_z"]].sum() if self.across else 1.0
            layer["beyond"] = whole * cval if whole else 0.0
        names = ("offsets_z", "weights_z", "columns", "weights_x", "taps", "weights", "runs")
        return {name: getattr(self, name) for name in names} | {"layers": layers}


def _ints(values: object) -> _Ints:
    return np.asarray(values, dtype=np.int64)


def group(rows: int, line: int) -> int:
    """Return how many taps of a sum over `rows` of `line` taps each are summed in one go."""
    if rows == 1:
        return line if line <= _SHORT else max(_GROUP, math.isqrt(line))
    return line * max(ROWS, max(_GROUP, math.isqrt(rows * line)) // line)


def _grouped(begin: int, stop: int, most: int = 0) -> list[list[int]]:
    """Return the runs of one sum over taps `begin` to `stop`, in groups of `most` or those of a line."""
    most = most or max(1, group(1, stop - begin))
    edges = [*range(begin, stop, most), stop] if stop > begin else [begin, stop]
    runs = [[FIRST, a, b, 0, a > begin, 0, 0] for a, b in itertools.pairwise(edges)]
    runs[-1][-1] = 1
    return [list(map(int, run)) for run in runs]


def _rows(taps: npt.NDArray, begin: int, stop: int, height: int) -> list[tuple[int, int]]:
    """Return where the taps of each window row begin and stop; they are sorted by row."""
    edges = begin + np.searchsorted(taps["row"][begin:stop], np.arange(height + 1))
    return [(int(a), int(b)) for a, b in itertools.pairwise(edges)]


def _alike(taps: npt.NDArray, a: tuple[int, int], b: tuple[int, int]) -> bool:
    """Tell whether two rows read the same elements of the same layers."""
    mine, others = taps[slice(*a)], taps[slice(*b)]
    return len(mine) == len(others) > 0 and all(
        np.array_equal(mine[f], others[f]) for f in ("layer", "column")
    )


def _common(taps: npt.NDArray, height: int) -> int:
    """Return how many taps each of `height` kernel rows has if all read the same elements, or else 0."""
    edges = [0, *(np.flatnonzero(np.diff(taps["row"])) + 1).tolist(), len(taps)]
    rows = list(itertools.pairwise(edges))
    same = len(rows) == height and all(_alike(taps, row, rows[0]) for row in rows)
    return len(taps) // height if same else 0


def _paired(taps: npt.NDArray, begin: int, stop: int, height: int, size: int) -> list[list[int]] | None:
    """Return the runs of two neighbouring sums over taps `begin` to `stop`, or None where it is no gain.

    Each sum puts aside what it has after the rows that fill a group, counted in its own rows, so that
    both round alike.
    """
    rows = _rows(taps, begin, stop, height)
    alike = [r > 0 and _alike(taps, rows[r], rows[r - 1]) for r in range(height)]
    if not any(alike) or max(b - a for a, b in rows) > _GROUP:
        return None
    flush, filled, most = [], 0, max(_GROUP, math.isqrt(stop - begin))
    for a, b in rows:
        flush.append(filled >= most)
        filled = (0 if flush[-1] else filled) + b - a
    runs: list[list[int]] = []
    for r in range(height + 1):
        flush_a, flush_b = int(r < height and flush[r]), int(r > 0 and flush[r - 1])
        if r < height and alike[r]:
            (a, b), back = rows[r], (rows[r][0] - rows[r - 1][0]) * size
            if runs and runs[-1][0] == BOTH and runs[-1][2:4] == [a, back] and not flush_a + flush_b:
                runs[-1][2] = b
            else:
                runs.append([BOTH, a, b, back, flush_a, flush_b, 0])
            continue
        if r < height:
            runs.append([FIRST, *rows[r], 0, flush_a, 0, 0])
        if r > 0:
            runs.append([SECOND, *rows[r - 1], 0, 0, flush_b, 0])
    runs[-1][-1] = 1
    return runs


def _single(pairs: list[list[int]]) -> list[list[int]]:
    """Return the runs of the first sum of a pair alone, in the same groups."""
    runs = [[FIRST, a, b, 0, flush, 0, 0] for kind, a, b, _, flush, _, _ in pairs if kind != SECOND]
    runs[-1][-1] = 1
    return runs


def _table(runs: list[list[int]]) -> npt.NDArray:
    return np.array([tuple(run) for run in runs], dtype=RUN)


def _schedule(
    taps: npt.NDArray,
    weights: Taps,
    ends: list[int],
    height: int,
    pair: bool,
    norm: bool,
    real: np.dtype,
    **layers: npt.NDArray,
) -> Schedule:
    """Return the schedule of a sum over a window of `height` rows whose components end at `ends`."""
    runs: list[list[int]] = [list(map(int, run)) for run in layers.pop("runs", np.empty(0, RUN)).tolist()]
    begins = [0, *ends[:-1]]
    pairs = [
        _paired(taps, a, b, height, real.itemsize) if pair else None
        for a, b in zip(begins, ends, strict=True)
    ]
    single, double = [], []
    alike = 0
    if all(np.array_equal(taps[a:b], taps[: ends[0]]) for a, b in zip(begins, ends, strict=True)):
        alike = _common(taps[: ends[0]], height)
    plain = 0 if norm or len(ends) > 1 else alike
    for a, b, two in zip(begins, ends, pairs, strict=True):
        single += _single(two) if two and not plain else _grouped(a, b, group(height, plain) if plain else 0)
        if any(pairs):
            one = _grouped(a, b)
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
        runs=_table(runs + single + double),
        norm=norm,
        single=len(runs),
        double=len(runs) + len(single),
        alike=alike,
        components=len(ends),
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
    # By row first, so that the taps of each are side by side.
    by_row = np.array([component.swapaxes(0, 1) for component in components])
    read = by_row != 0
    for component, taps in zip(components, read, strict=True):
        taps |= fill and _nearly_full(component)
    made = _places(read.tobytes(), read.shape, norm, dilation, pair, real)
    weights = by_row[read]
    return replace(made, weights=weights.astype(real), filled=not weights.all())


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
    fill_y = fill and not norm and _nearly_alike([along_y for _, along_y, _ in terms])
    fill_x = fill and len(terms) > 1 and len(terms[0][2]) <= STRAIGHT_LINE
    fill_x = fill_x and _nearly_alike([along_x for _, _, along_x in terms])
    planes, weights_z, columns, weights_x = [], [], [], []
    layers, tables, weights = np.zeros(len(terms), LAYER), [], []
    runs: list[list[int]] = []
    n_z = n_x = 0
    for layer, (along_z, along_y, along_x) in enumerate(terms):
        if across:
            nonzero = np.flatnonzero(along_z)
            planes.append(nonzero * dilation[0])
            weights_z.append(along_z[nonzero])
            stop = n_z + len(nonzero)
            layers["begin_z"][layer], layers["stop_z"][layer] = n_z, stop
            layers["group_z"][layer] = group(1, len(nonzero))
            layers["first_z"][layer] = len(runs)
            runs += _grouped(n_z, stop)
            layers["last_z"][layer] = len(runs)
            n_z = stop
        else:
            along_x = along_x * along_z[0]
        nonzero = np.arange(len(along_x)) if fill_x else np.flatnonzero(along_x)
        layers["begin_x"][layer], layers["stop_x"][layer] = n_x, n_x + len(nonzero)
        layers["group"][layer] = group(1, len(nonzero))
        columns.append(nonzero * dilation[2])
        weights_x.append(along_x[nonzero])
        layers["first_x"][layer] = len(runs)
        runs += _grouped(n_x, n_x + len(nonzero))
        layers["last_x"][layer] = len(runs)
        n_x += len(nonzero)
        nonzero = np.arange(len(along_y)) if fill_y else np.flatnonzero(along_y)
        table = np.zeros(len(nonzero), TAP)
        table["layer"], table["row"] = layer, nonzero * dilation[1]
        tables.append(table)
        weights.append(along_y[nonzero])
    taps, values = np.concatenate(tables), np.concatenate(weights)
    ends = np.cumsum([len(t) for t in tables]).tolist()
    if not norm:  # one sum over all layers, row by row
        order = np.lexsort((taps["layer"], taps["row"]))
        taps, values, ends = taps[order], values[order], ends[-1:]
    made = _schedule(
        *(taps, values, ends, len(terms[0][1]), pair, norm, real),
        offsets_z=_planes(np.concatenate(planes), np.concatenate(weights_z))
        if across
        else _planes(_ints([0])),
        weights_z=np.concatenate(weights_z).astype(real) if across else np.empty(0, real),
        columns=_ints(np.concatenate(columns)),
        weights_x=np.concatenate(weights_x).astype(real),
        layers=layers,
        runs=_table(runs),
    )
    return replace(made, filled=fill_x or fill_y)


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
    for layer in layers:
        own = columns[layer["begin_x"] : layer["stop_x"]]
        layer["how"] = ALONG if contiguous(own, neighbour) else BY_ROW if len(own) <= _SHORT else BY_TAP
        if straight and layer["how"] == BY_ROW:
            layer["how"] = UNROLLED
    return replace(schedule, taps=taps, columns=columns * size, layers=layers)


def contiguous(elements: _Ints, neighbour: int) -> bool:
    """Tell whether taps read pixels that are neighbours in a dealt line, enough of them."""
    return neighbour > 0 and len(elements) >= BLOCK_ALONG and bool((np.diff(elements) == neighbour).all())
