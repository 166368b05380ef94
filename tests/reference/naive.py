"""Reference: the definitions in float64, slow and simple. This module imports nothing of the library.

`correlate_loops` is the definition in plain loops. `correlate` computes the same sum, but NumPy replaces the
loops over pixels, so it is fast enough for large grids. `test_naive.py` compares it with the loops, and the
loops with small examples that were computed by hand.
"""

import functools
import itertools
import math

import numpy as np

MODES = ("mirror", "symmetric", "edge", "wrap", "zero", "constant")
SCIPY_MODES = {
    "mirror": "mirror",
    "symmetric": "reflect",
    "edge": "nearest",
    "wrap": "wrap",
    "constant": "constant",
}


# --- borders ----------------------------------------------------------------------------------------


@functools.cache
def border_index(i, n, mode):
    """The index of the sample at position `i` of an axis of length `n`, or None for the constant."""
    if 0 <= i < n:
        return i
    if mode == "mirror":  # d c b | a b c d | c b a
        if n == 1:
            return 0
        while not 0 <= i < n:
            i = -i if i < 0 else 2 * (n - 1) - i
        return i
    if mode == "symmetric":  # c b a | a b c d | d c b
        while not 0 <= i < n:
            i = -1 - i if i < 0 else 2 * n - 1 - i
        return i
    if mode == "edge":  # a a a | a b c d | d d d
        return 0 if i < 0 else n - 1
    if mode == "wrap":  # b c d | a b c d | a b c
        return i % n
    if mode in ("zero", "constant"):  # k k k | a b c d | k k k
        return None
    raise AssertionError(mode)


@functools.cache
def _index_map(start, stop, n, mode):
    indices = [border_index(i, n, mode) for i in range(start, stop)]
    index = np.array([0 if i is None else i for i in indices], dtype=np.intp)
    outside = np.array([i is None for i in indices], dtype=bool)
    return index, outside


def pad(image, before, after, mode, cval=0.0):
    """`image` with `before[a]` and `after[a]` border samples on each axis."""
    out = image
    for axis, n in enumerate(image.shape):
        index, outside = _index_map(-before[axis], n + after[axis], n, mode)
        out = np.take(out, index, axis=axis)
        if outside.any():
            selection = [slice(None)] * out.ndim
            selection[axis] = outside
            out[tuple(selection)] = 0.0 if mode == "zero" else cval
    return out


# --- correlation and convolution --------------------------------------------------------------------


def per_axis(value, ndim):
    return (value,) * ndim if np.ndim(value) == 0 else tuple(value)


def dense(kernel, ndim):
    """The kernel as one float64 array. A sequence of 1-D arrays gives their outer product."""
    if isinstance(kernel, (list, tuple)) and all(isinstance(part, np.ndarray) for part in kernel):
        product = np.ones((1,) * ndim)
        for axis, part in enumerate(kernel):
            product = product * part.astype(np.float64).reshape([-1 if a == axis else 1 for a in range(ndim)])
        return product
    return np.asarray(kernel, dtype=np.float64)


def geometry(shape, kernel_shape, stride, dilation, padding, flipped=False):
    """(`before`, output length) of each axis: the arithmetic of a convolution layer."""
    ndim = len(shape)
    if padding == "same":
        parts = ["same"] * ndim
    elif padding == "valid":
        parts = [(0, 0)] * ndim
    elif isinstance(padding, (int, np.integer)):
        parts = [(padding, padding)] * ndim
    elif ndim == 1 and len(padding) == 2 and np.ndim(padding) == 1:
        parts = [tuple(padding)]
    else:
        parts = [(p, p) if np.ndim(p) == 0 else tuple(p) for p in padding]
    result = []
    for n, k, s, d, part in zip(shape, kernel_shape, stride, dilation, parts, strict=True):
        if part == "same":
            before = d * (k - 1) // 2 if flipped else (d * (k - 1) + 1) // 2
            length = math.ceil(n / s)
        else:
            before = part[0]
            length = (n + part[0] + part[1] - d * (k - 1) - 1) // s + 1
        result.append((before, length))
    return result


def correlate_loops(
    image, kernel, stride=1, dilation=1, padding="same", mode="mirror", cval=0.0, bias=0.0, flip=False
):
    """out[i] = bias + sum over j of kernel[j] * image[i*stride + j*dilation - before]."""
    kernel = dense(kernel, image.ndim)
    stride, dilation = per_axis(stride, image.ndim), per_axis(dilation, image.ndim)
    axes = geometry(image.shape, kernel.shape, stride, dilation, padding, flip)
    if flip:
        kernel = np.flip(kernel)
    out = np.empty([length for _, length in axes])
    for i in np.ndindex(*out.shape):
        total = bias
        for j in np.ndindex(*kernel.shape):
            if kernel[j] == 0:  # a tap of weight 0 is skipped
                continue
            at = [
                border_index(i[a] * stride[a] + j[a] * dilation[a] - axes[a][0], image.shape[a], mode)
                for a in range(image.ndim)
            ]
            outside = 0.0 if mode == "zero" else cval
            total += kernel[j] * (outside if None in at else float(image[tuple(at)]))
        out[i] = total
    return out


def correlate(
    image, kernel, stride=1, dilation=1, padding="same", mode="mirror", cval=0.0, bias=0.0, flip=False
):
    """The same sum. NumPy loops over the pixels."""
    kernel = dense(kernel, np.ndim(image))
    image = np.asarray(image).astype(np.float64)
    stride, dilation = per_axis(stride, image.ndim), per_axis(dilation, image.ndim)
    axes = geometry(image.shape, kernel.shape, stride, dilation, padding, flip)
    if flip:
        kernel = np.flip(kernel)
    before = [b for b, _ in axes]
    reach = [
        (length - 1) * s + d * (k - 1) - b
        for (b, length), s, d, k in zip(axes, stride, dilation, kernel.shape, strict=True)
    ]
    # With a stride, an explicit padding may have rows that no window reads.
    after = [max(r - (n - 1), 0) for r, n in zip(reach, image.shape, strict=True)]
    padded = pad(image, before, after, mode, cval)
    out = np.full([length for _, length in axes], float(bias))
    for j in itertools.product(*map(range, kernel.shape)):
        if kernel[j] == 0:
            continue
        window = tuple(
            slice(ja * d, ja * d + (length - 1) * s + 1, s)
            for ja, d, s, (_, length) in zip(j, dilation, stride, axes, strict=True)
        )
        out += kernel[j] * padded[window]
    return out


def convolve(image, kernel, **options):
    return correlate(image, kernel, flip=True, **options)


def convolve_loops(image, kernel, **options):
    return correlate_loops(image, kernel, flip=True, **options)


def scale(image, kernel, cval=0.0, bias=0.0):
    """sum|w| * max|x|: the magnitude of the terms of the sum. Its error is relative to this number."""
    largest = max(float(np.max(np.abs(np.asarray(image, dtype=np.float64)))), abs(cval))
    return float(np.abs(dense(kernel, np.ndim(image))).sum()) * largest + abs(bias)


# --- taps from their definitions --------------------------------------------------------------------


def gaussian_taps(sigma, order=0, truncate=4.0, radius=None):
    """Correlation taps of the order-th derivative of a Gaussian that sums to one."""
    if sigma == 0:
        return np.array([1.0])
    if radius is None:
        radius = int(truncate * sigma + 0.5)
    x = [float(i) for i in range(-radius, radius + 1)]
    bell = [math.exp(-0.5 * (v / sigma) ** 2) for v in x]
    total = math.fsum(bell)
    # The n-th derivative of a Gaussian is He_n(x/sigma) (-1/sigma)^n times the Gaussian. A correlation reads
    # it mirrored, so the sign (-1)^n disappears.
    return np.array(
        [_hermite(order, v / sigma) / sigma**order * b / total for v, b in zip(x, bell, strict=True)]
    )


def _hermite(n, x):
    if n == 0:
        return 1.0
    if n == 1:
        return x
    return x * _hermite(n - 1, x) - (n - 1) * _hermite(n - 2, x)


def box_taps(size):
    return np.full(size, 1.0 / size)


SMOOTHING = {"sobel": [1.0, 2.0, 1.0], "scharr": [3.0, 10.0, 3.0], "prewitt": [1.0, 1.0, 1.0]}
DIFFERENCE = [-1.0, 0.0, 1.0]


def derivative_taps(name, axis, ndim, normalize=False, spacing=1.0):
    """One 1-D array for each axis: the difference along `axis`, smoothing along the others."""
    smoothing, difference = np.array(SMOOTHING[name]), np.array(DIFFERENCE)
    if normalize:
        smoothing, difference = smoothing / smoothing.sum(), difference / 2
    spacing = per_axis(spacing, ndim)
    return [difference / spacing[axis] if a == axis else smoothing for a in range(ndim)]


def laplacian_taps(ndim, diagonals=False):
    kernel = np.zeros((3,) * ndim)
    for offset in itertools.product((-1, 0, 1), repeat=ndim):
        steps = sum(map(abs, offset))
        if steps == 1 or (diagonals and steps > 1):
            kernel[tuple(o + 1 for o in offset)] = 1.0
    kernel[(1,) * ndim] = -kernel.sum()
    return kernel


# --- filters ----------------------------------------------------------------------------------------


def separable(image, taps, mode="mirror", cval=0.0):
    """1-D correlations, one axis after the other.

    After the first pass, the border is no longer constant. So the constant is subtracted first, the rest is
    filtered with a border of zeros, and the filtered constant is added at the end.
    """
    result = np.asarray(image, dtype=np.float64)
    shift = cval if mode == "constant" else 0.0
    result = result - shift
    for axis, line in enumerate(taps):
        shape = [-1 if a == axis else 1 for a in range(result.ndim)]
        result = correlate(result, np.reshape(line, shape), mode=mode)
    return result + shift * math.prod(float(np.sum(line)) for line in taps)


def gaussian(image, sigma, order=0, truncate=4.0, radius=None, spacing=1.0, **border):
    ndim = np.ndim(image)
    sigma, order, radius, spacing = (per_axis(v, ndim) for v in (sigma, order, radius, spacing))
    taps = [
        gaussian_taps(s / h, o, truncate, r) / h**o
        for s, o, r, h in zip(sigma, order, radius, spacing, strict=True)
    ]
    return separable(image, taps, **border)


def box(image, size, **border):
    return separable(image, [box_taps(s) for s in per_axis(size, np.ndim(image))], **border)


def derivative(name, image, axis=None, normalize=False, spacing=1.0, **border):
    ndim = np.ndim(image)
    if axis is not None:
        return separable(image, derivative_taps(name, axis % ndim, ndim, normalize, spacing), **border)
    return np.sqrt(sum(derivative(name, image, a, normalize, spacing, **border) ** 2 for a in range(ndim)))


def laplacian(image, diagonals=False, **border):
    return correlate(image, laplacian_taps(np.ndim(image), diagonals), **border)


def sharpen(image, amount=1.0, **border):
    return np.asarray(image, dtype=np.float64) - amount * laplacian(image, **border)


def unsharp_mask(image, sigma=1.0, amount=1.0, truncate=4.0, radius=None, **border):
    image = np.asarray(image, dtype=np.float64)
    return image + amount * (image - gaussian(image, sigma, 0, truncate, radius, **border))


def laplacian_of_gaussian(image, sigma, **options):
    ndim = np.ndim(image)
    return sum(
        gaussian(image, sigma, order=[2 * (b == a) for b in range(ndim)], **options) for a in range(ndim)
    )


def gaussian_gradient_magnitude(image, sigma, **options):
    ndim = np.ndim(image)
    parts = [gaussian(image, sigma, order=[int(b == a) for b in range(ndim)], **options) for a in range(ndim)]
    return np.sqrt(sum(part**2 for part in parts))


def difference_of_gaussians(image, low, high=None, **options):
    high = tuple(1.6 * s for s in per_axis(low, np.ndim(image))) if high is None else high
    return gaussian(image, low, **options) - gaussian(image, high, **options)


# --- ranks ------------------------------------------------------------------------------------------


def rank(image, inside, which, mode="mirror", cval=0.0):
    """The sample of index `which` in the sorted neighbourhood. NaN comes last.

    `inside` is True for the samples of the neighbourhood. It is centred like a kernel. Samples are Python
    numbers, because float64 cannot represent all integers.
    """
    image, before = np.asarray(image).astype(object), [k // 2 for k in inside.shape]
    padded = pad(image, before, [k - 1 - b for k, b in zip(inside.shape, before, strict=True)], mode, cval)
    windows = np.lib.stride_tricks.sliding_window_view(padded, inside.shape)
    out = np.empty(image.shape, object)
    for i in np.ndindex(*image.shape):
        samples = windows[i][inside].tolist()
        out[i] = sorted(samples, key=lambda value: (value != value, value))[which]
    return out


# --- result types -----------------------------------------------------------------------------------


def cast(values, dtype):
    """Float64 values as `dtype`: integers rounded half to even and saturated, NaN as 0."""
    dtype = np.dtype(dtype).newbyteorder("=")
    values = np.asarray(values, dtype=np.float64)
    if dtype.kind == "f":
        with np.errstate(over="ignore"):  # values beyond the range of half precision become infinite
            return values.astype(dtype)
    low, high = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    out = np.empty(values.shape, dtype=dtype)
    for at in np.ndindex(*values.shape):
        value = values[at]
        if math.isnan(value):
            out[at] = 0
        elif value >= high:
            out[at] = high
        elif value <= low:
            out[at] = low
        else:
            out[at] = round(value)  # Python rounds half to even
    return out


def is_rounding_of(result, exact, error):
    """Return whether integers are `exact` values, rounded. The values are known within `error`.

    So the integers are equal, except near halves, where they may differ by 1.
    """
    low, high = (cast(exact + sign * error, result.dtype) for sign in (-1.0, 1.0))
    return bool(np.all((low <= result) & (result <= high)))


def derived_dtype(dtype):
    """The dtype of the results of correlate, convolve and derivatives for images of `dtype`."""
    dtype = np.dtype(dtype)
    narrow = dtype.kind == "b" or (dtype.kind in "iu" and dtype.itemsize <= 2)
    return np.dtype(np.float32 if narrow or (dtype.kind == "f" and dtype.itemsize <= 4) else np.float64)
