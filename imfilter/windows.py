"""Windows of your own: a function that is called for the window of every sample."""

from __future__ import annotations

from imfilter._base.keywords import Common, hinted
from imfilter._filters.generic import apply as calls
from imfilter._filters.generic.user_function import UserFunction
from imfilter.typing import (
    Args,
    ArrayLike,
    Axes,
    DTypeLike,
    Function,
    Mask,
    Mode,
    Nan,
    NDArray,
    Padding,
    Shape,
    Size,
    Stride,
)


@hinted
def generic(
    image: ArrayLike,
    function: Function,
    size: Size = None,
    *,
    footprint: Shape = None,
    args: Args = (),
    outputs: int = 1,
    compile: bool = True,  # noqa: A002  (what it does)
    stride: Stride = 1,
    padding: Padding = "same",
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
    """Call a function of your own for the window of every sample.

    The function gets the samples of a window as an array of one axis, in the order of the footprint, and
    returns a number. Numba compiles it. If it uses only arithmetic, ``min``, ``max``, ``abs``, roots, sums,
    means, ``numpy.where``, ``numpy.sort`` and loops over the window, it is compiled for vectors, and computes
    many windows at once. A branch that depends on a sample makes it slower, but not wrong.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    function : callable
        ``function(window, *args)``. `window` holds float64 samples in the C order of the footprint; with
        absent samples, only those that are present. It returns a number, or a tuple of `outputs` numbers. A
        Python function, a lambda, or a function that Numba has compiled. It must not depend on the order of
        the calls.
    size : int or sequence of int, optional
        Length of the window: one for all filtered axes, or one for each. Give `size` or `footprint`.
    footprint : array_like, optional
        Window of any shape, instead of `size`. It contains the samples where the footprint is not zero.
    args : tuple, optional
        More arguments of the function, for example numbers or arrays. Default: none.
    outputs : int, optional
        How many numbers the function returns. Default 1.
    compile : bool, optional
        Whether to compile the function. If False, it is called as Python, in one thread at a time. Default
        True.
    stride : int or sequence of int, optional
        Distance between neighbouring results in samples: one for all filtered axes, or one for each. Default
        1.
    padding : {'same', 'valid'}, int or sequence, optional
        Number of border samples on each side, as in `correlate`. 'same': a result for each sample (default).
        'valid': none, so that every window lies inside the image.
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
        Whether NaN is a sample like others (default), or is an absent sample.
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
        Array of the shape of `image`, or shorter with a `stride` or `padding`. With several `outputs` it has
        a first axis for them. Its dtype is `dtype`, or that of `out`. Default: float32 for bool, 8- and
        16-bit integers, float16 and float32; float64 for wider types. It is computed in float64. A masked
        array gives a masked array.

    Raises
    ------
    TypeError
        If an argument has the wrong type, if Numba cannot compile the function, or if the function returns
        something else than numbers. The message names the line, and the next step.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values. An exception of the function comes through. A note in it says for which result the
        function was called.

    See Also
    --------
    median, percentile, minimum, maximum : Much faster, for these functions.
    scipy.ndimage.generic_filter : The same for float64, with ``mode="reflect"`` for 'symmetric' by default.

    Notes
    -----
    Numba reads global names once, when it compiles the function. Pass what changes in `args`. Compiling takes
    a second or two for each function, number of samples and type of `args`. The code is kept on disk if all
    that the function reads has a certain value (numbers, strings, small arrays, compiled functions).

    References
    ----------
    R. C. Gonzalez and R. E. Woods, *Digital Image Processing*, 4th ed., 2018, section 3.4, for neighbourhood
    operations.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.generic([1.0, 5.0, 2.0, 2.0], lambda window: max(window) - min(window), 3)
    array([4., 4., 3., 0.])
    >>> def share_above(window, limit):
    ...     count = 0
    ...     for value in window:
    ...         if value > limit:
    ...             count += 1
    ...     return count / len(window)
    >>> imfilter.generic([1.0, 5.0, 2.0, 2.0], share_above, 2, args=(1.5,))
    array([0.5, 0.5, 1. , 1. ])
    """
    common = Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage)
    user = UserFunction.checked(function, args, compile)
    return calls.apply(image, user, outputs, (size, footprint), (stride, padding), common)
