"""Arrays of zarr and images of OME-Zarr, in folders.

Source: the zarr specifications, versions 2 and 3; OME-NGFF, versions 0.4 and 0.5.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import hashlib
import importlib
import itertools
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from imfilter._base import dtypes

from . import ome_zarr
from .image import FileError, Image
from .packages import required
from .stacks import Array, Stack, check_total

ZARR = "zarr"
_LARGEST_CHUNK = 1 << 24  # samples that a chunk may always have
_SIDE = 1024  # of a chunk along rows and columns
_CHUNK = 1 << 18  # samples of a chunk of small planes
#: Names for axes without names, the last ones first.
_PAGES = "IABDEFGHJKLMNOP"


def opened(path: str, max_pixels: int | None) -> Stack:
    """Return the array in a folder, or the largest level of an OME-Zarr image.

    Parameters
    ----------
    path : str
        The folder.
    max_pixels : int or None
        Largest accepted number of pixels of the array.
    """
    zarr = required(path, "zarr", "zarr")
    node = zarr.open(path, mode="r")
    attributes, image = dict(node.attrs), None
    if hasattr(node, "shape"):
        array, axes, spacing, units = node, _named(node), (), ()
    else:
        image = ome_zarr.multiscale(attributes)
        if image is None:
            raise FileError(f"{path}: {_group(path, node)}")
        array = node[image["datasets"][0]["path"]]
        axes, spacing, units = ome_zarr.described(image, array)
    shape = array.shape
    if array.dtype.kind not in "buif" or 0 in shape or not shape:
        raise FileError(f"{path}: holds {array.dtype} of shape {shape}, not real numbers")
    spatial = shape[: len(shape) - axes.endswith("S")]
    check_total(path, (1, *spatial) if len(spatial) == 1 else spatial, max_pixels)
    if math.prod(array.chunks) > max(4 * math.prod(shape), _LARGEST_CHUNK):
        raise FileError(f"{path}: has chunks of {array.chunks} for an array of only {shape}")
    details = {ZARR: {"array": array, "attributes": attributes, "multiscale": image is not None}}
    named = axes or _PAGES[: max(len(shape) - 2, 0)][::-1] + "YX"[-len(shape) :]
    colour = named.endswith("S")
    header = Image(
        dtypes.blank(shape, array.dtype.newbyteorder("=")),
        colour,
        colour and shape[-1] in (2, 4),
        axes=named,
        spacing=spacing,
        units=units,
        details=details,
    )
    return Stack(header, "ZYX" if "Z" in named else "YX", read=lambda leading: _blocks(array, leading))


def _blocks(array: Any, leading: int) -> Iterator[Array]:
    """Yield the samples for each index of the leading axes. A chunk is read once along the last of them."""
    native = array.dtype.newbyteorder("=")
    if not leading:
        yield np.asarray(array[...]).astype(native, copy=False)
        return
    length, step = array.shape[leading - 1], array.chunks[leading - 1]
    for index in np.ndindex(array.shape[: leading - 1]):
        for start in range(0, length, step):
            part = np.asarray(array[(*index, slice(start, start + step))])
            yield from part.astype(native, copy=False)


def _named(array: Any) -> str:
    """Return the letters of the axes of an array, or an empty text if it has other names or none."""
    names = getattr(array.metadata, "dimension_names", None) or array.attrs.get("_ARRAY_DIMENSIONS")
    return ome_zarr.letters_of(names, len(array.shape))


def _group(path: str, node: Any) -> str:
    """Return the message about a group without an image."""
    names = sorted(node.keys())[:4]
    if not names:
        return "is an empty zarr group"
    part = os.path.join(path, names[0])
    return f"is a zarr group without an image; name a part of it, for example {part}"


def write(folder: str, header: Image, blocks: Iterable[Array], levels: int = 1) -> None:
    """Write an array, or an OME-Zarr image if the axes have names, into an empty folder.

    Parameters
    ----------
    folder : str
        The folder.
    header : Image
        Shape, type, axes and metadata. An input from zarr gives chunks, compression and version.
    blocks : iterable of ndarray
        The samples in the order of the array.
    levels : int
        Number of levels of an OME-Zarr image. Each has half the size of the level before.
    """
    arrays = created(folder, header, levels)
    _fill(arrays[0], blocks)
    for large, small in itertools.pairwise(arrays):
        _fill(small, _halved(large, small.shape, header.axes))


def created(folder: str, header: Image, levels: int = 1, name: str = "") -> list[Any]:
    """Create the arrays of all levels with their metadata in an empty folder. Return them, the largest first.

    Parameters
    ----------
    folder : str
        The folder.
    header : Image
        Shape, type, axes and metadata.
    levels : int
        Number of levels of an OME-Zarr image.
    name : str
        Name of a new OME-Zarr image. Default: that of the folder.
    """
    zarr = required(folder, "zarr", "zarr")
    known = header.details.get(ZARR, {})
    old = known.get("array")
    version = 3 if old is None else int(old.metadata.zarr_format)
    named = bool(header.axes) and set(header.axes) <= set("TCZYX")
    if (known and not known["multiscale"]) or not named:
        if levels > 1:
            raise ValueError(
                "--levels is for OME-Zarr images, and IN has no names of axes or is a plain array"
            )
        attributes = dict(known.get("attributes", {}))
        names = _kept_names(known, header)
        array = _created((folder, None), header.pixels, header.axes, old, version, names)
        array.attrs.update(attributes)
        return [array]
    attributes = copy.deepcopy(dict(known.get("attributes", {})))
    holder = attributes.setdefault("ome", {"version": "0.5"}) if version == 3 else attributes
    image = ome_zarr.multiscale(attributes) or {"name": name or os.path.basename(folder)}
    if version == 2:
        image.setdefault("version", "0.4")
    group = zarr.open_group(folder, mode="w", zarr_format=version)
    paths = [str(entry["path"]) for entry in image.get("datasets", ())]
    paths += [str(number) for number in range(len(paths), levels)]
    shapes = ome_zarr.shapes(header, levels)
    names = [axis.lower() for axis in header.axes] if version == 3 else None
    arrays = []
    for path, shape in zip(paths, shapes, strict=False):
        like = dtypes.blank(shape, header.pixels.dtype)
        arrays.append(_created((group.store, path), like, header.axes, old, version, names))
    origin = ome_zarr.origin_of(image, header)
    image["axes"] = ome_zarr.axes_of(image, header)
    image["datasets"] = [
        ome_zarr.dataset(path, shape, header, origin) for path, shape in zip(paths, shapes, strict=False)
    ]
    image.pop("coordinateTransformations", None)  # the scale of each level is complete
    holder["multiscales"] = [image]
    group.attrs.update(attributes)
    return arrays


def arrays(folder: str) -> list[Any]:
    """Return the arrays of all levels in a folder, the largest first, to write them."""
    node = required(folder, "zarr", "zarr").open(folder, mode="r+")
    if hasattr(node, "shape"):
        return [node]
    image = ome_zarr.multiscale(dict(node.attrs)) or {"datasets": ()}
    return [node[str(entry["path"])] for entry in image["datasets"]]


def fingerprint(path: str) -> dict[str, Any]:
    """Return what changes if a store changes: a digest of the names, sizes and times of its files."""
    found = []
    for folder, _, names in os.walk(path):
        for name in names:
            place = os.path.join(folder, name)
            status = os.stat(place)
            found.append((os.path.relpath(place, path), status.st_size, status.st_mtime_ns))
    digest = hashlib.sha256(repr(sorted(found)).encode("utf-8", "surrogateescape")).hexdigest()
    return {"path": os.path.realpath(path), "files": len(found), "digest": digest}


def _kept_names(known: Mapping[str, Any], header: Image) -> Any:
    """Return the names of the dimensions of an array: those of the input, or the letters of the axes."""
    names = getattr(known["array"].metadata, "dimension_names", None) if known else None
    if names and len(names) == header.pixels.ndim:
        return names
    axes = header.axes or ("YXS" if header.channels else "")
    if len(axes) != header.pixels.ndim or known:
        return None
    return [axis.lower() if axis in "TCZYXS" else None for axis in axes]


def _created(
    place: tuple[Any, str | None], like: Array, axes: str, old: Any, version: int, names: Any
) -> Any:
    """Create an array like the one of the input, or with chunks of planes."""
    zarr = importlib.import_module("zarr")
    store, path = place
    options: dict[str, Any] = {"shape": like.shape, "dtype": like.dtype, "zarr_format": version}
    if old is not None and len(old.shape) == like.ndim:
        options["chunks"] = tuple(min(c, max(n, 1)) for c, n in zip(old.chunks, like.shape, strict=True))
        if getattr(old, "shards", None) and old.shape == like.shape:
            options["shards"] = old.shards
            options["chunks"] = old.chunks
        if old.dtype == like.dtype:
            options["compressors"] = old.compressors or None
            options["filters"] = old.filters or None
    elif axes:
        chunks = [min(n, _SIDE) if axis in "YX" else 1 for axis, n in zip(axes, like.shape, strict=True)]
        before = axes.find("Y") - 1
        if before >= 0:  # small planes are put together, so that a chunk is not a tiny file
            chunks[before] = min(like.shape[before], max(_CHUNK // math.prod(chunks), 1))
        options["chunks"] = tuple(chunks)
    if version == 2:
        separator = getattr(old.metadata, "dimension_separator", ".") if old is not None else "/"
        options["chunk_key_encoding"] = {"name": "v2", "separator": separator}
    elif names is not None:
        options["dimension_names"] = names
    return zarr.create_array(store, name=path, **options)


def _fill(array: Any, blocks: Iterable[Array]) -> None:
    """Write blocks in their order. A chunk is written once along the axis before those of a block."""
    iterator = iter(blocks)
    first = next(iterator)
    leading = len(array.shape) - first.ndim
    if not leading:
        put(array, ..., first)
        return
    iterator = itertools.chain([first], iterator)
    length = array.shape[leading - 1]
    step = (getattr(array, "shards", None) or array.chunks)[leading - 1]
    for index in np.ndindex(array.shape[: leading - 1]):
        for start in range(0, length, step):
            stop = min(start + step, length)
            slab = np.empty((stop - start, *first.shape), first.dtype)
            for place in slab:
                place[...] = next(iterator)
            put(array, (*index, slice(start, stop)), slab)


def put(array: Any, where: Any, samples: Array) -> None:
    """Write samples of an array. After an error, no chunk is being written any more.

    zarr writes several chunks at a time, and does not wait for the others if one cannot be written.
    """
    try:
        array[where] = samples
    except BaseException:
        with contextlib.suppress(Exception):
            importlib.import_module("zarr.core.sync").sync(_idle())
        raise


#: The name of tasks that wait, and the most seconds that they do.
_WAITING, _PATIENCE = "imfilter-waiting", 60.0


async def _idle() -> None:
    """Wait for the other tasks of this loop, except for those that wait, too."""
    current = asyncio.current_task()
    assert current is not None
    current.set_name(_WAITING)
    others = {task for task in asyncio.all_tasks() if task.get_name() != _WAITING}
    if others:
        await asyncio.wait(others, timeout=_PATIENCE)


def _halved(array: Any, shape: Sequence[int], axes: str) -> Iterator[Array]:
    """Yield the means of the samples of a level for the next level, for each index before the space."""
    from imfilter.resampling import resize

    leading = min(axes.index(axis) for axis in axes if axis in "ZYX")
    for block in _blocks(array, leading):
        yield resize(block, tuple(shape[leading:]), method="area")
