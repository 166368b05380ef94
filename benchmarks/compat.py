"""Calls through `imfilter.compat` and the direct calls of the same filters: `python -m benchmarks.compat`.

Images have 3840x2160 samples, and results go to memory that is allocated before. Both calls take turns in one
process. Each line has the least processor time of both, and how much longer the call through `compat` takes.
`--small` takes a call of each function (`compat_rows`) for an image of 24x24 samples, where the translation
of the arguments is most of the time.
`taskset -c 0` gives both one thread. `--originals` times functions of scikit-image and those here,
for a photograph of 512x512 samples.

Filters of integers that are sums are not here: SciPy and OpenCV truncate or round them in their own way, so
another arithmetic computes them.
"""

import argparse
import functools
import importlib
import time
from collections.abc import Callable, Iterator

import cv2
import numpy as np

import imfilter
from imfilter import morphology
from imfilter.compat import cv2 as cv
from imfilter.compat import ndimage as ndi
from tests import photos

from . import compat_rows, measure

SHAPE = (2160, 3840)
#: A part of the photograph with edges, for small images.
_PART = slice(100, 124), slice(200, 224)
_Call = Callable[[], object]
_SQUARE = np.ones((5, 5), np.uint8)


def pairs(image: np.ndarray) -> Iterator[tuple[str, _Call, _Call]]:
    """Yield the name of a filter, the call through `compat` and the direct one."""
    out = np.empty_like(image)
    direct = functools.partial(functools.partial, out=out, mode="symmetric")
    scipy = functools.partial(functools.partial, output=out)
    element = _SQUARE.astype(bool)
    yield "ndimage.median_filter 3", scipy(ndi.median_filter, image, 3), direct(imfilter.median, image, 3)
    yield "ndimage.median_filter 5", scipy(ndi.median_filter, image, 5), direct(imfilter.median, image, 5)
    yield "ndimage.maximum_filter 5", scipy(ndi.maximum_filter, image, 5), direct(imfilter.maximum, image, 5)
    yield (
        "ndimage.grey_erosion 5",
        scipy(ndi.grey_erosion, image, 5),
        direct(morphology.erosion, image, element),
    )
    yield (
        "ndimage.morphological_gradient 5",
        scipy(ndi.morphological_gradient, image, 5),
        direct(morphology.gradient, image, element),
    )
    edge = functools.partial(functools.partial, out=out, mode="edge")
    mirror = functools.partial(functools.partial, out=out, mode="mirror")
    yield "cv2.medianBlur 5", functools.partial(cv.medianBlur, image, 5, out), edge(imfilter.median, image, 5)
    yield (
        "cv2.erode 5",
        functools.partial(cv.erode, image, _SQUARE, out),
        functools.partial(morphology.erosion, image, element, out=out, mode="shrink"),
    )
    if image.dtype.kind != "f":
        return
    kernel = np.random.default_rng(0).random((5, 5)) - 0.4
    yield (
        "ndimage.gaussian_filter 2",
        scipy(ndi.gaussian_filter, image, 2),
        direct(imfilter.gaussian, image, 2),
    )
    yield "ndimage.uniform_filter 5", scipy(ndi.uniform_filter, image, 5), direct(imfilter.box, image, 5)
    yield (
        "ndimage.correlate 5x5",
        scipy(ndi.correlate, image, kernel),
        direct(imfilter.correlate, image, kernel),
    )
    yield "ndimage.sobel", scipy(ndi.sobel, image, 1), direct(imfilter.sobel, image, axis=1)
    yield (
        "ndimage.gaussian_laplace 2",
        scipy(ndi.gaussian_laplace, image, 2),
        direct(imfilter.laplacian_of_gaussian, image, 2),
    )
    yield (
        "ndimage.gaussian_gradient_magnitude 2",
        scipy(ndi.gaussian_gradient_magnitude, image, 2),
        direct(imfilter.gaussian_gradient_magnitude, image, 2),
    )
    yield "cv2.blur 5", functools.partial(cv.blur, image, (5, 5), out), mirror(imfilter.box, image, 5)
    yield (
        "cv2.GaussianBlur 9, 1.5",
        functools.partial(cv.GaussianBlur, image, (9, 9), 1.5, out),
        mirror(imfilter.gaussian, image, 1.5, radius=4),
    )
    yield (
        "cv2.filter2D 5x5",
        functools.partial(cv.filter2D, image, -1, kernel, out),
        mirror(imfilter.correlate, image, kernel),
    )
    yield (
        "cv2.Sobel",
        functools.partial(cv.Sobel, image, cv2.CV_32F, 1, 0, out),
        mirror(imfilter.sobel, image, axis=1),
    )


def small(grey: np.ndarray, words: list[str], runs: int) -> None:
    """Print the time of each direct call of a small image, and how much longer the call of `compat` takes."""
    for name, (through, direct) in compat_rows.rows(grey).items():
        if any(word in name for word in words):
            found = measure.race(
                {"through": through, "direct": direct}, runs=runs, patience=60, clock=time.thread_time
            )
            ours, other = found["through"].fastest, found["direct"].fastest
            print(f"{name}: {other * 1e6:.1f} us, {(ours - other) * 1e6:+.1f} us")


def originals(grey: np.ndarray, words: list[str], runs: int) -> None:
    """Print the times of functions of scikit-image, and of those here."""
    colours = photos.photo("astronaut").copy()
    calls: dict[str, tuple] = {
        "filters.gaussian": (grey, 2.0),
        "filters.sobel": (grey,),
        "filters.sato": (grey,),
        "filters.frangi": (grey,),
        "filters.meijering": (grey,),
        "filters.gabor": (grey / 255, 0.1),
        "filters.threshold_otsu": (grey,),
        "filters.unsharp_mask": (grey, 2.0),
        "morphology.erosion": (grey, np.ones((5, 5), np.uint8)),
        "morphology.h_maxima": (grey, 20),
        "morphology.local_maxima": (grey,),
        "morphology.area_opening": (grey,),
        "morphology.skeletonize": (grey > 120,),
        "feature.canny": (grey, 2.0),
        "feature.corner_harris": (grey,),
        "feature.peak_local_max": (grey, 5),
        "feature.structure_tensor": (grey,),
        "feature.hog": (grey,),
        "feature.match_template": (grey, grey[100:140, 200:250]),
        "feature.blob_dog": (grey, 1, 10),
        "feature.blob_doh": (grey, 1, 10),
        "restoration.rolling_ball": (grey,),
        "restoration.wiener": (grey, np.full((5, 5), 0.04), 0.1),
        "restoration.richardson_lucy": (grey / 255, np.full((5, 5), 0.04), 10),
        "transform.resize": (grey, (200, 300)),
        "transform.rescale": (grey, 2.5),
        "transform.pyramid_reduce": (grey,),
        "transform.pyramid_expand": (grey,),
        "color.rgb2gray": (colours,),
        "color.rgb2lab": (colours,),
    }
    options = {"restoration.rolling_ball": {"radius": 20}}
    for name, args in calls.items():
        if not any(word in name for word in words):
            continue
        module, _, function = name.partition(".")
        contestants = {
            package: functools.partial(
                getattr(importlib.import_module(f"{package}.{module}"), function),
                *args,
                **options.get(name, {}),
            )
            for package in ("skimage", "imfilter.compat.skimage")
        }
        found = measure.race(contestants, runs=runs, patience=60, clock=time.process_time)
        theirs, ours = (found[key].fastest for key in contestants)
        print(f"{name}: {theirs * 1e3:.2f} ms there, {ours * 1e3:.2f} ms here, {theirs / ours:.1f}")


def main() -> None:
    """Print a line for each filter and type."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--small", action="store_true", help="all functions, images of 24x24 samples")
    parser.add_argument("--runs", type=int, default=25, help="runs of each call, default 25")
    parser.add_argument("--rows", nargs="+", default=[""], help="only filters whose name contains a word")
    parser.add_argument("--originals", action="store_true", help="scikit-image and the functions here")
    given = parser.parse_args()
    if given.originals:
        originals(photos.photo("camera").copy(), given.rows, given.runs)
        return
    grey = photos.photo("camera")
    if given.small:
        small(np.ascontiguousarray(grey[_PART]), given.rows, given.runs)
        return
    tiled = np.tile(grey, [-(-n // m) for n, m in zip(SHAPE, grey.shape, strict=True)])
    tiled = np.ascontiguousarray(tiled[: SHAPE[0], : SHAPE[1]])
    for kind in ("uint8", "float32"):
        for name, through, direct in pairs(photos.as_type(tiled, kind)):
            if not any(word in name for word in given.rows):
                continue
            calls = {"through": through, "direct": direct}
            found = measure.race(calls, runs=given.runs, patience=60, clock=time.process_time)
            ours, other = (found[key].fastest for key in calls)
            print(f"{name}, {kind}: {other * 1e3:.2f} ms, {(ours / other - 1) * 100:+.1f} %")


if __name__ == "__main__":
    main()
