"""Reference for pooling: PyTorch's definition in plain loops, exact for integers. It imports no imfilter."""

import math

import numpy as np

from tests.reference.naive import per_axis


def length(n, size, stride, padding, dilation, ceil_mode):
    """The number of windows along an axis, as in PyTorch."""
    span = n + 2 * padding - dilation * (size - 1) - 1
    count = (math.ceil(span / stride) if ceil_mode else math.floor(span / stride)) + 1
    # A last window that starts in or after the padding at the end is dropped.
    if ceil_mode and (count - 1) * stride >= n + padding:
        count -= 1
    return count


def windows(n, size, stride, padding, dilation, ceil_mode):
    """The samples of each window along an axis, and the number of its positions in the padded axis."""
    result = []
    for i in range(length(n, size, stride, padding, dilation, ceil_mode)):
        positions = [i * stride - padding + t * dilation for t in range(size)]
        inside = [p for p in positions if 0 <= p < n]
        result.append((inside, sum(p < n + padding for p in positions)))
    return result


def cells(n, count):
    """The bins of PyTorch's adaptive pooling."""
    result = []
    for i in range(count):
        inside = list(range(i * n // count, -((i + 1) * n // -count)))
        result.append((inside, len(inside)))
    return result


def half_to_even(total, divisor):
    """The quotient of two integers, rounded."""
    quotient, remainder = divmod(total, divisor)
    return quotient + (2 * remainder > divisor or (2 * remainder == divisor and quotient % 2))


def of_samples(samples, reduction, divisor, dtype):
    """The maximum, the minimum or the mean of a list of samples of a type."""
    if dtype.kind in "biu":
        values = [int(v) for v in samples]
        if reduction == "mean":
            return half_to_even(sum(values), divisor) if divisor else 0
        bounds = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
        if not values:
            return bounds[0] if reduction == "max" else bounds[1]
        return max(values) if reduction == "max" else min(values)
    values = [float(v) for v in samples]
    if reduction == "mean":
        if not divisor:
            return math.nan
        if all(map(math.isfinite, values)):
            return math.fsum(values) / divisor
        return sum(values) / divisor
    if any(map(math.isnan, values)):
        return math.nan
    if not values:
        return -math.inf if reduction == "max" else math.inf
    best = max if reduction == "max" else min
    return best(values, key=lambda v: (v, math.copysign(1.0, v)))


def reduced(image, axes, tables, reduction, *, count_padding=True, dtype=None):
    """Reduce the windows in `tables`, one for each of `axes`. The result has the image's type or `dtype`."""
    dtype = image.dtype if dtype is None else np.dtype(dtype)
    batch = [a for a in range(image.ndim) if a not in axes]
    lines = np.transpose(image, [*batch, *axes])
    shape, extents = lines.shape[: len(batch)], lines.shape[len(batch) :]
    planes = [plane.tolist() for plane in lines.reshape(math.prod(shape), math.prod(extents))]
    result = np.zeros((len(planes), *(len(t) for t in tables)), dtype)
    exact = dtype if dtype.kind in "biu" and image.dtype.kind in "biu" else np.dtype(float)
    with np.errstate(over="ignore"):
        for at in np.ndindex(*result.shape[1:]):
            chosen = [table[i] for table, i in zip(tables, at, strict=True)]
            places = [0]
            for (inside, _), n in zip(chosen, extents, strict=True):
                places = [n * place + position for place in places for position in inside]
            divisor = math.prod(positions if count_padding else len(inside) for inside, positions in chosen)
            for index, plane in enumerate(planes):
                samples = [plane[place] for place in places]
                value = of_samples(samples, reduction, divisor, exact if reduction == "mean" else image.dtype)
                result[(index, *at)] = value
    result = result.reshape(*shape, *result.shape[1:])
    return np.transpose(result, np.argsort([*batch, *axes]))


def pool(
    image,
    reduction,
    size,
    *,
    stride=None,
    padding=0,
    dilation=1,
    ceil_mode=False,
    count_padding=True,
    axes=None,
    dtype=None,
):
    """`max_pool`, or `avg_pool` if `reduction` is "mean"."""
    axes = tuple(range(image.ndim)) if axes is None else tuple(a % image.ndim for a in axes)
    size = per_axis(size, len(axes))
    stride = size if stride is None else per_axis(stride, len(axes))
    given = zip(axes, size, stride, *(per_axis(v, len(axes)) for v in (padding, dilation)), strict=True)
    tables = [windows(image.shape[a], *window, ceil_mode) for a, *window in given]
    return reduced(image, axes, tables, reduction, count_padding=count_padding, dtype=dtype)


def pyramid(image, levels, reduction, axes=None):
    """The cells of all levels along the last axis, for each image of the batch."""
    axes = tuple(range(image.ndim)) if axes is None else tuple(a % image.ndim for a in axes)
    levels_of_cells = []
    for level in levels:
        counts = per_axis(level, len(axes))
        tables = [cells(image.shape[a], count) for a, count in zip(axes, counts, strict=True)]
        result = reduced(image, axes, tables, reduction)
        last = np.moveaxis(result, axes, range(-len(axes), 0))
        levels_of_cells.append(last.reshape(*last.shape[: last.ndim - len(axes)], -1))
    return np.concatenate(levels_of_cells, axis=-1)


# --- helpers of the tests ---


def picture(dtype, shape, seed=0):
    rng = np.random.default_rng(seed)
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return rng.normal(size=shape).astype(dtype)
    if dtype.kind == "b":
        return rng.random(shape) < 0.5
    bounds = np.iinfo(dtype)
    return rng.integers(bounds.min, bounds.max, shape, dtype.newbyteorder("="), endpoint=True).astype(dtype)


def close(result, expected):
    """Compare means: integers exactly, floats of about 1 within two units in the last place."""
    assert result.shape == expected.shape
    if result.dtype.kind in "biu":
        np.testing.assert_array_equal(result, expected)
    else:
        np.testing.assert_allclose(result, expected, rtol=0, atol=2 * np.finfo(result.dtype).eps)
