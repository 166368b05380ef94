"""A volume: every axis is spatial, and `spacing` gives gradients in physical units."""

import sys
from pathlib import Path

import numpy as np

import imfilter
from imfilter import io

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
SPACING = (2.5, 0.8, 0.8)  # millimetres between slices, rows and columns, as in many scans

z, y, x = (np.arange(n) * step for n, step in zip((32, 100, 100), SPACING, strict=True))
distance = np.sqrt((z[:, None, None] - 40) ** 2 + (y[:, None] - 40) ** 2 + (x - 40) ** 2)
ball = np.clip(30 - distance, -4, 4).astype(np.float32)  # falls by 1 a millimetre at its surface

gradient = imfilter.gaussian_gradient_magnitude(ball, sigma=1.0, spacing=SPACING)
surface = np.abs(distance - 30) < 0.5
print(f"gradient at the surface: {gradient[surface].mean():.2f} a millimetre (1.00 before smoothing)")
np.save(FOLDER / "gradient.npy", gradient)
slices = np.rint(gradient[[8, 12, 16]].clip(0, 1) * 255).astype(np.uint8)
io.write(FOLDER / "gradient_slices.png", io.Image(np.hstack(slices)))
