"""PNG, JPEG, BMP and WebP through Pillow."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import threading
import warnings
from collections.abc import Iterable
from typing import IO, Any, cast

import numpy as np
from PIL import BmpImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin
from PIL import Image as Pillow

from . import exif, jpeg, limits, metadata, png, source
from .image import FileError, Image, check_size, warn

# Only these formats are registered. Pillow supports dozens of formats, and some are risky.
_PLUGINS = (BmpImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin)
_READABLE = ("PNG", "JPEG", "BMP", "DIB", "WEBP")
_JPEG = b"\xff\xd8"
_DIRECT = ("L", "LA", "RGB", "RGBA")
_JPEG_QUALITY = 95
_bomb_lock = threading.Lock()


def _open(file: IO[bytes]) -> Pillow.Image:
    """Open without Pillow's own limit on pixels. The caller checks an adjustable limit."""
    with _bomb_lock:
        limit, Pillow.MAX_IMAGE_PIXELS = Pillow.MAX_IMAGE_PIXELS, None
        try:
            return Pillow.open(cast(IO[bytes], source.Bounded(file)), formats=_READABLE)
        finally:
            Pillow.MAX_IMAGE_PIXELS = limit


def read(path: str, file: IO[bytes], max_pixels: int | None) -> Image:
    """Read an open picture: grey or RGB, with or without alpha, 8 or 16 bits per channel."""
    start = file.read(len(_JPEG))
    file.seek(0)
    if start == _JPEG:
        return _read_jpeg(path, file.read(), max_pixels)
    with _open(file) as picture:
        check_size(path, *picture.size, max_pixels)
        if max_pixels is not None:
            limits.check(path, file, picture)
        frames = getattr(picture, "n_frames", 1)
        if frames > 1:
            raise FileError(f"{path}: has {frames} frames, and only single pictures are supported")
        if picture.format == "PNG":
            return _read_png(path, file, picture)
        picture.load()
        return _described(path, picture, *_pixels(path, picture))


def _read_png(path: str, file: IO[bytes], picture: Pillow.Image) -> Image:
    with source.again(path, file) as twin:
        bits, chunks = png.header(twin)
        twin.seek(0)
        if png.is_wide(picture):
            with _open(twin) as again:
                pixels, alpha = png.read_wide(picture, again)
        else:
            picture.load()
            pixels, alpha = _pixels(path, picture)
    key = chunks.pop(png.TRANSPARENCY, None)
    if key is not None and picture.mode != "P" and not alpha:
        pixels, alpha = png.keyed(pixels, key, bits), True
    image = _described(path, picture, pixels, alpha)
    return dataclasses.replace(image, colorimetry=tuple(chunks.items()))


def _read_jpeg(path: str, data: bytes, max_pixels: int | None) -> Image:
    """Read a JPEG file, or the readable part of a damaged one. Ignore further pictures in it."""
    parts = jpeg.segments(data)
    complete = jpeg.check(path, data, parts)
    if not complete:
        data += jpeg.END
    image, sound = _first_readable(path, jpeg.repaired(data, parts), max_pixels)
    if not complete:
        warn(path, "is incomplete; a part of the picture is missing")
    elif not (sound and jpeg.has_sound_markers(data, parts)):
        warn(path, "is damaged; a part of the picture is missing or wrong")
    return image


def _first_readable(path: str, versions: Iterable[bytes], max_pixels: int | None) -> tuple[Image, bool]:
    """Return the first version that the decoder accepts, and whether it is the first of all versions.

    Raise the first error if the decoder accepts none.
    """
    errors: list[OSError] = []
    for data in versions:
        try:
            return _loaded(path, data, max_pixels), not errors
        except FileError:
            raise
        except OSError as error:
            errors.append(error)
    raise errors[0]


def _loaded(path: str, data: bytes, max_pixels: int | None) -> Image:
    with _open(io.BytesIO(data)) as picture:
        check_size(path, *picture.size, max_pixels)
        picture.load()
        return _described(path, picture, *_pixels(path, picture))


def _described(path: str, picture: Any, pixels: np.ndarray, alpha: bool) -> Image:
    dpi = metadata.resolution(picture.info.get("dpi"))
    orientation, block = _exif(path, picture)
    turned = metadata.upright(pixels, orientation)
    if dpi and metadata.swaps_axes(orientation):
        dpi = dpi[::-1]
    icc = picture.info.get("icc_profile")
    return Image(turned, turned.ndim == 3, alpha, icc if isinstance(icc, bytes) else None, block, dpi)


def _exif(path: str, picture: Any) -> tuple[int, bytes | None]:
    """Return the orientation and the EXIF of a loaded picture."""
    orientation, block = None, picture.info.get("exif")
    profile = picture.info.get("Raw profile type exif")  # text, written by older programs into PNG files
    try:
        if not block and profile:
            block = bytes.fromhex("".join(profile.split("\n")[3:]))
        if block:
            orientation, block, _ = exif.patched(block)
    except ValueError as error:  # the pixels are readable
        warn(path, f"its EXIF is damaged and left out: {error}")
        block = None
    if orientation is None:  # XMP may have it, and Pillow reads parts of damaged EXIF
        with contextlib.suppress(Exception), _bomb_lock, warnings.catch_warnings():  # of the process
            warnings.simplefilter("ignore")
            orientation = picture.getexif().get(exif.ORIENTATION)
    return (orientation if isinstance(orientation, int) else 1), block or None


def _pixels(path: str, picture: Pillow.Image) -> tuple[np.ndarray, bool]:
    """Convert any of Pillow's modes to grey or RGB, with or without alpha."""
    mode = picture.mode
    if mode == "P" and picture.palette is None:
        raise FileError(f"{path}: is damaged: its palette is missing")
    if mode.startswith("I;16"):
        return np.asarray(picture).astype(np.uint16), False
    if mode == "1":
        picture = picture.convert("L")
    elif mode not in _DIRECT:
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    return np.array(picture), picture.mode in ("LA", "RGBA")


def write(file: IO[bytes], image: Image, name: str, quality: int | None) -> None:
    """Write pixels of a type that the format supports (8 bits; 16 in PNG)."""
    colour = image.colour.ndim == 3
    options: dict[str, Any] = {"icc_profile": metadata.profile_for(image, colour=colour or name == "WebP")}
    if image.exif is not None and name != "BMP":
        options["exif"] = image.exif
    if image.dpi is not None and name != "WebP":
        options["dpi"] = image.dpi
    if name == "PNG" and image.pixels.dtype == np.uint16:
        icc = options["icc_profile"]
        chunks = metadata.colorimetry_for(image, profile=icc)
        png.write_wide(file, image.pixels, icc=icc, exif=image.exif, dpi=image.dpi, chunks=chunks)
        return
    if name == "JPEG":
        # Chroma subsampling would add coloured fringes to edges.
        options.update(quality=_JPEG_QUALITY if quality is None else quality, subsampling=0)
    elif name == "WebP":
        # With `exact`, WebP keeps the colour of transparent pixels, like the other formats.
        options.update(lossless=quality is None, exact=True)
        if quality is not None:
            options.update(quality=quality)
    if name == "PNG":  # level 6 takes twice the time of level 4, and files are 1 % smaller (zlib-ng)
        options.update(compress_level=4)
    # Encode in memory, because Pillow's encoders do not detect a full disk.
    encoded = io.BytesIO()
    Pillow.fromarray(image.pixels).save(encoded, format=name, **options)
    if name == "PNG" and image.colorimetry:
        chunks = metadata.colorimetry_for(image, profile=options["icc_profile"])
        encoded = io.BytesIO(png.with_chunks(encoded.getvalue(), chunks))
    file.write(encoded.getbuffer())
