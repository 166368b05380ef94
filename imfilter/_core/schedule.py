"""From an operator to the tables of taps that the sliding window reads."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imfilter._core.operators import Taps
from imfilter._kernels.slide import TAP

_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Schedule:
    """The arguments of `slide` that describe the operator; see there."""

    offsets_z: _Ints
    planes: _Ints
    weights_z: npt.NDArray
    ends_z: _Ints
    columns: _Ints
    weights_x: npt.NDArray
    ends_x: _Ints
    taps: npt.NDArray
    weights: npt.NDArray
    ends: _Ints
    norm: bool

    def arguments(self) -> tuple[object, ...]:
        """Return the fields in the order in which `slide` takes them."""
        return (
            *(self.offsets_z, self.planes, self.weights_z, self.ends_z),
            *(self.columns, self.weights_x, self.ends_x),
            *(self.taps, self.weights, self.ends, self.norm),
        )


def _ints(values: object) -> _Ints:
    return np.asarray(values, dtype=np.int64)


def direct(components: list[Taps], norm: bool, dilation: tuple[int, int, int], real: np.dtype) -> Schedule:
    """Return the schedule of plain weighted sums; each component has axes z, y, x.

    Taps along the line are left in padded columns: `placed` makes them elements.
    """
    taps, weights, ends = [], [], [0]
    for component in components:
        nonzero = np.argwhere(component)
        taps.append(nonzero * dilation)
        weights.append(component[tuple(nonzero.T)])
        ends.append(ends[-1] + len(nonzero))
    all_taps = np.concatenate(taps)
    offsets, layers = np.unique(all_taps[:, 0], return_inverse=True)
    table = np.empty(len(all_taps), TAP)
    table["layer"], table["row"], table["column"] = layers, all_taps[:, 1], all_taps[:, 2]
    none, zero = _ints([]), np.empty(0, real)
    return Schedule(
        offsets_z=offsets if len(offsets) else _ints([0]),
        planes=none,
        weights_z=zero,
        ends_z=none,
        columns=none,
        weights_x=zero,
        ends_x=none,
        taps=table,
        weights=np.concatenate(weights).astype(real),
        ends=_ints(ends[1:]),
        norm=norm,
    )


def separable(
    terms: list[tuple[Taps, Taps, Taps]], norm: bool, dilation: tuple[int, int, int], real: np.dtype
) -> Schedule:
    """Return the schedule of separable `terms`, each the taps along z, y and x: one layer a term."""
    thick = len(terms[0][0]) > 1
    used = np.flatnonzero(np.any([term[0] != 0 for term in terms], axis=0)) if thick else _ints([0])
    planes, weights_z, ends_z = [], [], [0]
    columns, weights_x, ends_x = [], [], [0]
    rows, weights, ends = [], [], [0]
    for layer, (along_z, along_y, along_x) in enumerate(terms):
        if thick:
            nonzero = np.flatnonzero(along_z)
            planes.append(np.searchsorted(used, nonzero))
            weights_z.append(along_z[nonzero])
            ends_z.append(ends_z[-1] + len(nonzero))
        else:
            along_x = along_x * along_z[0]
            ends_z.append(0)
        nonzero = np.flatnonzero(along_x)
        columns.append(nonzero * dilation[2])
        weights_x.append(along_x[nonzero])
        ends_x.append(ends_x[-1] + len(nonzero))
        nonzero = np.flatnonzero(along_y)
        table = np.zeros(len(nonzero), TAP)
        table["layer"], table["row"] = layer, nonzero * dilation[1]
        rows.append(table)
        weights.append(along_y[nonzero])
        ends.append(ends[-1] + len(nonzero))
    empty = np.empty(0, np.float64)
    return Schedule(
        used * dilation[0],
        _ints(np.concatenate([empty, *planes])),
        np.concatenate([empty, *weights_z]).astype(real),
        _ints(ends_z[1:]),
        _ints(np.concatenate(columns)),
        np.concatenate(weights_x).astype(real),
        _ints(ends_x[1:]),
        np.concatenate(rows),
        np.concatenate(weights).astype(real),
        _ints(ends[1:]) if norm else _ints(ends[-1:]),
        norm,
    )


def placed(schedule: Schedule, step: int, phase: int, channels: int) -> Schedule:
    """Turn taps along the line from padded columns into elements of a line dealt into phases."""

    def elements(columns: _Ints) -> _Ints:
        return columns % step * phase + columns // step * channels

    if step == 1 and channels == 1:
        return schedule
    taps = schedule.taps.copy()
    if len(schedule.ends_x) == 0:
        taps["column"] = elements(taps["column"])
    fields = {**schedule.__dict__, "taps": taps, "columns": elements(schedule.columns)}
    return Schedule(**fields)
