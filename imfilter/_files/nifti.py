"""Medical volumes in NIfTI files, through nibabel.

Source: the NIfTI-1 and NIfTI-2 data formats. The first axis of a file varies fastest, so an array has the
axes T, Z, Y, X here.
"""

from __future__ import annotations

import gzip
import math
import os
from collections.abc import Iterable, Iterator
from typing import IO, Any

import numpy as np

from imfilter._base import dtypes

from .image import SAMPLING, FileError, Image
from .lazy import write_rows
from .packages import required
from .signatures import GZIP
from .stacks import Array, Stack, check_total

NIFTI = "NIfTI"
_AXES = "CTZYX"
_DEFLATE = 1040  # largest number of bytes from one byte of deflate
_UNITS = {"meter": "m", "mm": "mm", "micron": "µm", "sec": "s", "msec": "ms", "usec": "µs"}
_SPACE = {"m": "meter", "mm": "mm", "µm": "micron", "um": "micron", "micron": "micron"}
_SPACE |= {"micrometer": "micron", "millimeter": "mm", "meter": "meter"}
_TIME = {"s": "sec", "sec": "sec", "second": "sec", "ms": "msec", "millisecond": "msec", "µs": "usec"}


def opened(path: str, file: IO[bytes], max_pixels: int | None) -> Stack:
    """Return the volume in a file. Scaled integers become floats.

    Parameters
    ----------
    path : str
        The file.
    file : binary file
        The same file, open, to see its length.
    max_pixels : int or None
        Largest accepted number of samples.
    """
    nibabel = required(path, "nibabel", "nifti")
    compressed = file.read(2) == GZIP
    length = file.seek(0, 2)
    image = _loaded(nibabel, path, file, compressed=compressed)
    stored = image.header.get_data_dtype()
    shape = image.shape[::-1]
    if stored.kind not in "buif" or not 2 <= len(shape) <= 5 or 0 in shape:
        raise FileError(f"{path}: holds {stored} of shape {shape}; volumes of real numbers are supported")
    check_total(path, shape, max_pixels)
    samples = image.file_map["image"].filename
    if samples is not None and os.path.realpath(samples) != os.path.realpath(path):  # a pair of files
        length, compressed = os.path.getsize(samples), str(samples).endswith(".gz")
    size = math.prod(shape) * stored.itemsize
    if size > (length * _DEFLATE if compressed else length - image.dataobj.offset):
        raise FileError(f"{path}: is incomplete or damaged: {length} bytes cannot hold the shape {shape}")
    scaled = (image.dataobj.slope, image.dataobj.inter) != (1, 0)
    # Floats of 32 bits hold the sum and the product of every integer of 16 bits.
    wide = np.float64 if stored.itemsize > 2 else np.float32
    dtype = np.dtype(wide) if scaled else stored.newbyteorder("=")
    axes = _AXES[-len(shape) :]
    zooms = [float(zoom) if 0 < zoom < math.inf else None for zoom in image.header.get_zooms()][::-1]
    space, time = (_UNITS.get(unit, "") for unit in image.header.get_xyzt_units())
    header = Image(
        dtypes.blank(shape, dtype),
        axes=axes,
        spacing=tuple(zooms),
        units=tuple(space if axis in "ZYX" else time if axis == "T" else "" for axis in axes),
        details={NIFTI: {"header": image.header.copy(), "affine": image.affine, "kind": type(image)}},
    )

    def read(leading: int) -> Iterator[Array]:
        if not leading or compressed:  # a compressed file is read from its start each time
            whole = np.asarray(image.dataobj).T.astype(dtype, copy=False)
            yield from whole.reshape(-1, *shape[leading:])
            return
        for index in np.ndindex(shape[:leading]):
            yield np.asarray(image.dataobj[(..., *index[::-1])]).T.astype(dtype, copy=False)

    return Stack(header, "ZYX" if "Z" in axes else "YX", read=read, physical=True)


def _loaded(nibabel: Any, path: str, file: IO[bytes], *, compressed: bool) -> Any:
    """Return the image of nibabel. A file without compression may have any name."""
    file.seek(0)
    start = file.read(348)
    if compressed or b"ni" in (start[344:346], start[4:6]):  # or two files
        return nibabel.load(path)
    kind = nibabel.Nifti2Image if start[4:7] == b"n+2" else nibabel.Nifti1Image
    return kind.from_file_map({"image": nibabel.fileholders.FileHolder(filename=path)})


def write(file: IO[bytes], path: str, header: Image, blocks: Iterable[Array]) -> None:
    """Write a volume. Header and affine are those of an input that is NIfTI.

    Parameters
    ----------
    file : binary file
        Open for writing.
    path : str
        Its name: `.gz` compresses.
    header : Image
        Shape, type, axes and metadata.
    blocks : iterable of ndarray
        The samples in the order of the axes.
    """
    nibabel = required(path, "nibabel", "nifti")
    axes = header.axes or _AXES[-header.pixels.ndim :]
    pages = [axis for axis in axes if axis not in "CTZYX"]
    if len(pages) == 1 and "Z" not in axes:
        axes = axes.replace(pages[0], "Z")
    if not _AXES.endswith(axes):
        kept = [axis for axis in _AXES if axis in axes]
        if "".join(kept) != axes:
            raise ValueError(f"NIfTI holds the axes CTZYX in this order, and IN has {header.axes}")
    lengths = dict(zip(axes, header.pixels.shape, strict=True))
    full = _AXES[min(_AXES.index(axis) for axis in axes) :]
    shape = tuple(lengths.get(axis, 1) for axis in full)[::-1]
    dtype = header.pixels.dtype
    dtype = np.dtype({"b": np.uint8}.get(dtype.kind, np.float32 if dtype == np.float16 else dtype))
    described = _described(nibabel, header, axes, shape, dtype)
    packed = None
    if path.lower().endswith(".gz"):
        packed = gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0)
    target: Any = packed or file
    described.write_to(target)
    target.write(bytes(int(described["vox_offset"]) - target.tell()))
    order = dtype.newbyteorder(described.endianness)
    for block in blocks:
        write_rows(target, np.ascontiguousarray(block, order))
    if packed is not None:
        packed.close()


def _described(nibabel: Any, header: Image, axes: str, shape: tuple[int, ...], dtype: Any) -> Any:
    """Return the header of a result."""
    known = header.details.get(NIFTI)
    zooms = [header.distance(axis)[0] if header.axes else None for axis in header.axes or axes][::-1]
    spacing = dict(zip(axes[::-1], zooms, strict=True))
    like = dtypes.blank(shape, dtype)
    if known is None:
        affine = np.array(
            header.details.get("affine", np.diag([*(spacing.get(a) or 1.0 for a in "XYZ"), 1.0]))
        )
        old = np.linalg.norm(affine[:3, :3], axis=0)
        image = nibabel.Nifti1Image(like, _moved(affine, old, spacing, header), dtype=dtype)
        units = {axis: header.distance(axis)[1] for axis in "XT"} if header.axes else {}
        image.header.set_xyzt_units(_SPACE.get(units.get("X", ""), 0), _TIME.get(units.get("T", ""), 0))
    else:
        kind = nibabel.Nifti2Image if "2" in known["kind"].__name__ else nibabel.Nifti1Image
        affine = _moved(np.array(known["affine"]), known["header"].get_zooms(), spacing, header)
        image = kind(like, affine, known["header"], dtype=dtype)
        if known["header"].get_data_dtype() != dtype:
            image.header["cal_min"] = image.header["cal_max"] = 0
    described = image.header
    described.set_zooms([spacing.get(axis) or 1.0 for axis in _AXES[::-1][: len(shape)]])
    factor, offset = header.details.get(SAMPLING, {}).get("T", (1.0, 0.0))
    if offset:
        described["toffset"] += offset * (spacing.get("T") or 1.0) / factor
    described.set_slope_inter(1, 0)
    described.set_data_dtype(dtype)
    described.set_data_offset(0)  # behind the header and its extensions
    return described


def _moved(affine: Array, old: Any, spacing: dict[str, float | None], header: Image) -> Array:
    """Return the matrix from indices to millimetres for other distances than the `old` ones of X, Y and Z."""
    affine = affine.astype(np.float64)
    for place, axis in enumerate("XYZ"):
        affine[:3, 3] += affine[:3, place] * header.details.get(SAMPLING, {}).get(axis, (1, 0))[1]
        step = spacing.get(axis)
        if step and place < len(old) and not np.isclose(float(old[place]), step, rtol=1e-6):
            affine[:3, place] *= step / float(old[place])
    return affine
