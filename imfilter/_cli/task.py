"""A filter of the command with its options, and the conversion of its result."""

from __future__ import annotations

import dataclasses
import functools
import operator
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import imfilter
from imfilter._base import dtypes
from imfilter._base.missing import is_masked

from .._files.formats import Format
from .._files.image import Image
from . import elements, kernels, strips
from .command import Command
from .limits import Limits
from .table import shared_of

Array = NDArray[Any]

_ONE_SUM = (
    *("correlate", "convolve", "gaussian", "box", "sharpen", "unsharp_mask"),
    *("sobel", "scharr", "prewitt", "farid", "roberts", "laplacian"),
    *("laplacian_of_gaussian", "difference_of_gaussians", "gaussian_gradient_magnitude"),
)
AXES = {"x": -1, "y": -2, "z": -3}


class Filter:
    """A filter with its options. It is called with planes or channels.

    Parameters
    ----------
    command : Command
        The filter.
    options : mapping
        Every option of the command by name.
    ndim : int
        Number of spatial axes.
    apart : bool
        Whether each channel is a signal of its own, as each sample of a frame is along time.
    """

    def __init__(
        self, command: Command, options: Mapping[str, Any], ndim: int, *, apart: bool = False
    ) -> None:
        names = [option.name for option in (*command.options, *shared_of(command))]
        names += ["min_coverage"] if "min_coverage" in options else []
        self.options = {name: options[name] for name in names if name not in ("dtype", "channel_axis")}
        if "axis" in self.options:
            self.options["axis"] = _axis(self.options["axis"], ndim)
        if "kernel" in self.options:
            self.options["kernel"] = kernels.parse(self.options["kernel"], ndim)
        if "element" in self.options:
            self.options["element"] = elements.parse(self.options["element"])
        if command.kind == "fill":
            self.options["nan"] = "propagate"  # absent samples are masked
        #: Whether the function is one linear filter of the image, without an array in between.
        self.one_sum = command.name in _ONE_SUM
        self.function = operator.attrgetter(command.calls or command.name)(imfilter)
        self.of_part = options.get("tables") is not None  # of an image that is resized
        if self.of_part:
            from . import resized

            self.function = functools.partial(resized.by_tables, tables=options["tables"])
        if "which" in self.options:
            from imfilter.hessians import one_eigenvalue

            self.function = one_eigenvalue(self.options.pop("which"))
        self.nodata: float | None = None
        self.ndim, self._apart = ndim, apart
        self.fills = command.kind == "fill"
        averages = ("smoothing", "morphology", "preserving", "residue", "resampling")
        self.smooths = command.kind in averages or self.fills
        self.resizes = command.kind == "resampling"
        self._residue = command.kind == "residue"

    @property
    def total(self) -> float:
        """The response of the filter to a constant image of 1."""
        if self._residue:
            return 0.0
        return kernels.total(self.options["kernel"]) if "kernel" in self.options else 1.0

    def __call__(
        self, pixels: Array, dtype: np.dtype[Any] | None = None, *, out: Array | None = None, **changed: Any
    ) -> Array:
        """Filter all channels (last axis), or the single plane. Absent samples are masked in a masked array.

        In a result of integers, an undefined sample is 0, or the value of absent samples if the type has it.
        In floats it is NaN.
        """
        guide = self.options.get("guide")
        ndim, apart = max(pixels.ndim, 0 if guide is None else guide.ndim), self._apart
        if guide is not None and apart:  # a guide is what signals have in common, and so are its colours
            apart = guide.ndim == self.ndim
            if apart:
                changed["guide"] = np.broadcast_to(guide[..., None], pixels.shape)
        axes = layout(ndim, self.ndim, apart=apart)
        result: Array = self.function(pixels, dtype=dtype, out=out, **{**axes, **self.options, **changed})
        if not is_masked(result):
            return result
        undefined, result = np.ma.getmaskarray(result), np.ma.getdata(result)
        if self.nodata is not None and result.dtype.kind in "ui" and dtypes.holds(result.dtype, self.nodata):
            result[undefined] = self.nodata
        return result

    def whole(self, plane: Array, **changed: Any) -> Any:
        """Call a function whose result is not an image with the same channels and type."""
        return self.function(plane, **{**self.options, **changed})


def layout(ndim: int, spatial: int, *, apart: bool) -> dict[str, int]:
    """Return the keyword for an array of `ndim` axes, of which the first are `spatial`.

    Filters such as ``bilateral`` compare the colours of pixels. Channels that are signals of their own
    (each sample of a frame along time) are no colours, so their axis is one of several images.
    """
    if ndim <= spatial:
        return {}
    return {"axes": 0} if apart else {"channel_axis": -1}


def _axis(axis: str | int | None, ndim: int) -> int | None:
    if axis is None:
        return None
    number = AXES[axis] if isinstance(axis, str) else axis
    if not -ndim <= number < ndim:
        raise ValueError(f"axis must be one of the {ndim} axes of the image, got {axis}")
    return number % ndim


class Task(NamedTuple):
    """A filter and the conversion of its result.

    Parameters
    ----------
    run : Filter
        The filter with its options.
    options : mapping
        Every option of the command by name.
    kind : Format
        The format of the output file.
    target : dtype or None
        The type of the file. None: the filter decides.
    given : Limits or None
        The values that become black and white, if given.
    rows : Rows or None
        The rows of the image that a row of the result depends on.
    """

    run: Filter
    options: Mapping[str, Any]
    kind: Format
    target: np.dtype[Any] | None
    given: Limits | None
    rows: strips.Rows | None

    @property
    def black(self) -> float:
        """The value that becomes black."""
        return 0.0 if self.given is None else self.given.black

    def result(self, source: np.dtype[Any]) -> np.dtype[Any]:
        """Return the type of the result of an image of type `source`."""
        if self.target is not None:
            return self.target
        return source if self.run.smooths else dtypes.derived(source)

    @property
    def signed(self) -> bool:
        """Whether zero becomes mid-grey."""
        return bool(self.options.get("signed"))


def beside_alpha(image: Image, colour: Array) -> Array:
    """Return colours with the alpha channel of an image, in a type that holds both."""
    pixels = image.pixels.astype(np.result_type(image.pixels, colour), copy=True)
    pixels[..., :-1] = colour if colour.ndim == pixels.ndim else colour[..., None]
    return pixels


def like(image: Image, pixels: Array, alpha: Array | None = None) -> Image:
    """Return a result with the metadata of its input. It has channels if it keeps the number of axes."""
    if alpha is None:
        channels = image.channels and pixels.ndim == image.pixels.ndim
        return dataclasses.replace(image, pixels=pixels, channels=channels, alpha=False)
    pixels = pixels if pixels.ndim == image.pixels.ndim else pixels[..., None]
    return dataclasses.replace(image, pixels=np.concatenate([pixels, alpha[..., None]], axis=-1))
