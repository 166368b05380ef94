"""A mean that keeps edges, written as a function of a window, and the plain mean."""

import sys
from pathlib import Path

import numpy as np

import imfilter
from imfilter import io

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
NOISE = 12.0


def sigma_mean(window, limit):
    """Mean of the samples that differ from the centre by at most `limit` (Lee's sigma filter, 1983)."""
    centre = window[len(window) // 2]
    total = count = 0.0
    for value in window:
        near = np.where(abs(value - centre) <= limit, 1.0, 0.0)
        total, count = total + near * value, count + near
    return total / count


coins = io.read(Path(__file__).parent / "coins.png").pixels.astype(np.float64)
noisy = coins + np.random.default_rng(0).normal(0, NOISE, coins.shape)
keeping = imfilter.generic(noisy, sigma_mean, 5, args=(2.5 * NOISE,))
results = {"noisy": noisy, "plain mean": imfilter.box(noisy, 5), "sigma mean": keeping}
slope = imfilter.sobel(coins, axis=1)
edges = abs(slope) > np.percentile(abs(slope), 95)
measured = {}
for name, result in results.items():
    psnr = 20 * np.log10(255 / (result - coins).std())
    contrast = (imfilter.sobel(result, axis=1)[edges] / slope[edges]).mean()
    measured[name] = psnr, contrast
    print(f"{name}: PSNR {psnr:.1f} dB, {contrast:.0%} of the contrast of edges")
pictures = np.hstack([*results.values()]).clip(0, 255).astype(np.uint8)
io.write(FOLDER / "sigma_mean.png", io.Image(pictures))
