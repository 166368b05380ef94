"""The rows of `cases.py` for morphology. All results are exact."""

import cv2
import numpy as np
import scipy.ndimage as ndi

from imfilter import morphology
from tests.peers.case import Case, ours
from tests.peers.libraries import Peer

TYPES = ("uint8", "uint16", "float32")
#: The codes of OpenCV.
CODES = {
    "opening": cv2.MORPH_OPEN,
    "closing": cv2.MORPH_CLOSE,
    "gradient": cv2.MORPH_GRADIENT,
    "white_tophat": cv2.MORPH_TOPHAT,
    "black_tophat": cv2.MORPH_BLACKHAT,
    "erosion": cv2.MORPH_ERODE,
}


def cv_morphology(name, element):
    """OpenCV's filter, whose default border is absent too. Truth values are bytes there."""
    kernel = np.asarray(element).astype(np.uint8)

    def call(x, out, dtype):
        out = out.view(np.uint8) if out is not None and out.dtype == bool else out
        return cv2.morphologyEx(x, CODES[name], kernel, dst=out)

    return Peer(
        call,
        prepare=lambda x: x.view(np.uint8) if x.dtype == bool else x,
        finish=lambda result, image: result.view(image.dtype),
    )


def ndi_erosion(element):
    """SciPy's erosion. Its border is not absent."""
    footprint = np.asarray(element) != 0

    def call(x, out, dtype):
        if x.dtype == bool:
            return ndi.binary_erosion(x, footprint, output=out, border_value=1)
        return ndi.grey_erosion(x, footprint=footprint, output=out)

    return Peer(call, margin=max(footprint.shape) // 2)


def morphology_rows():
    for radius in (1, 3, 5, 10, 15, 31):
        element = morphology.disk(radius)
        peers = {"OpenCV": cv_morphology("erosion", element)}
        if radius <= 5:
            peers["SciPy"] = ndi_erosion(element)
        types = (*TYPES, "bool") if radius <= 15 else TYPES
        yield row("erosion", f"disk {radius}", element, peers, types)
    for angle in (0, 15, 30, 45, 75, 90):
        element = morphology.line(31, angle)
        peers = {"OpenCV": cv_morphology("erosion", element)}
        yield row("erosion", f"line 31 at {angle}", element, peers)
    element = morphology.rectangle(25)
    yield row("erosion", "rectangle 25", element, {"OpenCV": cv_morphology("erosion", element)})
    element = morphology.disk(5)
    for name in ("opening", "closing", "gradient", "white_tophat", "black_tophat"):
        yield row(name, "disk 5", element, {"OpenCV": cv_morphology(name, element)})
    for radius in (3, 7):
        element = morphology.ball(radius)
        yield row("erosion", f"ball {radius}", element, {"SciPy": ndi_erosion(element)}, ndim=3)


def row(name, text, element, peers, types=TYPES, ndim=2):
    call = ours(f"morphology.{name}", element)
    work = int(np.count_nonzero(element))
    return Case(f"{name} {text}, morphology", call, peers, 0.0, types, ndim=ndim, work=work, steps=0)
