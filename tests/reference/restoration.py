"""Restoration by its definitions, in plain loops."""

import math

import numpy as np


def ball(radii, height):
    """The offsets of a ball and how far below its top they are."""
    reach = [math.ceil(r) for r in radii]
    found = []
    for index in np.ndindex(*(2 * r + 1 for r in reach)):
        offset = [i - r for i, r in zip(index, reach, strict=True)]
        share = sum((d / r) ** 2 for d, r in zip(offset, radii, strict=True) if r)
        if share <= 1:
            found.append((offset, height * (1 - math.sqrt(1 - share))))
    return found


def eroded(image, present, taps, least=0.0):
    """The top of the ball below each sample, and where a share of the ball is present, or a sample."""
    found, some = np.full(image.shape, np.inf), np.zeros(image.shape, bool)
    for at in np.ndindex(*image.shape):
        count = 0
        for offset, depth in taps:
            to = tuple(a + d for a, d in zip(at, offset, strict=True))
            if all(0 <= t < n for t, n in zip(to, image.shape, strict=True)) and present[to]:
                found[at] = min(found[at], image[to] + depth)
                count += 1
        some[at] = count > 0 and count >= least * len(taps) - 1e-9
    return found, some


def rolling_ball(image, radii, height, method="opening", present=None, least=0.0):
    """The background. Samples beyond the border are absent. NaN where nothing is present."""
    present = np.ones(image.shape, bool) if present is None else present
    taps = ball(radii, height)
    found, some = eroded(image.astype(float), present, taps, least)
    if method == "opening":
        found, some = eroded(-found, some, taps, least)
        found = -found
    return np.where(some, found, np.nan)


def transforms(shape):
    """The matrix of the Fourier transform of each axis."""
    return [np.exp(-2j * np.pi * np.outer(np.arange(n), np.arange(n)) / n) for n in shape]


def by_response(image, response):
    """A periodic image filtered by a response over all frequencies, with sums instead of fast transforms."""
    found = image.astype(complex)
    for inverse in (False, True):
        if inverse:
            found = found * response
        for axis, matrix in enumerate(transforms(image.shape)):
            used = matrix.conj() / len(matrix) if inverse else matrix
            found = np.moveaxis(np.tensordot(used, found, (1, axis)), 0, axis)
    return found.real


def waves(shape):
    """The frequencies of each axis in cycles a sample, from -0.5 to 0.5."""
    along = [np.array([(k if k <= n // 2 else k - n) / n for k in range(n)]) for n in shape]
    return np.meshgrid(*along, indexing="ij")


def response_of(kernel, shape):
    """The response of a convolution whose centre is at ``(length - 1) // 2``."""
    total = np.zeros(shape, complex)
    for index in np.ndindex(*kernel.shape):
        shift = sum(f * (i - (k - 1) // 2) for f, i, k in zip(waves(shape), index, kernel.shape, strict=True))
        total += kernel[index] * np.exp(-2j * np.pi * shift)
    return total


def blurred(image, kernel, flipped=False):
    """The sums of samples times weights, where both exist; `flipped` is the transpose."""
    found = np.zeros(image.shape)
    for at in np.ndindex(*image.shape):
        for index in np.ndindex(*kernel.shape):
            shift = [i - (k - 1) // 2 for i, k in zip(index, kernel.shape, strict=True)]
            to = tuple(a + s if flipped else a - s for a, s in zip(at, shift, strict=True))
            if all(0 <= t < n for t, n in zip(to, image.shape, strict=True)):
                found[at] += kernel[index] * image[to]
    return found


def covered(counts, response):
    """The share of the weights of a periodic filter that is present, by their magnitudes."""
    impulse = np.zeros(counts.shape)
    impulse[(0,) * counts.ndim] = 1
    weights = np.abs(by_response(impulse, response))
    found = np.zeros(counts.shape)
    for index in np.ndindex(*counts.shape):
        found += weights[index] * np.roll(counts, index, range(counts.ndim))  # the count at `at - index`
    return found / weights.sum()


def richardson_lucy(image, kernel, iterations, counts, beyond):
    """Richardson and Lucy with unknown samples, of an image that continues `beyond` its border."""
    pads = [(b, b) for b in beyond]
    y, c = np.pad(image, pads), np.pad(counts, pads)
    weight = blurred(c, kernel, flipped=True)
    seen = weight > 0.01 * kernel.sum() * counts.max()
    x = np.where(seen, (y * c).sum() / c.sum() / kernel.sum(), 0)
    for _ in range(iterations):
        under = blurred(x, kernel)
        ratio = np.divide(c * y, under, out=np.zeros(y.shape), where=under > 0)
        x = x * np.divide(blurred(ratio, kernel, flipped=True), weight, out=np.zeros(y.shape), where=seen)
    return x[tuple(slice(b, b + n) for b, n in zip(beyond, image.shape, strict=True))]
