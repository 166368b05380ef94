"""OpenCV's functions, which are built in, replaced and brought back; and OpenCV that is not installed."""

import subprocess
import sys

import cv2
import numpy as np
import pytest

import imfilter
import imfilter.compat.cv2 as ours
from imfilter._compat import record
from imfilter._compat.patching import FASTER_THERE

FUNCTIONS = {name: getattr(cv2, name) for name in ours.__all__ if name not in FASTER_THERE["cv2"]}


def test_functions_are_replaced_and_return():
    array = np.random.default_rng(0).integers(0, 256, (40, 50)).astype(np.uint8)
    expected = cv2.GaussianBlur(array, (5, 5), 1.5)
    with imfilter.patch("cv2", smallest=0):
        assert not any(getattr(cv2, name) is function for name, function in FUNCTIONS.items())
        before = record.entry("cv2.GaussianBlur").here
        np.testing.assert_array_equal(cv2.GaussianBlur(array, (5, 5), 1.5), expected)
        assert record.entry("cv2.GaussianBlur").here == before + 1
        with pytest.raises(cv2.error, match="ksize"):
            cv2.GaussianBlur(array, (4, 4), 1.5)
    assert all(getattr(cv2, name) is function for name, function in FUNCTIONS.items())


def test_small_images_run_in_opencv():
    with imfilter.patch("cv2"):
        before = record.entry("cv2.blur").reasons[record.SMALL]
        cv2.blur(np.ones((5, 5), np.uint8), (3, 3))
        assert record.entry("cv2.blur").reasons[record.SMALL] == before + 1
        assert cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)).sum() == 5


def test_names_and_positions_of_arguments():
    array = np.random.default_rng(1).integers(0, 256, (30, 20)).astype(np.uint8)
    out = np.empty_like(array)
    found = ours.boxFilter(src=array, ddepth=-1, ksize=(3, 5), dst=out, anchor=(0, 1), borderType=1)
    assert found is out
    np.testing.assert_array_equal(found, cv2.boxFilter(array, -1, (3, 5), None, (0, 1), True, 1))


def test_arguments_that_opencv_refuses():
    for call in (
        lambda module: module.blur(np.ones((5, 5), np.uint8), 3),
        lambda module: module.blur(np.ones((5, 5), np.complex64), (3, 3)),
        lambda module: module.medianBlur(np.ones((5, 5), np.uint8), 4),
        lambda module: module.Sobel(np.ones((5, 5), np.uint8), -1, 0, 0),
        lambda module: module.blur(np.ones((0, 5), np.uint8), (3, 3)),
        lambda module: module.Sobel(np.ones((5, 5), np.uint8), -1, True, 0),
        lambda module: module.Sobel(np.ones((5, 5), np.uint8), -1, 1, 0, scale=True),
        lambda module: module.Laplacian(np.ones((5, 5), np.uint8), -1, ksize=True),
        lambda module: module.blur(np.ones((5, 5), np.uint8), (True, 3)),
        lambda module: module.blur(np.ones((5, 5), np.uint8), (3, 3), borderType=True),
        lambda module: module.GaussianBlur(np.ones((5, 5), np.uint8), (3, 3), True),
        lambda module: module.erode(np.ones((5, 5), np.uint8), None, iterations=True),
        lambda module: module.Canny(np.ones((5, 5), np.uint8), 1, 2, apertureSize=True),
        lambda module: module.Canny(np.ones((5, 5), np.uint8), True, 2),
        lambda module: module.cornerHarris(np.ones((5, 5), np.uint8), True, 3, 0.04),
        lambda module: module.threshold(np.ones((5, 5), np.uint8), 3, 9, True),
        lambda module: module.threshold(np.ones((5, 5), np.uint8), True, 9, 0),
        lambda module: module.adaptiveThreshold(np.ones((5, 5), np.uint8), True, 0, 0, 3, 1),
        lambda module: module.matchTemplate(np.ones((5, 5), np.uint8), np.ones((3, 3), np.uint8), True),
        lambda module: module.resize(np.ones((5, 5), np.uint8), (3, 3), interpolation=True),
        lambda module: module.bilateralFilter(np.ones((5, 5), np.uint8), True, 3, 3),
        lambda module: module.bilateralFilter(np.ones((5, 5), np.uint8), 3, True, 3),
    ):
        with pytest.raises(cv2.error) as theirs:
            call(cv2)
        with pytest.raises(cv2.error) as found:
            call(ours)
        assert str(found.value) == str(theirs.value)


@pytest.mark.parametrize("dtype", [bool, np.float16, np.uint32])
def test_laplacians_that_would_damage_memory(dtype):
    """OpenCV 5.0 writes beyond its memory for these types, and does not always end."""
    for ksize in (1, 3):
        with pytest.raises(cv2.error, match=f"got an image of {np.dtype(dtype).name}"):
            ours.Laplacian(np.ones((30, 30), dtype), -1, ksize=ksize)
        with pytest.raises(cv2.error, match="got ddepth 12"):
            ours.Laplacian(np.ones((30, 30), np.uint8), 12, ksize=ksize)


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - {"getStructuringElement", "getGaborKernel"}))
def test_uint32_is_refused_or_answered_by_opencv(name):
    """No other function of OpenCV 5.0 damages memory: each has its own error for uint32."""
    array, square = np.ones((30, 30), np.uint32), np.ones((3, 3))
    args = {
        "Canny": (1, 2), "GaussianBlur": ((3, 3), 1), "Scharr": (-1, 1, 0), "Sobel": (-1, 1, 0),
        "Laplacian": (-1,), "adaptiveThreshold": (9, 0, 0, 3, 1), "bilateralFilter": (5, 9, 9),
        "blur": ((3, 3),), "boxFilter": (-1, (3, 3)), "cornerEigenValsAndVecs": (3, 3),
        "cornerHarris": (3, 3, 0.04), "cornerMinEigenVal": (3,), "dilate": (None,), "erode": (None,),
        "filter2D": (-1, square), "integral": (), "medianBlur": (3,),
        "matchTemplate": (array[:3, :3], 4), "morphologyEx": (2, None),
        "sepFilter2D": (-1, square[0], square[0]), "sqrBoxFilter": (-1, (3, 3)),
    }  # fmt: skip
    with pytest.raises(cv2.error):
        getattr(ours, name)(array, *args[name])


def test_without_opencv():
    code = (
        "import sys; sys.modules['cv2'] = None\n"
        "try:\n    import imfilter.compat.cv2\n"
        "except ModuleNotFoundError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "imfilter.compat.cv2 needs OpenCV: python -m pip install opencv-python"
