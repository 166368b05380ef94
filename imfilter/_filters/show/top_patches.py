"""Positions of the strongest responses of a kernel in images, and pictures of these patches."""

from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments
from imfilter._base.keywords import Common
from imfilter._filters.linear import apply as linear
from imfilter._filters.linear.operators import Operator
from imfilter._filters.show.colormap import RGB, UNKNOWN

_SCALES = {np.dtype(np.uint8): (0.0, 255.0), np.dtype(np.bool_): (0.0, 1.0)}


def images(value: Any, channel_axis: Any) -> list[npt.NDArray]:
    """Return a list of images, from one array or several. Axes: channels, rows, columns."""
    several = isinstance(value, list | tuple) and value and all(isinstance(v, np.ndarray) for v in value)
    arrays = [arguments.image(v, "images") for v in (value if several else [value])]
    result = []
    for array in arrays:
        if array.ndim != 2 + (channel_axis is not None):
            raise ValueError(
                f"images must have 2 axes, and channel_axis if it is given, got shape {array.shape}"
            )
        axis = (
            None if channel_axis is None else arguments.axis_index(channel_axis, array.ndim, "channel_axis")
        )
        result.append(array[None] if axis is None else np.moveaxis(array, axis, 0))
    if len({array.shape[0] for array in result}) > 1:
        shapes = ", ".join(sorted({str(array.shape) for array in arrays}))
        raise ValueError(f"images must all have the same number of channels, got shapes {shapes}")
    return result


def weights(value: Any, arrays: list[npt.NDArray], coloured: bool) -> npt.NDArray[np.float64]:
    """Return a kernel with axes (channels, rows, columns) that fits into every image."""
    taps = arguments.taps(value, "kernel")
    if not coloured and taps.ndim == 2:
        taps = taps[None]
    elif not coloured or taps.ndim != 3 or len(taps) != len(arrays[0]):
        wanted = f"3 axes, {len(arrays[0])} channels first" if coloured else "2 axes"
        raise ValueError(f"kernel must have {wanted}, got shape {taps.shape}")
    for array in arrays:
        if array.shape[1] < taps.shape[1] or array.shape[2] < taps.shape[2]:
            raise ValueError(
                f"images must be at least as large as the kernel, {taps.shape[1:]}, got {array.shape[1:]}"
            )
    return taps


def _operator(ndim: int, chosen: tuple[int, ...], taps: npt.NDArray[np.float64]) -> Operator:
    return Operator(dense=taps)


def strongest(
    arrays: list[npt.NDArray], taps: npt.NDArray[np.float64], count: int, workers: int | None
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return image, row and column of the strongest responses without overlap, and the responses."""
    candidates: list[tuple[float, int, int, int]] = []
    _, height, width = taps.shape
    inside = linear.Geometry(padding="valid")
    for number, array in enumerate(arrays):
        # The channels are a third axis. The kernel has only one position along it.
        response = linear.apply(
            array, _operator, (taps,), Common(workers=workers), preserves_dtype=False, geometry=inside
        )
        peaks = _peaks(response[0].astype(np.float64))
        for _ in range(count):
            row, column = (int(i) for i in np.unravel_index(peaks.argmax(), peaks.shape))
            if peaks[row, column] == -np.inf:
                break
            candidates.append((-float(peaks[row, column]), number, row + height // 2, column + width // 2))
            rows = slice(max(row - height + 1, 0), row + height)
            peaks[rows, max(column - width + 1, 0) : column + width] = -np.inf
    if not candidates:
        raise ValueError("images must have a response to the kernel that is a number, got only NaN and -inf")
    best = sorted(candidates)[:count]
    return np.array([position for _, *position in best], np.int64), np.array(
        [-strength for strength, *_ in best]
    )


def _peaks(response: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the responses of local maxima, and minus infinity for all other samples."""
    known = np.where(np.isnan(response), -np.inf, response)
    highest = known
    for axis in (0, 1):
        padded = np.pad(highest, [(1, 1) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
        before, after = ([slice(None)] * axis + [part] for part in (slice(None, -2), slice(2, None)))
        highest = np.maximum(np.maximum(highest, padded[tuple(before)]), padded[tuple(after)])
    return np.where(known == highest, known, -np.inf)


def pictures(
    arrays: list[npt.NDArray],
    places: npt.NDArray[np.int64],
    size: tuple[int, ...],
    limits: tuple[float, float] | None,
    empty: tuple[int, int, int],
) -> list[RGB]:
    """Return the patch around each position, in colour. `empty` is the colour outside the image."""
    cut = []
    for number, *middle in places.tolist():
        image = arrays[number]
        starts = [centre - n // 2 for centre, n in zip(middle, size, strict=True)]
        stops = [start + n for start, n in zip(starts, size, strict=True)]
        rows, columns = (slice(max(a, 0), max(b, 0)) for a, b in zip(starts, stops, strict=True))
        values = image[:, rows, columns].astype(np.float64)
        values = np.moveaxis(values if len(values) == 3 else values.mean(axis=0, keepdims=True), 0, -1)
        cut.append((values, max(-starts[0], 0), max(-starts[1], 0)))
    if limits is None:
        limits = _SCALES.get(arrays[0].dtype) if len({a.dtype for a in arrays}) == 1 else None
    if limits is None:
        known = np.concatenate([values.ravel() for values, _, _ in cut])
        known = known[np.isfinite(known)]
        limits = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    result = []
    for values, top, left in cut:
        patch = np.empty((*size, 3), np.uint8)
        patch[:] = empty
        patch[top : top + values.shape[0], left : left + values.shape[1]] = _shaded(values, *limits)
        result.append(patch)
    return result


def _shaded(values: npt.NDArray[np.float64], low: float, high: float) -> npt.NDArray[np.uint8]:
    """Return values as shades from black to white. NaN is grey."""
    span = high / 2 - low / 2
    with np.errstate(invalid="ignore"):
        share = (values / 2 - low / 2) / (span if span > 0 else 1.0)
    shade = np.rint(np.where(np.isnan(share), 0, share).clip(0, 1) * 255)
    return np.where(np.isnan(share), UNKNOWN[0], shade).astype(np.uint8)
