"""Which files and folders are stacks, by their first bytes or by the names in them.

The readers of these formats are imported for such a file only: their imports take longer than a small filter.
"""

from __future__ import annotations

import os
from typing import IO

GZIP = b"\x1f\x8b"
#: Files of which a folder of zarr has one.
ZARR_MARKS = ("zarr.json", ".zarray", ".zgroup")
_PICTURES = (b"avif", b"avis", b"heic", b"heix", b"mif1", b"crx ")
_FILMS = (b"\x1aE\xdf\xa3", b"OggS", b"FLV\x01", b"\x30\x26\xb2\x75", b"\0\0\x01\xba")
_PREAMBLE = 128  # bytes before the mark of DICOM
_LOOKED_AT = 8  # files of a folder


def may_be_animated(start: bytes) -> bool:
    """Return whether a file that starts with these bytes is a GIF, PNG, WebP or AVIF."""
    webp = start[:4] == b"RIFF" and start[8:12] == b"WEBP"
    return webp or start.startswith((b"\x89PNG", b"GIF8")) or start[4:12] in (b"ftypavif", b"ftypavis")


def is_film(start: bytes) -> bool:
    """Return whether a file that starts with these bytes is a film."""
    if start[4:8] == b"ftyp":
        return start[8:12] not in _PICTURES
    return start.startswith(_FILMS) or (start[:4] == b"RIFF" and start[8:12] == b"AVI ")


def is_named(start: bytes) -> bool:
    """Return whether the first eight bytes are those of a film or of NIfTI."""
    sizes = (b"\x5c\1\0\0", b"\0\0\1\x5c", b"\x1c\2\0\0", b"\0\0\2\x1c")  # 348 and 540
    return start.startswith(_FILMS) or start[:4] in sizes


def is_dicom(file: IO[bytes]) -> bool:
    """Return whether an open file is DICOM. Keep the file position."""
    place = file.tell()
    file.seek(_PREAMBLE)
    found = file.read(4) == b"DICM"
    file.seek(place)
    return found


def is_series(folder: str) -> bool:
    """Return whether a folder has DICOM files, by the first files in it."""
    for path in paths_of(folder)[:_LOOKED_AT]:
        with open(path, "rb") as file:
            if is_dicom(file):
                return True
    return False


def paths_of(folder: str) -> list[str]:
    """Return the files of a folder that may be a series of DICOM, in the order of their names."""
    names = (name for name in sorted(os.listdir(folder)) if not name.startswith(".") and name != "DICOMDIR")
    return [path for name in names if os.path.isfile(path := os.path.join(folder, name))]


def is_nifti(path: str, file: IO[bytes]) -> bool:
    """Return whether an open file is NIfTI, or compressed and named like it. Keep the file position."""
    place = file.tell()
    start = file.read(348)
    file.seek(place)
    if start.startswith(GZIP):
        return path.lower().endswith(".nii.gz")
    return start[344:348] in (b"n+1\0", b"ni1\0") or start[4:8] in (b"n+2\0", b"ni2\0")


def is_store(path: str) -> bool:
    """Return whether a folder is an array or a group of zarr."""
    return any(os.path.isfile(os.path.join(path, mark)) for mark in ZARR_MARKS)


def is_image(folder: str) -> bool:
    """Return whether a folder is one image: an array or a group of zarr, or a series of DICOM files."""
    return os.path.isdir(folder) and (is_store(folder) or is_series(folder))
