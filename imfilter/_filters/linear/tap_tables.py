"""The tables of taps that the sliding window reads, and those of their weights."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from imfilter._base.memo import once
from imfilter._filters.linear import symmetry
from imfilter._filters.linear.kernels.job import (
    ALONG,
    BLOCK_ALONG,
    BY_ROW,
    BY_TAP,
    SYMMETRIC,
    SYMMETRIC_ALONG,
    UNROLLED,
)
from imfilter._filters.linear.symmetry import Half
from imfilter._filters.linear.tap_runs import SHORT
from imfilter._simd.unrolled_sums import STRAIGHT, STRAIGHT_LINE

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Schedule:
    """The arguments of `slide` that describe the operator; see there.

    The first runs are those of the layers. The runs of one output row begin at `single`. If neighbouring rows
    are computed in pairs, the runs of two rows begin at `double`. If all rows of the window have the same
    taps, `alike` is their number, in each of the `components`. `group` is the number of taps of a partial sum
    of a plain window, or 0.
    """

    offsets_z: npt.NDArray
    columns: Ints
    layers: npt.NDArray
    taps: npt.NDArray
    runs: npt.NDArray
    norm: bool
    single: int
    double: int
    alike: int
    group: int
    components: int
    across: bool = False  # whether layers are sums over planes
    filled: bool = False  # whether taps of weight zero are read
    #: The taps that are read, over the planes and along the line by layer, and in the window.
    used_z: tuple[Ints, ...] = ()
    used_x: tuple[Ints, ...] = ()
    used_y: Ints | None = None
    #: Halves of symmetric kernels: of layers over the planes and along the line, and of the sum over the
    #: window. That sum is symmetric if it has halves.
    halves_z: tuple[Half | None, ...] = ()
    halves_x: tuple[Half | None, ...] = ()
    halves: tuple[Half, ...] = ()
    window: symmetry.Window | None = None  # kernels that are summed as one symmetric window

    @property
    def adjoining(self) -> bool:
        """Whether the halves read every row of the window."""
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
        """Tell whether unrolled code can sum a window of so many rows."""
        most = STRAIGHT if min(height, self.alike) > 1 else STRAIGHT_LINE
        return (self.plain or self.norm) and 0 < height * self.alike * self.components <= most

    @once
    def longest_line(self) -> int:
        """The most taps along a line, of a layer or of a window of one row."""
        if len(self.layers):
            return int((self.layers["stop_x"] - self.layers["begin_x"]).max())
        return len(self.taps) if not self.taps["row"].any() and not self.taps["layer"].any() else 0

    @once
    def size(self) -> int:
        """The number of taps, of layers and of the window."""
        return len(self.taps) + len(self.columns) + len(self.offsets_z)

    def named(self, border_value: tuple[float, ...]) -> dict[str, npt.NDArray]:
        """Return the tables by their names in `slide`, without the weights; see `border_value`."""
        layers = self.layers.copy()
        if border_value:
            layers["border_value"] = border_value
        names = ("offsets_z", "columns", "taps", "runs")
        return {name: getattr(self, name) for name in names} | {"layers": layers}


#: The names of the tables of weights in `slide`.
Weights = dict[str, npt.NDArray]


def border_value(schedule: Schedule, weights: Weights, cval: float) -> tuple[float, ...]:
    """Return what a border constant adds to each layer over the planes; nothing if the constant is 0."""
    if cval == 0:
        return ()
    found = []
    for layer in schedule.layers:
        planes = slice(layer["begin_z"], layer["stop_z"])
        over = weights["offsets_z"]["weight"][planes] if schedule.across else np.ones(1)
        # Weights of both signs may cancel, but not if the constant is NaN or infinite.
        with np.errstate(invalid="ignore"):
            found.append(float(over.sum() * cval if math.isfinite(cval) else (over * cval).sum()))
    return tuple(found)


def placed(schedule: Schedule, element: Callable[[Ints], Ints], neighbour: int, size: int) -> Schedule:
    """Convert taps along the line from padded columns to elements of the line, with `element`.

    The taps of layers become bytes, for elements of `size`. In the lane layout, neighbouring pixels are
    `neighbour` elements apart. In other layouts `neighbour` is 0.
    """
    taps, columns, layers = schedule.taps.copy(), element(schedule.columns), schedule.layers.copy()
    if len(schedule.layers) == 0:
        taps["column"] = element(taps["column"])
    counts = set((layers["stop_x"] - layers["begin_x"]).tolist())
    straight = len(counts) == 1 and max(counts) <= STRAIGHT_LINE  # one kernel for all layers
    for layer, half in zip(layers, schedule.halves_x, strict=False):
        own = columns[layer["begin_x"] : layer["stop_x"]]
        if half is not None:
            layer["how"] = SYMMETRIC_ALONG if contiguous(own, neighbour) else SYMMETRIC
            continue
        layer["how"] = ALONG if contiguous(own, neighbour) else BY_ROW if len(own) <= SHORT else BY_TAP
        if straight and layer["how"] == BY_ROW:
            layer["how"] = UNROLLED
    return replace(schedule, taps=taps, columns=columns * size, layers=layers)


def contiguous(elements: Ints, neighbour: int) -> bool:
    """Tell whether the taps are enough, and read neighbouring pixels of a line in the lane layout."""
    return neighbour > 0 and len(elements) >= BLOCK_ALONG and bool((np.diff(elements) == neighbour).all())
