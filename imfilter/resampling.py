"""Images of another size: resizing, and pyramids of images of half the size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from imfilter._base import arguments
from imfilter._base.keywords import Common, hinted
from imfilter._filters.resampling import apply as resampling
from imfilter._filters.resampling import levels as pyramids
from imfilter._filters.resampling import tables
from imfilter.typing import (
    Alignment,
    ArrayLike,
    Axes,
    DTypeLike,
    Mask,
    Mode,
    Nan,
    NDArray,
    Resampling,
    Scale,
    Size,
)

#: Largest length of an axis of the result. Its weights and their places take 50 GB.
_LONGEST = 1 << 28


@hinted
def resize(
    image: ArrayLike,
    shape: Size = None,
    *,
    scale: Scale = None,
    method: Resampling = "area",
    antialias: bool = True,
    align: Alignment = "centres",
    cubic: float = -0.5,
    mode: Mode = "edge",
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
    """Resample the image to another size.

    Every output is a weighted mean of the samples around its position. The weights of an output add up to 1,
    so equal samples give exactly this sample. Integer results are rounded half to even. But if the weights
    are not exact in binary, for example thirds, a mean halfway between two integers becomes either of them.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    shape : int or sequence of int, optional
        Length of the result: one for all filtered axes, or one for each.
    scale : float or sequence of float, optional
        Length of the result relative to the image, instead of `shape`: one for all filtered axes, or one for
        each. ``n*scale`` is rounded half to even, and is at least 1.
    method : {'area', 'linear', 'cubic', 'lanczos', 'nearest'}, optional
        How samples are weighted. Default 'area'.

        - 'area': by the length that the sample and the output share
        - 'linear': by a triangle of 2 samples
        - 'cubic': by Keys' cubic of 4 samples
        - 'lanczos': by Lanczos' windowed sinc of 6 samples
        - 'nearest': the nearest sample, for images of labels
    antialias : bool, optional
        Whether the weights of 'linear', 'cubic' and 'lanczos' cover as many samples more as the image
        shrinks. Otherwise samples between the outputs are left out. Default True.
    align : {'centres', 'corners'}, optional
        Which positions agree. Default 'centres'.

        - 'centres': the ends of the axis. Output i of m is at ``(i + 0.5)*n/m - 0.5`` in n samples.
        - 'corners': the centres of the first and of the last sample. Output i is at ``i*(n - 1)/(m - 1)``.
          This is not possible with 'area'.
    cubic : float, optional
        Parameter a of 'cubic'. Default -0.5. OpenCV has -0.75.
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
        Array of the dtype of `image`, or of `dtype` or `out`.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    pyramid : Images of half the size, a quarter, and so on.
    avg_pool : The mean of each window.
    cv2.resize : 'area' is ``INTER_AREA`` for a smaller image. 'linear' and 'cubic' with ``antialias=False``
        (and ``cubic=-0.75``) are ``INTER_LINEAR`` and ``INTER_CUBIC``.
    torch.nn.functional.interpolate : The same with ``antialias=False`` and ``cubic=-0.75``; with
        ``antialias=True`` the same with ``mode="shrink"`` here. `align` is its ``align_corners``; with both,
        its corners do not agree.
    PIL.Image.Image.resize : The same with ``mode="shrink"`` here, for ``BILINEAR``, ``BICUBIC`` and
        ``LANCZOS``.
    skimage.transform.resize : Smooths with a Gaussian instead of wider weights.

    References
    ----------
    R. G. Keys, *Cubic convolution interpolation for digital image processing*, IEEE Transactions on
    Acoustics, Speech and Signal Processing 29, 1981. K. Turkowski, *Filters for common resampling tasks*,
    in Graphics Gems, 1990.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.resize([0.0, 1.0, 2.0, 5.0], 2)
    array([0.5, 3.5])
    >>> imfilter.resize([0.0, 4.0], 4, method="linear")
    array([0., 1., 3., 4.])
    >>> imfilter.resize([0.0, 4.0], 5, method="linear", align="corners")
    array([0., 1., 2., 3., 4.])
    """
    return resampling.apply(
        image,
        _tables,
        (shape, scale, method, antialias, align, cubic),
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
        _lengths,
    )


def _lengths(lengths: tuple[int, ...], mode: str, shape: Any, scale: Any, *own: Any) -> tuple[int, ...]:
    """Return the lengths of the result of `resize`, before there are tables."""
    return _outputs(lengths, shape, scale)


def _tables(
    lengths: tuple[int, ...],
    mode: str,
    shape: Any,
    scale: Any,
    method: Any,
    antialias: Any,
    align: Any,
    cubic: Any,
) -> tuple[tables.Table, ...]:
    """Check the arguments of `resize` and return the table of each axis."""
    method = arguments.word(method, "method", tables.METHODS)
    align = arguments.word(align, "align", tables.ALIGNMENTS)
    if method == tables.AREA and align == tables.CORNERS:
        raise ValueError("align must be 'centres' for method='area', got 'corners'")
    antialias = arguments.flag(antialias, "antialias")
    sharpness = arguments.number(cubic, "cubic")
    outputs = _outputs(lengths, shape, scale)
    made = {
        pair: tables.of(pair, method, align, mode, antialias=antialias, sharpness=sharpness)
        for pair in zip(lengths, outputs, strict=True)
    }
    return tuple(made[pair] for pair in zip(lengths, outputs, strict=True))


def _outputs(lengths: tuple[int, ...], shape: Any, scale: Any) -> tuple[int, ...]:
    """Return the lengths of the result."""
    n = len(lengths)
    if (shape is None) == (scale is None):
        given = "neither" if shape is None else "both"
        raise ValueError(f"shape or scale must be given, and not both, got {given}")
    if scale is None:
        wanted = arguments.each(shape, n, "shape")
        if all(isinstance(v, float | np.floating) and 0 < v < math.inf for v in wanted):
            factors = tuple(float(v) for v in wanted)
            scale = factors if isinstance(shape, Sequence | np.ndarray) else factors[0]
            raise TypeError(f"shape must be an integer or integers, got {scale}; a factor is scale={scale}")
        return tuple(arguments.integer(v, "shape", least=1, most=_LONGEST) for v in wanted)
    found = []
    for length, value in zip(lengths, arguments.each(scale, n, "scale"), strict=True):
        factor = arguments.number(value, "scale")
        if not 0 < factor <= _LONGEST / length:
            raise ValueError(
                f"scale must be positive, and the result at most {_LONGEST} samples long, got {factor}"
            )
        found.append(max(1, round(length * factor)))
    return tuple(found)


@hinted
def pyramid(
    image: ArrayLike,
    levels: int | None = None,
    *,
    kind: Literal["gaussian", "laplacian"] = "gaussian",
    mode: Mode = "mirror",
    cval: float = 0.0,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    workers: int | None = None,
) -> list[NDArray]:
    """Compute images of half the size, a quarter, and so on.

    Each level is the level before, smoothed with the weights 1, 4, 6, 4, 1 along each axis, without every
    second sample. An axis of n samples has ``(n + 1) // 2`` samples at the next level. A Laplacian pyramid
    keeps what each level loses: the level minus the next level, which is expanded to its size. The last
    level stays as it is. `from_pyramid` adds everything up again. With absent samples, each level is the
    weighted mean of the samples of the image that are present.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    levels : int, optional
        Number of times that the size is halved. Default: until the shortest filtered axis has one sample.
    kind : {'gaussian', 'laplacian'}, optional
        Smoothed images, or the differences between them. Default 'gaussian'.
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
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    list of ndarray
        ``levels + 1`` arrays. The first has the size of the image. Smoothed images have the dtype of the
        image. Differences have a signed type that holds them: int16 for uint8, int32 for uint16, float64 for
        float32. Those of 64-bit integers wrap. Where a sample is absent, the difference is 0. There, and
        only there, `from_pyramid` fills in the larger scales. A masked array gives masked arrays.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    from_pyramid : The image of a Laplacian pyramid.
    resize : The image in any size.
    cv2.buildPyramid : The same smoothed images. Integers are rounded half up there.
    skimage.transform.pyramid_laplacian : The difference of each image and its smoothed copy.

    References
    ----------
    P. J. Burt and E. H. Adelson, *The Laplacian pyramid as a compact image code*, IEEE Transactions on
    Communications 31, 1983. S. J. Gortler and others, *The Lumigraph*, SIGGRAPH, 1996: absent samples.

    Examples
    --------
    >>> import imfilter
    >>> [level.shape for level in imfilter.pyramid([[0.0] * 12] * 9, 2)]
    [(9, 12), (5, 6), (3, 3)]
    """
    common = Common(mode, cval, axes, channel_axis, None, None, workers, mask, nan, min_coverage)
    return pyramids.taken(image, levels, arguments.word(kind, "kind", pyramids.KINDS), common)


@hinted
def from_pyramid(
    pyramid: list[NDArray],
    *,
    mode: Mode = "mirror",
    cval: float = 0.0,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    workers: int | None = None,
) -> NDArray:
    """Compute the image of a Laplacian pyramid.

    Parameters
    ----------
    pyramid : list of ndarray
        What `pyramid` returned with ``kind="laplacian"``, or changed levels of the same shapes and dtypes.
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
    axes : int or tuple of int, optional
        One to three axes to filter. The other axes are batch axes. Default: all axes except `channel_axis`.
    channel_axis : int, optional
        Axis of the colour channels. Each channel is filtered separately. Default: no channel axis.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        The image, of the dtype of the last level. Integers come back exactly. float16 and float32 do too,
        unless a sample is less than a part of 2**29 of its neighbourhood. float64 comes back within
        2**-52 of the neighbourhood. Absent samples are filled in smoothly. Masked arrays give a masked one.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    pyramid : The levels.

    References
    ----------
    P. J. Burt and E. H. Adelson, *The Laplacian pyramid as a compact image code*, IEEE Transactions on
    Communications 31, 1983.

    Examples
    --------
    >>> import imfilter
    >>> levels = imfilter.pyramid([3, 1, 4, 1, 5], 2, kind="laplacian")
    >>> imfilter.from_pyramid(levels)
    array([3, 1, 4, 1, 5])
    """
    return pyramids.added_up(pyramid, Common(mode, cval, axes, channel_axis, None, None, workers))
