"""Blobs: bright spots of any size."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from imfilter._base import arguments, borders, colour_warning, dtypes, missing, strips
from imfilter._base.denormals import as_zeros
from imfilter._base.keywords import Common, hinted
from imfilter._filters.detection import scale_peaks
from imfilter._filters.detection.pruning import pruned
from imfilter._filters.linear import apply as linear
from imfilter._filters.linear.operators import Operator, separable
from imfilter._filters.orientation import taps
from imfilter._filters.orientation.hessian import MOST_TAPS as MOST_OF_HESSIANS
from imfilter.extremes import maximum
from imfilter.hessians import hessian
from imfilter.smooth import gaussian
from imfilter.typing import ArrayLike, Mask, Mode, Nan, NDArray, PerAxis, Spots
from imfilter.weights import MOST_TAPS, gaussians

METHODS = ("log", "dog", "doh")
#: Responses up to this part of the largest distance from the mean are rounding errors.
_ROUNDED = {dtypes.FLOAT32: 1e-5, dtypes.FLOAT64: 1e-10}
#: Largest number of scales.
_MOST_SCALES = 1000
#: Number of samples in a strip of rows, and smallest height of a strip.
_STRIP, _LEAST = 1 << 18, 16


@hinted
def blobs(
    image: ArrayLike,
    min_sigma: float = 1.0,
    max_sigma: float = 30.0,
    *,
    method: Spots = "log",
    sigma_ratio: float = 1.2,
    threshold: float | None = None,
    relative: float = 0.1,
    overlap: float = 0.5,
    count: int | None = None,
    exclude_border: int = 0,
    refine: bool = True,
    spacing: PerAxis[float] | None = None,
    mode: Mode = "mirror",
    cval: float = 0.0,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    workers: int | None = None,
) -> NDArray:
    """Find bright spots of all sizes, strongest first.

    The image is smoothed with Gaussians of several standard deviations. A blob is a sample whose response is
    not less than that of its neighbours, also at the next smaller and the next larger scale. The response of
    a disc of radius r is strongest at ``sigma = r/sqrt(d)`` in an image of d axes. Two scales are in memory
    at a time. For dark spots, filter the negative image. No blob is centred on an absent sample.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial: convert a colour image to grey first. Bool, integers
        or floats. The function does not change it.
    min_sigma, max_sigma : float, optional
        Smallest and largest standard deviation in the unit of `spacing`. Default 1 and 30.
    method : {'log', 'dog', 'doh'}, optional
        The response. Default 'log'.

        - 'log': minus the Laplacian of Gaussian, times ``sigma**2``
        - 'dog': the difference of the Gaussians of two neighbouring scales, divided by ``sigma_ratio - 1``.
          It is nearly 'log', and takes less time.
        - 'doh': the determinant of the Hessian, times ``sigma**(2*d)``, where the image is bright. It
          ignores edges.
    sigma_ratio : float, optional
        Ratio of neighbouring scales, greater than 1. Default 1.2.
    threshold : float, optional
        Value that a response must exceed. Default: no threshold besides `relative`.
    relative : float, optional
        Fraction of the strongest response that a response must exceed, from 0 to 1. Default 0.1.
    overlap : float, optional
        Largest part of a blob that it may share with a larger one, from 0 to 1. A blob that shares more is
        removed. Default 0.5.
    count : int, optional
        Maximum number of blobs. Default: all blobs are returned.
    exclude_border : int, optional
        Number of samples at both ends of each axis where no blobs are searched. Default 0.
    refine : bool, optional
        Whether to refine positions and scales: a parabola is fitted through the response and its two
        neighbours along each axis and along the scales. Default True.
    spacing : float or sequence of float, optional
        Distance between samples in any unit of length: one for all filtered axes, or one for each.
        Derivatives are per that unit. Default 1.
    mode : {'mirror', 'symmetric', 'edge', 'wrap', 'zero', 'constant', 'shrink'}, optional
        How an image ``a b c d`` continues beyond its border. Default 'mirror'.

        - 'mirror': ``d c b | a b c d | c b a``
        - 'symmetric': ``c b a | a b c d | d c b``
        - 'edge': ``a a a | a b c d | d d d``
        - 'wrap': ``b c d | a b c d | a b c``
        - 'zero': ``0 0 0 | a b c d | 0 0 0``
        - 'constant': ``k k k | a b c d | k k k`` with k = `cval`
        - 'shrink': samples beyond the border are absent, as with `mask`
    cval : float, optional
        Value beyond the border with ``mode="constant"``. Default 0.
    mask : array_like, optional
        Samples that are present, in the shape of `image`, or in its shape without `channel_axis`. Bool: True
        where a sample is present. Numbers: how much a sample counts, at least 0. An absent sample may have
        any value, and changes no result. Default: all samples are present.
    nan : {'propagate', 'ignore'}, optional
        Whether NaN makes every result NaN whose window contains it (default), or is an absent sample.
    min_coverage : float, optional
        Smallest share of the window that must be present, from 0 to 1: of its samples, or of the magnitudes
        of its weights. Where less is present, or nothing, the result is NaN, or 0 if it is an integer.
        Default 0.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of float64 with one row for each blob: its position in samples along each axis, and its standard
        deviation in the unit of `spacing`.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    hessian, difference_of_gaussians : The responses at one scale, or what they are computed from.
    corner_peaks : Peaks of any response.
    skimage.feature.blob_log, skimage.feature.blob_dog, skimage.feature.blob_doh : The same without
        refinement. Scales of ``blob_log`` are evenly spaced there, images are scaled to 1, and 'doh' uses
        boxes.

    References
    ----------
    T. Lindeberg, *Feature detection with automatic scale selection*, International Journal of Computer Vision
    30, 1998. D. G. Lowe, *Distinctive image features from scale-invariant keypoints*, International Journal
    of Computer Vision 60, 2004.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> image = np.zeros((40, 60))
    >>> image[14:19, 28:33] = 1
    >>> imfilter.blobs(image).round(1)
    array([[16., 30.,  2.]])
    """
    bare, own = missing.split(image)
    array = arguments.image(bare)
    if array.ndim > 3:
        raise ValueError(f"image must have 1 to 3 axes, got shape {array.shape}")
    colour_warning.of_colours(array, None, None, all_axes=True)
    way = arguments.word(method, "method", METHODS)
    scales = _scales(min_sigma, max_sigma, sigma_ratio, way)
    least = None if threshold is None else arguments.number(threshold, "threshold")
    share = arguments.share(relative, "relative")
    most_shared = arguments.share(overlap, "overlap")
    most = None if count is None else arguments.integer(count, "count", least=1)
    margin = arguments.integer(exclude_border, "exclude_border", least=0)
    refined = arguments.flag(refine, "refine")
    lengths = arguments.spacings(spacing, array.ndim)
    _check_width(float(scales[-1]) / min(lengths), way)
    borders.check_mode(mode, more=("shrink",))
    constant = arguments.beyond(cval, mode, finite=True)
    common = Common(mode, constant, workers=workers, mask=mask, nan=nan, min_coverage=min_coverage)
    counts = _counts(missing.presence(array, common, own), array)
    values, offset = _centred(array, counts)
    # Values of about 1, because products of second derivatives of others may be too large or too small.
    peak = float(max(values.max(initial=0), -values.min(initial=0)))
    beyond = constant - offset if mode in ("zero", "constant") else 0.0
    _, exponent = math.frexp(max(peak, abs(beyond)))
    np.ldexp(values, -exponent, out=values)
    if mode in ("zero", "constant"):
        common = common._replace(mode="constant", cval=math.ldexp(beyond, -exponent))
    degree = array.ndim if way == "doh" else 1
    noise = _ROUNDED[values.dtype] * math.ldexp(peak, -exponent) ** degree
    if least is not None:
        with np.errstate(over="ignore"):  # no response reaches infinity
            least = float(np.ldexp(least, -exponent * degree))
    least = noise if least is None else max(least, noise)
    options = {name: getattr(common, name) for name in ("mode", "cval", "min_coverage", "workers")}
    responses = _responses(values, scales, way, {**options, "mask": counts, "spacing": lengths})
    present = None if counts is None else counts > 0
    peaks = list(_peaks_of_all(responses, _Search(least, present, margin, refined, workers)))
    heights = np.concatenate([p.heights for p in peaks])
    places = np.concatenate([p.places for p in peaks])
    steps = np.concatenate([p.scales for p in peaks])
    kept = heights > share * heights.max(initial=0.0)
    order = np.flatnonzero(kept)[np.argsort(-heights[kept], kind="stable")]
    places, sigmas = places[order], min_sigma * sigma_ratio ** steps[order]
    if len(order):
        radii = sigmas * np.sqrt(array.ndim)
        stay = pruned(places * lengths, radii, most_shared)[:most]
        places, sigmas = places[stay], sigmas[stay]
    return np.column_stack([places, sigmas])


def _counts(presence: missing.Presence | None, array: NDArray) -> NDArray | None:
    """Return how much each sample counts. None: all count 1."""
    if presence is None or (presence.mask is None and not presence.ignore_nan):
        return None
    return presence.at(array, ...)


@as_zeros
def _centred(array: NDArray, counts: NDArray | None) -> tuple[NDArray, float]:
    """Return an image minus its mean, because a common offset would take digits, and this mean.

    Absent samples are 0.
    """
    present: NDArray | bool = True if counts is None else counts > 0
    if counts is not None and not np.any(present):
        return np.zeros(array.shape, dtypes.derived(array.dtype)), 0.0
    with np.errstate(all="ignore"):
        offset = float(array.mean(dtype=np.float64, where=present))
    if not np.isfinite(offset):
        raise ValueError(
            "image must be finite, got NaN or infinity; mark absent samples with mask= or nan='ignore'"
        )
    found = np.subtract(array, offset, dtype=dtypes.derived(array.dtype))
    if counts is not None:
        found[~np.asarray(present)] = 0
    return found, offset


def _scales(low: Any, high: Any, ratio: Any, method: str) -> NDArray[np.float64]:
    """Return the standard deviations. A difference of Gaussians needs one more."""
    first, last = arguments.number(low, "min_sigma"), arguments.number(high, "max_sigma")
    step = arguments.number(ratio, "sigma_ratio")
    if first <= 0:
        raise ValueError(f"min_sigma must be positive, got {first}")
    if last < first:
        raise ValueError(f"max_sigma must be at least min_sigma={first}, got {last}")
    if step <= 1:
        raise ValueError(f"sigma_ratio must be greater than 1, got {step}")
    count = int(np.ceil(np.log(last / first) / np.log(step) - 1e-9)) + 1
    if count > _MOST_SCALES:
        raise ValueError(f"sigma_ratio must give at most {_MOST_SCALES} scales, got {count} with {step}")
    if method == "dog":  # a difference is the response at the geometric mean of its two scales
        return np.asarray(first * step ** (np.arange(count + 1) - 0.5))
    return np.asarray(first * step ** np.arange(count))


def _check_width(sigma: float, method: str) -> None:
    """Refuse a standard deviation in samples that gives a kernel of too many taps."""
    most = MOST_OF_HESSIANS if method == "doh" else MOST_TAPS
    if not 2 * int(min(4 * sigma, most) + 0.5) + 1 <= most:
        raise ValueError(f"max_sigma must give kernels of at most {most} taps, got {sigma:.6g} samples")


def _responses(image: NDArray, scales: NDArray, method: str, options: dict[str, Any]) -> Iterator[NDArray]:
    """Yield the response at each scale. It is NaN where too little is present."""
    if method == "log":
        others = options.copy()
        spacing, common = others.pop("spacing"), Common(**others)
        for sigma in scales.tolist():
            found = linear.apply(image, _laplacian, (sigma, spacing), common, preserves_dtype=False)
            found *= -(sigma**2)
            yield found
    elif method == "dog":
        wide = gaussian(image, float(scales[0]), **options)
        for sigma, narrow_sigma in zip(scales[1:].tolist(), scales[:-1].tolist(), strict=True):
            narrow, wide = wide, gaussian(image, sigma, **options)
            narrow -= wide
            narrow /= sigma / narrow_sigma - 1
            yield narrow
    else:
        for sigma in scales.tolist():
            yield _determinant(image, sigma, options)


def _laplacian(ndim: int, chosen: tuple[int, ...], sigma: float, spacings: tuple[float, ...]) -> Operator:
    """Return a Laplacian of Gaussian whose taps sum to 0, so that flat regions have no response."""
    terms = taps.hessian(gaussians, (sigma,) * ndim, 4.0, None, spacings)
    return separable(*(t for t, (i, j) in zip(terms, taps.pairs(ndim), strict=True) if i == j))


def _determinant(image: NDArray, sigma: float, options: dict[str, Any]) -> NDArray:
    """Return the determinant of the Hessian where all its eigenvalues may be negative, else 0."""
    parts = hessian(image, sigma, **options)
    parts *= sigma**2
    found = np.empty_like(image)

    def determine(first: int, stop: int) -> None:
        found[first:stop] = _determinants(parts[:, first:stop])

    strips.each(determine, len(image), _step(image.shape), options["workers"])
    return found


def _determinants(parts: NDArray) -> NDArray:
    """Return the determinants of Hessians all of whose eigenvalues may be negative, else 0."""
    n = parts.ndim - 1
    h = dict(zip(taps.pairs(n), parts, strict=True))
    trace = sum(h[a, a] for a in range(n))
    if n == 1:
        found = -h[0, 0]
    elif n == 2:
        found = h[0, 0] * h[1, 1] - h[0, 1] ** 2
    else:
        minor = h[0, 0] * h[1, 1] - h[0, 1] ** 2
        found = -(
            h[0, 0] * (h[1, 1] * h[2, 2] - h[1, 2] ** 2)
            - h[0, 1] * (h[0, 1] * h[2, 2] - h[1, 2] * h[0, 2])
            + h[0, 2] * (h[0, 1] * h[1, 2] - h[1, 1] * h[0, 2])
        )
        found[minor < 0] = 0
    found[~(trace < 0)] = 0
    return np.asarray(found)


def _step(shape: tuple[int, ...]) -> int:
    """Return the number of rows to process together."""
    return max(_STRIP // math.prod(shape[1:]), _LEAST)


class _Search(NamedTuple):
    """Where peaks are searched: responses that exceed `least`, of samples that are present."""

    least: float
    present: NDArray[np.bool_] | None
    margin: int
    refined: bool
    workers: int | None


def _peaks_of_all(responses: Iterator[NDArray], search: _Search) -> Iterator[scale_peaks.Peaks]:
    """Yield the peaks at each scale. Of equal neighbours at two scales, the smaller scale has the peak."""
    here, number = next(responses), 0
    candidates = _candidates(here, None, search)
    for after in responses:
        yield scale_peaks.confirmed(candidates, here, after, number, search.refined)
        candidates, number = _candidates(after, here, search), number + 1
        here = after
    yield scale_peaks.confirmed(candidates, here, None, number, search.refined)


def _candidates(here: NDArray, before: NDArray | None, search: _Search) -> scale_peaks.Candidates:
    """Return the samples that may be peaks."""

    def find(first: int, stop: int) -> NDArray[np.int64]:
        begin, end = max(first - 1, 0), stop + 1
        rows = slice(first - begin, stop - begin)
        axes = tuple(range(here.ndim))
        highest = maximum(here[begin:end], 3, mode="edge", nan="ignore", axes=axes, workers=search.workers)
        found = (here[first:stop] == highest[rows]) & (here[first:stop] > search.least)
        if search.present is not None:
            found &= search.present[first:stop]
        return np.argwhere(found) + np.array([first] + [0] * (here.ndim - 1))

    where = np.concatenate(strips.each(find, len(here), _step(here.shape), search.workers))
    if search.margin:
        inner = (where >= search.margin) & (where < np.array(here.shape) - search.margin)
        where = where[inner.all(axis=1)]
    heights = here[tuple(where.T)].astype(np.float64)
    if before is None:
        return scale_peaks.Candidates(where, heights, None)
    kept = heights > scale_peaks.highest_around(before, where)
    where, heights = where[kept], heights[kept]
    return scale_peaks.Candidates(where, heights, before[tuple(where.T)].astype(np.float64))
