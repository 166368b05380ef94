"""Edge detection: Canny edges and hysteresis thresholding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from imfilter._base import arguments, borders, colour_warning, dtypes, missing
from imfilter._base import inside as samples
from imfilter._base.keywords import hinted
from imfilter._base.plan import by_window
from imfilter.typing import ArrayLike, Mask, Mode, Nan, NDArray, Norm, Suppression, ThresholdUnit

#: The values of `threshold`, with the default of low and high for each.
_RULES: dict[str, tuple[float, float] | None] = {
    "absolute": None,
    "quantile": None,
    "median": (2 / 3, 4 / 3),
    "otsu": (0.5, 1.0),
}


@hinted
def canny(
    image: ArrayLike,
    low: float | None = None,
    high: float | None = None,
    *,
    sigma: Any = 1.0,
    norm: Norm = "l2",
    nms: Suppression = "sector",
    threshold: ThresholdUnit | Callable[[NDArray], tuple[float, float]] = "absolute",
    mode: Mode = "mirror",
    cval: float = 0.0,
    mask: Mask = None,
    nan: Nan = "propagate",
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Detect edges with the Canny edge detector.

    The image is smoothed with a Gaussian, and its gradient is computed with the Sobel operator. Non-maximum
    suppression makes the edges one sample wide. A sample is an edge if its gradient exceeds the high
    threshold, or if it exceeds the low threshold and is connected to such a sample.

    Parameters
    ----------
    image : array_like
        Grey image of two spatial axes. Convert a colour image with `imfilter.color.rgb_to_gray` first. Bool,
        integers or floats. The function does not change it.
    low, high : float, optional
        Low and high threshold. Give both or none. Default: `high` is Otsu's threshold of the gradient, and
        `low` is half of `high`.
    sigma : float or sequence of float, optional
        Standard deviation of the Gaussian in samples: one for both axes, or one for each. 0 does not smooth.
        Default 1.
    norm : {'l2', 'l1'}, optional
        Norm of the gradient. 'l2': square root of the sum of the squared derivatives. 'l1': sum of the
        absolute derivatives. Default 'l2'.
    nms : {'sector', 'interpolated'}, optional
        Method of non-maximum suppression. 'sector': compare the gradient with two neighbours in one of four
        directions, as in OpenCV. 'interpolated': compare it with values interpolated between neighbours on
        both sides along the gradient, as in scikit-image; the outermost samples are never edges. Default
        'sector'.
    threshold : {'absolute', 'quantile', 'median', 'otsu'} or callable, optional
        Meaning of `low` and `high`. Default 'absolute'. 'absolute': norms of the gradient of the unscaled
        Sobel operator, which is 8 for a ramp that rises by 1 per sample. 'quantile': quantiles of the
        gradient, from 0 to 1. 'median': multiples of its median; default 2/3 and 4/3. 'otsu': multiples of
        Otsu's threshold; default 1/2 and 1. A function gets the array of gradients and returns both
        thresholds.
    mode : {'mirror', 'symmetric', 'edge', 'wrap', 'zero', 'constant', 'shrink'}, optional
        How the image continues beyond its border for the Gaussian; see `imfilter.gaussian`. Default 'mirror'.
        With 'zero' and 'shrink', the smoothed image is divided by the sum of the weights inside the image.
        For the Sobel operator, the border is always 'edge'.
    cval : float, optional
        Value beyond the border with ``mode="constant"``. Default 0.
    mask : array_like, optional
        Samples that are present, in the shape of `image`, or in its shape without `channel_axis`. Bool: True
        where a sample is present. Numbers: how much a sample counts, at least 0. An absent sample may have
        any value, and changes no result. Default: all samples are present.
    nan : {'propagate', 'ignore'}, optional
        Whether NaN makes every result NaN whose window contains it (default), or is an absent sample.
    out : ndarray, optional
        Array for the result, of bool or of any other type. Edges are 1. It may be `image` itself.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of bool of the shape of `image`, or `out`. A masked array gives a masked array. Absent samples
        do not influence the smoothed image, and neither they nor their neighbours are edges.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a threshold that is not a number.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    hysteresis_threshold : The last step, for any number of axes.
    cv2.Canny : The same with ``sigma=0, norm="l1"``, or with ``norm="l2"`` for ``L2gradient=True``. Its
        result is 0 and 255.
    skimage.feature.canny : The same with ``nms="interpolated", mode="zero"``. It scales integer images and
        the thresholds to at most 1.

    References
    ----------
    J. Canny, A Computational Approach to Edge Detection, IEEE Transactions on Pattern Analysis and Machine
    Intelligence 8, 1986.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> step = np.repeat([[0, 0, 0, 100, 100, 100]], 4, axis=0)
    >>> imfilter.canny(step, 50, 150, sigma=0)[0].astype(int)
    array([0, 0, 1, 0, 0, 0])
    """
    bare, own = missing.split(image)
    array = arguments.plane(bare)
    arguments.word(norm, "norm", ("l1", "l2"))
    arguments.word(nms, "nms", ("sector", "interpolated"))
    if not callable(threshold):
        arguments.word(threshold, "threshold", tuple(_RULES))
    sigmas = arguments.sigmas(sigma, 2)
    border = borders.check_mode(mode, more=("shrink",))
    border = "zero" if border == "shrink" else border  # a border of zeros has no weight either
    inside = samples.of(array, own, mask, nan)
    given, place = _given(low, high, threshold), arguments.fitting(arguments.out(out), array.shape)
    from imfilter._base import threads
    from imfilter._filters.canny import edges as engine
    from imfilter._filters.canny import thresholds

    workers = threads.requested(workers)
    value = arguments.beyond(cval, border)
    smooth = _Smooth(array, sigmas, inside, border, value, _level(array, sigmas, inside, border))
    allowed = None if inside is None else _within(inside)
    step = array.shape[0] if smooth.plain else engine.strips(array.shape, smooth.reach)
    if callable(threshold) or threshold != "absolute" or given is None:
        counts = thresholds.counting(allowed, array.shape, outermost=nms == "sector")
        strip = engine.strips(array.shape, smooth.reach + 1)
        if callable(threshold) or array.shape[0] <= strip:
            whole = smooth.rows(0, array.shape[0], workers)
            gradient = _gradient(whole, norm, workers)
            if callable(threshold):
                given = _returned(threshold(gradient))
            else:
                values = gradient.ravel() if counts is None else gradient[counts(0, len(gradient))]
                given = _rule(threshold, given).of_values(values)
            smooth, step = _Smooth(whole, (0.0, 0.0), None, border, value), array.shape[0]
        else:
            rule, rows = _rule(threshold, given), _values(smooth, norm, counts)
            given = thresholds.of_rows(rule, rows, array.shape[0], strip, workers)
    found = engine.edges(
        *(smooth.rows, array.shape, step, given, norm, allowed, place, workers),
        interpolated=nms == "interpolated",
    )
    return samples.remasked(found, own, inside)


def _given(low: Any, high: Any, threshold: Any) -> tuple[float, float] | None:
    """Return both thresholds, or None if they depend on the gradient."""
    if low is None and high is None:
        if threshold == "quantile":
            raise ValueError("low and high must be given with threshold='quantile', got None")
        return None if callable(threshold) else _RULES[threshold]
    if callable(threshold):
        raise ValueError(
            "low and high must be left out if threshold is a function: the function returns both"
        )
    for value, name in ((low, "low"), (high, "high")):
        if value is None:
            raise ValueError(f"{name} must be given together with the other threshold, got None")
    bounds = _ordered(low, high)
    if bounds[0] < 0:
        raise ValueError(f"low must not be negative, got {bounds[0]}")
    if threshold == "quantile" and bounds[1] > 1:
        raise ValueError(f"high must be at most 1 with threshold='quantile', got {bounds[1]}")
    return bounds


def _ordered(low: Any, high: Any) -> tuple[float, float]:
    bounds = _threshold(low, "low"), _threshold(high, "high")
    if bounds[0] > bounds[1]:
        raise ValueError(f"low must not be greater than high, got low={bounds[0]} and high={bounds[1]}")
    return bounds


class _Smooth(NamedTuple):
    """An image that is smoothed a number of rows at a time."""

    array: NDArray
    sigmas: tuple[float, ...]
    inside: NDArray[np.bool_] | None
    mode: str
    cval: float
    level: float = 0.0  # subtracted before the division by the sum of weights

    @property
    def plain(self) -> bool:
        """Whether the image needs no smoothing."""
        return self.inside is None and not any(self.sigmas)

    @property
    def reach(self) -> int:
        """Number of rows above and below a row that its smoothed samples depend on."""
        return int(4 * self.sigmas[0] + 0.5)

    def rows(self, first: int, stop: int, workers: int | None = 1) -> NDArray:
        """Return rows of the smoothed image. Masked samples and a border of zeros have no weight."""
        if self.plain:
            return self.array[first:stop]
        begin, end = first - self.reach, stop + self.reach
        if self.mode == "wrap" and stop - first < len(self.array):
            found = self._smoothed(np.arange(begin, end) % len(self.array), workers)
        else:  # the requested rows do not depend on the border of a slice that ends within the image
            begin, end = max(begin, 0), min(end, len(self.array))
            found = self._smoothed(slice(begin, end), workers)
        return found[first - begin : stop - begin]

    def _smoothed(self, at: slice | NDArray[np.int_], workers: int | None) -> NDArray:
        """Return some rows, smoothed as a whole image."""
        from imfilter.smooth import gaussian

        array, real = self.array[at], dtypes.derived(self.array.dtype)
        inside = None if self.inside is None else self.inside[at]
        if self.level:
            array = np.subtract(array, real.type(self.level), dtype=real)
        if inside is not None:
            array = np.where(inside, array, array.dtype.type(0))
        options: dict[str, Any] = {"mode": self.mode, "dtype": real, "workers": workers}
        smooth = gaussian(array, self.sigmas, cval=self.cval - self.level, **options)
        if inside is None and self.mode != "zero":
            return smooth
        counted = np.ones(array.shape, real) if inside is None else inside.astype(real)
        share = gaussian(counted, self.sigmas, cval=1.0, **options)  # a constant border has its full weight
        np.divide(smooth, share, out=smooth, where=share > 0)
        if self.level:
            smooth += real.type(self.level)
        return smooth


def _level(array: NDArray, sigmas: tuple[float, ...], inside: NDArray[np.bool_] | None, mode: str) -> float:
    """Return the value of an image whose samples inside the mask are all equal, otherwise 0.

    The division by the sum of weights rounds, and rounding errors of a flat image would look like edges. A
    flat image minus its level is exactly 0.
    """
    if by_window.get() or (inside is None and (mode != "zero" or not any(sigmas))):
        return 0.0  # a block of a larger image may be flat
    row, column = (0, 0) if inside is None else np.unravel_index(inside.argmax(), inside.shape)
    level = array[row, column]
    for rows in (slice(row, row + 1), slice(None)):  # the first check is usually enough
        same = array[rows] == level
        if not (same if inside is None else same | ~inside[rows]).all():
            return 0.0
    return float(level) if np.isfinite(level) else 0.0


def _within(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the samples whose neighbours are all in the mask."""
    from imfilter.extremes import minimum

    return minimum(inside, 3, mode="edge").astype(bool)


def _gradient(smooth: NDArray, norm: str, workers: int | None) -> NDArray:
    from imfilter.derivative import sobel

    if norm == "l2":
        return sobel(smooth, mode="edge", workers=workers)
    parts = [np.abs(sobel(smooth, axis=axis, mode="edge", workers=workers)) for axis in (0, 1)]
    return np.asarray(parts[0] + parts[1])


def _returned(found: Any) -> tuple[float, float]:
    """Check what a function for the thresholds returned."""
    if not isinstance(found, tuple | list | np.ndarray) or len(found) != 2:
        raise ValueError(f"threshold must return two numbers, low and high, got {found!r}")
    return _ordered(*found)


def _rule(threshold: str, given: tuple[float, float] | None) -> Any:
    """Return the rule that finds both thresholds. `given` are factors or quantiles."""
    from imfilter._filters.canny import otsu, quantiles

    rules = {"median": quantiles.Median, "quantile": quantiles.Quantiles}
    return rules.get(threshold, otsu.Otsu)(*(given or (0.5, 1.0)))


def _values(smooth: _Smooth, norm: str, counts: Any) -> Callable[[int, int], NDArray]:
    """Return a function that returns the gradients of some rows that count."""

    def rows(first: int, stop: int) -> NDArray:
        begin, end = max(first - 1, 0), min(stop + 1, len(smooth.array))
        gradient = _gradient(smooth.rows(begin, end), norm, 1)[first - begin : stop - begin]
        return gradient.ravel() if counts is None else gradient[counts(first, stop)]

    return rows


@hinted
def hysteresis_threshold(
    image: ArrayLike,
    low: float,
    high: float,
    *,
    connectivity: int | None = None,
    mask: Mask = None,
    nan: Nan = "propagate",
) -> NDArray[np.bool_]:
    """Apply hysteresis thresholding to the image.

    The result is True where the image exceeds the high threshold, and where it exceeds the low threshold and
    is connected to such a sample.

    Parameters
    ----------
    image : array_like
        Image, signal or volume of any shape. Every axis is spatial: convert a colour image to grey first.
        Bool, integers or floats. The function does not change it.
    low, high : float
        Low and high threshold in the unit of `image`. `low` must not be greater than `high`.
    connectivity : int, optional
        Number of axes along which neighbours may differ by one sample. 1: neighbours share a face. Default:
        all axes, so diagonal neighbours are included.
    mask : array_like, optional
        Samples that are present, in the shape of `image`, or in its shape without `channel_axis`. Bool: True
        where a sample is present. Numbers: how much a sample counts, at least 0. An absent sample may have
        any value, and changes no result. Default: all samples are present.
    nan : {'propagate', 'ignore'}, optional
        Whether NaN makes every result NaN whose window contains it (default), or is an absent sample.

    Returns
    -------
    ndarray of bool
        Array of the shape of `image`. A masked array gives a masked array.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a threshold that is not a number.
    ValueError
        If a threshold is NaN, if `low` is greater than `high`, or if `connectivity` is not from 1 to the
        number of axes.

    See Also
    --------
    skimage.filters.apply_hysteresis_threshold : The same with ``connectivity=1``.

    References
    ----------
    J. Canny, A Computational Approach to Edge Detection, IEEE Transactions on Pattern Analysis and Machine
    Intelligence 8, 1986, section VIII.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.hysteresis_threshold([1, 2, 3, 2, 1, 2, 1], 1, 2)
    array([False,  True,  True,  True, False, False, False])
    """
    bare, own = missing.split(image)
    array = arguments.image(bare)
    colour_warning.of_colours(array, None, None, all_axes=True)
    bounds = _ordered(low, high)
    steps = array.ndim
    if connectivity is not None:
        steps = arguments.integer(connectivity, "connectivity", least=1, most=array.ndim)
    from imfilter._filters.canny.hysteresis import connected

    inside = samples.of(array, own, mask, nan)
    with np.errstate(invalid="ignore"):
        weak, strong = array > bounds[0], array > bounds[1]
    if inside is not None:
        weak, strong = weak & inside, strong & inside
    return samples.remasked(connected(weak, strong, steps), own, inside)


def _threshold(value: Any, name: str) -> float:
    threshold = arguments.number(value, name, finite=False)
    if np.isnan(threshold):
        raise ValueError(f"{name} must be a number, got nan")
    return threshold
