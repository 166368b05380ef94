"""The filters of OpenCV, by their names, arguments and results."""

try:
    import cv2  # noqa: F401  # the modules below need it
except ImportError:
    raise ModuleNotFoundError(
        "imfilter.compat.cv2 needs OpenCV: python -m pip install opencv-python"
    ) from None

from imfilter.compat.cv2.derivatives import Laplacian, Scharr, Sobel
from imfilter.compat.cv2.kernels import filter2D, getGaborKernel, sepFilter2D
from imfilter.compat.cv2.ranks import dilate, erode, getStructuringElement, medianBlur, morphologyEx
from imfilter.compat.cv2.smoothing import GaussianBlur, blur, boxFilter, sqrBoxFilter
from imfilter.compat.cv2.thresholds import adaptiveThreshold, threshold

__all__ = [
    "GaussianBlur",
    "Laplacian",
    "Scharr",
    "Sobel",
    "adaptiveThreshold",
    "blur",
    "boxFilter",
    "dilate",
    "erode",
    "filter2D",
    "getGaborKernel",
    "getStructuringElement",
    "medianBlur",
    "morphologyEx",
    "sepFilter2D",
    "sqrBoxFilter",
    "threshold",
]
