"""PNG, JPEG, BMP, WebP, GIF, JPEG 2000 and AVIF through Pillow."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import io
import threading
import warnings
from collections.abc import Iterable
from typing import IO, Any, cast

import numpy as np
import PIL
from PIL import Image as Pillow

from . import limits, metadata, png, source
from .formats import FORMATS
from .image import FileError, Image, check_size, warn

# Pillow supports dozens of formats, and some are risky: only these are read.
_READABLE = ("PNG", "JPEG", "BMP", "DIB", "WEBP", "GIF", "JPEG2000", "AVIF")
#: The modules of formats that `Pillow.open` does not import by itself.
_MODULES = ("WebPImagePlugin", "Jpeg2KImagePlugin", "AvifImagePlugin")
_JPEG = b"\xff\xd8"
#: First bytes of formats whose module `Pillow.open` imports.
_COMMON = (_JPEG, b"GIF8", b"BM")
_DIRECT = ("L", "LA", "RGB", "RGBA")
_JPEG_QUALITY = 95
#: For settings of the whole process that change for a moment: Pillow's limit, and the filters of warnings.
_settings = threading.Lock()
_AVIF_QUALITY = 95
_WITHOUT_EXIF = ("BMP", "GIF", "JPEG 2000")


def opened(file: IO[bytes]) -> Pillow.Image:
    """Open without Pillow's own limit on pixels. The caller checks an adjustable limit."""
    file.seek(0)
    start = file.read(4)
    if start == png.SIGNATURE[:4]:
        return _opened_png(file)
    if not start.startswith(_COMMON):
        for name in _MODULES:
            importlib.import_module(f"PIL.{name}")
    with _settings:
        limit, Pillow.MAX_IMAGE_PIXELS = Pillow.MAX_IMAGE_PIXELS, None
        try:
            return Pillow.open(cast(IO[bytes], source.Bounded(file)), formats=_READABLE)
        finally:
            Pillow.MAX_IMAGE_PIXELS = limit


def _opened_png(file: IO[bytes]) -> Pillow.Image:
    """Open a PNG without `Pillow.open`, which imports the modules of four other formats. They take 5 ms."""
    from PIL import PngImagePlugin

    try:
        return PngImagePlugin.PngImageFile(cast(IO[bytes], source.Bounded(file)))
    except SyntaxError as error:
        raise PIL.UnidentifiedImageError(str(error)) from error


def read(path: str, file: IO[bytes], max_pixels: int | None) -> Image:
    """Read an open picture: grey or RGB, with or without alpha, 8 or 16 bits per channel."""
    file.seek(0)
    start = file.read(len(_JPEG))
    file.seek(0)
    if start == _JPEG:
        return _read_jpeg(path, file.read(), max_pixels)
    with opened(file) as picture:
        _check(path, file, picture, max_pixels)
        frames = getattr(picture, "n_frames", 1)
        if frames > 1:
            raise FileError(f"{path}: has {frames} frames, and only single pictures are supported")
        if picture.format == "JPEG2000":
            from . import jpeg2000

            jpeg2000.check(path, file)
        if picture.format == "PNG":
            return _read_png(path, file, picture)
        picture.load()
        return _described(path, picture, *_pixels(path, picture))


def is_animated(file: IO[bytes]) -> bool:
    """Return whether an open picture has several frames."""
    file.seek(0)
    if file.read(len(png.SIGNATURE)) == png.SIGNATURE and not png.has_frames(file):
        return False
    with opened(file) as picture:
        return bool(getattr(picture, "is_animated", False))


def check(path: str, file: IO[bytes], max_pixels: int | None) -> None:
    """Raise an error if a picture has more pixels than the limit, or if the file is too short for them."""
    file.seek(0)
    with opened(file) as picture:
        _check(path, file, picture, max_pixels)


def _check(path: str, file: IO[bytes], picture: Pillow.Image, max_pixels: int | None) -> None:
    check_size(path, *picture.size, max_pixels)
    if max_pixels is not None:
        limits.check(path, file, picture)


def orientation(path: str, file: IO[bytes]) -> int:
    """Return the EXIF orientation of an open picture."""
    with opened(file) as picture:
        return _exif(path, picture, tell=False)[0]  # `read` warns


def _read_png(path: str, file: IO[bytes], picture: Pillow.Image) -> Image:
    with source.again(path, file) as twin:
        bits, chunks = png.header(twin)
        twin.seek(0)
        if png.is_wide(picture):
            with opened(twin) as again:
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
    from . import jpeg

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
    with opened(io.BytesIO(data)) as picture:
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


def _exif(path: str, picture: Any, *, tell: bool = True) -> tuple[int, bytes | None]:
    """Return the orientation and the EXIF of a loaded picture. `tell`: warn if the EXIF is damaged."""
    orientation, block = None, picture.info.get("exif")
    profile = picture.info.get("Raw profile type exif")  # text, written by older programs into PNG files
    try:
        if not block and profile:
            block = bytes.fromhex("".join(profile.split("\n")[3:]))
        if block:
            from . import exif

            orientation, block, _ = exif.patched(block)
    except ValueError as error:  # the pixels are readable
        if tell:
            warn(path, f"its EXIF is damaged and left out: {error}")
        block = None
    if orientation is None:  # XMP may have it, and Pillow reads parts of damaged EXIF
        with contextlib.suppress(Exception), _settings, warnings.catch_warnings():
            # Other threads may warn of their files meanwhile.
            warnings.filterwarnings("ignore", module=r"PIL\b")
            orientation = picture.getexif().get(metadata.ORIENTATION)
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


def options_of(image: Image, name: str, quality: int | None) -> dict[str, Any]:
    """Return the options of Pillow that write an image without loss, or with this quality."""
    colour = image.channels and image.pixels.shape[-1] > 2
    options: dict[str, Any] = {"icc_profile": metadata.profile_for(image, colour=colour or name == "WebP")}
    if image.exif is not None and name not in _WITHOUT_EXIF:
        options["exif"] = image.exif
    if image.dpi is not None and name in ("PNG", "JPEG", "BMP"):
        options["dpi"] = image.dpi
    if name == "PNG":
        options.update(compress_level=png.LEVEL)
    elif name == "JPEG":
        # Chroma subsampling would add coloured fringes to edges.
        options.update(quality=_JPEG_QUALITY if quality is None else quality, subsampling=0)
    elif name == "WebP":
        # With `exact`, WebP keeps the colour of transparent pixels, like the other formats.
        options.update(lossless=quality is None, exact=True)
        if quality is not None:
            options.update(quality=quality)
    elif name == "AVIF":
        options.update(quality=_AVIF_QUALITY if quality is None else quality)
        if colour:
            options.update(subsampling="4:4:4")
    elif name == "JPEG 2000":
        options.update(irreversible=False)
    return options


class Encoded(io.BytesIO):
    """A file in memory. Pillow takes the format from its name, and imports the module of that format only.

    Parameters
    ----------
    name : str
        The format: a name in `formats`.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = f"picture{next(known.suffixes[0] for known in FORMATS if known.name == name)}"


def write(file: IO[bytes], image: Image, name: str, quality: int | None) -> None:
    """Write pixels of a type that the format supports (8 bits; 16 in PNG, and in grey JPEG 2000)."""
    if name == "PNG" and image.pixels.dtype == np.uint16:
        writer = png.Writer(file, image, len(image.pixels))
        writer.write(image)
        writer.finish()
        return
    options = options_of(image, name, quality)
    if name == "JPEG 2000" and image.channels and image.pixels.dtype == np.uint16:
        raise ValueError("16 bits are only written in grey; give --dtype uint8, or write .png or .tif")
    # Encode in memory, because Pillow's encoders do not detect a full disk.
    encoded: io.BytesIO = Encoded(name)
    Pillow.fromarray(image.pixels).save(encoded, **options)
    if name == "PNG" and image.colorimetry:
        chunks = metadata.colorimetry_for(image, profile=options["icc_profile"])
        encoded = io.BytesIO(png.with_chunks(encoded.getvalue(), chunks))
    file.write(encoded.getbuffer())
