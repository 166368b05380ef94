"""Linear filters with missing data: each filter, its definition, and images and masks for both."""

import numpy as np

import imfilter
from tests.reference import missing, naive

MODES = (*naive.MODES, "shrink")
SHAPES = {1: (41,), 2: (13, 17), 3: (6, 7, 9)}
TOLERANCE = {"float64": 1e-10, "float32": 2e-5}
RNG = np.random.default_rng(20)
KERNELS = {n: RNG.normal(size=(5, 4, 3)[:n]) for n in (1, 2, 3)}

#: Each filter, and the same by the definition.
FILTERS = {
    "correlate": (
        lambda a, **o: imfilter.correlate(a, KERNELS[a.ndim], **o),
        lambda a, c, **o: missing.correlate(a, c, KERNELS[a.ndim], **o),
    ),
    "correlate weights of one sign": (
        lambda a, **o: imfilter.correlate(a, -np.abs(KERNELS[a.ndim]), **o),
        lambda a, c, **o: missing.correlate(a, c, -np.abs(KERNELS[a.ndim]), **o),
    ),
    "convolve": (
        lambda a, **o: imfilter.convolve(a, KERNELS[a.ndim], stride=2, bias=0.5, dilation=2, **o),
        lambda a, c, **o: missing.correlate(
            a, c, KERNELS[a.ndim], flip=True, stride=2, bias=0.5, dilation=2, **o
        ),
    ),
    "correlate valid": (
        lambda a, **o: imfilter.correlate(a, KERNELS[a.ndim], padding="valid", **o),
        lambda a, c, **o: missing.correlate(a, c, KERNELS[a.ndim], padding="valid", **o),
    ),
    "correlate padded": (
        lambda a, **o: imfilter.correlate(a, KERNELS[a.ndim], padding=4, **o),
        lambda a, c, **o: missing.correlate(a, c, KERNELS[a.ndim], padding=4, **o),
    ),
    "correlate large": (
        lambda a, **o: imfilter.correlate(a, LARGE[a.ndim], **o),
        lambda a, c, **o: missing.correlate(a, c, LARGE[a.ndim], **o),
    ),
    "gaussian": (
        lambda a, **o: imfilter.gaussian(a, 1.3, **o),
        lambda a, c, **o: missing.gaussian(a, c, 1.3, **o),
    ),
    "gaussian wide": (
        lambda a, **o: imfilter.gaussian(a, WIDE[a.ndim], **o),
        lambda a, c, **o: missing.gaussian(a, c, WIDE[a.ndim], **o),
    ),
    "gaussian first derivatives": (
        lambda a, **o: imfilter.gaussian(a, 1.0, order=1, **o),
        lambda a, c, **o: missing.gaussian(a, c, 1.0, 1, **o),
    ),
    "box": (
        lambda a, **o: imfilter.box(a, 4, **o),
        lambda a, c, **o: missing.correlate(a, c, [np.full(4, 1 / 4)] * a.ndim, **o),
    ),
    "box long": (
        lambda a, **o: imfilter.box(a, LONG[a.ndim], **o),
        lambda a, c, **o: missing.correlate(a, c, [np.full(n, 1 / n) for n in [LONG[a.ndim]] * a.ndim], **o),
    ),
    "sharpen": (
        lambda a, **o: imfilter.sharpen(a, 0.7, **o),
        lambda a, c, **o: missing.sharpen(a, c, 0.7, **o),
    ),
    "unsharp_mask": (
        lambda a, **o: imfilter.unsharp_mask(a, 0.8, 1.5, **o),
        lambda a, c, **o: missing.unsharp_mask(a, c, 0.8, 1.5, **o),
    ),
    "sobel": (
        lambda a, **o: imfilter.sobel(a, **o),
        lambda a, c, **o: missing.derivative("sobel", a, c, **o),
    ),
    "scharr axis": (
        lambda a, **o: imfilter.scharr(a, axis=-1, **o),
        lambda a, c, **o: missing.derivative("scharr", a, c, a.ndim - 1, **o),
    ),
    "prewitt": (
        lambda a, **o: imfilter.prewitt(a, **o),
        lambda a, c, **o: missing.derivative("prewitt", a, c, **o),
    ),
    "laplacian": (
        lambda a, **o: imfilter.laplacian(a, **o),
        lambda a, c, **o: missing.correlate(a, c, naive.laplacian_taps(a.ndim), **o),
    ),
    "laplacian_of_gaussian": (
        lambda a, **o: imfilter.laplacian_of_gaussian(a, 1.0, **o),
        lambda a, c, **o: sum(missing.gaussians(a, c, 1.0, 2, **o)),
    ),
    "difference_of_gaussians": (
        lambda a, **o: imfilter.difference_of_gaussians(a, 0.8, 1.4, **o),
        lambda a, c, **o: missing.gaussian(a, c, 0.8, **o) - missing.gaussian(a, c, 1.4, **o),
    ),
    "gaussian_gradient_magnitude": (
        lambda a, **o: imfilter.gaussian_gradient_magnitude(a, 0.9, **o),
        lambda a, c, **o: np.sqrt(sum(part**2 for part in missing.gaussians(a, c, 0.9, 1, **o))),
    ),
}
#: In three dimensions, a definition with as many taps would take minutes.
WIDE, LONG = {1: 7, 2: 7, 3: 1.6}, {1: 25, 2: 25, 3: 8}
LARGE = {1: RNG.normal(size=61), 2: RNG.normal(size=(11, 12)), 3: RNG.normal(size=(5, 6, 7))}


def absences(shape):
    """Masks of several kinds of absence."""
    rng = np.random.default_rng(len(shape))
    single = np.ones(shape, bool)
    single[(1,) * len(shape)] = False
    block = np.ones(shape, bool)
    block[tuple(slice(0, -(-2 * n // 3)) for n in shape)] = False
    line = np.ones(shape, bool)
    line[len(line) // 2 :] = False
    corner = np.zeros(shape, bool)
    corner[(0,) * len(shape)] = True
    return {
        "random": rng.random(shape) < 0.6,
        "rare": rng.random(shape) < 0.1,
        "single": single,
        "block": block,
        "line": line,
        "corner": corner,
        "nothing": np.zeros(shape, bool),
    }


def picture(dtype, shape):
    """Samples of a type."""
    rng = np.random.default_rng(7)
    if np.dtype(dtype).kind == "f":
        return rng.normal(size=shape).astype(dtype)
    return rng.integers(0, np.iinfo(dtype).max, shape, endpoint=True).astype(dtype)


def close(result, expected, image, counts, kind):
    """Compare with the definition: the same NaN, the values within the tolerance of the type."""
    if result.dtype.kind in "iu":
        low, high = np.iinfo(result.dtype).min, np.iinfo(result.dtype).max
        rounded = np.rint(np.clip(np.nan_to_num(expected), low, high))
        difference = np.abs(result.astype(np.float64) - rounded)
        assert difference.max() <= 1
        exact = np.abs(expected - np.floor(expected) - 0.5) > 1e-3  # only ties may differ
        assert not difference[exact & np.isfinite(expected)].any()
        return
    np.testing.assert_array_equal(np.isnan(result), np.isnan(expected))
    present = np.abs(np.asarray(image, np.float64)[counts > 0])
    scale = max(present.max(initial=0.0), np.nanmax(np.abs(expected), initial=0.0), 3.0)
    np.testing.assert_allclose(result, expected, rtol=0, atol=TOLERANCE[kind] * scale)
