"""The rows of `cases.py` for resizing and for templates."""

import cv2
import numpy as np
import skimage.feature

from tests.peers.case import Case, ours
from tests.peers.libraries import Peer

_INTERPOLATIONS = {"area": cv2.INTER_AREA, "linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC}


def resize_rows():
    types = ("float32", "uint8", "uint16")
    for method, scale in (("area", 0.5), ("area", 0.4), ("linear", 0.4), ("linear", 2.0), ("cubic", 2.0)):

        def resized(x, out, dtype, method=method, scale=scale):
            rows, columns = (max(1, round(n * scale)) for n in x.shape)
            return cv2.resize(x, (columns, rows), dst=out, interpolation=_INTERPOLATIONS[method])

        call = ours("resize", scale=scale, method=method, antialias=False, cubic=-0.75)
        # OpenCV rounds the weights of bytes to 11 bits, and positions to float32.
        peers = {"OpenCV": Peer(resized, steps=2)}
        work = max(1, round(6 * scale * scale))
        yield Case(f"resize {scale}, {method}", call, peers, 40.0, types, work=work, steps=2)


def template_rows():
    template = np.random.default_rng(64).random((64, 64)).astype(np.float32)

    def matched(x, out, dtype):
        return cv2.matchTemplate(x, template, cv2.TM_CCOEFF_NORMED)

    def of_skimage(x, out, dtype):
        return skimage.feature.match_template(x, template)

    peers = {"OpenCV": Peer(matched), "scikit-image": Peer(of_skimage)}
    call = ours("match_template", template, padding="valid")
    yield Case("match_template 64x64", call, peers, 5.0, ("float32",), work=400)
