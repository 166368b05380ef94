"""Local thresholds of an image whose samples are all present, along one or two axes."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes, missing, threads
from imfilter._base.program import address
from imfilter._filters.threshold.kernels import local as kernels
from imfilter._simd.vector import LINE

_Array = npt.NDArray

#: Smallest width and about the height of a tile. The lines of a small window stay in the second-level cache.
_WIDE, _HIGH = 512, 64
#: Samples that one thread computes alone, and most bytes of the lines of a thread.
_ALONE, _MOST = 1 << 15, 1 << 26


@dataclass(frozen=True)
class Window:
    """A window along the last two axes, the border, and the numbers a, b and c of a threshold."""

    sizes: tuple[int, int]
    mode: str
    cval: float
    numbers: tuple[float, float, float]


def run(array: _Array, axes: tuple[int, ...], window: Window, result: _Array, workers: int | None) -> None:
    """Write the thresholds of an image to `result`, which has another memory."""
    last = tuple(range(array.ndim - len(axes), array.ndim))
    shift, planes = _moved(_planes(dtypes.ordered(np.moveaxis(array, axes, last)), len(axes)))
    moved = np.moveaxis(result, axes, last)
    direct = moved.flags.c_contiguous and moved.dtype in dtypes.NATIVE and moved.dtype.isnative
    target = moved if direct else np.empty(moved.shape)
    _compute(planes, _planes(target, len(axes)), window, shift, workers)
    if not direct:
        dtypes.place(target, moved)


def fits(sizes: tuple[int, int]) -> bool:
    """Tell whether the lines of a window fit into a small memory."""
    return (sizes[0] + kernels.LINES) * 16 * (max(_WIDE, 4 * sizes[1]) + sizes[1]) <= _MOST


def _planes(array: _Array, count: int) -> _Array:
    """Return an array as planes. Lines along one axis are the rows of one plane."""
    shape = (-1, *array.shape[-2:]) if count == 2 else (1, -1, array.shape[-1])
    return array.reshape(shape)


def _moved(planes: _Array) -> tuple[float, _Array]:
    """Return samples that float64 represents better, and what they were reduced by."""
    if planes.dtype.itemsize < 8 or planes.dtype.newbyteorder("=") == dtypes.FLOAT64:
        return 0.0, dtypes.readable(planes)
    wide = planes.astype(np.longdouble)
    used = np.isfinite(wide)
    middle = float(np.sum(wide, where=used) / max(int(used.sum()), 1))
    middle = middle if math.isfinite(middle) else 0.0
    return middle, (wide - np.longdouble(middle)).astype(np.float64)


def _compute(planes: _Array, target: _Array, window: Window, shift: float, workers: int | None) -> None:
    """Fill the planes of the result, tile by tile."""
    (size_y, size_x), (count, height, width) = window.sizes, planes.shape
    rows, columns = (
        missing.rows_of(n, size // 2, size - 1 - size // 2, window.mode)
        for n, size in ((height, size_y), (width, size_x))
    )
    # Blocks of a window's height. Rows of which each is a series have references of their own.
    tile_y = 1 if size_y == 1 else min(-(-_HIGH // size_y) * size_y, height)
    tile_x = min(max(_WIDE, 4 * size_x), width)
    tiles_y, tiles_x = -(-height // tile_y), -(-width // tile_x)
    pitch = -(-(8 * (tile_x + size_x + kernels.LANES)) // LINE) * LINE + LINE
    job = np.zeros(1, kernels.LOCAL_JOB)
    values: dict[str, Any] = {
        "source": address(planes),
        "target": address(target),
        "height": height,
        "width": width,
        "source_plane": planes.strides[0],
        "source_row": planes.strides[1],
        "target_plane": target.strides[0],
        "target_row": target.strides[1],
        "source_size": planes.itemsize,
        "target_size": target.itemsize,
        "size_y": size_y,
        "size_x": size_x,
        "before_x": size_x // 2,
        "rows": address(rows),
        "columns": address(columns),
        "tile_y": tile_y,
        "tile_x": tile_x,
        "tiles_y": tiles_y,
        "tiles_x": tiles_x,
        "pitch": pitch,
        "fetch": kernels.fetch_line.address(planes.dtype),
        "median": kernels.median_of_some.address(planes.dtype),
        "place": kernels.place_line.address(target.dtype),
        "cval": (window.cval if window.mode == "constant" else 0.0) - shift,
        "shift": shift,
    }
    for name, value in (values | dict(zip("abc", window.numbers, strict=True))).items():
        job[name] = value
    entry = kernels.slide_local.entry()

    def task(start: int, stop: int) -> None:
        memory = np.zeros((kernels.LINES + 2 * (size_y + 1)) * pitch + LINE, np.uint8)
        entry(address(job), address(memory), start, stop)

    units = count * tiles_y * tiles_x
    # Each thread processes its band in pieces, so an interrupt does not wait long.
    threads.run(task, units, workers if planes.size > _ALONE else 1, max(1, min(units // 64, 64)))
