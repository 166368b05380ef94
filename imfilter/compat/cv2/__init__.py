"""The filters of OpenCV, by their names, arguments and results.

Integer results are the same in every sample. Floats differ by at most 1e-5 times the largest term of their
sum. The results are those of OpenCV 4.12 and 5.0. Images are plain arrays of rows and columns, with up to
four channels: uint8, uint16, int16, float32 or float64, as the function in OpenCV has them.

These calls run in OpenCV:

- Integer results of floats, and integer results whose exact value may be near a half. OpenCV rounds them in
  float32, and the order of its sums depends on the processor. Means over boxes and kernels of whole numbers,
  or of fractions of a power of two, are not among them.
- Boxes of even area that is not a power of two, and large boxes of 16 bits, for the same reason.
- `adaptiveThreshold` with Gaussian means, `bilateralFilter` of bytes, and `resize` of integers, except by the
  nearest sample or the means of whole cells.
- `matchTemplate` with norms, masks or channels. Its norms depend on the last bit where a window is nearly
  constant. So do the eigenvectors of `cornerEigenValsAndVecs`, which always runs in OpenCV.
- `cornerHarris` of even blocks, if the border is repeated or constant.
- Kernels of `filter2D` that are longer than the image, `morphologyEx` with ``MORPH_HITMISS``, thresholds by
  triangles, and a `borderValue` that depends on the channel or is not a value of the image's type.
- Samples that are not finite, except in `threshold`, and NaN.
- Other types, and arguments that OpenCV refuses.
"""

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
from imfilter.compat.cv2.smoothing import GaussianBlur, bilateralFilter, blur, boxFilter, sqrBoxFilter
from imfilter.compat.cv2.thresholds import adaptiveThreshold, threshold

__all__ = [
    "Canny",
    "GaussianBlur",
    "Laplacian",
    "Scharr",
    "Sobel",
    "adaptiveThreshold",
    "bilateralFilter",
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
