"""Checks of the arguments of layers: arrays with channels, and weights between channels."""

import functools
import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, borders, dtypes, padding
from imfilter._filters.layers.geometry import Geometry


class Settled(NamedTuple):
    """The checked arrays of a layer, and its geometry."""

    x: npt.NDArray  # (N, C_in, *spatial)
    weight: npt.NDArray  # (C_out, C_in/groups, *kernel)
    geometry: Geometry
    batched: bool  # whether N was given

    @property
    def real(self) -> np.dtype:
        """Type of the arithmetic: float32, or float64 if one of the arrays has a wide type."""
        return arithmetic(self.x, self.weight)

    @property
    def alone(self) -> bool:
        """Whether there is one channel and one kernel that filters like `correlate`.

        A filter skips taps of weight 0. A layer multiplies, and 0 times infinity is NaN.
        """
        if self.weight.shape[:2] != (1, 1) or self.x.shape[1] != 1 or not _finite(self.weight):
            return False
        return bool(self.weight.all()) or _finite(self.x)

    @property
    def axes(self) -> tuple[int, ...]:
        """The spatial axes."""
        return tuple(range(2, self.x.ndim))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the output, with N."""
        return (self.x.shape[0], self.weight.shape[0], *self.geometry.lengths)

    @property
    def result_shape(self) -> tuple[int, ...]:
        """Shape of the output for the caller."""
        return self.shape if self.batched else self.shape[1:]


def arithmetic(*arrays: npt.NDArray) -> np.dtype:
    """Return the type in which products of arrays are computed and summed."""
    narrow = all(dtypes.derived(a.dtype) == dtypes.FLOAT32 for a in arrays)
    return dtypes.FLOAT32 if narrow else dtypes.FLOAT64


def _finite(array: npt.NDArray) -> bool:
    """Return whether no element is NaN or infinite. A sum takes half the time of a test of each element."""
    if array.dtype.kind != "f":
        return True
    with np.errstate(over="ignore", invalid="ignore"):
        return math.isfinite(array.sum()) or bool(np.isfinite(array).all())


def settle(
    x: npt.ArrayLike,
    weight: npt.ArrayLike,
    stride: Any,
    pad: Any,
    mode: Any,
    dilation: Any,
    groups: Any,
) -> Settled:
    """Check the arguments that all layers share."""
    factors = weights(weight)
    n = factors.ndim - 2
    array, batched = batch(x, n, "x")
    group_count = arguments.integer(groups, "groups", least=1)
    dividing(group_count, factors.shape[0], "C_out")
    inputs = array.shape[1]
    if inputs != factors.shape[1] * group_count:
        expected = f"{factors.shape[1]} channels for weight of shape {factors.shape}"
        if group_count > 1:
            expected = f"{group_count} groups of {expected}"
        raise ValueError(f"x must have {expected}, got {inputs} in shape {np.shape(x)}")
    geometry = spatial(array.shape[2:], factors.shape[2:], stride, pad, mode, dilation, group_count)
    return Settled(array, factors, geometry, batched)


def weights(value: npt.ArrayLike, channels: str = "C_out, C_in/groups") -> npt.NDArray:
    """Return the checked weights, with one to three spatial axes. `channels` names the first axes."""
    factors = arguments.image(value, "weight")
    if not 3 <= factors.ndim <= 5:
        raise ValueError(
            f"weight must be of shape ({channels}, *kernel) with 1 to 3 spatial axes, "
            f"got shape {factors.shape}"
        )
    return factors


def dividing(groups: int, channels: int, name: str) -> None:
    """Raise an error if groups do not divide channels."""
    if channels % groups:
        raise ValueError(f"groups must divide {name}={channels}, got {groups}")


def batch(value: npt.ArrayLike, n: int, name: str) -> tuple[npt.NDArray, bool]:
    """Return an array of shape (N, C, *spatial), and whether N was given."""
    array = arguments.image(value, name)
    if array.ndim not in (n + 1, n + 2):
        raise ValueError(
            f"{name} must be of shape (N, C, *spatial) or (C, *spatial) with {n} spatial axes, "
            f"got shape {array.shape}"
        )
    batched = array.ndim == n + 2
    return (array if batched else array[None]), batched


def spatial(
    lengths: tuple[int, ...],
    taps: tuple[int, ...],
    stride: Any,
    pad: Any,
    mode: Any,
    dilation: Any,
    groups: int,
) -> Geometry:
    """Return the geometry of a layer over spatial axes of these lengths.

    Geometries of plain numbers and words are kept: the checks take half of the time of a small layer. Other
    arguments may equal them and still be errors, for example True or 1.0.
    """
    plain = all(type(value) in (int, str) for value in (stride, pad, mode, dilation))
    return (_kept_geometry if plain else _geometry)(lengths, taps, stride, pad, mode, dilation, groups)


def _geometry(
    lengths: tuple[int, ...],
    taps: tuple[int, ...],
    stride: Any,
    pad: Any,
    mode: Any,
    dilation: Any,
    groups: int,
) -> Geometry:
    """Check the arguments, and return the geometry."""
    n = len(lengths)
    steps = arguments.integers(stride, n, "stride", least=1)
    gaps = arguments.integers(dilation, n, "dilation", least=1)
    name = borders.check_mode(mode, "padding_mode")
    if name == "constant":
        raise ValueError(
            "padding_mode must be a border other than 'constant', for example 'zero', got 'constant'"
        )
    # For kernels of even size, "same" adds one more sample after than before, as in PyTorch.
    paddings = padding.resolve(pad, lengths, taps, steps, gaps, flipped=True)
    # A stride or dilation that is not used may be larger than any array. Replace it by a small one.
    wholes = (n + p.before + p.after for n, p in zip(lengths, paddings, strict=True))
    steps = tuple(min(step, whole) for step, whole in zip(steps, wholes, strict=True))
    gaps = tuple(1 if k == 1 else gap for k, gap in zip(taps, gaps, strict=True))
    return Geometry(paddings, name, steps, gaps, groups)


_kept_geometry = functools.lru_cache(maxsize=256)(_geometry)


def biases(value: npt.ArrayLike | None, outputs: int, real: np.dtype) -> npt.NDArray:
    """Return a bias for each output channel."""
    if value is None:
        return np.zeros(outputs, real)
    array = arguments.image(value, "bias")
    if array.shape != (outputs,):
        raise ValueError(f"bias must be of shape ({outputs},), one for each output, got {array.shape}")
    return array.astype(real)
