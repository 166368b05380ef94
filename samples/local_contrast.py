"""Local contrast normalisation: the result does not depend on the gain and the offset of the camera."""

import sys
from pathlib import Path

import numpy as np

import imfilter
from imfilter import io

HERE = Path(__file__).parent
FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
SIGMA = 8.0


def normalised(image):
    """Return how many standard deviations each sample is above the mean of its neighbourhood."""
    middle = imfilter.gaussian(image, SIGMA)
    spread = imfilter.local_std(image, window="gaussian", sigma=SIGMA)
    return np.divide(image - middle, spread, out=np.zeros_like(middle), where=spread > 0)


coins = io.read(HERE / "coins.png").pixels.astype(np.float64)
row, column = np.mgrid[: coins.shape[0], : coins.shape[1]]
shadow = 0.1 + 0.9 / (1 + np.exp((column - 150) / 60))
views = {
    "the photograph": coins,
    "3 times + 1000": 3 * coins + 1000,
    "0.001 times - 7": 0.001 * coins - 7,
    "in a shadow": shadow * coins + 20,
}
results = {name: normalised(view) for name, view in views.items()}
changes = {name: np.abs(r - results["the photograph"]).max() for name, r in results.items()}
for name, r in results.items():
    dark, light = r[:, 250:].std(), r[:, :100].std()
    print(f"{name}: differs by {changes[name]:.1e}; deviation {light:.2f} left, {dark:.2f} right")

shown = np.hstack([views["in a shadow"], 128 + 50 * results["in a shadow"]])
io.write(FOLDER / "local_contrast.png", io.Image(np.rint(shown).clip(0, 255).astype(np.uint8)))
