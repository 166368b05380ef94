"""Coins in a photograph, counted: the background is removed, and each coin becomes one disc."""

import sys
from pathlib import Path

import numpy as np
from scipy import ndimage

import imfilter
from imfilter import io, morphology, threshold

HERE = Path(__file__).parent
FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

coins = io.read(HERE / "coins.png").pixels
# The background is brighter at the top left. An opening with a box wider than a coin shows it.
background = imfilter.maximum(imfilter.minimum(coins, 71), 71)
bright = coins - background
# A closing joins the bright parts of each coin, and what lies between them is a hole.
inside = imfilter.minimum(imfilter.maximum(bright > threshold.otsu(bright), 7), 7, mode="zero")
filled = morphology.fill_holes(inside)
whole = morphology.clear_border(filled)
discs = morphology.area_opening(whole, 300)

labels, count = ndimage.label(discs)
areas = ndimage.sum_labels(discs, labels, np.arange(1, count + 1))
outline = discs & ~imfilter.minimum(discs, 3)
picture = np.stack([np.where(outline, value, coins) for value in (255, 80, 0)], axis=-1)
io.write(FOLDER / "coins_found.png", io.Image(picture.astype(np.uint8), channels=True))
print(f"{count} coins, of {areas.min():.0f} to {areas.max():.0f} samples")
