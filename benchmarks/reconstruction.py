"""Reconstruction, holes, extrema and areas at 3840x2160: `python -m benchmarks.reconstruction`.

The other libraries are scikit-image and SciPy. Slow ones are timed on a part of the image, and their time is
multiplied by the share.
"""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import scipy.ndimage as ndi
import skimage.morphology as peers
from skimage.segmentation import clear_border

from imfilter import io, morphology

from . import measure

SHAPE, RUNS, PATIENCE = (2160, 3840), 3, 3.0
#: Rows and columns of the part for other libraries: a ninth of the image.
PART = (slice(720), slice(1280))
PHOTO = Path(__file__).parent.parent / "samples" / "coins.png"


def spiral(shape: tuple[int, int]) -> Any:
    """Return a path one sample wide, from the corner to the centre."""
    path = np.zeros(shape, np.uint8)
    top, left, bottom, right = 0, 0, shape[0] - 1, shape[1] - 1
    while right - left >= 4 and bottom - top >= 4:
        path[top, max(left - 2, 0) : right + 1] = 200
        path[top : bottom + 1, right] = 200
        path[bottom, left : right + 1] = 200
        path[top + 2 : bottom + 1, left] = 200
        top, left, bottom, right = top + 2, left + 2, bottom - 2, right - 2
    return path


def main() -> None:
    """Print a line for each filter: milliseconds, and the time of the other library divided by them."""
    photo = cv2.resize(io.read(PHOTO).pixels, SHAPE[::-1], interpolation=cv2.INTER_CUBIC)
    noise = np.random.default_rng(1).normal(0, 8, SHAPE)
    noisy = np.clip(photo + noise, 0, 255).astype(np.uint8)
    binary = noisy > 110
    for dtype in ("uint8", "float32"):
        for name, grey in (("photograph", photo), ("with noise", noisy)):
            image = grey.astype(dtype)
            images = _lowered(image), image
            _line(f"reconstruction of {name}, {dtype}", _reconstruct, peers.reconstruction, *images)
    path = spiral(SHAPE)
    seed = np.zeros_like(path)
    seed[0, 0] = 200
    cross = ndi.generate_binary_structure(2, 1)
    _line("reconstruction of a spiral, uint8",
          lambda s, m: morphology.reconstruction(s, m, connectivity=1),
          lambda s, m: peers.reconstruction(s, m, footprint=cross), seed, path)  # fmt: skip
    _line("fill_holes, bool", morphology.fill_holes, ndi.binary_fill_holes, binary)
    _line("clear_border, bool", morphology.clear_border, clear_border, binary)
    _line("fill_holes, uint8", morphology.fill_holes, _filled, noisy)
    _line("h_maxima 20, uint8", _high(morphology), _high(peers), photo)
    _line("local_maxima, uint8", morphology.local_maxima, peers.local_maxima, noisy)
    for image in (photo, photo.astype(np.float32), binary):
        _line(f"area_opening 64, {image.dtype}", _opened(morphology), _opened(peers), image)
    matched = functools.partial(morphology.hit_or_miss, present=cross)
    _line("hit_or_miss, bool", matched, ndi.binary_hit_or_miss, binary)


def _lowered(image: Any) -> Any:
    return np.maximum(image, 40) - image.dtype.type(40)


def _reconstruct(seed: Any, mask: Any) -> Any:
    return morphology.reconstruction(seed, mask)


def _high(library: Any) -> Callable[..., Any]:
    return lambda image: library.h_maxima(image, 20)


def _opened(library: Any) -> Callable[..., Any]:
    return lambda image: library.area_opening(image, 64)


def _filled(image: Any) -> Any:
    seed = image.copy()
    seed[1:-1, 1:-1] = image.max()
    return peers.reconstruction(seed, image, "erosion", footprint=ndi.generate_binary_structure(2, 1))


def _line(name: str, ours: Callable[..., Any], theirs: Callable[..., Any], *images: Any) -> None:
    """Time both and print a line."""
    parts = [np.ascontiguousarray(image[PART]) for image in images]
    found = measure.race(
        {"ours": lambda: ours(*images), "theirs": lambda: theirs(*parts)}, runs=RUNS, patience=PATIENCE
    )
    share = images[0].size / parts[0].size
    mine, other = found["ours"].fastest, found["theirs"].fastest * share
    print(f"{name:45} {1e3 * mine:8.1f} ms {other / mine:8.1f} times", flush=True)


if __name__ == "__main__":
    main()
