"""From an operator to the tables of taps that the sliding window reads."""

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from imfilter._core.operators import Taps
from imfilter._kernels.lines import BOTH, FIRST, RUN, SECOND
from imfilter._kernels.slide import LAYER, TAP

#: Taps summed in one go before the sum is put aside, at least. Longer sums have groups of about the root
#: of their length: float32 then errs by at most twice that many units of the last place.
_GROUP = 32

_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Schedule:
    """The arguments of `slide` that describe the operator; see there.

    The first runs are those of the layers; those of one output row begin at `single`, and, if
    neighbouring rows are computed in pairs, those of two at `double`.
    """

    planes: _Ints
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

    @property
    def paired(self) -> bool:
        """Whether neighbouring rows are computed two at a time."""
        return self.double < len(self.runs)

    def arguments(self) -> tuple[object, ...]:
        """Return the fields in the order in which `slide` takes them."""
        return (
            *(self.planes, self.weights_z, self.columns, self.weights_x),
            *(self.layers, self.taps, self.weights, self.runs, self.norm),
        )


def _ints(values: object) -> _Ints:
    return np.asarray(values, dtype=np.int64)


def _grouped(begin: int, stop: int) -> list[list[int]]:
    """Return the runs of one sum over taps `begin` to `stop`, in groups."""
    group = max(_GROUP, math.isqrt(stop - begin))
    edges = [*range(begin, stop, group), stop] if stop > begin else [begin, stop]
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


def _paired(taps: npt.NDArray, begin: int, stop: int, height: int, size: int) -> list[list[int]] | None:
    """Return the runs of two neighbouring sums over taps `begin` to `stop`, or None where it is no gain.

    Each sum puts aside what it has after the rows that fill a group, counted in its own rows, so that
    both round alike.
    """
    rows = _rows(taps, begin, stop, height)
    alike = [r > 0 and _alike(taps, rows[r], rows[r - 1]) for r in range(height)]
    if not any(alike) or max(b - a for a, b in rows) > _GROUP:
        return None
    flush, filled, group = [], 0, max(_GROUP, math.isqrt(stop - begin))
    for a, b in rows:
        flush.append(filled >= group)
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
    for a, b, two in zip(begins, ends, pairs, strict=True):
        single += _single(two) if two else _grouped(a, b)
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
        **{"layers": np.empty(0, LAYER), **fields},
    )


def direct(
    components: list[Taps], norm: bool, dilation: tuple[int, int, int], pair: bool, real: np.dtype
) -> Schedule:
    """Return the schedule of plain weighted sums; each component has axes z, y, x.

    Taps along the line are left in padded columns: `placed` makes them elements.
    """
    tables, weights, ends = [], [], [0]
    for component in components:
        nonzero = np.argwhere(component)
        nonzero = nonzero[np.lexsort((nonzero[:, 2], nonzero[:, 0], nonzero[:, 1]))]  # by row first
        tables.append(nonzero * dilation)
        weights.append(component[tuple(nonzero.T)])
        ends.append(ends[-1] + len(nonzero))
    where = np.concatenate(tables)
    offsets, layers = np.unique(where[:, 0], return_inverse=True)
    taps = np.empty(len(where), TAP)
    taps["layer"], taps["row"], taps["column"] = layers, where[:, 1], where[:, 2]
    height = components[0].shape[1]
    planes = offsets if len(offsets) else _ints([0])
    return _schedule(taps, np.concatenate(weights), ends[1:], height, pair, norm, real, planes=planes)


def separable(
    terms: list[tuple[Taps, Taps, Taps]],
    norm: bool,
    dilation: tuple[int, int, int],
    pair: bool,
    real: np.dtype,
) -> Schedule:
    """Return the schedule of separable `terms`, each the taps along z, y and x: one layer a term."""
    across = len(terms[0][0]) > 1
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
            layers["first_z"][layer] = len(runs)
            runs += _grouped(n_z, stop)
            layers["last_z"][layer] = len(runs)
            n_z = stop
        else:
            along_x = along_x * along_z[0]
        nonzero = np.flatnonzero(along_x)
        columns.append(nonzero * dilation[2])
        weights_x.append(along_x[nonzero])
        layers["first_x"][layer] = len(runs)
        runs += _grouped(n_x, n_x + len(nonzero))
        layers["last_x"][layer] = len(runs)
        n_x += len(nonzero)
        nonzero = np.flatnonzero(along_y)
        table = np.zeros(len(nonzero), TAP)
        table["layer"], table["row"] = layer, nonzero * dilation[1]
        tables.append(table)
        weights.append(along_y[nonzero])
    taps, values = np.concatenate(tables), np.concatenate(weights)
    ends = np.cumsum([len(t) for t in tables]).tolist()
    if not norm:  # one sum over all layers, row by row
        order = np.lexsort((taps["layer"], taps["row"]))
        taps, values, ends = taps[order], values[order], ends[-1:]
    return _schedule(
        *(taps, values, ends, len(terms[0][1]), pair, norm, real),
        planes=_ints(np.concatenate(planes)) if across else _ints([0]),
        weights_z=np.concatenate(weights_z).astype(real) if across else np.empty(0, real),
        columns=_ints(np.concatenate(columns)),
        weights_x=np.concatenate(weights_x).astype(real),
        layers=layers,
        runs=_table(runs),
    )


def placed(schedule: Schedule, step: int, phase: int, channels: int) -> Schedule:
    """Turn taps along the line from padded columns into elements of a line dealt into phases."""
    if step == 1 and channels == 1:
        return schedule

    def elements(columns: _Ints) -> _Ints:
        return columns % step * phase + columns // step * channels

    taps = schedule.taps.copy()
    if len(schedule.layers) == 0:
        taps["column"] = elements(taps["column"])
    return replace(schedule, taps=taps, columns=elements(schedule.columns))
