"""Holes of a depth map and an organ in a volume: derivatives and means of what is known."""

import sys
from pathlib import Path

import numpy as np

import imfilter
from imfilter import io

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
rng = np.random.default_rng(5)

# A depth map: two balls before a wall. The camera gives 0 where it measures nothing.
y, x = np.mgrid[:200, :200]
depth = 2000.0 + x
for row, column, radius in ((90, 70, 45), (130, 150, 35)):
    far = radius**2 - (y - row) ** 2 - (x - column) ** 2
    depth = np.where(far > 0, 1700 - 4 * np.sqrt(np.maximum(far, 0)), depth)
measured = imfilter.gaussian(rng.normal(size=depth.shape), 3) < 0.13
measured[60:140, 112:118] = False
raw = np.where(measured, depth + rng.normal(size=depth.shape), 0)
naive, edges = imfilter.sobel(raw, normalize=True), imfilter.sobel(raw, normalize=True, mask=measured)
filled = imfilter.fill(raw, 2.0, mask=measured)
panels = np.hstack([(raw - 1400) / 3.2, naive * 2, edges * 2, (filled - 1400) / 3.2])
io.write(FOLDER / "depth_holes.png", io.Image(np.nan_to_num(panels).clip(0, 255).astype(np.uint8)))
print(f"depth: largest slope {np.nanmax(edges):.0f} with the mask, {naive.max():.0f} without it")

# An organ of brightness 100 in a volume, beside bone of 255 and air of 0.
z, y, x = np.mgrid[-16:16, -60:60, -60:60]
organ = (z / 14) ** 2 + (y / 45) ** 2 + (x / 30) ** 2 < 1
lesion = (z / 6) ** 2 + ((y - 12) / 9) ** 2 + ((x + 8) / 9) ** 2 < 1
volume = np.where(lesion, 140, np.where(organ, 100, np.where(x > 20, 255, 0))).astype(float)
volume += rng.normal(size=volume.shape) * 40
smooth, inside = imfilter.gaussian(volume, 3), imfilter.gaussian(volume, 3, mask=organ)
panels = np.hstack([organ[16] * 255, volume[16], smooth[16], np.where(organ, inside, 0)[16]])
io.write(FOLDER / "organ.png", io.Image(panels.clip(0, 255).astype(np.uint8)))
rim = organ & ~lesion
print(f"organ: off by {np.abs(smooth - 100)[rim].mean():.0f} without the mask, ", end="")
print(f"by {np.abs(inside - 100)[rim].mean():.0f} with it")
