"""Pictures and series of DICOM, through pydicom. They are read, not written.

Source: DICOM PS3.3, C.7.6.2 (image plane), C.7.6.3 (image pixel) and C.11.1 (modality LUT).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from imfilter._base import dtypes

from .image import FileError, Image, check_size, warn
from .packages import required
from .signatures import is_dicom, paths_of
from .stacks import Array, Stack, check_total

AFFINE = "affine"
_UNEVEN = 0.02  # share of the distance between slices by which it may differ
_GREY, _COLOUR = ("MONOCHROME1", "MONOCHROME2"), ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "YBR_ICT")


class _File(NamedTuple):
    """One file of a series: its path, its header without the pixels, and its place along the normal."""

    path: str
    header: Any
    place: float | None


def opened(path: str, max_pixels: int | None) -> Stack:
    """Return the picture, the frames or the series in a file or a folder. Values are rescaled.

    Parameters
    ----------
    path : str
        A file, or a folder with the files of one series.
    max_pixels : int or None
        Largest accepted number of pixels of all slices together.
    """
    pydicom = required(path, "pydicom", "dicom")
    folder = os.path.isdir(path)
    files = _series(pydicom, path) if folder else [_File(path, _header(pydicom, path), None)]
    first = files[0].header
    rows, columns = int(first.Rows), int(first.Columns)
    frames = int(first.get("NumberOfFrames", 1) or 1)
    if len(files) > 1 and frames > 1:
        raise FileError(f"{path}: has several files of several frames; give one of the files")
    count = max(len(files), frames)
    check_size(path, columns, rows, max_pixels)
    check_total(path, (count, rows, columns), max_pixels)
    if min(rows, columns) < 1:
        raise FileError(f"{path}: has no pixels")
    kind = str(first.get("PhotometricInterpretation", ""))
    if kind not in (*_GREY, *_COLOUR):
        raise FileError(f"{path}: has the colours {kind or 'unknown'}; grey and RGB are supported")
    for one in files:
        _check_alike(path, one, first)
        _check_length(one, rows * columns * frames)
    colour = kind in _COLOUR
    dtype = _dtype([one.header for one in files], colour=colour)
    leading, spacing, units = _axes(files, frames)
    shape = (*((count,) if leading else ()), rows, columns, *((3,) if colour else ()))
    axes = f"{leading}YX{'S' * colour}"
    affine = None if colour else _affine(files)
    header = Image(
        dtypes.blank(shape, dtype),
        colour,
        axes=axes,
        spacing=spacing + (None,) * colour,
        units=units + ("",) * colour,
        details={} if affine is None else {AFFINE: affine},
    )

    def planes() -> Iterator[Array]:
        for one in files:
            pixels = _pixels(pydicom, one)
            pixels = pixels.reshape(-1, *shape[len(leading) :])
            for frame in pixels:
                yield frame if colour else _rescaled(frame, one.header, dtype)

    return Stack(header, "ZYX" if "Z" in axes else "YX", planes, physical=not colour)


def _header(pydicom: Any, path: str) -> Any:
    header = pydicom.dcmread(path, stop_before_pixels=True)
    if "Rows" not in header or "Columns" not in header:
        raise FileError(f"{path}: is DICOM without pixels")
    return header


def _series(pydicom: Any, folder: str) -> list[_File]:
    """Return the files of the only series of a folder, from the first slice to the last."""
    files, names = [], {}
    for path in paths_of(folder):
        with open(path, "rb") as file:
            if not is_dicom(file):
                continue
        header = pydicom.dcmread(path, stop_before_pixels=True)
        if "Rows" not in header:
            if "Image" in header.file_meta.MediaStorageSOPClassUID.name:
                raise FileError(f"{path}: is incomplete or damaged: it has no size")
            continue  # a report
        names[header.get("SeriesInstanceUID")] = str(header.get("SeriesDescription", "")) or path
        files.append(_File(path, header, _place(header)))
    if len(names) > 1:
        listed = ", ".join(sorted(names.values())[:4])
        raise FileError(f"{folder}: has {len(names)} series ({listed}); put each in a folder of its own")
    if not files:
        raise FileError(f"{folder}: has no DICOM files with pixels")
    if all(one.place is not None for one in files):
        files.sort(key=lambda one: one.place or 0.0)
        places = [one.place for one in files]
        steps = np.diff(np.array(places, np.float64))
        if len(steps) > 1 and np.ptp(steps) > _UNEVEN * steps.max():
            warn(folder, f"its slices are not evenly spaced: {steps.min():g} to {steps.max():g} mm")
        if len(set(places)) < len(places):
            raise FileError(
                f"{folder}: has several slices at one position; put each time in a folder of its own"
            )
        return files
    return sorted(files, key=lambda one: int(one.header.get("InstanceNumber", 0) or 0))


def _place(header: Any) -> float | None:
    """Return the distance of a slice along the normal of its plane, in millimetres."""
    turn, corner = header.get("ImageOrientationPatient"), header.get("ImagePositionPatient")
    if not turn or not corner or len(turn) != 6 or len(corner) != 3:
        return None
    vectors = np.array(turn, np.float64)
    return round(float(np.cross(vectors[:3], vectors[3:]) @ np.array(corner, np.float64)), 4)


def _check_alike(path: str, one: _File, first: Any) -> None:
    here, there = ((int(header.Columns), int(header.Rows)) for header in (one.header, first))
    if here != there:
        raise FileError(
            f"{path}: its slices have different sizes: {os.path.basename(one.path)} has "
            f"{here[0]} x {here[1]} pixels and another slice has {there[0]} x {there[1]}"
        )
    if int(one.header.get("NumberOfFrames", 1) or 1) != int(first.get("NumberOfFrames", 1) or 1):
        raise FileError(f"{path}: has files of several frames: see {os.path.basename(one.path)}")
    for name in ("PhotometricInterpretation", "SamplesPerPixel"):
        if one.header.get(name) != first.get(name):
            raise FileError(f"{path}: its slices have different colours: see {os.path.basename(one.path)}")


def _check_length(one: _File, pixels: int) -> None:
    """Raise an error if a file without compression is too short for its pixels."""
    header = one.header
    if header.file_meta.TransferSyntaxUID.is_compressed:
        return
    samples = int(header.get("SamplesPerPixel", 1))
    needed = pixels * samples * int(header.BitsAllocated) // 8
    if header.get("PhotometricInterpretation") == "YBR_FULL_422":
        needed = needed * 2 // 3
    length = os.path.getsize(one.path)
    if needed > length:
        raise FileError(f"{one.path}: is incomplete or damaged: {length} bytes cannot hold {pixels} pixels")


def _scale(header: Any) -> tuple[float, float]:
    slope, offset = header.get("RescaleSlope", 1), header.get("RescaleIntercept", 0)
    return float(1 if slope is None else slope), float(0 if offset is None else offset)


def _dtype(headers: list[Any], *, colour: bool) -> np.dtype[Any]:
    """Return the type of the rescaled values of all slices: integers if all factors are whole numbers."""
    low, high = 0.0, 0.0
    for header in headers:
        bits = int(header.get("BitsStored", header.get("BitsAllocated", 16)))
        if "FloatPixelData" in header or bits > 32:
            raise ValueError(f"pixels of {bits} bits")
        slope, offset = _scale(header)
        if not (slope.is_integer() and offset.is_integer()):
            return np.dtype(np.float32 if bits <= 16 else np.float64)
        signed = int(header.get("PixelRepresentation", 0)) == 1
        ends = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
        values = [end * slope + offset for end in ends]
        low, high = min(low, *values), max(high, *values)
    kinds = (np.uint8, np.uint16, np.int16, np.int32, np.uint32)
    if colour:
        return np.dtype(np.uint8 if high <= 255 else np.uint16)
    for kind in kinds:
        limits = np.iinfo(kind)
        if limits.min <= low and high <= limits.max:
            return np.dtype(kind)
    return np.dtype(np.float64)


def _axes(files: list[_File], frames: int) -> tuple[str, tuple[float | None, ...], tuple[str, ...]]:
    """Return the axis before the rows, and spacing and units of the axes."""
    first = files[0].header
    given = first.get("PixelSpacing") or first.get("ImagerPixelSpacing")
    plane = tuple(float(value) for value in given) if given is not None and len(given) == 2 else (None, None)
    units = tuple("mm" if value else "" for value in plane)
    if len(files) > 1:
        places = [one.place for one in files if one.place is not None]
        step = None
        if len(places) == len(files):
            step = float(np.median(np.diff(places)))
        else:
            said = first.get("SpacingBetweenSlices") or first.get("SliceThickness")
            step = float(said) if said else None
        return "Z", (step, *plane), ("mm" if step else "", *units)
    if frames == 1:
        return "", plane, units
    if time := first.get("FrameTime"):
        return "T", (float(time) / 1000, *plane), ("s", *units)
    return ("Z" if "PerFrameFunctionalGroupsSequence" in first else "I"), (None, *plane), ("", *units)


def _affine(files: list[_File]) -> Array | None:
    """Return the matrix from the indices X, Y, Z to millimetres to the right, front and top, as in NIfTI."""
    first, last = files[0].header, files[-1].header
    steps = first.get("PixelSpacing")
    if files[0].place is None or not steps:
        return None
    turn = np.array(first.ImageOrientationPatient, np.float64)
    start, end = (np.array(header.ImagePositionPatient, np.float64) for header in (first, last))
    affine = np.eye(4)
    affine[:3, 0] = turn[:3] * float(steps[1])
    affine[:3, 1] = turn[3:] * float(steps[0])
    affine[:3, 2] = np.cross(turn[:3], turn[3:])
    if len(files) > 1:
        affine[:3, 2] = (end - start) / (len(files) - 1)
    affine[:3, 3] = start
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine


def _pixels(pydicom: Any, one: _File) -> Array:
    try:
        return np.asarray(pydicom.dcmread(one.path).pixel_array)
    except (RuntimeError, ImportError, NotImplementedError) as error:
        name = one.header.file_meta.TransferSyntaxUID.name
        raise FileError(
            f"{one.path}: its compression, {name}, needs another package: pip install pylibjpeg[all]"
        ) from error


def _rescaled(frame: Array, header: Any, dtype: np.dtype[Any]) -> Array:
    slope, offset = _scale(header)
    if (slope, offset) == (1, 0):
        return frame.astype(dtype, copy=False)
    return (frame.astype(np.float64) * slope + offset).astype(dtype)
