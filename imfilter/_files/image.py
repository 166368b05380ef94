"""The image with metadata that readers return and writers accept."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .lazy import LazyRows

#: Name in `Image.details` of where the samples of a filtered image are: ``{axis: (factor, offset)}``. Sample
#: i is at the place ``offset + factor*i`` of the image before.
SAMPLING = "sampling"


class FileError(OSError):
    """A file cannot be read or written. The message is one line and names the next step.

    Examples
    --------
    >>> from imfilter import io
    >>> try:
    ...     io.read("none.png")
    ... except io.FileError as error:
    ...     print(error)
    none.png: cannot be read: ...
    """


class FileWarning(UserWarning):
    """A part of a file is damaged or lost, but the pixels can be read. The message is one line.

    Examples
    --------
    Treat warnings about files as errors:

    >>> import warnings
    >>> from imfilter import io
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", io.FileWarning)
    """


def warn(path: str, words: str) -> None:
    """Issue a `FileWarning` about a file."""
    warnings.warn(FileWarning(f"{path}: {words}"), stacklevel=2)


@dataclass(frozen=True)
class Image:
    """Pixels and metadata of a file.

    Parameters
    ----------
    pixels : ndarray
        ``(height, width)`` for grey pictures, ``(height, width, channels)`` for all other pictures, any
        shape for ``.npy``. A stack has more axes before these. Values are exactly those of the file. While
        the command filters a large file in bands of rows, they are `LazyRows`.
    channels : bool
        Whether the last axis has channels. It is never guessed. Only picture files set it.
    alpha : bool
        Whether the last channel is alpha (not premultiplied). Full scale is opaque.
    icc : bytes or None
        The ICC profile.
    exif : bytes or None
        An EXIF block in the form of JPEG files. The orientation has been applied, so it is 1 in the block.
    dpi : tuple of float or None
        Resolution in dots per inch, horizontal then vertical.
    colorimetry : tuple of (bytes, bytes)
        PNG chunks that define the colour space (gAMA, cHRM, sRGB, cICP): kind and content.
    nodata : int, float or None
        Value of samples that are absent: the tag GDAL_NODATA of a GeoTIFF.
    present : ndarray or None
        Which pixels are present, in the shape of the pixels without alpha or without channels. None: all. It
        is not part of a file.
    axes : str
        A letter for each axis of `pixels` in a stack: ``T`` for time, ``C`` for microscope channels, ``Z``,
        ``Y`` and ``X`` for space, ``S`` for the channels of a colour picture, ``I`` for pages without a
        meaning. Empty if the axes have no names, as in a single picture.
    spacing : tuple of float or None
        Distance between two samples along each axis of `axes`. None where it is not known.
    units : tuple of str
        Unit of each `spacing`. Empty text where it is not known.
    details : mapping
        Metadata of a stack that only its own format can hold, by the name of the format.
    """

    pixels: NDArray[Any]
    channels: bool = False
    alpha: bool = False
    icc: bytes | None = None
    exif: bytes | None = None
    dpi: tuple[float, float] | None = None
    colorimetry: tuple[tuple[bytes, bytes], ...] = ()
    nodata: float | None = None
    present: NDArray[np.bool_] | None = None
    axes: str = ""
    spacing: tuple[float | None, ...] = ()
    units: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    #: Whether each channel is a signal of its own (a sample of a frame along time), no colour: see `Signals`.
    apart: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Check that the attributes are consistent."""
        if not isinstance(self.pixels, np.ndarray | LazyRows):
            raise TypeError(f"pixels must be a numpy array, got {type(self.pixels).__name__}")
        if self.pixels.dtype.kind not in "buif":
            raise TypeError(f"pixels must contain real numbers, got dtype {self.pixels.dtype}")
        if self.pixels.size == 0:
            raise ValueError(f"pixels must not be empty, got shape {self.pixels.shape}")
        if self.channels and self.pixels.ndim < 2:
            raise ValueError(f"pixels with channels must have 2 or more axes, got shape {self.pixels.shape}")
        if self.alpha and (not self.channels or self.pixels.shape[-1] < 2):
            raise ValueError(f"alpha must be the last of two or more channels, got shape {self.pixels.shape}")
        if self.axes and (len(self.axes) != self.pixels.ndim or len(set(self.axes)) != len(self.axes)):
            raise ValueError(
                f"axes must have a different letter for each axis of shape {self.pixels.shape}, "
                f"got {self.axes!r}"
            )
        for name in ("spacing", "units"):
            if len(getattr(self, name)) not in (0, len(self.axes)):
                raise ValueError(f"{name} must have a value for each of the axes {self.axes!r}")

    @property
    def spatial(self) -> int:
        """Number of spatial axes."""
        return self.pixels.ndim - self.channels

    def distance(self, axis: str) -> tuple[float | None, str]:
        """Return the spacing and the unit of an axis, by its letter. Unknown is None and an empty text."""
        place = self.axes.find(axis)
        spacing = self.spacing[place] if self.spacing and place >= 0 else None
        return spacing, (self.units[place] if self.units and place >= 0 else "")

    @property
    def colour(self) -> NDArray[Any]:
        """The pixels without alpha: ``(height, width)`` for grey."""
        if not self.alpha:
            return self.pixels
        colour = self.pixels[..., :-1]
        return colour[..., 0] if colour.shape[-1] == 1 else colour

    def with_pixels(self, pixels: NDArray[Any]) -> Image:
        """Return other pixels with the metadata of this image.

        Parameters
        ----------
        pixels : ndarray
            The new pixels. The channels must be as they are here: the result has the same `channels` and
            `alpha`. For a grey result of a colour picture, write ``Image(pixels)``.

        Returns
        -------
        Image
            The new image.

        Raises
        ------
        TypeError
            If the pixels are not an array of real numbers.
        ValueError
            If the number of channels differs.

        Examples
        --------
        >>> import imfilter, numpy as np
        >>> photo = imfilter.io.Image(np.zeros((4, 5, 3), np.uint8), channels=True, dpi=(72.0, 72.0))
        >>> photo.with_pixels(photo.pixels + 1).dpi
        (72.0, 72.0)
        """
        found = np.shape(pixels)[-1:] if self.channels else None
        expected = self.pixels.shape[-1:] if self.channels else None
        if found != expected or (self.channels and np.ndim(pixels) < 2):
            raise ValueError(
                f"pixels must have {self.pixels.shape[-1]} channels along the last axis, got shape "
                f"{np.shape(pixels)}; for other channels, make a new Image"
            )
        return replace(self, pixels=pixels)

    @property
    def opacity(self) -> NDArray[Any] | None:
        """The alpha channel, or None for an image without alpha."""
        return self.pixels[..., -1] if self.alpha else None


class Signals(Image):
    """Signals along the first axis, one in each channel. A sample may be absent in one of them alone."""

    apart: ClassVar[bool] = True


def full_scale(dtype: np.dtype[Any]) -> float:
    """Return the value of white or opaque: the maximum of the type, or 1 for floats and booleans."""
    return float(np.iinfo(dtype).max) if dtype.kind in "ui" else 1.0


def check_size(path: str, width: int, height: int, max_pixels: int | None) -> None:
    """Raise an error if a picture has more pixels than the limit (decompression bombs)."""
    if max_pixels is not None and width * height > max_pixels:
        raise FileError(
            f"{path}: {width} x {height} pixels are more than the limit of {max_pixels}; "
            "if you trust the file, set a larger limit with --max-pixels"
        )
