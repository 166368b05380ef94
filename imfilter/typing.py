"""Types of arguments, for type annotations."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias, TypeVar

from numpy.typing import ArrayLike, DTypeLike, NDArray

__all__ = [
    "Align",
    "Alignment",
    "Args",
    "ArrayLike",
    "Axes",
    "BlockNorm",
    "DTypeLike",
    "Function",
    "Guide",
    "Kernel",
    "Mask",
    "Method",
    "Mode",
    "NDArray",
    "Nan",
    "Norm",
    "Padding",
    "PaddingMode",
    "PerAxis",
    "QuantileMethod",
    "Reduce",
    "Resampling",
    "Round",
    "Scale",
    "SeriesMode",
    "Shape",
    "Size",
    "Stride",
    "Weighing",
]

_Value = TypeVar("_Value")

#: One value for all filtered axes, or one for each.
PerAxis: TypeAlias = _Value | Sequence[_Value]
#: Standard deviations or frequencies: one number, or several.
Sigma: TypeAlias = PerAxis[float]
#: Distance between samples: one for all filtered axes, or one for each.
Steps: TypeAlias = PerAxis[float] | None
#: A number that has a default which depends on other arguments.
Limit: TypeAlias = float | None
#: One axis or several, or None for all axes but that of channels.
Axes: TypeAlias = int | tuple[int, ...] | None
#: The distance between results: one for all filtered axes, or one for each.
Stride: TypeAlias = PerAxis[int]
#: The length of a window: one for all filtered axes, or one for each.
Size: TypeAlias = PerAxis[int] | None
#: A window of any shape, as an array that is not zero inside.
Shape: TypeAlias = ArrayLike | None
#: A function of a window and of more arguments, and these arguments.
Function: TypeAlias = Callable[..., Any]
Args: TypeAlias = tuple[Any, ...]
#: Truth values, or how much each sample counts.
Mask: TypeAlias = ArrayLike | None
#: An image whose values are compared instead of those of the filtered image.
Guide: TypeAlias = ArrayLike | None
#: How an image continues beyond its border.
Mode: TypeAlias = Literal["mirror", "symmetric", "edge", "wrap", "zero", "constant", "shrink"]
#: The same for a layer. The only constant border of a layer is zero.
PaddingMode: TypeAlias = Literal["zero", "mirror", "symmetric", "edge", "wrap"]
#: How a series continues beyond its ends.
SeriesMode: TypeAlias = Literal[
    "edge", "zero", "constant", "mirror", "symmetric", "wrap", "shrink", "valid", "fit"
]
#: Number of border samples: a word, one number for all sides, or for each axis a number or a pair.
Padding: TypeAlias = Literal["same", "valid", "full"] | int | Sequence[int | tuple[int, int]]
#: Derivatives over small windows.
Difference: TypeAlias = Literal["sobel", "scharr", "prewitt", "farid"]
#: The response to a spot: Laplacian of Gaussian, difference of Gaussians, or determinant of the Hessian.
Spots: TypeAlias = Literal["log", "dog", "doh"]
#: Angles in radians, and directions as vectors along the filtered axes.
Angles: TypeAlias = float | Sequence[float] | None
Direction: TypeAlias = ArrayLike | None
#: The type of the result, and the array for it. None: the function chooses them.
Dtype: TypeAlias = DTypeLike | None
Output: TypeAlias = NDArray | None
#: Whose direction is meant.
Feature: TypeAlias = Literal["plane", "line"]
#: A measure of ridges, or the measure and its scale.
Ridges: TypeAlias = NDArray | tuple[NDArray, NDArray]
#: The form of a complex result.
Form: TypeAlias = Literal["complex", "real", "imag", "magnitude"]
#: A dense kernel, or a list of one-dimensional arrays, one for each axis.
Kernel: TypeAlias = ArrayLike | Sequence[NDArray]
Method: TypeAlias = Literal["auto", "direct", "separable", "fft"]
#: Where an edge is kept: at the largest of three samples, or of values interpolated across it.
Suppression: TypeAlias = Literal["sector", "interpolated"]
#: The unit of the thresholds of edges.
ThresholdUnit: TypeAlias = Literal["absolute", "quantile", "median", "otsu"]
#: The length of a vector: the root of the sum of squares, or the sum of magnitudes.
Norm: TypeAlias = Literal["l2", "l1"]
#: The samples of a window: a box, or the largest disc or ball inside.
Round: TypeAlias = Literal["box", "disc"]
#: How the weights of a bilateral filter are computed.
Weighing: TypeAlias = Literal["exact", "sampled"]
Reduce: TypeAlias = Literal["max", "min", "mean"]
Align: TypeAlias = Literal["centre", "causal"]
Nan: TypeAlias = Literal["propagate", "ignore"]
#: How samples are weighted at positions between them, and which positions of two images agree.
Resampling: TypeAlias = Literal["area", "linear", "cubic", "lanczos", "nearest"]
Alignment: TypeAlias = Literal["centres", "corners"]
#: One factor for all filtered axes, or one for each.
Scale: TypeAlias = PerAxis[float] | None
#: Which number between two samples a quantile is.
QuantileMethod: TypeAlias = Literal["linear", "lower", "higher", "nearest", "midpoint"]
#: How the blocks of a histogram of oriented gradients are normalised.
BlockNorm: TypeAlias = Literal["L1", "L1-sqrt", "L2", "L2-Hys"]
