"""Sheets of kernels and of feature maps, as uint8 RGB arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from imfilter._base import arguments
from imfilter._base.keywords import hinted
from imfilter._filters.show import colormap, montage
from imfilter._filters.show.colormap import RGB
from imfilter.show.picture import Picture
from imfilter.typing import ArrayLike, NDArray

_SCALES = ("common", "each")


@hinted
def kernels(
    weight: ArrayLike,
    *,
    scale: Literal["common", "each"] = "common",
    pixels: int = 64,
    columns: int | None = None,
    labels: bool | Sequence[str] = True,
    color: bool = False,
) -> Picture:
    """Draw kernels in a grid: negative weights are blue, positive weights are red, zero is white.

    With `color`, the kernels of three input channels are colour pictures around mid-grey.

    Parameters
    ----------
    weight : array_like
        One kernel of shape (height, width), several kernels of shape (n, height, width), or the weights of a
        convolution layer of shape (outputs, inputs, height, width).
    scale : {'common', 'each'}, optional
        Scale of the colours. 'common': the darkest colour is the largest absolute weight of all kernels.
        'each': it is the largest absolute weight of each kernel. Both scales are symmetric about zero.
        Default 'common'.
    pixels : int, optional
        Approximate length in pixels of the longer side of a kernel in the picture. Default 64.
    columns : int, optional
        Number of kernels in a row. Default: the number of inputs of a layer, if it is more than one.
        Otherwise the grid is approximately square.
    labels : bool or sequence of str, optional
        Whether to write labels: the index of each kernel, and the range of the colours. A sequence gives one
        label for each kernel. Default True.
    color : bool, optional
        Whether to draw the weights of three input channels as red, green and blue: zero is mid-grey, and the
        largest absolute weight is 0 or 255. `weight` must have 3 inputs. Default False.

    Returns
    -------
    Picture
        Array of shape (rows, columns, 3) and dtype uint8, which a notebook displays. NaN is grey.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    feature_maps : The responses of an image to kernels.

    References
    ----------
    M. D. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks", *ECCV* 2014.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> imfilter.show.kernels(np.zeros((2, 3, 3)), pixels=3, labels=False).shape
    (15, 24, 3)
    """
    array = arguments.image(weight, "weight")
    if not 2 <= array.ndim <= 4:
        raise ValueError(f"weight must have 2 to 4 axes, got shape {array.shape}")
    if arguments.flag(color, "color"):
        if array.ndim not in (3, 4) or array.shape[-3] != 3:
            raise ValueError(
                f"weight must have shape (outputs, 3, height, width) for color=True, got {array.shape}"
            )
        return _colored(array.reshape(-1, *array.shape[-3:]), scale, pixels, columns, labels).view(Picture)
    wide = array.shape[1] if array.ndim == 4 and array.shape[1] > 1 else None
    return _grid(array, True, scale, pixels, columns, labels, wide).view(Picture)


@hinted
def feature_maps(
    maps: ArrayLike,
    *,
    signed: bool | None = None,
    scale: Literal["common", "each"] = "common",
    pixels: int = 128,
    columns: int | None = None,
    labels: bool | Sequence[str] = True,
    channel_axis: int = 0,
) -> Picture:
    """Draw the channels of a feature map in a grid.

    Parameters
    ----------
    maps : array_like
        Feature maps: three axes, one of which is the channel axis, or one map of two axes.
    signed : bool, optional
        Whether negative values are blue, positive values red, and zero white. If False, the lowest value is
        dark violet and the highest is light yellow. Default: True if there are negative values.
    scale : {'common', 'each'}, optional
        Scale of the colours. 'common': one scale for all maps. 'each': one scale for each map. Default
        'common'.
    pixels : int, optional
        Approximate length in pixels of the longer side of a map in the picture. The samples of small maps
        become squares. The samples of large maps are averaged. Default 128.
    columns : int, optional
        Number of maps in a row. Default: the grid is approximately square.
    labels : bool or sequence of str, optional
        Whether to write labels: the index of each map, and the range of the colours. A sequence gives one
        label for each map. Default True.
    channel_axis : int, optional
        Channel axis of an array of three axes. Default 0.

    Returns
    -------
    Picture
        Array of shape (rows, columns, 3) and dtype uint8, which a notebook displays. NaN is grey.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    kernels : Pictures of the kernels that compute the maps.
    occlusion_map : A map that this function can draw, too.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> imfilter.show.feature_maps(np.eye(4), pixels=8, labels=False).shape
    (20, 20, 3)
    """
    array = arguments.image(maps, "maps")
    if array.ndim not in (2, 3):
        raise ValueError(f"maps must have 3 axes, or 2 for a single map, got shape {array.shape}")
    axis = arguments.axis_index(channel_axis, 3, "channel_axis")
    if array.ndim == 3:
        array = np.moveaxis(array, axis, 0)
    diverging = bool((array < 0).any()) if signed is None else arguments.flag(signed, "signed")
    return _grid(array, diverging, scale, pixels, columns, labels, None).view(Picture)


def _colored(array: NDArray, scale: Any, pixels: Any, columns: Any, labels: Any) -> RGB:
    """Draw kernels of three channels as colour pictures around mid-grey."""
    each = arguments.word(scale, "scale", _SCALES) == "each"
    side = arguments.integer(pixels, "pixels", least=1, most=1 << 14)
    words, across = labels_of(labels, len(array)), columns_of(columns, len(array))
    tiles = array.astype(np.float64).transpose(0, 2, 3, 1)
    most = [_range(tile, signed=True)[1] for tile in tiles]
    most = most if each else [max(most)] * len(most)
    pictures = []
    for tile, largest in zip(tiles, most, strict=True):
        parts = np.nan_to_num(np.clip(tile, -largest, largest) / (largest or 1))  # infinite ones at the ends
        pictures.append(montage.enlarged(np.rint(127.5 * (1 + parts)).astype(np.uint8), side))
    if words is None and labels is not False:
        words = [str(number) for number in range(len(array))]
    return montage.arranged(pictures, across, words)


def _grid(
    array: NDArray, signed: bool, scale: Any, pixels: Any, columns: Any, labels: Any, wide: int | None
) -> RGB:
    """Draw arrays of two axes in a grid. Up to two more axes in front count the arrays."""
    each = arguments.word(scale, "scale", _SCALES) == "each"
    side = arguments.integer(pixels, "pixels", least=1, most=1 << 14)
    count = math.prod(array.shape[:-2])
    across = columns_of(columns, count, wide)
    words = labels_of(labels, count)
    tiles = array.reshape(count, *array.shape[-2:]).astype(np.float64)
    whole = _range(tiles, signed)
    ranges = [_range(tile, signed) if each else whole for tile in tiles]
    pictures = [
        montage.enlarged(colormap.coloured(montage.reduced(tile, side), *ends, signed=signed), side)
        for tile, ends in zip(tiles, ranges, strict=True)
    ]
    title = ""
    if words is None and labels is not False:
        title = "" if each else _span(*whole)
        words = [",".join(map(str, index)) for index in np.ndindex(array.shape[:-2])]
        if each:
            words = [f"{word}  {_span(*ends)}".strip() for word, ends in zip(words, ranges, strict=True)]
        elif array.ndim == 2:
            words = None  # the title already shows the range
    return montage.arranged(pictures, across, words, title)


def _range(values: NDArray[np.float64], signed: bool) -> tuple[float, float]:
    """Return the ends of a colour scale: the range of finite values, symmetric about 0 for signed values."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 0.0
    if signed:
        most = float(np.abs(finite).max())
        return -most, most
    return float(finite.min()), float(finite.max())


def _span(low: float, high: float) -> str:
    return f"{low:.3g} to {high:.3g}"


def columns_of(columns: Any, count: int, wide: int | None = None) -> int:
    """Return the number of pictures in a row: the argument, `wide`, or that of a square grid."""
    if columns is None:
        return wide or math.ceil(math.sqrt(count))
    return min(arguments.integer(columns, "columns", least=1), count)


def labels_of(labels: Any, count: int) -> list[str] | None:
    """Return the given labels, or None for True and False."""
    if isinstance(labels, bool | np.bool_):
        return None
    if isinstance(labels, str) or not isinstance(labels, Sequence):
        raise TypeError(f"labels must be True, False or a sequence of str, got {type(labels).__name__}")
    if not all(isinstance(label, str) for label in labels):
        raise TypeError("labels must be a sequence of str, got a sequence with elements of other types")
    if len(labels) != count:
        raise ValueError(f"labels must have one entry for each of {count} pictures, got {len(labels)}")
    return list(labels)
