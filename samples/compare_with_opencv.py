"""The same filters in OpenCV: how to name them alike, and how far apart the results are."""

import sys
from pathlib import Path

import cv2
import numpy as np

import imfilter
from imfilter import io

HERE = Path(__file__).parent
FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

coins = io.read(HERE / "coins.png").pixels
border = cv2.BORDER_REFLECT_101  # OpenCV's default is called "mirror" here, and is the default too
gx, gy = (cv2.Sobel(coins, cv2.CV_32F, dx, 1 - dx, ksize=3, borderType=border) for dx in (1, 0))
kernel = np.random.default_rng(0).normal(size=(7, 7)).astype(np.float32)
pairs = {
    "sobel": (imfilter.sobel(coins), cv2.magnitude(gx, gy)),
    "scharr, x": (imfilter.scharr(coins, axis=1), cv2.Scharr(coins, cv2.CV_32F, 1, 0)),
    "laplacian": (imfilter.laplacian(coins), cv2.Laplacian(coins, cv2.CV_32F, ksize=1)),
    "7x7 kernel": (imfilter.correlate(coins, kernel), cv2.filter2D(coins, cv2.CV_32F, kernel)),
    "5x5 box": (imfilter.box(coins, 5), cv2.blur(coins, (5, 5))),
    "gaussian": (imfilter.gaussian(coins, 2.0, radius=8), cv2.GaussianBlur(coins, (17, 17), 2.0)),
}
lines = []
for name, (ours, theirs) in pairs.items():
    difference = np.abs(np.subtract(ours, theirs, dtype=float)).max()
    lines.append(f"{name:12} {ours.dtype!s:8} differ by at most {difference:.2g}")
print("\n".join(lines))
(FOLDER / "compare_with_opencv.txt").write_text("\n".join(lines) + "\n")
