"""Animated pictures through Pillow: GIF, PNG, WebP and AVIF."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator
from numbers import Integral
from typing import IO, Any

import numpy as np
from PIL import Image as Pillow

from imfilter._base import dtypes

from . import limits, metadata, pictures, png, timing
from .image import FileError, Image
from .stacks import Array, Stack, check_total
from .timing import ANIMATION

#: Milliseconds of which durations are multiples, and the longest duration.
_GIF, _PNG, _OTHERS = (10, 655_350), (1, 65_535_000), (1, (1 << 24) - 1)
#: Smallest number of bytes of a frame.
_LEAST = {"PNG": 50, "WEBP": 24, "AVIF": 8, "GIF": 12}
_GREY, _COLOUR = ("L", "LA"), ("RGB", "RGBA")


def opened(path: str, file: IO[bytes], max_pixels: int | None) -> Stack:
    """Return the frames of an open picture that has several.

    Parameters
    ----------
    path : str
        The file's name, for messages.
    file : binary file
        Open for reading, seekable. The stack reads from it.
    max_pixels : int or None
        Largest accepted number of pixels of all frames together.
    """
    picture: Any = pictures.opened(file)
    count, (width, height) = picture.n_frames, picture.size
    check_total(path, (count, height, width), max_pixels)
    if max_pixels is not None:
        limits.check(path, file, picture)
    length = file.seek(0, 2)
    if count * _LEAST[str(picture.format)] > length:
        raise FileError(f"{path}: is incomplete or damaged: {length} bytes cannot hold {count} frames")
    if picture.format == "PNG" and (png.is_wide(picture) or picture.mode.startswith("I")):
        raise FileError(f"{path}: is animated with 16 bits a channel, which is not supported; use 8 bits")
    loop = picture.info.get("loop")
    icc, dpi = picture.info.get("icc_profile"), metadata.resolution(picture.info.get("dpi"))
    mode, durations = _scanned(picture, count)
    channels = Pillow.getmodebands(mode)
    shape = (count, height, width) + ((channels,) if channels > 1 else ())
    steady = durations[0] / 1000 if len(set(durations)) == 1 and durations[0] > 0 else None
    axes = "TYX" + "S" * (channels > 1)
    header = Image(
        dtypes.blank(shape, np.uint8),
        channels > 1,
        mode in ("LA", "RGBA"),
        icc if isinstance(icc, bytes) else None,
        dpi=dpi,
        axes=axes,
        spacing=(steady,) + (None,) * (len(axes) - 1),
        units=("s" if steady else "",) + ("",) * (len(axes) - 1),
        details={ANIMATION: {"durations": durations, "loop": loop}},
    )

    def planes() -> Iterator[Array]:
        for number in range(count):
            picture.seek(number)
            yield np.array(picture.convert(mode))

    return Stack(header, "YX", planes)


def _scanned(picture: Any, count: int) -> tuple[str, tuple[float, ...]]:
    """Return the mode of all frames, and the duration of each in milliseconds.

    A GIF or a WebP is opaque only if each of its frames is.
    """
    mode, decodes = str(picture.mode), picture.format in ("GIF", "WEBP")
    if decodes:
        mode = "RGB"
    elif mode == "1":
        mode = "L"
    elif mode not in (*_GREY, *_COLOUR):
        mode = "RGBA" if picture.has_transparency_data else "RGB"
    durations = []
    for number in range(count):
        picture.seek(number)
        if decodes and mode == "RGB" and picture.convert("RGBA").getextrema()[3][0] < 255:
            mode = "RGBA"
        if picture.format in ("WEBP", "AVIF"):  # the duration is known after decoding
            picture.load()
        durations.append(float(picture.info.get("duration", 0) or 0))
    return mode, tuple(durations)


def write(file: IO[bytes], header: Image, planes: Iterator[Array], name: str, quality: int | None) -> None:
    """Write frames of 8 bits with their durations.

    Parameters
    ----------
    file : binary file
        Open for writing.
    header : Image
        Shape, type and metadata.
    planes : iterator of ndarray
        The frames.
    name : str
        The format: GIF, PNG, WebP or AVIF.
    quality : int or None
        Quality of WebP and AVIF from 1 to 100. None: without loss in WebP.
    """
    details = header.details.get(ANIMATION, {})
    loop = details.get("loop", 0)
    if name == "PNG":
        _write_png(file, header, planes, 1 if loop is None else loop)
        return
    frames = (Pillow.fromarray(np.ascontiguousarray(plane)) for plane in planes)
    first = next(frames)
    late = timing.FILM in header.details  # the times of a film are known at its end
    others = frames if name == "GIF" and not late else list(frames)  # the other encoders read them twice
    count = 1 + len(others) if isinstance(others, list) else header.pixels.shape[0]
    durations = timing.rounded(timing.durations(header, count), *(_GIF if name == "GIF" else _OTHERS))
    options = pictures.options_of(header, name, quality)
    options.update(save_all=True, duration=list(durations))
    if loop is not None:
        options["loop"] = loop
    elif name == "WebP":
        options["loop"] = 1
    if name == "GIF":
        options.update(disposal=2 if header.alpha else 1)
    encoded = pictures.Encoded(name)  # because Pillow's encoders do not detect a full disk
    first.save(encoded, append_images=others, **options)
    file.write(encoded.getbuffer())


def _write_png(file: IO[bytes], header: Image, planes: Iterator[Array], plays: int) -> None:
    """Write the frames of an animated PNG, one after the other."""
    count = header.pixels.shape[0]
    if not isinstance(plays, Integral) or not 0 <= plays < 1 << 31:
        raise ValueError(
            f"number of plays must be an integer from 0 (without end) to {(1 << 31) - 1}, got {plays}"
        )
    durations: Iterable[float]
    if timing.FILM in header.details:
        frames = itertools.count()
        durations = (timing.durations(header, max(count, n + 1), slice(n, n + 1))[0] for n in frames)
    else:
        known = timing.durations(header, count)  # an error is told before the first frame
        durations = itertools.chain(known, itertools.repeat(known[-1]))
    shown = timing.rounded(durations, *_PNG)
    plain = dataclasses.replace(header, axes="", spacing=(), units=(), details={})
    writer = None
    # A damaged file has another number of frames than was counted. The time of the next frame of a film is
    # known when that frame has been read.
    after: Iterator[Array | None] = itertools.chain(planes, [None])
    plane = next(after)
    for following in after:
        assert plane is not None
        if writer is None:
            first = dataclasses.replace(plain, pixels=plane)
            writer = png.Writer(file, first, len(plane), frames=count, plays=plays)
        writer.frame(plane, next(shown))
        plane = following
    assert writer is not None
    writer.finish()
