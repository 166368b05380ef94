"""Pictures of the playground: read within bounds from bytes or files, samples, and results as files."""

from __future__ import annotations

import dataclasses
import io as streams
import secrets
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import imfilter
from imfilter import io

from .._cli import quiet
from .._cli.play_table import MAX_PIXELS
from .._files.image import FileError, FileWarning, Image, check_size, full_scale

#: Largest number of bytes of a file that the browser sends.
MAX_BYTES = 2**27
#: Most pictures that are kept. The oldest one is dropped.
_MOST = 4
_FOLDERS = (Path(__file__).parent / "samples", Path(__file__).parents[2] / "samples")
_LARGE = (3000, 4000)


@dataclasses.dataclass(frozen=True)
class Picture:
    """A picture and the name that the copied lines give it.

    Parameters
    ----------
    key : str
        Its key in the requests of the page.
    name : str
        The name of its file.
    image : Image
        The pixels, without transparency.
    notice : str
        One line about what was changed or damaged, or an empty text.
    """

    key: str
    name: str
    image: Image
    notice: str = ""

    def described(self) -> dict[str, Any]:
        """Return what the page shows about it."""
        rows, columns = self.image.pixels.shape[:2]
        return {
            "key": self.key,
            "name": self.name,
            "width": columns,
            "height": rows,
            "type": f"{'colour' if self.image.channels else 'grey'}, {self.image.pixels.dtype}",
            "notice": self.notice,
        }


class Pictures:
    """The pictures that are open.

    Parameters
    ----------
    max_pixels : int or None
        Largest accepted number of pixels.
    """

    def __init__(self, max_pixels: int | None = MAX_PIXELS) -> None:
        self._max_pixels = max_pixels
        self._open: dict[str, Picture] = {}
        self._reading = threading.Lock()  # warnings and the output of decoders belong to the process
        self._keeping = threading.Lock()

    def get(self, key: str) -> Picture:
        """Return an open picture. Raise ValueError if it is not open."""
        found = self._open.get(key)
        if found is None:
            raise ValueError("the picture is no longer open; open it again")
        return found

    def all(self) -> list[Picture]:
        """Return the pictures, the oldest first."""
        return list(self._open.values())

    def add_file(self, path: str) -> Picture:
        """Read the picture of a file."""
        return self._add(path, lambda: io.read(path, max_pixels=self._max_pixels))

    def add_bytes(self, name: str, content: bytes) -> Picture:
        """Read the picture of the bytes of a file."""
        if not content:
            raise FileError(f"{name}: is empty")

        file = streams.BytesIO(content)
        return self._add(name, lambda: io.read(file, max_pixels=self._max_pixels, name=name))

    def add_sample(self, name: str) -> Picture:
        """Make or read a sample."""
        if name not in SAMPLES:
            raise ValueError(f"sample must be one of {', '.join(SAMPLES)}, got {name!r}")
        made = SAMPLES[name]()
        if isinstance(made, Image):
            return self._keep(
                f"{name.replace(' ', '_')}.png", made, "Save it as PNG to use the copied lines."
            )
        inside = made.is_relative_to(Path.cwd())
        return self.add_file(str(made.relative_to(Path.cwd()) if inside else made))

    def _add(self, name: str, read: Callable[[], Image]) -> Picture:
        with self._reading, warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with quiet.decoders():
                image = read()
        notices = [str(w.message) for w in caught if issubclass(w.category, FileWarning)]
        image, changed = _plain(name, image)
        rows, columns = image.pixels.shape[:2]
        check_size(name, columns, rows, self._max_pixels)  # the reader of .npy has no limit
        return self._keep(name, image, " ".join([*notices, *changed]))

    def _keep(self, name: str, image: Image, notice: str = "") -> Picture:
        picture = Picture(secrets.token_hex(8), name, image, notice)
        with self._keeping:
            self._open[picture.key] = picture
            while len(self._open) > _MOST:
                del self._open[next(iter(self._open))]
        return picture


def _plain(name: str, image: Image) -> tuple[Image, list[str]]:
    """Return a grey or colour picture without opacity and metadata, and what was left out."""
    pixels, notices = image.colour, []
    if image.alpha:
        opaque = bool((image.opacity == image.pixels.dtype.type(full_scale(image.pixels.dtype))).all())
        if not opaque:
            notices.append(
                f"{name}: transparency is left out here, so the command gives another result for this file"
            )
    channels = image.channels and pixels.ndim == 3
    if channels and pixels.shape[-1] == 1:
        pixels, channels = pixels[..., 0], False
    if pixels.ndim != 2 + channels or (channels and pixels.shape[-1] != 3):
        raise FileError(f"{name}: is not a grey or RGB picture: it has the shape {pixels.shape}")
    if pixels.dtype == np.bool_:
        pixels = pixels.view(np.uint8) * np.uint8(255)
        notices.append(f"{name}: true and false are shown as 255 and 0")
    return Image(np.ascontiguousarray(pixels), channels=channels, nodata=image.nodata), notices


def encoded(image: Image, suffix: str) -> bytes:
    """Return an image as the bytes of a file of a format."""
    file = streams.BytesIO()
    io.write(file, image, format=suffix.removeprefix("."), name="result")
    return file.getvalue()


def _file(name: str) -> Path:
    """Return the path of a sample: in the package, or beside it in a checkout."""
    return next(folder / name for folder in _FOLDERS if (folder / name).is_file())


def _large() -> Image:
    """Return the photograph of the cat at 12 megapixels."""
    small = io.read(_file("chelsea.png")).colour
    return Image(imfilter.resize(small, _LARGE, method="cubic", channel_axis=-1), channels=True)


def _rings() -> Image:
    """Return rings whose frequency grows with the distance to the centre."""
    y, x = np.mgrid[-256:256, -256:256] / 256.0
    return Image(np.rint(127.5 + 127.5 * np.cos(128 * np.pi * (x * x + y * y) / 1.6)).astype(np.uint8))


def _shapes() -> Image:
    """Return bright shapes with noise."""
    y, x = np.mgrid[:400, :600]
    scene: NDArray[Any] = np.full((400, 600), 60.0)
    scene[60:160, 60:220] = 180
    scene[(y - 120) ** 2 + (x - 420) ** 2 < 70**2] = 220
    scene[abs(y - 300 - 40 * np.sin(x / 40)) < 6] = 200
    noise = np.random.default_rng(1).normal(0, 20, scene.shape)
    scene[::37, ::23] = 255
    return Image(np.rint(np.clip(scene + noise, 0, 255)).astype(np.uint8))


#: Samples by name: files, or functions that make a picture.
SAMPLES: dict[str, Callable[[], Path | Image]] = {
    "coins": lambda: _file("coins.png"),
    "cat": lambda: _file("chelsea.png"),
    "cat of 12 megapixels": _large,
    "rings": _rings,
    "shapes with noise": _shapes,
}
