"""One 1-D kernel per axis is their outer product, at a fraction of the work."""

import sys
from pathlib import Path

import numpy as np

import imfilter
from imfilter import io

HERE = Path(__file__).parent
FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

coins = io.read(HERE / "coins.png").pixels
down = imfilter.weights.gaussian(3.0)
across = imfilter.weights.box(31)

blurred = imfilter.correlate(coins, [down, across])  # axis 0 by the first, axis 1 by the second
dense = imfilter.correlate(coins, np.outer(down, across))
print(f"{down.size} + {across.size} taps instead of {down.size * across.size}")
print(f"largest difference: {np.abs(blurred - dense).max():.1e}")
io.write(FOLDER / "motion.png", io.Image(np.rint(blurred).astype(np.uint8)))
