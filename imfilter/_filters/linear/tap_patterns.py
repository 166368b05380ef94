"""Translation of an operator to the tables of taps that the sliding window reads."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base.memo import remembered
from imfilter._filters.linear import symmetry
from imfilter._filters.linear.kernels.job import LAYER, PLANE, TAP
from imfilter._filters.linear.operators import Taps, of_each
from imfilter._filters.linear.symmetry import Half
from imfilter._filters.linear.tap_runs import (
    SHORT,
    common,
    first_of_pairs,
    group,
    grouped,
    paired,
    run_table,
)
from imfilter._filters.linear.tap_tables import Ints, Schedule, Weights
from imfilter._simd.lines import FIRST, RUN, SECOND
from imfilter._simd.unrolled_sums import STRAIGHT_LINE


def _ints(values: object) -> Ints:
    return np.asarray(values, dtype=np.int64)


def _schedule(
    taps: npt.NDArray,
    ends: list[int],
    height: int,
    pair: bool,
    norm: bool,
    real: np.dtype,
    halves: tuple[Half, ...] = (),
    alone: bool = False,
    **layers: npt.NDArray[Any],
) -> Schedule:
    """Return the schedule of a sum over a window of `height` rows whose components end at `ends`.

    Symmetric `halves` sum their windows themselves, so they have no runs. If rows are filtered `alone`, they
    are summed in the order of taps along a line.
    """
    runs: list[list[int]] = [list(map(int, run)) for run in layers.pop("runs", np.empty(0, RUN)).tolist()]
    begins = [0, *ends[:-1]]
    pair = pair and not halves and not alone
    pairs = [
        paired(taps, a, b, height, real.itemsize) if pair else None for a, b in zip(begins, ends, strict=True)
    ]
    single, double = [], []
    alike = 0
    if all(np.array_equal(taps[a:b], taps[: ends[0]]) for a, b in zip(begins, ends, strict=True)):
        alike = common(taps[: ends[0]], height)
    plain = 0 if norm or len(ends) > 1 else alike
    most = 0 if not plain else group(1, height) if alone else group(height, plain)
    for a, b, two in zip(begins, ends, pairs, strict=True) if not halves else ():
        single += first_of_pairs(two) if two and not plain else grouped(a, b, most)
        if any(pairs):
            one = grouped(a, b)
            double += two or one + [[SECOND, *run[1:4], 0, run[4], run[6]] for run in one]
    # A component ends once, after the taps of both rows.
    for i in range(len(double) - 1):
        if double[i][-1] and double[i + 1][0] == SECOND and double[i][0] == FIRST:
            double[i][-1] = 0
    fields: dict[str, Any] = {"layers": np.empty(0, LAYER), "columns": _ints([])} | layers
    return Schedule(
        taps=taps,
        runs=run_table(runs + single + double),
        norm=norm,
        single=len(runs),
        double=len(runs) + len(single),
        alike=alike,
        group=most,
        components=len(ends),
        halves=halves,
        **fields,
    )


def direct(
    components: list[Taps],
    norm: bool,
    dilation: tuple[int, int, int],
    pair: bool,
    real: np.dtype,
    fill: bool = False,
    rounded: bool = False,
    alone: bool = False,
) -> tuple[Schedule, Weights]:
    """Return the schedule of plain weighted sums, and their weights; each component has axes z, y, x.

    Taps along the line stay in padded columns; `placed` converts them to elements. With `fill`, taps of
    weight zero may also be read. This costs nothing if they are few. `rounded` says that results are
    integers, `alone` that only the rows are filtered.
    """
    line = len(components) == 1 and sum([n > 1 for n in components[0].shape]) <= 1
    half = symmetry.halved(components[0].ravel()) if line else None
    if half is not None:
        half = half.centred if rounded else half
        made = _symmetric_line(half.used, components[0].shape, half.pattern, norm, dilation, real)
        return made, {"half_weights": np.array(symmetry.weights([half], summed=False), real)}
    window = symmetry.window(components) if norm or len(components) == 1 else None
    # Sort by row first, so that the taps of each row are contiguous.
    by_row = np.array([component.swapaxes(0, 1) for component in components])
    shape, every = by_row.shape, b"\1" * by_row.size
    if window is not None:
        pattern = window._replace(weights=())
        made = _places(every, shape, norm, dilation, pair, real, pattern, False, alone)
        return made, {"half_weights": np.array(window.weights, real)}
    if np.count_nonzero(by_row) == by_row.size:  # the usual case
        read, weights, filled = every, by_row.ravel(), False
    else:
        taken = by_row != 0
        for component, taps in zip(components, taken, strict=True):
            taps |= _nearly_full(component) and not (alone and component.size > SHORT)  # as along a line
        read, weights = taken.tobytes(), by_row[taken]
        filled = not weights.all()
    made = _places(read, shape, norm, dilation, pair, real, None, filled, alone)
    if filled and not fill:
        kept = weights != 0
        made, weights = _thinned(made, kept), weights[kept]
    return made, {"weights": weights.astype(real)}


def _thinned(schedule: Schedule, kept: npt.NDArray[np.bool_]) -> Schedule:
    """Return a schedule with some of the taps of its window. The partial sums are those of all taps.

    So a result has the same bits with and without the taps of weight zero. Neighbouring rows are not computed
    in pairs. An image of 700x700 with one NaN takes 1.2 times as long with 9x9 taps as in pairs, and 1.4
    times with 3x12 (Zen 3).
    """
    before = np.concatenate([[0], np.cumsum(kept)])
    runs = schedule.runs[: schedule.double].copy()
    for edge in ("begin", "stop"):
        runs[edge][schedule.single :] = before[runs[edge][schedule.single :]]
    return replace(schedule, taps=schedule.taps[kept], runs=runs, double=len(runs), alike=0, filled=False)


@remembered(len)
def _places(
    read: bytes,
    shape: tuple[int, ...],
    norm: bool,
    dilation: tuple[int, int, int],
    pair: bool,
    real: np.dtype,
    window: symmetry.Window | None,
    filled: bool,
    alone: bool,
) -> Schedule:
    """Return the schedule of plain sums from the taps that are `read`.

    The axes of `shape` are components, rows, planes and columns.
    """
    component, *where = np.frombuffer(read, bool).reshape(shape).nonzero()
    row, plane, column = (at * step for at, step in zip(where, np.array(dilation)[[1, 0, 2]], strict=True))
    offsets, layers = np.unique(plane, return_inverse=True)
    taps = np.empty(len(row), TAP)
    taps["layer"], taps["row"], taps["column"] = layers, row, column
    ends = np.searchsorted(component, np.arange(shape[0]), "right").tolist()
    planes = _planes(offsets if len(offsets) else _ints([0]))
    made = _schedule(taps, ends, shape[1], pair, norm, real, alone=alone, offsets_z=planes)
    return replace(made, window=window, filled=filled)


@remembered(len)
def _symmetric_line(
    used: tuple[int, ...],
    shape: tuple[int, ...],
    half: Half,
    norm: bool,
    dilation: tuple[int, int, int],
    real: np.dtype,
) -> Schedule:
    """Return the schedule of a symmetric kernel of a `shape` that is longer than 1 along at most one axis."""
    where = np.zeros((len(used), 3), np.int64)
    axis = int(np.argmax(shape))
    where[:, axis] = np.array(used) * dilation[axis]
    offsets, layers = np.unique(where[:, 0], return_inverse=True)
    taps = np.empty(len(where), TAP)
    taps["layer"], taps["row"], taps["column"] = layers, where[:, 1], where[:, 2]
    return _schedule(taps, [len(taps)], shape[1], False, norm, real, (half,), offsets_z=_planes(offsets))


def _nearly_full(component: Taps) -> bool:
    """Tell whether summing all taps row by row is less work than summing the taps that are not zero."""
    return bool(component.shape[1] > 1 and component.size <= 2 * np.count_nonzero(component))


def _planes(offsets: Ints) -> npt.NDArray:
    table = np.zeros(len(offsets), PLANE)
    table["plane"] = offsets
    return table


def separable(
    terms: list[tuple[Taps, Taps, Taps]],
    norm: bool,
    dilation: tuple[int, int, int],
    pair: bool,
    real: np.dtype,
    fill: bool = False,
    rounded: bool = False,
) -> tuple[Schedule, Weights]:
    """Return the schedule of separable `terms`, each the taps along z, y and x, and their weights.

    Each term has one layer. With `fill`, taps of weight zero may also be read, so that all terms and rows
    have the same taps. `rounded` says that results are integers.
    """
    across = len(terms[0][0]) > 1
    if len(terms) > 1 and not norm:
        terms = _levelled(terms)
    if not across:
        terms = [(z, y, x if z[0] == 1 else x * z[0]) for z, y, x in terms]
    each = [of_each(term[not across :], symmetry.halved) for term in terms]
    halves_y, halves_x = [halves[-2] for halves in each], [halves[-1] for halves in each]
    halves_z = [halves[0] if across else None for halves in each]
    if len(terms) > 1 and not norm:
        averages = [all(map(symmetry.average, (term[0], term[2]))) for term in terms]
        halves_y = [h.alone if h and not a else h for h, a in zip(halves_y, averages, strict=True)]
    if rounded:
        halves_z, halves_y, halves_x = (
            [half and half.centred for half in halves] for halves in (halves_z, halves_y, halves_x)
        )
    gaps = [half for half in halves_y if half and not half.adjoining]
    fill_halves = fill and bool(gaps) and all(half and half.nearly_adjoining for half in halves_y)
    if fill_halves:  # then neighbouring output rows read the same rows
        halves_y = [half and half.filled for half in halves_y]
    reads = tuple([tuple(of_each(term, _read)) for term in terms])
    forms = _forms(halves_z), _forms(halves_y), _forms(halves_x)
    made = _layers(reads, forms, across, norm, dilation, pair, real, fill, fill_halves)
    weights: Weights = {}
    halves = [half for half in halves_y if half] if made.halves else []
    if made.used_y is not None:
        weights["weights"] = np.concatenate([along_y for _, along_y, _ in terms])[made.used_y].astype(real)
    if across:
        over = np.concatenate([term[0][used] for term, used in zip(terms, made.used_z, strict=True)])
        weights["weights_z"] = over.astype(real)
        weights["offsets_z"] = made.offsets_z.copy()
        weights["offsets_z"]["weight"] = over
    if None in made.halves_x:
        along = [term[2][used] for term, used in zip(terms, made.used_x, strict=True)]
        weights["weights_x"] = np.concatenate(along).astype(real)
    rows = found = symmetry.weights(halves, summed=not norm)
    for axis, kept in ((halves_z, made.halves_z), (halves_x, made.halves_x)):
        for half, pattern in zip(axis, kept, strict=True):
            if half is not None and pattern is not None:
                shared = len(halves) == 1 and half is halves[0]  # the usual case
                found = found + (rows if shared else symmetry.weights([half], summed=False))
    if found:
        weights["half_weights"] = np.array(found, real)
    return made, weights


def _read(taps: Taps) -> bytes:
    """Return which taps are not zero."""
    if len(taps) == 1:  # NumPy would take 1.4 us
        return b"\1" if taps.item() else b"\0"
    return (taps != 0).tobytes()


def _forms(halves: Sequence[Half | None]) -> tuple[int | None, ...]:
    """Return the forms of halves. A form and the taps that are read are a short key for the pattern."""
    return tuple([None if half is None else half.form for half in halves])


@remembered(lambda terms: sum([len(taps) for term in terms for taps in term]))
def _layers(
    terms: tuple[tuple[bytes, ...], ...],
    forms: tuple[tuple[int | None, ...], tuple[int | None, ...], tuple[int | None, ...]],
    across: bool,
    norm: bool,
    dilation: tuple[int, int, int],
    pair: bool,
    real: np.dtype,
    fill: bool,
    fill_halves: bool,
) -> Schedule:
    """Return the schedule of separable terms, from their taps that are not zero and the forms of halves."""
    reads = [tuple(np.frombuffer(taps, bool) for taps in term) for term in terms]
    halves_z, halves_y, halves_x = (
        tuple(
            [
                None if form is None else symmetry.half_of(term[axis], form)
                for term, form in zip(reads, each, strict=True)
            ]
        )
        for axis, each in enumerate(forms)
    )
    if fill_halves:
        halves_y = tuple([half and half.filled for half in halves_y])
    halves = tuple(half for half in halves_y if half is not None)
    halves = halves if len(halves) == len(terms) else ()
    full_y = not norm and not halves and _nearly_alike([along_y for _, along_y, _ in reads])
    fill_x = fill and len(terms) > 1 and len(terms[0][2]) <= STRAIGHT_LINE and None in halves_x
    fill_x = fill_x and _nearly_alike([along_x for _, _, along_x in reads])
    halves_x = (None,) * len(terms) if fill_x else halves_x
    planes, columns, used_z, used_x, places = [], [], [], [], []
    layers, tables = np.zeros(len(terms), LAYER), []
    runs: list[list[int]] = []
    n_z = n_x = n_y = 0
    for layer, (along_z, along_y, along_x) in enumerate(reads):
        if across:
            used = _used(along_z, halves_z[layer])
            planes.append(used * dilation[0])
            used_z.append(used)
            stop = n_z + len(used)
            layers["begin_z"][layer], layers["stop_z"][layer] = n_z, stop
            layers["group_z"][layer] = group(1, len(used))
            layers["first_z"][layer] = len(runs)
            runs += grouped(n_z, stop)
            layers["last_z"][layer] = len(runs)
            n_z = stop
        used = np.arange(len(along_x)) if fill_x else _used(along_x, halves_x[layer])
        layers["begin_x"][layer], layers["stop_x"][layer] = n_x, n_x + len(used)
        layers["group"][layer] = group(1, len(used))
        columns.append(used * dilation[2])
        used_x.append(used)
        layers["first_x"][layer] = len(runs)
        runs += grouped(n_x, n_x + len(used))
        layers["last_x"][layer] = len(runs)
        n_x += len(used)
        used = np.arange(len(along_y)) if full_y else _used(along_y, halves_y[layer] if halves else None)
        table = np.zeros(len(used), TAP)
        table["layer"], table["row"] = layer, used * dilation[1]
        tables.append(table)
        places.append(n_y + used)
        n_y += len(along_y)
    taps, used_y = np.concatenate(tables), np.concatenate(places)
    ends = np.cumsum([len(t) for t in tables]).tolist()
    if not norm and not halves:  # one sum over all layers, row by row
        order = np.lexsort((taps["layer"], taps["row"]))
        taps, used_y, ends = taps[order], used_y[order], ends[-1:]
    made = _schedule(
        *(taps, ends, len(terms[0][1]), pair, norm, real, halves),
        offsets_z=_planes(np.concatenate(planes) if across else _ints([0])),
        columns=_ints(np.concatenate(columns)),
        layers=layers,
        runs=run_table(runs),
    )
    if full_y and not fill:
        kept = np.concatenate([along_y for _, along_y, _ in reads])[used_y]
        made, used_y = _thinned(made, kept), used_y[kept]
    return replace(
        made,
        across=across,
        filled=fill_x or (full_y and fill) or fill_halves,
        halves_z=halves_z,
        halves_x=halves_x,
        used_z=tuple(used_z),
        used_x=tuple(used_x),
        used_y=None if halves else used_y,
    )


def _levelled(terms: list[tuple[Taps, Taps, Taps]]) -> list[tuple[Taps, Taps, Taps]]:
    """Return the terms with taps over planes and along the line that add up to 1, where possible.

    The taps of the last stage are multiplied by the old sums, because that stage weights equal samples
    exactly. Whole numbers are not changed, because they are already exact.
    """
    if all((taps == np.rint(taps)).all() for term in terms for taps in term):
        return terms
    found = []
    for along_z, along_y, along_x in terms:
        levels = [symmetry.level(taps) for taps in (along_z, along_x)]
        found.append((along_z / levels[0], along_y * (levels[0] * levels[1]), along_x / levels[1]))
    return found


def _used(taps: Taps, half: Half | None) -> Ints:
    """Return which taps are read: those that are not zero, or those of a half."""
    return np.flatnonzero(taps) if half is None else _ints(half.used)


def _nearly_alike(kernels: list[Taps]) -> bool:
    """Tell whether kernels along one axis have zeros at different taps, but fewer zeros than other taps."""
    used = sum(np.count_nonzero(taps) for taps in kernels)
    return bool(used < len(kernels) * len(kernels[0]) <= 2 * used)
