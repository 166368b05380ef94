"""Draw the README's picture: a photograph, its edges and its detail between two scales."""

from pathlib import Path

import numpy as np
from PIL import Image

import imfilter

ROOT = Path(__file__).resolve().parents[2]
coins = np.asarray(Image.open(ROOT / "samples" / "coins.png").convert("L"))
edges = imfilter.sobel(coins) / 4
detail = 128 + 3 * imfilter.difference_of_gaussians(coins, 1.5, 6.0)
gap = np.full((len(coins), 8), 255)
strip = np.hstack([coins, gap, edges * 1.5, gap, detail])
Image.fromarray(strip.clip(0, 255).astype(np.uint8)).save(Path(__file__).with_suffix(".png"), optimize=True)
