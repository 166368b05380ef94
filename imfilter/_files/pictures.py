"""PNG, JPEG, BMP and WebP (and the odder TIFFs) through Pillow."""

from __future__ import annotations

import contextlib
import io
import threading
import warnings
from typing import IO, Any

import numpy as np
from PIL import BmpImagePlugin, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin
from PIL import Image as Pillow

from . import exif, metadata, png, source
from .image import FileError, Image, check_size, warn

# Named here, these formats and no others are registered: Pillow knows dozens, some of them risky.
_PLUGINS = (BmpImagePlugin, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin)
_READABLE = ("PNG", "JPEG", "BMP", "DIB", "WEBP", "TIFF")
_DIRECT = ("L", "LA", "RGB", "RGBA")
_JPEG_QUALITY = 95
_bomb_lock = threading.Lock()


def _open(file: IO[bytes]) -> Pillow.Image:
    """Open without Pillow's own limit on pixels: the caller checks, with a limit it can be told."""
    with _bomb_lock:
        limit, Pillow.MAX_IMAGE_PIXELS = Pillow.MAX_IMAGE_PIXELS, None
        try:
            return Pillow.open(file, formats=_READABLE)
        finally:
            Pillow.MAX_IMAGE_PIXELS = limit


def read(path: str, file: IO[bytes], max_pixels: int | None) -> Image:
    """Read an open picture: grey, RGB, either with alpha, 8 or 16 bits a channel (float and int32 TIFF)."""
    with _open(file) as picture:
        check_size(path, *picture.size, max_pixels)
        # A phone's JPEG may carry a second picture for depth (MPO): the first is the photograph.
        frames = getattr(picture, "n_frames", 1)
        if frames > 1 and picture.format != "MPO":
            raise FileError(f"{path}: holds {frames} frames and this command filters single pictures")
        if png.is_wide(picture):
            with source.again(path, file) as twin, _open(twin) as again:
                pixels, alpha = png.read_wide(picture, again)
            key = picture.info.get("transparency")
            if isinstance(key, tuple) and not alpha:
                pixels, alpha = _keyed(pixels, key), True
        else:
            if picture.format == "TIFF" and _loses_depth(picture):
                raise FileError(f"{path}: this kind of TIFF is not read; save it uncompressed or as PNG")
            picture.load()
            pixels, alpha = _pixels(picture)
        return _described(path, file, picture, pixels, alpha)


def _described(path: str, file: IO[bytes], picture: Any, pixels: np.ndarray, alpha: bool) -> Image:
    dpi = metadata.resolution(picture.info.get("dpi"))
    if picture.format == "TIFF":  # Pillow has turned it upright already
        from . import tiff  # tifffile takes a while to import

        orientation, block = tiff.read_exif(path, file)
        turned = pixels
    else:
        orientation, block = _exif(path, picture)
        turned = metadata.upright(pixels, orientation)
    if dpi and metadata.swaps_axes(orientation):
        dpi = dpi[::-1]
    icc = picture.info.get("icc_profile")
    return Image(turned, turned.ndim == 3, alpha, icc if isinstance(icc, bytes) else None, block, dpi)


def _exif(path: str, picture: Any) -> tuple[int, bytes | None]:
    """Return the orientation and the EXIF of a loaded picture."""
    orientation, block = None, picture.info.get("exif")
    profile = picture.info.get("Raw profile type exif")  # text, as older programs put it into a PNG
    try:
        if not block and profile:
            block = bytes.fromhex("".join(profile.split("\n")[3:]))
        if block:
            orientation, block, _ = exif.patched(block)
    except ValueError as error:  # the pixels are fine
        warn(path, f"its EXIF is damaged and left out: {error}")
        block = None
    if orientation is None:  # XMP may say it; and Pillow reads what it can of damaged EXIF
        with contextlib.suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            orientation = picture.getexif().get(exif.ORIENTATION)
    return (orientation if isinstance(orientation, int) else 1), block or None


def _loses_depth(picture: Any) -> bool:
    bits = picture.tag_v2.get(258, (1,))
    return max(bits) > 8 and picture.mode not in ("I", "F") and not picture.mode.startswith("I;16")


def _pixels(picture: Pillow.Image) -> tuple[np.ndarray, bool]:
    """Convert any of Pillow's modes to grey or RGB, with or without alpha."""
    mode = picture.mode
    key = picture.info.get("transparency")
    if mode.startswith("I;16"):
        grey = np.asarray(picture).astype(np.uint16)
        return (_keyed(grey[..., None], (key,)), True) if isinstance(key, int) else (grey, False)
    if mode in ("I", "F"):
        return np.array(picture), False
    if key is not None and mode in ("1", "L"):
        picture = picture.convert("LA")
    elif (picture.has_transparency_data and mode not in _DIRECT) or key is not None:
        picture = picture.convert("RGBA")
    elif mode == "1":
        picture = picture.convert("L")
    elif mode not in _DIRECT:
        picture = picture.convert("RGB")
    return np.array(picture), picture.mode.endswith("A")


def _keyed(pixels: np.ndarray, key: tuple[int, ...]) -> np.ndarray:
    """Add an alpha channel in which the pixels of one colour are transparent."""
    alpha = np.where((pixels == np.array(key)).all(axis=-1), 0, np.iinfo(pixels.dtype).max)
    return np.concatenate([pixels, alpha[..., None].astype(pixels.dtype)], axis=-1)


def write(file: IO[bytes], image: Image, name: str, quality: int | None) -> None:
    """Write pixels that the format holds (8 bits; 16 in PNG)."""
    colour = image.colour.ndim == 3
    options: dict[str, Any] = {"icc_profile": metadata.profile_for(image, colour=colour or name == "WebP")}
    if image.exif is not None and name != "BMP":
        options["exif"] = image.exif
    if image.dpi is not None and name != "WebP":
        options["dpi"] = image.dpi
    if name == "PNG" and image.pixels.dtype == np.uint16:
        icc = options["icc_profile"]
        png.write_wide(file, image.pixels, icc=icc, exif=image.exif, dpi=image.dpi)
        return
    if name == "JPEG":
        # No chroma subsampling: filtered edges would get coloured fringes.
        options.update(quality=_JPEG_QUALITY if quality is None else quality, subsampling=0)
    elif name == "WebP":
        # `exact` keeps the colour of transparent pixels, as the other formats do.
        options.update(lossless=quality is None, exact=True)
        if quality is not None:
            options.update(quality=quality)
    # Through memory: written to a file itself, Pillow's encoders do not notice a disk that fills up.
    encoded = io.BytesIO()
    Pillow.fromarray(image.pixels).save(encoded, format=name, **options)
    file.write(encoded.getbuffer())
