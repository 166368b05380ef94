"""Specks in a photograph: a median takes them out, a Gaussian smears them."""

import sys
from pathlib import Path

import numpy as np

import imfilter
from imfilter import io

HERE = Path(__file__).parent
FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

coins = io.read(HERE / "coins.png").pixels
rng = np.random.default_rng(0)
specks = coins.copy()
hit = rng.random(coins.shape) < 0.1
specks[hit] = rng.choice([0, 255], hit.sum())

results = {
    "specks": specks,
    "median": imfilter.median(specks, 3),
    "gaussian": imfilter.gaussian(specks, 1.0),
}
for name, result in results.items():
    io.write(FOLDER / f"{name}.png", io.Image(result))
    error = np.abs(result.astype(float) - coins).mean()
    print(f"{name}: off by {error:.1f} grey levels on average")
