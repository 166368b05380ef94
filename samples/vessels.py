"""Vessels in an angiogram with an uneven ground and noise: found by ridges of several scales."""

import sys
from pathlib import Path

import numpy as np

import imfilter
from imfilter import io

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

# Four dark vessels that cross each other: half width, row at the left, slope, and length of a bend.
row, column = np.mgrid[:256, :384].astype(np.float32)
widths = np.zeros(row.shape, np.float32)
BENDS = (1.5, 30, 0.5, 70), (2.5, 120, 0.1, 45), (3.5, 200, -0.35, 60), (5, 60, 0.3, 80)
for half, height, slope, bend in BENDS:
    middle = height + slope * column + 14 * np.sin(column / bend * np.pi)
    steep = slope + 14 * np.pi / bend * np.cos(column / bend * np.pi)
    widths[np.abs(row - middle) < half * np.sqrt(1 + steep**2)] = half
vessels = widths > 0

# The picture: the ground is brighter in the middle, and the camera adds noise.
ground = 90 + 90 * np.exp(-(((row - 120) / 170) ** 2 + ((column - 200) / 200) ** 2))
dark = 40 * imfilter.gaussian(vessels.astype(np.float32), 0.8)
noise = np.random.default_rng(0).normal(0, 9, row.shape)
photo = np.rint(ground - dark + noise).clip(0, 255).astype(np.uint8)

response, sigma = imfilter.frangi(photo, (1.5, 2.5, 4.0), return_scale=True)
found = {"the picture": photo < imfilter.threshold.otsu(photo)}
found["frangi"] = response > imfilter.threshold.otsu(response)
for name, answer in found.items():
    print(
        f"otsu of {name}: {(answer & vessels).sum() / (answer | vessels).sum():.0%} overlap with the vessels"
    )
hit = found["frangi"] & vessels
for half in (1.5, 2.5, 3.5, 5):
    print(f"half width {half}: mean sigma {sigma[hit & (widths == half)].mean():.1f}")
pictures = [photo, *(np.where(answer, 255, 0) for answer in found.values())]
io.write(FOLDER / "vessels.png", io.Image(np.hstack(pictures).astype(np.uint8)))
