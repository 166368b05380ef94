"""The rows of `cases.py` that are not weighted sums of neighbours: ranks, edges, corners and colours."""

import cv2
import numpy as np
import scipy.ndimage as ndi
import skimage.color
import skimage.feature

from tests.peers.case import Case, described, ours, untyped
from tests.peers.libraries import CV_MIRROR, Peer


def rank_rows():
    types = ("float32", "uint8", "uint16")

    def scipy(function, *arguments):
        return Peer(
            lambda x, out, dtype: function(x, *arguments, output=dtype if out is None else out, mode="mirror")
        )

    for k in (3, 5, 7, 15, 31):
        # Its border is `edge`, and large windows support only bytes.
        opencv = Peer(
            lambda x, out, dtype, k=k: cv2.medianBlur(x, k, dst=out),
            margin=k // 2,
            types=None if k <= 5 else ("uint8",),
        )
        peers = {"OpenCV": opencv, "SciPy": scipy(ndi.median_filter, k)}
        yield Case(f"median {k}", ours("median", k), peers, 0.0, types, work=k * k, steps=0)
    for k in (3, 25, 101):
        square = cv2.getStructuringElement(cv2.MORPH_RECT, (k, k))
        peers = {
            "OpenCV": Peer(
                lambda x, out, dtype, square=square: cv2.erode(x, square, dst=out, borderType=CV_MIRROR)
            ),
            "SciPy": scipy(ndi.minimum_filter, k),
        }
        yield Case(f"minimum {k}", ours("minimum", k), peers, 0.0, types, steps=0)
    peers = {"SciPy": scipy(ndi.percentile_filter, 20, 7)}
    yield Case("percentile 20 of 7", ours("percentile", 20, 7), peers, 0.0, types, work=49, steps=0)
    peers = {"SciPy": scipy(ndi.median_filter, 3)}
    yield Case("median 3, 3-D", ours("median", 3), peers, 0.0, ("float32", "uint8"), ndim=3, steps=0)
    peers = {"SciPy": scipy(ndi.maximum_filter, 5)}
    yield Case("maximum 5, 3-D", ours("maximum", 5), peers, 0.0, ("float32", "uint8"), ndim=3, steps=0)


def edge_rows():
    for norm in ("l1", "l2"):
        peers = {
            "OpenCV": Peer(
                lambda x, out, dtype, norm=norm: cv2.Canny(x, 50, 150, edges=out, L2gradient=norm == "l2"),
                finish=lambda result, image: result != 0,
            )
        }
        call = untyped("canny", 50, 150, sigma=0, norm=norm)
        yield Case(f"canny {norm}", call, peers, 0.0, ("uint8->bool",), work=30, steps=0)
    for size, aperture in ((2, 3), (5, 5)):
        peers = {
            "OpenCV": Peer(
                lambda x, out, dtype, size=size, aperture=aperture: cv2.cornerHarris(
                    x, size, aperture, 0.04, dst=out
                )
            )
        }
        call = untyped("harris", size=size, aperture=aperture)
        # Images have values up to 255. Each of four factors is a derivative of at most 255 times 2 / size.
        yield Case(f"harris {size}, aperture {aperture}", call, peers, 255.0**3, ("float32",), work=60)
    peers = {
        "scikit-image": Peer(lambda x, out, dtype: skimage.feature.corner_harris(x, k=0.04, sigma=1.0)),
    }
    call = untyped("harris", window="gaussian", sigma=1.0, mode="zero")
    yield Case("harris, gaussian 1", call, peers, 8.0**4 * 255.0**3, ("float32",), work=60)
    peers = {"scikit-image": Peer(lambda x, out, dtype: skimage.feature.hog(x))}
    yield Case("hog", described("hog"), peers, 1e-2, ("float32",), work=60)
    # scikit-image adds votes in float32 for every type of image.
    yield Case("hog of bytes", described("hog"), peers, 1e3, ("uint8->float64",), work=60)
    peers = {"scikit-image": Peer(lambda x, out, dtype: skimage.feature.canny(x, 2.0, 25, 50))}
    call = untyped("canny", 25, 50, sigma=2.0, nms="interpolated", mode="zero")
    yield Case("canny interpolated 2", call, peers, 0.0, ("uint8->bool",), work=60, steps=0)


def color_rows():
    peers = {"OpenCV": Peer(lambda x, out, dtype: cv2.cvtColor(x, cv2.COLOR_RGB2GRAY, dst=out))}
    # OpenCV's weights for uint16 have 15 bits.
    for types, steps in ((("uint8", "float32"), 0), (("uint16",), 2)):
        name = "rgb_to_gray" + (" 16" if types == ("uint16",) else "")
        yield Case(name, ours("color.rgb_to_gray"), peers, 1.0, types, rgb=True, steps=steps)
    peers = {
        # OpenCV would convert bytes to bytes, so it gets floats. Their conversion is not timed. The tolerance
        # is for the errors of its tables, of half a unit.
        "OpenCV": Peer(
            lambda x, out, dtype: cv2.cvtColor(x, cv2.COLOR_RGB2Lab, dst=out),
            prepare=lambda x: (x / 255).astype(np.float32),
        ),
        "scikit-image": Peer(lambda x, out, dtype: skimage.color.rgb2lab(x)),
    }
    types = ("uint8->float32",)
    yield Case("rgb_to_lab", ours("color.rgb_to_lab"), peers, 500.0, types, rgb=True, work=20)
