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


#: Tags of a slice. In files of several frames, they may be in the functional groups of all or of one frame.
_TAGS = (
    *("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "ImagerPixelSpacing"),
    *("SpacingBetweenSlices", "SliceThickness", "RescaleSlope", "RescaleIntercept"),
)
_GROUPS = (
    *("PlanePositionSequence", "PlaneOrientationSequence", "PixelMeasuresSequence"),
    "PixelValueTransformationSequence",
)
_SHARED, _OF_FRAMES = "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"
_AGREE = 1e-3  # largest difference of directions and of relative distances of the slices of a volume


class _Slice(NamedTuple):
    """A file of a series, or a frame of a file: its header without the pixels, and its own tags.

    `frame` is None for all frames of a file.
    """

    path: str
    header: Any
    tags: dict[str, Any]
    place: float | None  # along the normal of its plane, in millimetres
    frame: int | None = None

    @property
    def name(self) -> str:
        """The slice in messages."""
        return os.path.basename(self.path)


def _slice(path: str, header: Any, frame: int | None = None) -> _Slice:
    tags = {name: header.get(name) for name in _TAGS}
    for sequence, number in ((_SHARED, 0), (_OF_FRAMES, frame or 0)):
        groups = header.get(sequence) or ()
        for group in _GROUPS:
            for item in (groups[number].get(group) or ())[:1] if number < len(groups) else ():
                tags |= {name: item.get(name) for name in _TAGS if name in item}
    return _Slice(path, header, tags, _place(tags), frame)


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
    slices = _series(pydicom, path) if os.path.isdir(path) else _frames(path, _header(pydicom, path))
    first = slices[0].header
    rows, columns = int(first.Rows), int(first.Columns)
    frames = _count(first)
    count = frames if slices[0].frame is None and len(slices) == 1 else len(slices)
    check_size(path, columns, rows, max_pixels)
    check_total(path, (count, rows, columns), max_pixels)
    if min(rows, columns) < 1:
        raise FileError(f"{path}: has no pixels")
    kind = str(first.get("PhotometricInterpretation", ""))
    if kind not in (*_GREY, *_COLOUR):
        raise FileError(f"{path}: has the colours {kind or 'unknown'}; grey and RGB are supported")
    for one in slices if frames == 1 else slices[:1]:
        _check_alike(path, one, first)
        _check_length(one, rows * columns * frames)
    colour = kind in _COLOUR
    dtype = _dtype(slices, colour=colour)
    leading, spacing, units = _axes(path, slices)
    shape = (*((count,) if leading else ()), rows, columns, *((3,) if colour else ()))
    axes = f"{leading}YX{'S' * colour}"
    affine = None if colour or leading in ("T", "I") else _affine(slices)
    header = Image(
        dtypes.blank(shape, dtype),
        colour,
        axes=axes,
        spacing=spacing + (None,) * colour,
        units=units + ("",) * colour,
        details={} if affine is None else {AFFINE: affine},
    )

    def planes() -> Iterator[Array]:
        pixels = None
        for one in slices:
            if pixels is None or one.frame is None:
                pixels = _pixels(pydicom, one).reshape(-1, *shape[len(leading) :])
            for frame in pixels if one.frame is None else pixels[one.frame : one.frame + 1]:
                yield frame if colour else _rescaled(frame, one.tags, dtype)

    return Stack(header, "ZYX" if "Z" in axes else "YX", planes, physical=not colour)


def _count(header: Any) -> int:
    return int(header.get("NumberOfFrames", 1) or 1)


def _frames(path: str, header: Any) -> list[_Slice]:
    """Return the frames of a file: in the order of their places if these are known, else as in the file."""
    count = _count(header)
    if count == 1 or len(header.get(_OF_FRAMES) or ()) != count:
        return [_slice(path, header)]
    found = [_slice(path, header, number) for number in range(count)]
    places = {one.place for one in found}
    if None in places or len(places) < len(found) or not _is_volume(found):
        return found
    return sorted(found, key=lambda one: one.place or 0.0)


def _is_volume(slices: list[_Slice]) -> bool:
    """Return whether all slices have one direction."""
    turns = np.array([one.tags["ImageOrientationPatient"] for one in slices], np.float64)
    return bool(np.ptp(turns, axis=0).max() <= _AGREE)


def _header(pydicom: Any, path: str) -> Any:
    header = pydicom.dcmread(path, stop_before_pixels=True)
    if "Rows" not in header or "Columns" not in header:
        raise FileError(f"{path}: is DICOM without pixels")
    return header


def _series(pydicom: Any, folder: str) -> list[_Slice]:
    """Return the files of the only series of a folder, from the first slice to the last."""
    slices, names = [], {}
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
        slices.append(_slice(path, header))
    if len(names) > 1:
        listed = ", ".join(sorted(names.values())[:4])
        raise FileError(f"{folder}: has {len(names)} series ({listed}); put each in a folder of its own")
    if not slices:
        raise FileError(f"{folder}: has no DICOM files with pixels")
    if len(slices) == 1:
        return _frames(slices[0].path, slices[0].header)
    if any(_count(one.header) > 1 for one in slices):
        raise FileError(f"{folder}: has several files of several frames; give one of the files")
    return _sorted(folder, slices)


def _sorted(folder: str, slices: list[_Slice]) -> list[_Slice]:
    """Return slices in the order of their places, or else of their numbers."""
    lost = [one for one in slices if one.place is None]
    if not lost:
        if not _is_volume(slices):
            raise FileError(
                f"{folder}: its slices have different directions; put those of each in a folder of its own"
            )
        slices.sort(key=lambda one: one.place or 0.0)
        if len({one.place for one in slices}) < len(slices):
            raise FileError(
                f"{folder}: has several slices at one position; put each time in a folder of its own"
            )
        return slices
    if len(lost) < len(slices):
        raise FileError(f"{folder}: {lost[0].name} has no position, and other slices have one")
    numbers = [int(one.header.get("InstanceNumber", 0) or 0) for one in slices]
    if len(set(numbers)) < len(numbers):
        warn(folder, "its slices have neither positions nor numbers, so they are in the order of their names")
        return slices
    return [slices[place] for place in np.argsort(numbers)]


def _place(tags: dict[str, Any]) -> float | None:
    """Return the distance of a slice along the normal of its plane, in millimetres."""
    turn, corner = tags["ImageOrientationPatient"], tags["ImagePositionPatient"]
    if not turn or not corner or len(turn) != 6 or len(corner) != 3:
        return None
    vectors = np.array(turn, np.float64)
    return round(float(np.cross(vectors[:3], vectors[3:]) @ np.array(corner, np.float64)), 4)


def _check_alike(path: str, one: _Slice, first: Any) -> None:
    here, there = ((int(header.Columns), int(header.Rows)) for header in (one.header, first))
    if here != there:
        raise FileError(
            f"{path}: its slices have different sizes: {one.name} has "
            f"{here[0]} x {here[1]} pixels and another slice has {there[0]} x {there[1]}"
        )
    for name in ("PhotometricInterpretation", "SamplesPerPixel"):
        if one.header.get(name) != first.get(name):
            raise FileError(f"{path}: its slices have different colours: see {one.name}")


def _check_length(one: _Slice, pixels: int) -> None:
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


def _scale(tags: dict[str, Any]) -> tuple[float, float]:
    slope, offset = tags["RescaleSlope"], tags["RescaleIntercept"]
    return float(1 if slope is None else slope), float(0 if offset is None else offset)


def _dtype(slices: list[_Slice], *, colour: bool) -> np.dtype[Any]:
    """Return the type of the rescaled values of all slices: integers if all factors are whole numbers."""
    low, high = 0.0, 0.0
    for header, tags in ((one.header, one.tags) for one in slices):
        bits = int(header.get("BitsStored", header.get("BitsAllocated", 16)))
        if "FloatPixelData" in header or bits > 32:
            raise ValueError(f"pixels of {bits} bits")
        slope, offset = _scale(tags)
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


def _axes(path: str, slices: list[_Slice]) -> tuple[str, tuple[float | None, ...], tuple[str, ...]]:
    """Return the axis before the rows, and spacing and units of the axes."""
    plane = _plane(path, slices)
    units = tuple("mm" if value else "" for value in plane)
    first, tags = slices[0].header, slices[0].tags
    places = {one.place for one in slices if one.place is not None}  # different ones
    if len(slices) > 1 and len(places) == len(slices) and _is_volume(slices):
        steps = np.diff(sorted(places))
        if np.ptp(steps) > _UNEVEN * steps.max():
            warn(path, f"its slices are not evenly spaced: {steps.min():g} to {steps.max():g} mm")
        return "Z", (float(np.median(steps)), *plane), ("mm", *units)
    if _count(first) == 1 and len(slices) > 1:
        said = tags["SpacingBetweenSlices"] or tags["SliceThickness"]
        step = float(said) if said else None
        return "Z", (step, *plane), ("mm" if step else "", *units)
    if _count(first) == 1:
        return "", plane, units
    if time := first.get("FrameTime"):
        return "T", (float(time) / 1000, *plane), ("s", *units)
    return "I", (None, *plane), ("", *units)


def _plane(path: str, slices: list[_Slice]) -> tuple[float | None, float | None]:
    """Return the distances of rows and of columns, which all slices have."""
    found = [one.tags["PixelSpacing"] or one.tags["ImagerPixelSpacing"] for one in slices]
    if any(one is None or len(one) != 2 for one in found):
        return None, None
    steps = np.array(found, np.float64)
    if steps.min() <= 0:
        return None, None
    if (np.ptp(steps, axis=0) > _AGREE * steps[0]).any():
        raise FileError(
            f"{path}: its slices have different distances of pixels: {steps.min():g} to {steps.max():g} mm"
        )
    return float(steps[0, 0]), float(steps[0, 1])


def _affine(slices: list[_Slice]) -> Array | None:
    """Return the matrix from the indices X, Y, Z to millimetres to the right, front and top, as in NIfTI."""
    first, last = slices[0].tags, slices[-1].tags
    steps = first["PixelSpacing"]
    if slices[0].place is None or not steps:
        return None
    turn = np.array(first["ImageOrientationPatient"], np.float64)
    start, end = (np.array(tags["ImagePositionPatient"], np.float64) for tags in (first, last))
    affine = np.eye(4)
    affine[:3, 0] = turn[:3] * float(steps[1])
    affine[:3, 1] = turn[3:] * float(steps[0])
    affine[:3, 2] = np.cross(turn[:3], turn[3:])
    if len(slices) > 1:
        affine[:3, 2] = (end - start) / (len(slices) - 1)
    affine[:3, 3] = start
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine


def _pixels(pydicom: Any, one: _Slice) -> Array:
    try:
        return np.asarray(pydicom.dcmread(one.path).pixel_array)
    except (RuntimeError, ImportError, NotImplementedError) as error:
        name = one.header.file_meta.TransferSyntaxUID.name
        raise FileError(
            f"{one.path}: its compression, {name}, needs another package: pip install pylibjpeg[all]"
        ) from error


def _rescaled(frame: Array, tags: dict[str, Any], dtype: np.dtype[Any]) -> Array:
    slope, offset = _scale(tags)
    if (slope, offset) == (1, 0):
        return frame.astype(dtype, copy=False)
    return (frame.astype(np.float64) * slope + offset).astype(dtype)
