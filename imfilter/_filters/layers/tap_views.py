"""Views of the padded image that each tap of a kernel reads, for gradients and varying kernels."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from imfilter._base import borders, dtypes
from imfilter._base.denormals import as_zeros
from imfilter._base.padding import Padding
from imfilter._filters.layers.geometry import Geometry


def padded(x: npt.NDArray, geometry: Geometry) -> npt.NDArray:
    """Return an array (N, C, *spatial) extended by its border."""
    for axis, padding in enumerate(geometry.paddings, start=2):
        n = x.shape[axis]
        if padding.before or padding.after:
            outside = borders.outside(n, padding.before, padding.after, geometry.mode)
            indices = np.concatenate([outside[: padding.before], np.arange(n), outside[padding.before :]])
            x = np.take(x, indices, axis)
            if geometry.mode == "zero":
                np.moveaxis(x, axis, 0)[indices < 0] = 0
    return x


def folded(x: npt.NDArray, geometry: Geometry, extent: tuple[int, ...]) -> npt.NDArray:
    """Add the border of an array to the samples it was copied from. This is the transpose of `padded`."""
    for axis, (n, padding) in enumerate(zip(extent, geometry.paddings, strict=True), start=2):
        lines = np.moveaxis(x, axis, 0)
        inside = lines[padding.before : padding.before + n].copy()
        outside = borders.outside(n, padding.before, padding.after, geometry.mode)
        positions = [*range(padding.before), *range(padding.before + n, padding.before + n + padding.after)]
        for position, sample in zip(positions, outside, strict=True):
            if sample >= 0 and position < len(lines):
                with np.errstate(all="ignore"):
                    inside[sample] += lines[position]
        x = np.moveaxis(inside, 0, axis)
    return x


def views(
    array: npt.NDArray, taps: tuple[int, ...], geometry: Geometry
) -> Iterator[tuple[tuple[int, ...], npt.NDArray]]:
    """Yield each tap of a kernel and the samples of a padded array that it reads, (N, C, *lengths)."""
    for tap in np.ndindex(*taps):
        steps = zip(tap, geometry.dilation, geometry.stride, geometry.lengths, strict=True)
        samples = tuple(slice(t * d, t * d + (n - 1) * s + 1, s) for t, d, s, n in steps)
        yield tap, array[(slice(None), slice(None), *samples)]


@as_zeros
def vary(x: npt.NDArray, weight: npt.NDArray, bias: npt.NDArray, geometry: Geometry) -> npt.NDArray:
    """Apply weights (N, C_out, C_in/groups, *kernel, *lengths) that differ at every position."""
    n, groups = len(geometry.lengths), geometry.groups
    images, outputs, inputs = weight.shape[:3]
    result = np.empty((images, groups, outputs // groups, *geometry.lengths), weight.dtype)
    result[...] = bias.reshape(groups, -1, *(1,) * n)
    inside = padded(x.astype(weight.dtype, copy=False), geometry)
    lines = np.moveaxis(weight, range(3), range(-3, 0))  # taps first
    with np.errstate(all="ignore"):  # infinity and NaN propagate to the outputs
        for tap, samples in views(inside, weight.shape[3 : 3 + n], geometry):
            factors = np.moveaxis(lines[tap], range(-3, 0), range(3))
            factors = factors.reshape(images, groups, -1, inputs, *geometry.lengths)
            samples = samples.reshape(images, groups, inputs, *geometry.lengths)
            result += np.einsum("ngoc...,ngc...->ngo...", factors, samples)
    return result.reshape(images, outputs, *geometry.lengths)


def spread(gradient: npt.NDArray, stride: tuple[int, ...]) -> npt.NDArray:
    """Return an array (N, C, *lengths) with zeros inserted, so that its samples are `stride` apart."""
    if max(stride) == 1:
        return gradient
    lengths = tuple((n - 1) * s + 1 for n, s in zip(gradient.shape[2:], stride, strict=True))
    result = dtypes.empty((*gradient.shape[:2], *lengths), gradient.dtype)
    result[...] = 0
    positions: tuple[slice, ...] = (slice(None), slice(None), *(slice(None, None, s) for s in stride))
    result[positions] = gradient
    return result


def backward(
    weight: npt.NDArray, geometry: Geometry, lengths: tuple[int, ...], extent: tuple[int, ...]
) -> tuple[Geometry, npt.NDArray]:
    """Return the geometry and weights of the layer that computes the gradient of a padded input.

    Its input is the gradient of an output after `spread`. The output has shape `lengths`. The input of the
    original layer has shape `extent`.
    """
    paddings = []
    for taps, length, size, d, s, p in zip(
        weight.shape[2:], lengths, extent, geometry.dilation, geometry.stride, geometry.paddings, strict=True
    ):
        # The last samples of the input may be beyond the last position of the kernel and unused.
        padded_length = size + p.before + p.after
        paddings.append(Padding(d * (taps - 1), padded_length - ((length - 1) * s + 1), padded_length))
    flipped = weight.reshape(geometry.groups, -1, *weight.shape[1:]).swapaxes(1, 2)
    flipped = np.flip(flipped, tuple(range(3, flipped.ndim))).reshape(-1, *flipped.shape[2:])
    one = (1,) * len(extent)
    return Geometry(tuple(paddings), "zero", one, geometry.dilation, geometry.groups), flipped


def scattered(
    gradient: npt.NDArray, weight: npt.NDArray, geometry: Geometry, lengths: tuple[int, ...]
) -> npt.NDArray:
    """Return the gradient of a padded input of shape `lengths`, tap by tap. This is the transpose of `views`.

    It inserts no zeros between samples. Weights that are not finite would turn such zeros into NaN.
    """
    images, groups, inputs = len(gradient), geometry.groups, weight.shape[1]
    result = np.zeros((images, groups * inputs, *lengths), weight.dtype)
    slopes = gradient.reshape(images, groups, -1, *gradient.shape[2:])
    lines = np.moveaxis(weight.reshape(groups, -1, *weight.shape[1:]), range(3), range(-3, 0))  # taps first
    with np.errstate(all="ignore"):
        for tap, samples in views(result, weight.shape[2:], geometry):
            products = np.einsum("ngo...,goi->ngi...", slopes, lines[tap])
            samples += products.reshape(samples.shape)
    return result


def weight_gradient(
    gradient: npt.NDArray, x: npt.NDArray, size: tuple[int, ...], geometry: Geometry, real: np.dtype
) -> npt.NDArray:
    """Return the gradient (C_out, C_in/groups, *kernel) of weights. Each tap is a matrix product."""
    groups = geometry.groups

    def matrices(array: npt.NDArray) -> npt.NDArray:
        """Return a matrix for each group. Rows are its channels, columns all positions of all images."""
        grouped = array.reshape(len(array), groups, -1, *array.shape[2:])
        return dtypes.ordered(np.moveaxis(grouped, 0, 2).reshape(groups, array.shape[1] // groups, -1))

    slopes = matrices(gradient.astype(real, copy=False))
    inside = padded(x.astype(real, copy=False), geometry)
    result = np.empty((*size, groups, slopes.shape[1], x.shape[1] // groups), real)
    with np.errstate(all="ignore"):
        for tap, samples in views(inside, size, geometry):
            result[tap] = slopes @ matrices(samples).swapaxes(1, 2)
    return np.ascontiguousarray(np.moveaxis(result, range(len(size)), range(-len(size), 0))).reshape(
        gradient.shape[1], -1, *size
    )
