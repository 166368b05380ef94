"""Reference: linear filters of images with missing data, by their definition in float64."""

import math

import numpy as np

from tests.reference import naive


def correlate(
    image,
    counts,
    kernel,
    *,
    stride=1,
    dilation=1,
    padding="same",
    mode="mirror",
    cval=0.0,
    bias=0.0,
    flip=False,
    least=0.0,
):
    """An absent sample counts as the mean of those present, weighted by the magnitudes of the kernel.

    counts: how much each sample of the image counts. The border constant counts 1, beyond a border that
    shrinks nothing does.
    """
    kernel = naive.dense(kernel, image.ndim)
    stride, dilation = naive.per_axis(stride, image.ndim), naive.per_axis(dilation, image.ndim)
    axes = naive.geometry(image.shape, kernel.shape, stride, dilation, padding, flip)
    if flip:
        kernel = np.flip(kernel)
    before = [b for b, _ in axes]
    after = [
        max((length - 1) * s + d * (k - 1) - b - (n - 1), 0)
        for (b, length), s, d, k, n in zip(axes, stride, dilation, kernel.shape, image.shape, strict=True)
    ]
    constant, beyond = (cval, 1.0) if mode == "constant" else (0.0, float(mode != "shrink"))
    border = "constant" if mode in ("zero", "shrink") else mode
    counts = np.asarray(counts, np.float64)
    image = np.where(counts > 0, np.asarray(image, np.float64), 0.0)
    samples = naive.pad(image, before, after, border, constant)
    counted = naive.pad(counts, before, after, border, beyond)
    spans = [d * (k - 1) + 1 for d, k in zip(dilation, kernel.shape, strict=True)]
    chosen = tuple(slice(None, (length - 1) * s + 1, s) for (_, length), s in zip(axes, stride, strict=True))
    taps = tuple(slice(None, None, d) for d in dilation)

    def sums(samples, weights):
        """Sum the samples of all windows. A weight of 0 does not read its sample."""
        windows = np.lib.stride_tricks.sliding_window_view(samples, spans)[chosen + taps]
        return (windows[..., kernel != 0] * weights[kernel != 0]).sum(axis=-1)

    plain, weighted = sums(counted * samples, kernel), sums(counted * samples, np.abs(kernel))
    present, absent = sums(counted, np.abs(kernel)), sums(1 - counted, kernel)
    with np.errstate(all="ignore"):
        mean = weighted / present
        result = plain + np.where(absent == 0, 0, mean * absent) + bias
    few = (present == 0) | (present < least * math.fsum(np.abs(kernel).flat) * (1 - 1e-12))
    return np.where(few, np.nan, result)


def separable(image, counts, taps, **options):
    """The same for a kernel that is a product of one line for each axis."""
    return correlate(image, counts, list(taps), **options)


def gaussian(image, counts, sigma, order=0, **options):
    """A Gaussian or one of its derivatives."""
    ndim = image.ndim
    pairs = zip(naive.per_axis(sigma, ndim), naive.per_axis(order, ndim), strict=True)
    return correlate(image, counts, [naive.gaussian_taps(s, o) for s, o in pairs], **options)


def derivative(name, image, counts, axis=None, **options):
    """One derivative, or the magnitude of all: each by its own kernel."""
    if axis is not None:
        return correlate(image, counts, naive.derivative_taps(name, axis, image.ndim), **options)
    parts = [derivative(name, image, counts, a, **options) for a in range(image.ndim)]
    return np.sqrt(sum(part**2 for part in parts))


def gaussians(image, counts, sigma, order, **options):
    """The derivatives of a Gaussian of some order along each axis."""
    return [
        gaussian(image, counts, sigma, [order * (b == a) for b in range(image.ndim)], **options)
        for a in range(image.ndim)
    ]


def unsharp_mask(image, counts, sigma, amount, **options):
    """The whole kernel counts: that of the Gaussian and of the sample itself."""
    kernel = -amount * naive.dense([naive.gaussian_taps(sigma)] * image.ndim, image.ndim)
    kernel[tuple(n // 2 for n in kernel.shape)] += 1 + amount
    return correlate(image, counts, kernel, **options)


def sharpen(image, counts, amount, **options):
    """The whole kernel counts."""
    kernel = -amount * naive.laplacian_taps(image.ndim)
    kernel[(1,) * image.ndim] += 1
    return correlate(image, counts, kernel, **options)
