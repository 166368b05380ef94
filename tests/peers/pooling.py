"""The rows of `cases.py` for pooling, with windows that other libraries support."""

import cv2
import numpy as np
import scipy.ndimage as ndi
import skimage.measure

from tests.peers.case import Case, ours
from tests.peers.libraries import Peer, rounded


def pool_rows():
    types = ("float32", "uint8", "uint16")
    for k in (2, 3, 8):
        # The other libraries use only full windows, or pad the last windows.
        def whole(x, k=k):
            return x[tuple(slice(n // k * k) for n in x.shape)]

        def blocks(function, whole=whole, k=k):
            return Peer(
                lambda x, out, dtype: skimage.measure.block_reduce(whole(x), k, function), finish=rounded
            )

        def smaller(x, out, dtype, whole=whole, k=k):
            columns, rows = (n // k for n in x.shape[::-1])
            return cv2.resize(whole(x), (columns, rows), dst=out, interpolation=cv2.INTER_AREA)

        peers = {"scikit-image": blocks(np.max)}
        yield Case(f"max_pool {k}", ours("max_pool", k), peers, 0.0, types, work=k * k, steps=0)
        # OpenCV rounds halves up in windows of 2x2.
        peers = {"OpenCV": Peer(smaller, steps=1), "scikit-image": blocks(np.mean)}
        yield Case(f"avg_pool {k}", ours("avg_pool", k), peers, 1.0, types, work=k * k, steps=0)
    # The other libraries compute all windows. Take every second one.
    peers = {
        "SciPy": Peer(lambda x, out, dtype: ndi.maximum_filter(x, 3)[1:-1:2, 1:-1:2]),
        "OpenCV": Peer(lambda x, out, dtype: cv2.dilate(x, np.ones((3, 3)))[1:-1:2, 1:-1:2]),
    }
    yield Case("max_pool 3, stride 2", ours("max_pool", 3, stride=2), peers, 0.0, types, work=9, steps=0)
    peers = {
        "scikit-image": Peer(
            lambda x, out, dtype: skimage.measure.block_reduce(
                x[tuple(slice(n // 2 * 2) for n in x.shape)], 2, np.max
            )
        )
    }
    yield Case("max_pool 2, 3-D", ours("max_pool", 2), peers, 0.0, ("float32", "uint8"), ndim=3, steps=0)
