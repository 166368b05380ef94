"""The filters of OpenCV, by their names, arguments and results."""

try:
    import cv2  # noqa: F401  # the modules below need it
except ImportError:
    raise ModuleNotFoundError(
        "imfilter.compat.cv2 needs OpenCV: python -m pip install opencv-python"
    ) from None

from imfilter.compat.cv2.derivatives import Laplacian, Scharr, Sobel
from imfilter.compat.cv2.edges import Canny, cornerEigenValsAndVecs, cornerHarris, cornerMinEigenVal
from imfilter.compat.cv2.kernels import filter2D, getGaborKernel, sepFilter2D
from imfilter.compat.cv2.matching import integral, matchTemplate
from imfilter.compat.cv2.ranks import dilate, erode, getStructuringElement, medianBlur, morphologyEx
from imfilter.compat.cv2.resampling import pyrDown, pyrUp, resize
from imfilter.compat.cv2.smoothing import GaussianBlur, blur, boxFilter, sqrBoxFilter
from imfilter.compat.cv2.thresholds import adaptiveThreshold, threshold

__all__ = [
    "Canny",
    "GaussianBlur",
    "Laplacian",
    "Scharr",
    "Sobel",
    "adaptiveThreshold",
    "blur",
    "boxFilter",
    "cornerEigenValsAndVecs",
    "cornerHarris",
    "cornerMinEigenVal",
    "dilate",
    "erode",
    "filter2D",
    "getGaborKernel",
    "getStructuringElement",
    "integral",
    "matchTemplate",
    "medianBlur",
    "morphologyEx",
    "pyrDown",
    "pyrUp",
    "resize",
    "sepFilter2D",
    "sqrBoxFilter",
    "threshold",
]
