"""Reference: Hessian matrices, structure tensors and measures of ridges, by their definitions in float64."""

import itertools

import numpy as np

from tests.reference import naive


def pairs(ndim):
    """The components of a symmetric matrix: its upper triangle, row by row."""
    return list(itertools.combinations_with_replacement(range(ndim), 2))


def taps(sigma, order, truncate=4.0, radius=None):
    """The taps of a derivative. Those of the second derivative sum to 0."""
    found = naive.gaussian_taps(sigma, order, truncate, radius)
    if order == 2:
        found = found - found.sum() * naive.gaussian_taps(sigma, 0, truncate, radius)
    return found


def hessian_taps(sigma, ndim, spacing=1.0, truncate=4.0, radius=None):
    """For each component, the taps of each axis."""
    sigma, spacing, radius = (naive.per_axis(v, ndim) for v in (sigma, spacing, radius))
    for i, j in pairs(ndim):
        orders = [(a == i) + (a == j) for a in range(ndim)]
        yield [
            taps(s / d, o, truncate, r) / d**o
            for s, o, d, r in zip(sigma, orders, spacing, radius, strict=True)
        ]


def hessian(image, sigma, spacing=1.0, truncate=4.0, radius=None, **border):
    """The components of the Hessian matrix, along a new first axis."""
    image = np.asarray(image, np.float64)
    kernels = hessian_taps(sigma, image.ndim, spacing, truncate, radius)
    return np.stack([naive.separable(image, kernel, **border) for kernel in kernels])


def matrices(components):
    """Components as matrices along two last axes."""
    ndim = {1: 1, 3: 2, 6: 3}[len(components)]
    found = np.empty((*components.shape[1:], ndim, ndim))
    for component, (i, j) in zip(components, pairs(ndim), strict=True):
        found[..., i, j] = found[..., j, i] = component
    return found


def eigenvalues(components):
    """The eigenvalues, along a new first axis, the largest first."""
    return np.moveaxis(np.linalg.eigvalsh(matrices(components))[..., ::-1], -1, 0)


def eigenvector(components, which):
    """The eigenvector of the largest (-1) or smallest (0) eigenvalue. Its last element is positive."""
    found = np.moveaxis(np.linalg.eigh(matrices(components))[1][..., which], -1, 0)
    return found * np.where(found[-1] < 0, -1, 1)


def contrast(components, feature):
    """How much two eigenvalues differ, relative to their sum: the largest two, or the smallest two."""
    values = eigenvalues(components)
    high, low = values[:2] if feature == "plane" else values[-2:]
    return (high - low) / (high + low)


def structure_tensor(image, sigma, slopes, truncate=4.0, mode="mirror", cval=0.0):
    """The smoothed products of derivatives. `slopes` are the taps of each derivative."""
    image = np.asarray(image, np.float64)
    parts = [naive.separable(image, t, mode=mode, cval=cval) for t in slopes]
    inner = "zero" if mode == "constant" else mode
    bell = [naive.gaussian_taps(s, 0, truncate) for s in naive.per_axis(sigma, image.ndim)]
    return np.stack([naive.separable(parts[i] * parts[j], bell, mode=inner) for i, j in pairs(image.ndim)])


def frangi_of(values, alpha, beta, gamma):
    """The vesselness of one sample of a dark ridge, from its eigenvalues."""
    by_size = sorted(values, key=abs)
    norm = np.sqrt(sum(v * v for v in values))
    if any(v <= 0 for v in by_size[1:]):
        return 0.0
    found = 1 - np.exp(-(norm**2) / (2 * gamma**2))
    if len(values) == 2:
        return found * np.exp(-((by_size[0] / by_size[1]) ** 2) / (2 * beta**2))
    plate = by_size[1] / by_size[2]
    blob = abs(by_size[0]) / np.sqrt(by_size[1] * by_size[2])
    return found * (1 - np.exp(-(plate**2) / (2 * alpha**2))) * np.exp(-(blob**2) / (2 * beta**2))


def sato_of(values):
    """The tubeness of one sample."""
    across = sorted(values)[1:]
    return 0.0 if across[0] <= 0 else float(np.prod(across)) ** (1 / len(across))


def meijering_of(values, alpha):
    """The modified eigenvalue of the largest magnitude, not yet divided by the largest of the image."""
    total = sum(values)
    modified = [v + alpha * (total - v) for v in sorted(values, reverse=True)]
    return max(max(modified, key=abs), 0.0)


def ridges(name, image, sigmas, black_ridges=True, alpha=None, beta=0.5, gamma=None, spacing=1.0, **border):
    """The measure and its scale, sample by sample."""
    image = np.asarray(image, np.float64)
    sign = 1.0 if black_ridges else -1.0
    scales = [sign * s * s * hessian(image, s, spacing, **border) for s in sigmas]
    values = [np.moveaxis(eigenvalues(h), 0, -1) for h in scales]
    if name == "frangi" and gamma is None:
        gamma = max(np.sqrt((v**2).sum(-1)).max() for v in values) / 2 or 1.0
    best, scale = np.zeros(image.shape), np.zeros(image.shape)
    for sigma, all_values in zip(sigmas, values, strict=True):
        for place in np.ndindex(image.shape):
            own = all_values[place]
            if name == "frangi":
                found = frangi_of(own, 0.5 if alpha is None else alpha, beta, gamma)
            elif name == "sato":
                found = sato_of(own)
            else:
                found = meijering_of(own, -1 / (image.ndim + 1) if alpha is None else alpha)
            if found > best[place]:
                best[place], scale[place] = found, sigma
    if name == "meijering" and best.max() > 0:
        best /= best.max()
    return best, scale
