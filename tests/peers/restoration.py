"""The rows of `cases.py` for pyramids, frequencies, deconvolution, background and contrast."""

import cv2
import numpy as np
import skimage.filters
import skimage.restoration

import imfilter
from tests.peers.case import Case, ours
from tests.peers.libraries import CV_MIRROR, Peer


def as_double(image):
    """Samples in float64: scikit-image computes with the type of the image."""
    return image.astype(np.float64)


def halved(image, out=None, dtype=None, workers=None):
    """The next level of a pyramid."""
    found = imfilter.pyramid(image, 1, workers=workers)[1]
    if out is None:
        return found
    np.copyto(out, found)
    return out


def pyramid_rows():
    # OpenCV rounds halves up.
    peers = {"OpenCV": Peer(lambda x, out, dtype: cv2.pyrDown(x, dst=out, borderType=CV_MIRROR))}
    yield Case("pyramid, one level", halved, peers, 1.0, ("float32", "uint8", "uint16"), work=8)


def frequency_rows():
    def low(x, out, dtype):
        return skimage.filters.butterworth(x, 0.1, high_pass=False)

    peers = {"scikit-image": Peer(low, prepare=as_double)}
    call = ours("butterworth", 0.1, mode="wrap")
    yield Case("butterworth 0.1", call, peers, 2.0, ("float32", "uint8->float32"), work=20)


def deconvolution_rows():
    bell = imfilter.weights.gaussian(1.0, radius=3)
    kernel = np.outer(bell, bell)

    def wiener(x, out, dtype):
        return skimage.restoration.wiener(x, kernel, 0.1, clip=False)

    def lucy(x, out, dtype):
        return skimage.restoration.richardson_lucy(x, kernel, 3, clip=False)

    types = ("float32", "uint8->float32")
    peers = {"scikit-image": Peer(wiener, prepare=as_double)}
    call = ours("wiener", kernel, balance=0.1, mode="wrap")
    yield Case("wiener 7x7", call, peers, 8.0, types, work=40)
    # Each iteration reaches 6 samples. The other library divides by 0.5 in the first one, not by a mean.
    peers = {"scikit-image": Peer(lucy, prepare=as_double, margin=20)}
    call = ours("richardson_lucy", kernel, 3, mode="zero")
    yield Case("richardson_lucy 7x7", call, peers, 8.0, types, work=150)


def background_rows():
    def ball(x, out, dtype):
        return skimage.restoration.rolling_ball(x, radius=6)

    peers = {"scikit-image": Peer(ball)}
    call = ours("rolling_ball", 6, method="erosion")
    yield Case("rolling_ball 6", call, peers, 2.0, ("float32",), work=113)


def whole_tiles(image):
    """The part of an image that has 8 tiles of equal size along each axis. OpenCV pads others."""
    rows, columns = (n // 8 * 8 for n in image.shape)
    return np.ascontiguousarray(image[:rows, :columns])


def contrast_rows():
    def equalised(x, out, dtype):
        return cv2.createCLAHE(2.0, (8, 8)).apply(x, out)

    def call(image, out=None, dtype=None, workers=None):
        return imfilter.clahe(whole_tiles(image), out=out, dtype=dtype, workers=workers)

    peers = {"OpenCV": Peer(equalised, prepare=whole_tiles, steps=0)}
    yield Case("clahe", call, peers, 1.0, ("uint8",), work=8)
