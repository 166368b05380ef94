"""Image descriptors: histograms of oriented gradients (HOG)."""

from __future__ import annotations

from typing import Any, Literal, overload

import numpy as np

from imfilter._base import arguments, inside, missing, threads
from imfilter._base.keywords import hinted
from imfilter.typing import ArrayLike, BlockNorm, Mask, Nan, NDArray

_NORMS = ("L1", "L1-sqrt", "L2", "L2-Hys")


@overload
def hog(
    image: ArrayLike,
    *,
    orientations: int = ...,
    pixels_per_cell: int | tuple[int, int] = ...,
    cells_per_block: int | tuple[int, int] = ...,
    block_norm: BlockNorm = ...,
    transform_sqrt: bool = ...,
    interpolate: bool = ...,
    visualize: Literal[False] = ...,
    feature_vector: bool = ...,
    mask: Mask = ...,
    nan: Nan = ...,
    channel_axis: int | None = ...,
    workers: int | None = ...,
) -> NDArray: ...


@overload
def hog(
    image: ArrayLike,
    *,
    orientations: int = ...,
    pixels_per_cell: int | tuple[int, int] = ...,
    cells_per_block: int | tuple[int, int] = ...,
    block_norm: BlockNorm = ...,
    transform_sqrt: bool = ...,
    interpolate: bool = ...,
    visualize: Literal[True],
    feature_vector: bool = ...,
    mask: Mask = ...,
    nan: Nan = ...,
    channel_axis: int | None = ...,
    workers: int | None = ...,
) -> tuple[NDArray, NDArray]: ...


@hinted
def hog(
    image: ArrayLike,
    *,
    orientations: int = 9,
    pixels_per_cell: int | tuple[int, int] = (8, 8),
    cells_per_block: int | tuple[int, int] = (3, 3),
    block_norm: BlockNorm = "L2-Hys",
    transform_sqrt: bool = False,
    interpolate: bool = False,
    visualize: bool = False,
    feature_vector: bool = True,
    mask: Mask = None,
    nan: Nan = "propagate",
    channel_axis: int | None = None,
    workers: int | None = None,
) -> NDArray | tuple[NDArray, NDArray]:
    """Describe the image by histograms of oriented gradients (HOG).

    The image is divided into cells. Each cell has a histogram of the orientations of its gradients, weighted
    with their magnitudes. Neighbouring cells form overlapping blocks, and each block is normalised.

    Parameters
    ----------
    image : array_like
        Image of two spatial axes. A colour image has a third axis, named by `channel_axis`. Bool, integers or
        floats. The function does not change it.
    orientations : int, optional
        Number of orientation bins between 0 and 180 degrees. Default 9.
    pixels_per_cell : int or sequence of int, optional
        Number of rows and columns of a cell. Samples after the last whole cell are ignored. Default 8.
    cells_per_block : int or sequence of int, optional
        Number of rows and columns of cells in a block. Default 3.
    block_norm : {'L2-Hys', 'L2', 'L1', 'L1-sqrt'}, optional
        Normalisation of a block. 'L1' and 'L2': divide by the norm. 'L1-sqrt': divide by the norm and take
        the square root. 'L2-Hys': divide by the norm, clip at 0.2 and divide again. Default 'L2-Hys'.
    transform_sqrt : bool, optional
        Whether to take the square root of the image first. Then the image must not be negative. Default
        False.
    interpolate : bool, optional
        Whether to interpolate between bins: each gradient is shared between the two nearest orientations and
        the four nearest cells. Then the descriptor changes half as much if the image moves by one sample.
        Default False, as in scikit-image.
    visualize : bool, optional
        Whether to return a picture of the histograms, too. Default False.
    feature_vector : bool, optional
        Whether to return a vector. If False, the descriptor has five axes: rows and columns of blocks, rows
        and columns of cells in a block, and bins. Default True.
    mask : array_like, optional
        Samples that are present, in the shape of `image`, or in its shape without `channel_axis`. Bool: True
        where a sample is present. Numbers: how much a sample counts, at least 0. An absent sample may have
        any value, and changes no result. Default: all samples are present.
    nan : {'propagate', 'ignore'}, optional
        Whether NaN makes every result NaN whose window contains it (default), or is an absent sample.
    channel_axis : int, optional
        Axis of the colour channels. At each sample the channel with the largest gradient counts. Default: no
        channel axis.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray or tuple of ndarray
        The descriptor. Its dtype is float32 for float16 and float32, and float64 for other types. With
        ``visualize=True``, a tuple of the descriptor and the picture. The picture has the shape of the image
        and the dtype of the descriptor.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value, or if the image has fewer cells than a block.

    See Also
    --------
    skimage.feature.hog : The same, except where two channels have gradients that are equal within rounding.

    References
    ----------
    N. Dalal and B. Triggs, Histograms of Oriented Gradients for Human Detection, IEEE Conference on Computer
    Vision and Pattern Recognition 2005.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> imfilter.hog(np.eye(32)).shape
    (324,)
    """
    bare, own = missing.split(image)
    array = given = arguments.image(bare)
    if channel_axis is None:
        if array.ndim != 2:
            raise ValueError(
                f"image must have 2 axes, got shape {array.shape}; name the channels with channel_axis="
            )
        array = array[..., None]
    else:
        axis = arguments.axis_index(channel_axis, array.ndim, "channel_axis")
        if array.ndim != 3:
            raise ValueError(f"image must have 2 axes and channel_axis, got shape {array.shape}")
        array = np.moveaxis(array, axis, -1)
    bins = arguments.integer(orientations, "orientations", least=1)
    cell = _pair(pixels_per_cell, "pixels_per_cell")
    block = _pair(cells_per_block, "cells_per_block")
    norm = arguments.word(block_norm, "block_norm", _NORMS)
    root, shown = arguments.flag(transform_sqrt, "transform_sqrt"), arguments.flag(visualize, "visualize")
    shared = arguments.flag(interpolate, "interpolate")
    flat, workers = arguments.flag(feature_vector, "feature_vector"), threads.requested(workers)
    found = inside.of(given, own, mask, nan, channel_axis=channel_axis)
    if found is not None:
        found = found[..., None] if channel_axis is None else np.moveaxis(found, channel_axis, -1)
    if root and ((array < 0) if found is None else (array < 0) & found).any():
        raise ValueError("image must not be negative with transform_sqrt=True")
    for n, c, b, name in zip(array.shape, cell, block, ("rows", "columns"), strict=False):
        if n // c < b:
            raise ValueError(
                f"image must have {c * b} {name} for {b} cells of {c} in a block, got shape {array.shape[:2]}"
            )
    from imfilter._filters.hog import descriptor, present_votes

    real = np.dtype(np.float32 if array.dtype.kind == "f" and array.dtype.itemsize <= 4 else np.float64)
    settings = descriptor.Cells(bins, cell, root, shared)
    if found is None:
        histograms = descriptor.cells(array, settings, workers)
    else:
        histograms = present_votes.cells(array, found, settings)
    found = descriptor.blocks(histograms, block, norm, real, workers)
    result = found.ravel() if flat else found
    return (result, descriptor.picture(histograms, cell, array.shape[:2], real)) if shown else result


def _pair(value: Any, name: str) -> tuple[int, int]:
    entries = arguments.each(value, None, name)
    if len(entries) not in (1, 2):
        raise ValueError(f"{name} must be one integer or one for rows and one for columns, got {value!r}")
    first, last = (arguments.integer(v, name, least=1) for v in (entries[0], entries[-1]))
    return first, last
