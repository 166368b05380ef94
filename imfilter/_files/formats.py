"""The table of file formats: properties and suffixes."""

from __future__ import annotations

import os
from typing import NamedTuple

from .image import FileError


class Format(NamedTuple):
    """A file format that can be written.

    Parameters
    ----------
    name : str
        Name in messages.
    suffixes : tuple of str
        Suffixes of file names, lower case.
    dtypes : tuple of str
        Supported NumPy types, narrowest first. Empty: every real type.
    alpha : bool
        Whether it supports transparency.
    picture : bool
        Whether it holds pictures (grey or colour, 2-D) rather than plain arrays.
    exif : int or None
        Largest number of bytes of EXIF. None: no limit.
    pages : bool
        Whether it holds stacks: several pages or frames.
    """

    name: str
    suffixes: tuple[str, ...]
    dtypes: tuple[str, ...] = ()
    alpha: bool = False
    picture: bool = True
    exif: int | None = None
    pages: bool = False

    def holds(self, dtype: object) -> bool:
        """Return whether pixels of this type can be stored without conversion."""
        return not self.dtypes or str(dtype) in self.dtypes


#: Largest number of bytes of EXIF, including its prefix, in one segment of a JPEG file.
JPEG_EXIF = 65533
_INTEGERS = ("uint8", "uint16", "int8", "int16", "uint32", "int32", "uint64", "int64")
_REAL = (*_INTEGERS, "float16", "float32", "float64")

FORMATS = (
    Format("PNG", (".png", ".apng"), ("uint8", "uint16"), alpha=True, pages=True),
    Format("JPEG", (".jpg", ".jpeg", ".jpe"), ("uint8",), exif=JPEG_EXIF),
    Format("TIFF", (".tif", ".tiff"), _REAL, alpha=True, pages=True),
    Format("BMP", (".bmp", ".dib"), ("uint8",), exif=0),
    Format("WebP", (".webp",), ("uint8",), alpha=True, pages=True),
    Format("GIF", (".gif",), ("uint8",), alpha=True, exif=0, pages=True),
    Format("AVIF", (".avif",), ("uint8",), alpha=True, pages=True),
    Format("JPEG 2000", (".jp2", ".j2k"), ("uint8", "uint16"), alpha=True, exif=0),
    Format("PNM", (".ppm", ".pgm", ".pnm"), ("uint8", "uint16"), exif=0),
    Format("NumPy", (".npy",), picture=False, exif=0, pages=True),
    Format("video", (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi"), ("uint8",), exif=0, pages=True),
    Format("NIfTI", (".nii", ".nii.gz"), ("bool", *_REAL), picture=False, exif=0, pages=True),
    Format("zarr", (".zarr",), picture=False, exif=0, pages=True),
)

#: First bytes of TIFF files: both byte orders, and BigTIFF.
TIFF_MAGICS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
SUFFIXES = ", ".join(suffix for known in FORMATS for suffix in known.suffixes)


def split(path: str) -> tuple[str, str]:
    """Return a name without its suffix, and the suffix in small letters. ``.nii.gz`` is one suffix."""
    path = path.rstrip("/" + os.sep)
    if path.lower().endswith(".nii.gz"):
        return path[: -len(".nii.gz")], ".nii.gz"
    stem, suffix = os.path.splitext(path)
    return stem, suffix.lower()


def format_of(path: str | os.PathLike[str]) -> Format:
    """Return the format of a file name, by its suffix."""
    name = os.path.basename(os.fspath(path).rstrip("/")).lower()
    suffix = os.path.splitext(name)[1]
    for known in FORMATS:
        if any(name.endswith(ending) and name != ending for ending in known.suffixes):
            return known
    if suffix in (".dcm", ".dicom"):
        raise FileError(f"{os.fspath(path)}: DICOM is read only; write .nii.gz, .tif or .npy")
    raise FileError(
        f"{os.fspath(path)}: unknown file type {suffix or '(no suffix)'!r}; use one of {SUFFIXES}"
    )
