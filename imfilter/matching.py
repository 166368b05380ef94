"""Search for a template: normalised cross-correlation."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from imfilter._base import arguments, borders, dtypes, missing, threads
from imfilter._base.denormals import as_zeros
from imfilter._base.keywords import Common, hinted
from imfilter._base.plan import Planned, Section, part_of, planning
from imfilter._filters.detection import centring, coefficients
from imfilter._filters.detection.centring import Centre
from imfilter._filters.detection.coefficients import Sums, Template
from imfilter._filters.linear.winograd_sums import halvings
from imfilter.convolution import correlate
from imfilter.local_statistics import local_std
from imfilter.typing import ArrayLike, Axes, DTypeLike, Mask, Mode, Nan, NDArray

#: Samples of a part whose arrays stay in the cache.
_PART = 1 << 16


class Known(NamedTuple):
    """What is known of the larger image that a block is a part of.

    `refused` tells of the counts, the centred samples and their squares whether they must be summed one by
    one; see `centring.are_large`.
    """

    centre: Centre
    absent: bool
    section: Section
    refused: tuple[bool, bool, bool]


#: Set while a block of a larger image is searched.
known: contextvars.ContextVar[Known | None] = contextvars.ContextVar("known", default=None)


@hinted
def match_template(
    image: ArrayLike,
    template: ArrayLike,
    *,
    template_mask: Mask = None,
    padding: Literal["same", "valid"] = "same",
    mode: Mode = "mirror",
    cval: float = 0.0,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Compute how similar each window is to a template.

    The result is the correlation coefficient of the window and the template (normalised cross-correlation):
    1 where the window is the template, also brighter or with more contrast, and -1 where it is the negative.
    `corner_peaks` finds the best places.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    template : array_like
        What is searched, with one axis for each filtered axis. Its samples must not all be equal. It is
        converted to float64.
    template_mask : array_like, optional
        Samples of the template that count, in its shape. Bool, or numbers of at least 0: how much a sample
        counts. Default: all samples count.
    padding : {'same', 'valid'}, optional
        'same': a result for each sample, with the centre of the template there. The centre of an even length
        n is sample n//2. 'valid': only windows inside the image, n - k + 1 results. Default 'same'.
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
    axes : int or tuple of int, optional
        One to three axes to filter. The other axes are batch axes. Default: all axes except `channel_axis`.
    channel_axis : int, optional
        Axis of the colour channels. Each channel is filtered separately. Default: no channel axis.
    dtype : dtype, optional
        Element type of the result. Values are rounded half to even and saturated.
    out : ndarray, optional
        Array for the result. Its dtype is the dtype of the result. It may be `image` or overlap it.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Coefficients from -1 to 1. 0 where all samples of the window are equal. Its dtype is `dtype`, or that
        of `out`. Default: float32 for bool, 8- and 16-bit integers, float16 and float32; float64 for wider
        types. The error is at most 4e-6 (float64: 1e-11) of the largest distance of a sample of the window
        from about the mean of the image, relative to the standard deviation of the window.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    corner_peaks : The places of the largest coefficients.
    skimage.feature.match_template : The same with ``padding="valid"``; ``pad_input=True`` is
        ``mode="zero"`` here, and the centre of an even length is one sample earlier.
    cv2.matchTemplate : ``TM_CCOEFF_NORMED`` with ``padding="valid"``. It sums over the channels.

    References
    ----------
    J. P. Lewis, *Fast normalized cross-correlation*, Vision Interface, 1995. D. Padfield, *Masked object
    registration in the Fourier domain*, IEEE Transactions on Image Processing 21, 2012.

    Examples
    --------
    >>> import imfilter
    >>> found = imfilter.match_template([0.0, 0.0, 2.0, 5.0, 4.0, 0.0, 1.0], [0.0, 3.0, 2.0], padding="valid")
    >>> found.round(2)
    array([ 0.19,  0.56,  1.  , -0.37, -1.  ])
    """
    bare, own = missing.split(image)
    array = arguments.image(bare)
    chosen = arguments.axes(array, axes, channel_axis)
    shape = arguments.numbers_of(template, "template").shape
    if len(shape) != len(chosen) or 0 in shape:
        raise ValueError(
            f"template must have {len(chosen)} axes, one for each filtered axis, and not be empty, "
            f"got shape {shape}"
        )
    how = arguments.word(padding, "padding", ("same", "valid"))
    lengths = [array.shape[a] for a in chosen]
    if how == "valid" and any(k > n for k, n in zip(shape, lengths, strict=True)):
        raise ValueError(f"template must not be larger than the image, {tuple(lengths)}, got {shape}")
    borders.check_mode(mode, more=("shrink",))
    constant = arguments.beyond(cval, mode)
    pattern = Template.of(np.asarray(template), _counts(template_mask, shape))
    common = Common(mode, constant, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage)
    asked = missing.asked(array, common, own)
    result_dtype = arguments.dtype(dtype, arguments.out(out), dtypes.derived(array.dtype))
    result_shape = list(array.shape)
    for axis, k in zip(chosen, shape, strict=True):
        result_shape[axis] -= 0 if how == "same" else k - 1
    arguments.fitting(out, tuple(result_shape))
    real = dtypes.FLOAT64 if result_dtype == np.float64 else dtypes.derived(array.dtype)
    search = _Search(chosen, shape, how, real, workers)
    whole = known.get()
    if planning.get() is not None:
        absent = pattern.counts is not None or (whole is not None and whole.absent)
        search.planned(array, pattern, mode, constant, absent=absent)
    present = None if whole is not None and not whole.absent else missing.found(asked, array, workers)
    undefined = None
    if present is None and pattern.counts is None:
        found = search.plain(array, pattern, mode, constant)
    else:
        found, undefined = search.masked(array, pattern, present, mode, constant, asked.min_coverage)
        found[undefined] = np.nan
    place = out
    if place is None:
        place = found if found.dtype == result_dtype else dtypes.empty(found.shape, result_dtype)
    if place is not found:
        dtypes.place(found, place)
    if own is None:
        return place
    return np.ma.MaskedArray(place, mask=np.ma.nomask if undefined is None else undefined)


def _counts(mask: Mask, shape: tuple[int, ...]) -> NDArray[np.float64] | None:
    """Return how much each sample of the template counts, or None if all count 1."""
    if mask is None:
        return None
    found = arguments.numbers_of(mask, "template_mask").astype(np.float64)
    if found.shape != shape:
        raise ValueError(f"template_mask must have shape {shape}, got {found.shape}")
    if not ((found >= 0) & np.isfinite(found)).all():
        raise ValueError("template_mask must contain truth values or finite numbers of at least 0")
    return None if (found == 1).all() else found


class _Search:
    """The sums over windows of a search."""

    def __init__(
        self, axes: tuple[int, ...], shape: tuple[int, ...], padding: Any, real: np.dtype, workers: int | None
    ) -> None:
        self.axes, self.shape, self.padding, self.real, self.workers = axes, shape, padding, real, workers

    def _sums(
        self, samples: NDArray, weights: NDArray, mode: Any, cval: float, dtype: Any, refused: bool
    ) -> NDArray:
        """Return the sums of samples times weights. `refused`: some algorithms must not be used."""
        whole, token = known.get(), None
        if whole is not None or refused:
            section = Section(samples.shape, (0,) * samples.ndim) if whole is None else whole.section
            token = part_of.set(section._replace(refused=refused))
        try:
            return correlate(
                samples, weights, padding=self.padding, mode=mode, cval=cval, axes=self.axes, dtype=dtype,
                workers=self.workers,
            )  # fmt: skip
        finally:
            if token is not None:
                part_of.reset(token)

    def _refused(self, samples: NDArray, which: int) -> bool:
        """Tell whether samples must be summed one by one, where that is a question."""
        whole = known.get()
        if whole is not None:
            return whole.refused[which]
        if len(self.shape) > 2 or not halvings(self.shape):
            return False
        found: list[int] = []

        def task(part: slice) -> None:
            if not found and centring.are_large(samples[part]):
                found.append(1)

        _by_rows(task, samples, self.workers)
        return bool(found)

    def wide(self, array: NDArray) -> np.dtype:
        """Return the type of centred samples if all samples count."""
        return self.real if array.dtype.itemsize <= 4 else dtypes.FLOAT64

    def plain(self, array: NDArray, template: Template, mode: Any, cval: float) -> NDArray:
        """Return the coefficients if every sample counts.

        The template has a mean of 0, so an offset of the image changes no sum. It is removed first, because
        it would take digits.
        """
        whole = known.get()
        if whole is None:
            centre = centring.of_all(array[centring.grid(array.size, array.ndim)], self.wide(array))
        else:
            centre = whole.centre
        shifted = np.empty(array.shape, self.wide(array))
        _by_rows(lambda part: centre.remove(array[part], shifted[part]), array, self.workers)
        border: Any = "constant" if mode == "zero" else mode
        constant = centre.removed(cval)
        refused = array.dtype.kind == "f" and self._refused(shifted, 1)
        products = self._sums(shifted, template.samples, border, constant, self.real, refused)
        if array.dtype.kind in "biu" and array.dtype.itemsize <= 2:  # these have exact sums
            shifted, border, constant = array, mode, cval
        spread = local_std(
            shifted,
            self.shape,
            mode=border,
            cval=constant,
            axes=self.axes,
            dtype=self.real,
            workers=self.workers,
        )
        if self.padding == "valid":
            where = [slice(None)] * array.ndim
            for axis, k in zip(self.axes, self.shape, strict=True):
                where[axis] = slice(k // 2, k // 2 + array.shape[axis] - k + 1)
            spread = spread[tuple(where)]
        count = int(np.prod(self.shape))
        _by_rows(lambda part: coefficients.whole(products[part], spread[part], count), products, self.workers)
        return products

    def masked(
        self,
        array: NDArray,
        template: Template,
        presence: missing.Presence | None,
        mode: Any,
        cval: float,
        share: float,
    ) -> tuple[NDArray, NDArray[np.bool_]]:
        """Return the coefficients of the samples that are present, and where too little is present."""
        whole = known.get()
        centre = _centre(array, presence) if whole is None else whole.centre
        counts, values, squares = counted(array, presence, centre)
        beyond = "zero" if mode == "shrink" else mode
        if mode == "zero":
            beyond = "constant"
        edge, above = (0.0 if mode == "shrink" else centre.removed(cval)), missing.border_of_counts(mode)
        weights, t, tt = _kernels(template, self.shape)

        refused = [self._refused(samples, which) for which, samples in enumerate((counts, values, squares))]

        def sums(samples: NDArray, kernel: NDArray, border: Any, constant: float, which: int) -> NDArray:
            return self._sums(samples, kernel, border, constant, np.float64, refused[which])

        n = sums(counts, weights, above, 1.0, 0)
        n = np.where(n > 1e-9 * weights.sum(), n, 0.0)  # the rest is the error of a transform
        found = Sums(
            n,
            sums(values, weights, beyond, edge, 1),
            sums(squares, weights, beyond, edge * edge, 2),
            sums(counts, t, above, 1.0, 0),
            sums(counts, tt, above, 1.0, 0),
            sums(values, t, beyond, edge, 1),
        )
        least = share * weights.sum() * (1 - missing.ROUNDED)
        return found.coefficients(), ~(n > 0) | (n < least)

    def planned(self, array: NDArray, template: Template, mode: Any, cval: float, *, absent: bool) -> None:
        """Raise `Planned` with the plans of all sums. Nothing is computed."""
        kernels: Sequence[NDArray] = [template.samples]
        dtype, samples = self.real, dtypes.blank(array.shape, self.wide(array))
        if absent:
            kernels, dtype = _kernels(template, self.shape), dtypes.FLOAT64
            samples = dtypes.blank(array.shape, dtype)
        calls = []
        for kernel in kernels:
            try:
                self._sums(samples, kernel, mode, cval, dtype, False)
            except Planned as found:
                calls.append(found)
        raise Planned(calls[0].call, calls[0].compute, tuple([found.call for found in calls[1:]]))


def _kernels(template: Template, shape: tuple[int, ...]) -> tuple[NDArray, NDArray, NDArray]:
    """Return how much the template counts, and the template and its square times that."""
    weights = np.ones(shape) if template.counts is None else template.counts
    t = template.samples * weights
    return weights, t, t * template.samples


def _by_rows(task: Callable[[slice], object], array: NDArray, workers: int | None) -> None:
    """Call a task for parts of the first axis. All arrays of a part stay in the cache."""
    parts = max(1, min(len(array), array.size // _PART))
    n = len(array)

    def work(start: int, stop: int) -> None:
        for number in range(start, stop):
            task(slice(n * number // parts, n * (number + 1) // parts))

    threads.run(work, parts, workers)


@as_zeros
def counted(
    array: NDArray, presence: missing.Presence | None, centre: Centre
) -> tuple[NDArray, NDArray, NDArray]:
    """Return how much samples count; these times the samples without their centre, and its square."""
    counts = np.ones(array.shape) if presence is None else presence.at(array, ...).astype(np.float64)
    there = counts > 0
    values = np.where(there, array, array.dtype.type(0)).astype(np.float64)
    with np.errstate(all="ignore"):
        centre.remove(values, values)
        values[~there] = 0.0
        return counts, values * counts, values * values * counts


def _centre(array: NDArray, presence: missing.Presence | None) -> Centre:
    """Return the centre of the samples that are present."""
    places = centring.grid(array.size, array.ndim)
    some = array[places]
    there = np.ones(some.shape, bool) if presence is None else presence.at(array, places) > 0
    smallest = None
    if presence is not None and not (there & np.isfinite(some)).any():
        smallest = centring.smallest_of(array, presence.at(array, ...) > 0)
    return centring.of_present(some, there, smallest, dtypes.FLOAT64)
