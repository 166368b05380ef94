"""Reference for the layers: their definitions in plain loops and float64, with the borders of `naive`."""

import itertools

import numpy as np

from tests.reference.naive import border_index


def lengths(extent, taps, stride, pads, dilation):
    """The number of positions of the kernel along each axis."""
    return tuple(
        (n + before + after - d * (k - 1) - 1) // s + 1
        for n, k, s, (before, after), d in zip(extent, taps, stride, pads, dilation, strict=True)
    )


def places(extent, taps, stride, pads, mode, dilation):
    """Yield each position of the output, each tap and the sample that it reads. Skip zeros of the border."""
    for place in np.ndindex(*lengths(extent, taps, stride, pads, dilation)):
        for tap in np.ndindex(*taps):
            padded = [
                p * s + t * d - b
                for p, s, t, d, (b, _) in zip(place, stride, tap, dilation, pads, strict=True)
            ]
            sample = [border_index(i, n, mode) for i, n in zip(padded, extent, strict=True)]
            if None not in sample:
                yield place, tap, tuple(sample)


def conv(x, weight, bias, *, stride, pads, mode, dilation, groups):
    """Forward: (N, C_in, *spatial) to (N, C_out, *lengths)."""
    extent, taps = x.shape[2:], weight.shape[2:]
    outputs, inputs = len(weight) // groups, weight.shape[1]
    result = np.zeros((len(x), len(weight), *lengths(extent, taps, stride, pads, dilation)))
    result += np.reshape(bias, (-1, *(1,) * len(extent)))
    for place, tap, sample in places(extent, taps, stride, pads, mode, dilation):
        for n, o, c in itertools.product(range(len(x)), range(len(weight)), range(inputs)):
            group = o // outputs
            read = float(x[(n, group * inputs + c, *sample)])
            result[(n, o, *place)] += read * float(weight[(o, c, *tap)])
    return result


def gradients(gradient, x, weight, *, stride, pads, mode, dilation, groups):
    """Backward: the gradients of input and weights."""
    outputs, inputs = len(weight) // groups, weight.shape[1]
    of_x, of_weight = np.zeros(x.shape), np.zeros(weight.shape)
    for place, tap, sample in places(x.shape[2:], weight.shape[2:], stride, pads, mode, dilation):
        for n, o, c in itertools.product(range(len(x)), range(len(weight)), range(inputs)):
            channel, slope = o // outputs * inputs + c, float(gradient[(n, o, *place)])
            of_x[(n, channel, *sample)] += slope * float(weight[(o, c, *tap)])
            of_weight[(o, c, *tap)] += slope * float(x[(n, channel, *sample)])
    return of_x, of_weight


def transposed(x, weight, bias, *, stride, padding, output_padding, dilation, groups):
    """Transposed: every sample adds the kernels, multiplied by the sample, to the output."""
    extent, taps = x.shape[2:], weight.shape[2:]
    inputs, outputs = len(weight) // groups, weight.shape[1]
    shape = tuple(
        (n - 1) * s - 2 * p + d * (k - 1) + extra + 1
        for n, s, p, d, k, extra in zip(extent, stride, padding, dilation, taps, output_padding, strict=True)
    )
    result = np.zeros((len(x), outputs * groups, *shape)) + np.reshape(bias, (-1, *(1,) * len(extent)))
    for sample in np.ndindex(*extent):
        for tap in np.ndindex(*taps):
            place = [
                i * s + t * d - p
                for i, s, t, d, p in zip(sample, stride, tap, dilation, padding, strict=True)
            ]
            if any(not 0 <= i < n for i, n in zip(place, shape, strict=True)):
                continue
            for n, c, o in itertools.product(range(len(x)), range(len(weight)), range(outputs)):
                to = (n, c // inputs * outputs + o, *place)
                result[to] += float(x[(n, c, *sample)]) * float(weight[(c, o, *tap)])
    return result
