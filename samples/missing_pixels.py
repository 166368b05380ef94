"""Dead pixels of a scan and clouds on a satellite tile: absent samples do not count, and can be filled."""

import sys
from pathlib import Path

import numpy as np

import imfilter
from imfilter import io

HERE = Path(__file__).parent
FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
rng = np.random.default_rng(3)


def write(name, *pictures):
    """Write pictures side by side."""
    pictures = [np.rint(np.nan_to_num(p)).clip(0, 255).astype(np.uint8) for p in pictures]
    io.write(FOLDER / f"{name}.png", io.Image(np.hstack(pictures), channels=pictures[0].ndim == 3))


# A scan: single dead pixels are white, and four dead lines are black.
coins = io.read(HERE / "coins.png").pixels[60:260, :200]
works = rng.random(coins.shape) > 0.05
works[:, [30, 31, 120, 121]] = False
scan = np.where(works, coins, np.where(rng.random(coins.shape) < 0.5, 255, 0)).astype(np.uint8)
filled = imfilter.fill(scan, 1.0, mask=works)
write("dead_pixels", scan, imfilter.gaussian(scan, 1.5), imfilter.gaussian(scan, 1.5, mask=works), filled)
error = np.abs(filled.astype(float) - coins)[~works].mean()
print(f"dead pixels: filled, they are off by {error:.1f} grey levels on average")

# A tile: land in three bands, and clouds that are NaN.
height = imfilter.gaussian(rng.normal(size=(200, 200, 1)), (12, 12, 0), mode="wrap") * 40
land = 110 + 60 * height + [30, 50, 10] + imfilter.box(rng.normal(size=(200, 200, 3)) * 25, (3, 3, 1))
cover = imfilter.gaussian(rng.normal(size=(200, 200)), 9, mode="wrap") * 30
tile = np.where(cover[..., None] > 1.1, np.nan, land)
smooth = imfilter.gaussian(tile, 3, nan="ignore", min_coverage=0.25, channel_axis=-1)
share = imfilter.coverage(cover <= 1.1, sigma=3)[..., None] * [255, 255, 255]
write("clouds", np.nan_to_num(tile, nan=255), imfilter.gaussian(tile, 3, channel_axis=-1), smooth, share)
print(f"clouds: {np.isnan(tile).mean():.0%} of the tile, {np.isnan(smooth).mean():.0%} of the smooth one")
