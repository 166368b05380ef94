"""Roughness of a terrain: a function of your own that a steep slope does not mislead."""

import sys
from pathlib import Path

import numpy as np

import imfilter
from imfilter import io

SIZE = 9


def roughness(heights, size):
    """Return the standard deviation of the heights from the plane that fits them best."""
    square, down, right, middle = 0.0, 0.0, 0.0, heights.mean()
    for i, height in enumerate(heights):
        square += (height - middle) ** 2
        down += height * (i // size - size // 2)
        right += height * (i % size - size // 2)
    explained = (down**2 + right**2) * 12 / (size**2 * (size**2 - 1))  # by the plane
    return np.sqrt(np.maximum(square - explained, 0.0) / size**2)


# Heights in metres: a level half and a slope below it, and rocks at the right.
row, column = np.mgrid[:200, :300]
hills, rocks = np.random.default_rng(1).normal(size=(2, 200, 300))
terrain = 300 + 4.0 * np.maximum(row - 100, 0) + imfilter.gaussian(hills, 12) * 100
terrain += np.where(column >= 150, 2.0, 0.05) * rocks
spread, rough = imfilter.local_std(terrain, SIZE), imfilter.generic(terrain, roughness, SIZE, args=(SIZE,))
for name, found in (("local_std", spread), ("roughness", rough)):
    smooth, level = found[120:180, 20:130].mean(), found[20:80, 170:280].mean()
    print(f"{name}: {smooth:.2f} m on the smooth slope, {level:.2f} m on level rocks")
spot, y, x = (a[146:155, 216:225].ravel() for a in (terrain, row, column))
plane = np.c_[y, x, y * 0 + 1]
residual = spot - plane @ np.linalg.lstsq(plane, spot)[0]
print(f"one spot: {spread[150, 220]:.6f}, {rough[150, 220]:.6f}")
print(f"by NumPy: {spot.std():.6f}, {residual.std():.6f}")
pictures = (np.hstack([spread, 3 * rough]) * 20).clip(0, 255).astype(np.uint8)
io.write(Path(*sys.argv[1:2]) / "roughness.png", io.Image(pictures))
