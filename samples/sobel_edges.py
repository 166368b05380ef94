"""Edges of a photograph: how strong they are, and which way they run."""

import sys
from pathlib import Path

import numpy as np

import imfilter
from imfilter import io

HERE = Path(__file__).parent
FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

coins = io.read(HERE / "coins.png").pixels
strength = imfilter.sobel(coins)  # float32, never scaled or clipped
angle = np.arctan2(imfilter.sobel(coins, axis=0), imfilter.sobel(coins, axis=1))

# The strongest response to a straight edge from 0 to 255 is 4 * 255: that is white.
grey = np.rint(strength / 4).clip(0, 255).astype(np.uint8)
io.write(FOLDER / "edges.png", io.Image(grey))

turn = (angle[..., None] + np.array([0, 2, 4]) * np.pi / 3).astype(np.float32)
colour = np.rint((0.5 + 0.5 * np.cos(turn)) * grey[..., None]).astype(np.uint8)
io.write(FOLDER / "edge_directions.png", io.Image(colour, channels=True))
print(f"strongest edge: {strength.max():.0f} of {4 * 255}")
