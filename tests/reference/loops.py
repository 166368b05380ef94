"""Reference for the arithmetic and the forward pass of layers: plain loops that also count."""

import itertools

import numpy as np

from tests.reference import naive


def positions(n, taps, stride=1, before=0, after=0, dilation=1, ceil_mode=False):
    """The starts of windows along an axis: as many windows as fit."""
    span = dilation * (taps - 1) + 1
    starts = list(range(-before, n + after - span + 1, stride))
    following = starts[-1] + stride if starts else -before
    if ceil_mode and starts and starts[-1] + span < n + after and following < n:
        starts.append(following)
    return starts


def each(value, n):
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * n


def sides(padding, lengths, taps, stride, dilation):
    """(before, after) for each axis."""
    n = len(lengths)
    if padding == "valid":
        return [(0, 0)] * n
    if padding == "same":  # the centre of the kernel is at every stride-th sample
        result = []
        for length, k, s, d in zip(lengths, taps, stride, dilation, strict=True):
            reach = d * (k - 1)
            last = (length - 1) // s * s
            before = reach - reach // 2
            result.append((before, max(last + reach - before - length + 1, 0)))
        return result
    if n == 1 and isinstance(padding, tuple) and len(padding) == 2:
        return [padding]
    return [p if isinstance(p, tuple) else (p, p) for p in each(padding, n)]


def windows(lengths, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    """The starts of windows along each axis."""
    n = len(lengths)
    taps, steps, gaps = each(kernel, n), each(stride, n), each(dilation, n)
    return [
        positions(length, k, s, *side, d, ceil_mode)
        for length, k, s, d, side in zip(
            lengths, taps, steps, gaps, sides(padding, lengths, taps, steps, gaps), strict=True
        )
    ]


def multiplications(lengths, in_channels, out_channels, kernel, groups=1, **options):
    """Count the multiplications one by one."""
    count = 0
    for _ in itertools.product(*windows(lengths, kernel, **options)):
        for _ in range(out_channels):
            for _ in range(in_channels // groups):
                for _ in itertools.product(*map(range, kernel)):
                    count += 1
    return count


def conv(x, weight, bias=None, *, stride=1, padding=0, padding_mode="zero", dilation=1, groups=1):
    """A convolution layer for a batch (N, C, *spatial), in float64."""
    lengths, kernel = x.shape[2:], weight.shape[2:]
    gaps = each(dilation, len(lengths))
    starts = windows(lengths, kernel, stride, padding, dilation)
    edge = max(max(-s[0], s[-1] + d * (k - 1) + 1) for s, d, k in zip(starts, gaps, kernel, strict=True))
    around = [0, 0] + [edge] * len(lengths)
    padded = naive.pad(x.astype(float), around, around, padding_mode)
    result = np.zeros((len(x), len(weight), *map(len, starts)))
    grouped = padded.reshape(len(x), groups, 1, -1, *padded.shape[2:])
    weights = weight.reshape(groups, len(weight) // groups, *weight.shape[1:])
    for place in np.ndindex(result.shape[2:]):
        begin = [s[i] + edge for s, i in zip(starts, place, strict=True)]
        window = tuple(slice(b, b + d * (k - 1) + 1, d) for b, d, k in zip(begin, gaps, kernel, strict=True))
        values = grouped[(..., *window)] * weights  # images, groups, outputs, inputs and taps
        result[(slice(None), slice(None), *place)] = values.reshape(len(x), len(weight), -1).sum(axis=2)
    if bias is not None:
        result += np.asarray(bias).reshape(-1, *[1] * len(lengths))
    return result.astype(x.dtype)


def _pool(function, outside, image, size, stride, padding, ceil_mode, axes):
    """A function of each window, with `outside` in the padding and no samples after it."""
    assert axes == tuple(range(2, image.ndim))
    lengths = image.shape[2:]
    sizes = each(size, len(lengths))
    starts = windows(lengths, size, sizes if stride is None else stride, padding, 1, ceil_mode)
    around = each(padding, len(lengths))
    padded = np.pad(image, [(0, 0), (0, 0), *((p, p) for p in around)], constant_values=outside)
    result = np.zeros((*image.shape[:2], *map(len, starts)), image.dtype)
    for place in np.ndindex(result.shape[2:]):
        begin = [s[i] + p for s, i, p in zip(starts, place, around, strict=True)]
        inside = tuple(slice(b, b + k) for b, k in zip(begin, sizes, strict=True))
        values = padded[(slice(None), slice(None), *inside)].reshape(*image.shape[:2], -1)
        result[(slice(None), slice(None), *place)] = function(values, axis=-1)
    return result


def max_pool(
    image, size, *, stride=None, padding=0, dilation=1, ceil_mode=False, axes=None, channel_axis=None
):
    return _pool(np.max, -np.inf, image, size, stride, padding, ceil_mode, axes)


def avg_pool(image, size, *, stride=None, padding=0, ceil_mode=False, axes=None, channel_axis=None):
    return _pool(np.mean, 0, image, size, stride, padding, ceil_mode, axes)


def global_pool(image, reduce="mean", *, axes=None, channel_axis=None):
    return getattr(np, reduce)(image, axis=axes)
